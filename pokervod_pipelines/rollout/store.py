"""The SQL of programmes: reading one whole, and each single step of it. No decisions, no events."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.rollout.record import (
    AttemptRecord,
    EscalationRecord,
    FixRecord,
    InterventionRecord,
    OverrideRecord,
    ProgrammeRecord,
    ProgrammeState,
    ResultRecord,
    WeekRecord,
    WeekState,
)


def begin_programme(
    connection: Connection, plan: str, weeks: int, *, until: int | None, correlation_id: str, now: datetime
) -> bool:
    """The programme is there, with all its weeks; whether this call began it, to go on to week ``until``."""
    begun = connection.execute(
        text("""
            insert into rollout_programmes (plan, until, correlation_id, started_at, changed_at)
            values (:plan, :until, :correlation_id, :now, :now) on conflict do nothing returning plan
        """),
        {"plan": plan, "until": until, "correlation_id": correlation_id, "now": now},
    ).one_or_none()
    connection.execute(
        text("""
            insert into rollout_weeks (plan, number) select :plan, n from generate_series(1, :weeks) n
            on conflict do nothing
        """),
        {"plan": plan, "weeks": weeks},
    )
    return begun is not None


def read_programme(connection: Connection, plan: str, weeks: int) -> ProgrammeRecord | None:
    """The programme whole, with the first so many of its weeks: later ones its plan has no more. None if not begun."""
    row = connection.execute(
        text("select plan, state, reason, until, started_at, finished_at from rollout_programmes where plan = :plan"),
        {"plan": plan},
    ).one_or_none()
    if row is None:
        return None
    return ProgrammeRecord(
        **{**row._mapping, "state": ProgrammeState(row.state)},
        weeks=_read_weeks(connection, plan, weeks),
        attempts=_read_attempts(connection, plan),
        overrides=tuple(
            OverrideRecord(**each)
            for each in _read(connection, "rollout_overrides", "week, criterion, by, reason, at", plan, "at, criterion")
        ),
        interventions=tuple(
            InterventionRecord(**each)
            for each in _read(connection, "rollout_interventions", "kind, week, by, reason, at", plan, "id")
        ),
        escalations=tuple(
            EscalationRecord(**each)
            for each in _read(connection, "rollout_escalations", "week, round, at, summary, ended_at", plan, "at")
        ),
    )


def read_correlation_id(connection: Connection, plan: str) -> str:
    """What ties everything of the programme together."""
    found = connection.scalar(text("select correlation_id from rollout_programmes where plan = :plan"), {"plan": plan})
    return str(found or "")


def _read(connection: Connection, table: str, columns: str, plan: str, order: str) -> list[Mapping[str, Any]]:
    rows = connection.execute(
        text(f"select {columns} from {table} where plan = :plan order by {order}"),  # noqa: S608 - constants
        {"plan": plan},
    )
    return [dict(row._mapping) for row in rows]


def _read_weeks(connection: Connection, plan: str, weeks: int) -> tuple[WeekRecord, ...]:
    columns = "number, state, round, attempts, next_try_at, started_at, finished_at"
    rows = _read(connection, "rollout_weeks", columns, plan, "number")[:weeks]
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
    columns = "id, week, round, number, started_at, ended_at, passed"
    return tuple(
        AttemptRecord(**row, results=tuple(results.get(row["id"], ())), fixes=tuple(fixes.get(row["id"], ())))
        for row in _read(connection, "rollout_attempts", columns, plan, "id")
    )


_RESULTS = text("""
    select r.attempt_id, r.criterion, r.passed, r.is_overridden, r.summary, r.details, r.figures, r.error_class,
           r.seconds
    from rollout_results r join rollout_attempts a on a.id = r.attempt_id where a.plan = :plan
    order by r.attempt_id, r.criterion
""")

_FIXES = text("""
    select f.attempt_id, f.fixer, f.error_class, f.done, f.said, f.at
    from rollout_fixes f join rollout_attempts a on a.id = f.attempt_id where a.plan = :plan order by f.id
