"""Store rollouts: read a whole one, and write each step of it. No rules and no events are here."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.rollout.alignment import WeekShape, align_record
from pokervod_pipelines.rollout.overrides import list_override_decisions, make_override
from pokervod_pipelines.rollout.record import (
    AttemptRecord,
    EscalationRecord,
    FixRecord,
    InterventionRecord,
    ResultRecord,
    RolloutRecord,
    RolloutState,
    WeekRecord,
    WeekState,
)


def start_rollout(connection: Connection, plan: str, *, until: int | None, correlation_id: str, now: datetime) -> bool:
    """Insert the rollout, if missing; return whether it was."""
    inserted = connection.execute(
        text("""
            insert into rollouts (plan, until, correlation_id, started_at, changed_at)
            values (:plan, :until, :correlation_id, :now, :now) on conflict do nothing returning plan
        """),
        {"plan": plan, "until": until, "correlation_id": correlation_id, "now": now},
    ).one_or_none()
    return inserted is not None


FAR = 1_000_000
"""Further than any number of a week, so that weeks can change places one after the other."""


_PLACES = (("rollout_weeks", "number"), ("rollout_escalations", "week"), ("rollout_interventions", "week"))
"""Tables with the numbers of weeks; attempts follow their week by the foreign key."""

_MOVE_AWAY = """
    update {table} t set {column} = p.new + :far
    from unnest(cast(:old as int[]), cast(:new as int[])) p(old, new) where t.plan = :plan and t.{column} = p.old
"""
_MOVE_BACK = "update {table} set {column} = {column} - :far where plan = :plan and {column} > :far / 2"


def place_weeks(connection: Connection, plan: str, numbers: Mapping[int, int], titles: Sequence[str]) -> None:
    """Give stored weeks and all that belongs to them other numbers, then insert and name the weeks of the plan."""
    moved = {old: new for old, new in numbers.items() if old != new}
    places = {"plan": plan, "old": [*moved], "new": [*moved.values()], "far": FAR}
    for table, column in _PLACES:
        for query in (_MOVE_AWAY, _MOVE_BACK):
            connection.execute(text(query.format(table=table, column=column)), places)
    connection.execute(
        text("""
            insert into rollout_weeks (plan, number, title)
            select :plan, number, title from unnest(cast(:titles as text[])) with ordinality w(title, number)
            on conflict (plan, number) do update set title = excluded.title
        """),
        {"plan": plan, "titles": [*titles]},
    )


def read_rollout(connection: Connection, plan: str, shapes: Sequence[WeekShape]) -> RolloutRecord | None:
    """Return the rollout as its plan is now, or None if it has not started."""
    stored = read_stored(connection, plan)
    return None if stored is None else align_record(stored, shapes)


def read_stored(connection: Connection, plan: str) -> RolloutRecord | None:
    """Return the rollout as it is stored, or None if it has not started."""
    row = connection.execute(
        text("select plan, state, reason, until, started_at, finished_at from rollouts where plan = :plan"),
        {"plan": plan},
    ).one_or_none()
    if row is None:
        return None
    return RolloutRecord(
        **{**row._mapping, "state": RolloutState(row.state)},
        weeks=_read_weeks(connection, plan),
        attempts=_read_attempts(connection, plan),
        overrides=tuple(make_override(each) for each in list_override_decisions(connection, plan)),
        interventions=tuple(
            InterventionRecord(**each)
            for each in _read(connection, "rollout_interventions", "kind, week, by, reason, at", plan, "id")
        ),
        escalations=tuple(
            EscalationRecord(**each)
            for each in _read(connection, "rollout_escalations", "week, cycle, at, summary, ended_at", plan, "at")
        ),
    )


def read_correlation_id(connection: Connection, plan: str) -> str:
    """Return the correlation id of the rollout."""
    found = connection.scalar(text("select correlation_id from rollouts where plan = :plan"), {"plan": plan})
    return str(found or "")


def _read(connection: Connection, table: str, columns: str, plan: str, order: str) -> list[Mapping[str, Any]]:
    rows = connection.execute(
        text(f"select {columns} from {table} where plan = :plan order by {order}"),  # noqa: S608 - constants
        {"plan": plan},
    )
    return [dict(row._mapping) for row in rows]


def _read_weeks(connection: Connection, plan: str) -> tuple[WeekRecord, ...]:
    columns = "number, title, state, cycle, attempts, next_try_at, started_at, finished_at"
    rows = _read(connection, "rollout_weeks", columns, plan, "number")
    return tuple(WeekRecord(**{**row, "state": WeekState(row["state"])}) for row in rows)


def _read_attempts(connection: Connection, plan: str) -> tuple[AttemptRecord, ...]:
    results: dict[int, list[ResultRecord]] = {}
    for row in connection.execute(_RESULTS, {"plan": plan}):
        values = dict(row._mapping)
        attempt_id = values.pop("attempt_id")
        results.setdefault(attempt_id, []).append(ResultRecord(**{**values, "details": tuple(values["details"])}))
    fixes: dict[int, list[FixRecord]] = {}
    for row in connection.execute(_FIXES, {"plan": plan}):
        values = dict(row._mapping)
        fixes.setdefault(values.pop("attempt_id"), []).append(FixRecord(**values))
    columns = "id, week, cycle, number, started_at, ended_at, passed"
    return tuple(
        AttemptRecord(**row, results=tuple(results.get(row["id"], ())), fixes=tuple(fixes.get(row["id"], ())))
        for row in _read(connection, "rollout_attempts", columns, plan, "id")
    )


_RESULTS = text("""
    select r.attempt_id, r.criterion, r.passed, r.is_overridden, r.summary, r.details, r.figures, r.error_class,
           r.seconds, r.digest
    from rollout_results r join rollout_attempts a on a.id = r.attempt_id where a.plan = :plan
    order by r.attempt_id, r.criterion
""")

_FIXES = text("""
    select f.attempt_id, f.fixer, f.error_class, f.done, f.reported, f.at
    from rollout_fixes f join rollout_attempts a on a.id = f.attempt_id where a.plan = :plan order by f.id
""")


def set_rollout_state(
    connection: Connection,
    plan: str,
    state: RolloutState,
    reason: str,
    now: datetime,
    *,
    is_resumed: bool = False,
) -> None:
    """Set state and reason; a paused or abandoned rollout only changes when it is resumed, completed or escalated."""
    connection.execute(
        text("""
            update rollouts set state = cast(:state as text), reason = :reason, changed_at = :now,
                finished_at = case when cast(:state as text) = 'completed' then :now end
            where plan = :plan
              and (:is_resumed or state not in ('paused', 'abandoned')
                   or state = 'paused' and cast(:state as text) in ('completed', 'escalated', 'abandoned'))
        """),
        {"plan": plan, "state": state, "reason": reason, "now": now, "is_resumed": is_resumed},
    )


def set_until(connection: Connection, plan: str, until: int | None, *, only_extends: bool) -> None:
    """Set the last requested week; with ``only_extends`` keep a later one."""
    connection.execute(
        text("""
            update rollouts set until = :until
            where plan = :plan and (not :only_extends or until < cast(:until as int))
        """),
        {"plan": plan, "until": until, "only_extends": only_extends},
    )


def set_week_state(
    connection: Connection,
    plan: str,
    number: int,
    state: WeekState,
    now: datetime,
    *,
    next_try_at: datetime | None = None,
) -> None:
    """Set the state of the week, and the times that follow from it."""
    connection.execute(
        text("""
            update rollout_weeks set state = cast(:state as text), next_try_at = :next_try_at,
                started_at = case when cast(:state as text) = 'pending' then null else coalesce(started_at, :now) end,
                finished_at = case when cast(:state as text) = 'passed' then :now end
            where plan = :plan and number = :number
        """),
        {"plan": plan, "number": number, "state": state, "next_try_at": next_try_at, "now": now},
    )


def start_attempt(connection: Connection, plan: str, week: int, now: datetime) -> tuple[int, int]:
    """Insert the next attempt of the week unless it was interrupted before its end; return its id and number."""
    row = connection.execute(
        text("""
            insert into rollout_attempts (plan, week, cycle, number, started_at)
            select plan, number, cycle, attempts + 1, :now from rollout_weeks where plan = :plan and number = :week
            on conflict (plan, week, cycle, number) do update set started_at = rollout_attempts.started_at
            returning id, number
        """),
        {"plan": plan, "week": week, "now": now},
    ).one()
    return row.id, row.number


def end_attempt(
    connection: Connection, attempt_id: int, results: Sequence[ResultRecord], *, passed: bool, now: datetime
) -> None:
    """Store the results of the attempt, end it, and count it."""
    connection.execute(text("delete from rollout_results where attempt_id = :id"), {"id": attempt_id})
    records = [
        {
            **asdict(each),
            "attempt_id": attempt_id,
            "details": json.dumps(each.details),
            "figures": json.dumps(dict(each.figures), default=str),
        }
        for each in results
    ]
    if records:
        connection.execute(_INSERT_RESULT, records)
    connection.execute(
        text("""
            with ended as (update rollout_attempts set ended_at = :now, passed = :passed where id = :id returning *)
            update rollout_weeks w set attempts = e.number from ended e where w.plan = e.plan and w.number = e.week
        """),
        {"id": attempt_id, "passed": passed, "now": now},
    )


_INSERT_RESULT = text("""
    insert into rollout_results (attempt_id, criterion, passed, is_overridden, summary, details, figures, error_class,
        seconds, digest)
    values (:attempt_id, :criterion, :passed, :is_overridden, :summary, cast(:details as jsonb),
        cast(:figures as jsonb), :error_class, :seconds, :digest)