""")


def set_programme(
    connection: Connection,
    plan: str,
    state: ProgrammeState,
    reason: str,
    now: datetime,
    *,
    is_resumed: bool = False,
) -> None:
    """The programme is in that state, for that reason; one that a person paused goes on only when it is resumed.

    Its end and an escalation count all the same.
    """
    connection.execute(
        text("""
            update rollout_programmes set state = cast(:state as text), reason = :reason, changed_at = :now,
                finished_at = case when cast(:state as text) = 'completed' then :now end
            where plan = :plan
              and (state <> 'paused' or cast(:state as text) in ('completed', 'escalated') or :is_resumed)
        """),
        {"plan": plan, "state": state, "reason": reason, "now": now, "is_resumed": is_resumed},
    )


def set_until(connection: Connection, plan: str, until: int | None, *, only_widens: bool) -> None:
    """Nobody but a person goes on beyond this week, or beyond a later one said before if this ``only_widens``."""
    connection.execute(
        text("""
            update rollout_programmes set until = :until
            where plan = :plan and (not :only_widens or until < cast(:until as int))
        """),
        {"plan": plan, "until": until, "only_widens": only_widens},
    )


def set_week(
    connection: Connection,
    plan: str,
    number: int,
    state: WeekState,
    now: datetime,
    *,
    next_try_at: datetime | None = None,
) -> None:
    """The week is in that state."""
    connection.execute(
        text("""
            update rollout_weeks set state = cast(:state as text), next_try_at = :next_try_at,
                started_at = case when cast(:state as text) = 'pending' then null else coalesce(started_at, :now) end,
                finished_at = case when cast(:state as text) = 'passed' then :now end
            where plan = :plan and number = :number
        """),
        {"plan": plan, "number": number, "state": state, "next_try_at": next_try_at, "now": now},
    )


def begin_attempt(connection: Connection, plan: str, week: int, now: datetime) -> tuple[int, int]:
    """An attempt at the week goes on, one that was broken off or a new one; returns its id and number."""
    row = connection.execute(
        text("""
            insert into rollout_attempts (plan, week, round, number, started_at)
            select plan, number, round, attempts + 1, :now from rollout_weeks where plan = :plan and number = :week
            on conflict (plan, week, round, number) do update set started_at = rollout_attempts.started_at
            returning id, number
        """),
        {"plan": plan, "week": week, "now": now},
    ).one()
    return row.id, row.number


def end_attempt(
    connection: Connection, attempt_id: int, results: Sequence[ResultRecord], *, passed: bool, now: datetime
) -> None:
    """The attempt has its results and its verdict, and counts."""
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
        seconds)
    values (:attempt_id, :criterion, :passed, :is_overridden, :summary, cast(:details as jsonb),
        cast(:figures as jsonb), :error_class, :seconds)
""")


def find_unfixed_attempt(connection: Connection, plan: str, week: int) -> int | None:
    """The last attempt at the week, where it failed and its fixers have not been through yet."""
    found = connection.scalar(
        text("""
            select a.id from rollout_attempts a join rollout_weeks w on w.plan = a.plan and w.number = a.week
                and w.round = a.round and w.attempts = a.number
            where a.plan = :plan and a.week = :week and not a.passed and a.fixed_at is null
        """),
        {"plan": plan, "week": week},
    )
    return None if found is None else int(found)


def insert_fix(connection: Connection, attempt_id: int, fix: FixRecord) -> None:
    """What the fixer did is kept."""
    connection.execute(
        text("""
            insert into rollout_fixes (attempt_id, fixer, error_class, done, said, at)
            values (:attempt_id, :fixer, :error_class, :done, :said, :at)
        """),
        {"attempt_id": attempt_id, **asdict(fix)},
    )


def mark_fixed(connection: Connection, attempt_id: int, now: datetime) -> None:
    """The attempt's fixers have been through."""
    connection.execute(
        text("update rollout_attempts set fixed_at = :now where id = :id"), {"id": attempt_id, "now": now}
    )


def begin_round(connection: Connection, plan: str, week: int) -> None:
    """The week begins anew, with all its attempts; those made stay in its history.

    An attempt that was broken off is taken up as the first of them: nobody knows what it would have come to.
    """
    parameters = {"plan": plan, "week": week}
    connection.execute(
        text("""
            update rollout_attempts a set round = w.round + 1, number = 1 from rollout_weeks w
            where a.plan = :plan and a.week = :week and a.ended_at is null and w.plan = a.plan and w.number = a.week
        """),
        parameters,
    )
    connection.execute(
        text("""
            update rollout_weeks set state = 'pending', round = round + 1, attempts = 0, next_try_at = null,
                finished_at = null where plan = :plan and number = :week
        """),
        parameters,
    )


def end_wait(connection: Connection, plan: str, week: int, now: datetime) -> None:
    """The week is tried again now, if it waits for a moment."""
    connection.execute(
        text("""
            update rollout_weeks set next_try_at = least(next_try_at, :now)
            where plan = :plan and number = :week and next_try_at is not null
        """),
        {"plan": plan, "week": week, "now": now},
    )


def insert_escalation(connection: Connection, plan: str, week: int, round_: int, summary: str, now: datetime) -> None:
    """The week blocks from now on."""
    connection.execute(
        text("""
            insert into rollout_escalations (plan, week, round, at, summary)
            values (:plan, :week, :round, :now, :summary) on conflict do nothing
        """),
        {"plan": plan, "week": week, "round": round_, "summary": summary, "now": now},
    )


def end_escalations(connection: Connection, plan: str, now: datetime) -> None:
    """Nothing of the programme blocks any more."""
    connection.execute(
        text("update rollout_escalations set ended_at = :now where plan = :plan and ended_at is null"),
        {"plan": plan, "now": now},
    )


def insert_override(
    connection: Connection, plan: str, week: int, criterion: str, *, by: str, reason: str, now: datetime
) -> bool:
    """The criterion passes for ever after; whether that is news."""
    row = connection.execute(
        text("""
            insert into rollout_overrides (plan, week, criterion, by, reason, at)
            values (:plan, :week, :criterion, :by, :reason, :now) on conflict do nothing returning plan
        """),
        {"plan": plan, "week": week, "criterion": criterion, "by": by, "reason": reason, "now": now},
    ).one_or_none()
    return row is not None


def insert_intervention(
    connection: Connection, plan: str, kind: str, week: int | None, *, by: str, reason: str, now: datetime
) -> None:
    """What the person did is kept."""
    connection.execute(
        text("""
            insert into rollout_interventions (plan, kind, week, by, reason, at)
            values (:plan, :kind, :week, :by, :reason, :now)
        """),
        {"plan": plan, "kind": kind, "week": week, "by": by, "reason": reason, "now": now},
    )