""")


def find_unfixed_attempt(connection: Connection, plan: str, week: int) -> int | None:
    """Return the id of the week's last attempt if it failed and its fixers have not all run, else None."""
    found = connection.scalar(
        text("""
            select a.id from rollout_attempts a join rollout_weeks w on w.plan = a.plan and w.number = a.week
                and w.cycle = a.cycle and w.attempts = a.number
            where a.plan = :plan and a.week = :week and not a.passed and a.fixed_at is null
        """),
        {"plan": plan, "week": week},
    )
    return None if found is None else int(found)


def insert_fix(connection: Connection, attempt_id: int, fix: FixRecord) -> None:
    """Store what the fixer reported."""
    connection.execute(
        text("""
            insert into rollout_fixes (attempt_id, fixer, error_class, done, reported, at)
            values (:attempt_id, :fixer, :error_class, :done, :reported, :at)
        """),
        {"attempt_id": attempt_id, **asdict(fix)},
    )


def mark_fixed(connection: Connection, attempt_id: int, now: datetime) -> None:
    """Store that all fixers of the attempt have run."""
    connection.execute(
        text("update rollout_attempts set fixed_at = :now where id = :id"), {"id": attempt_id, "now": now}
    )


def start_cycle(connection: Connection, plan: str, week: int) -> None:
    """Reset the week with all its attempts; earlier ones stay in the history.

    An interrupted attempt becomes the first of the new cycle, because its result is unknown.
    """
    parameters = {"plan": plan, "week": week}
    connection.execute(
        text("""
            update rollout_attempts a set cycle = w.cycle + 1, number = 1 from rollout_weeks w
            where a.plan = :plan and a.week = :week and a.ended_at is null and w.plan = a.plan and w.number = a.week
        """),
        parameters,
    )
    connection.execute(
        text("""
            update rollout_weeks set state = 'pending', cycle = cycle + 1, attempts = 0, next_try_at = null,
                finished_at = null where plan = :plan and number = :week
        """),
        parameters,
    )


def reset_rollout(connection: Connection, plan: str, now: datetime) -> None:
    """Let nothing be requested any more, and count the time from now on."""
    connection.execute(
        text("update rollouts set until = 0, started_at = :now where plan = :plan"), {"plan": plan, "now": now}
    )


def end_wait(connection: Connection, plan: str, week: int, now: datetime) -> None:
    """Make a waiting week due now."""
    connection.execute(
        text("""
            update rollout_weeks set next_try_at = least(next_try_at, :now)
            where plan = :plan and number = :week and next_try_at is not null
        """),
        {"plan": plan, "week": week, "now": now},
    )


def insert_escalation(connection: Connection, plan: str, week: int, cycle: int, summary: str, now: datetime) -> None:
    """Store that the week is escalated from now on."""
    connection.execute(
        text("""
            insert into rollout_escalations (plan, week, cycle, at, summary)
            values (:plan, :week, :cycle, :now, :summary) on conflict do nothing
        """),
        {"plan": plan, "week": week, "cycle": cycle, "summary": summary, "now": now},
    )


def end_escalations(connection: Connection, plan: str, now: datetime) -> None:
    """End all escalations of the rollout."""
    connection.execute(
        text("update rollout_escalations set ended_at = :now where plan = :plan and ended_at is null"),
        {"plan": plan, "now": now},
    )


def insert_intervention(
    connection: Connection, plan: str, kind: str, week: int | None, *, actor: Actor, now: datetime
) -> None:
    """Store what the person did."""
    connection.execute(
        text("""
            insert into rollout_interventions (plan, kind, week, by, reason, at)
            values (:plan, :kind, :week, :by, :reason, :now)
        """),
        {"plan": plan, "kind": kind, "week": week, "by": actor.who, "reason": actor.reason, "now": now},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutProgress:
    """Tell whether a rollout can continue without a person: its wait is over, or its runner died."""

    state: RolloutState
    until: int | None
    is_due: bool


def read_progress(connection: Connection, plan: str, weeks: int) -> RolloutProgress | None:
    """Return the progress of the rollout with its first ``weeks`` weeks, or None if it has not started."""
    row = connection.execute(_PROGRESS, {"plan": plan, "weeks": weeks}).one_or_none()
    return None if row is None else RolloutProgress(**{**row._mapping, "state": RolloutState(row.state)})


_PROGRESS = text("""
    select r.state, r.until, ((r.state = 'waiting' and not exists (
            select from rollout_weeks w
            where w.plan = r.plan and w.number between 1 and :weeks and w.next_try_at > now()))
        or (r.state = 'running' and r.changed_at < now() - interval '15 seconds'))
        and (select coalesce(min(w.number), 0) from rollout_weeks w where w.plan = r.plan and w.state <> 'passed'
            and w.number between 1 and :weeks) <= coalesce(r.until, :weeks) as is_due
    from rollouts r where r.plan = :plan
""")
