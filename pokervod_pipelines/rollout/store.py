"""Store rollouts: read a whole one, and write each step of it. No rules and no events are here."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.decisions import DecisionKind, Subject, read_in_force, record, withdraw
from pokervod_pipelines.rollout.alignment import WeekShape, align_record
from pokervod_pipelines.rollout.record import (
    AttemptRecord,
    EscalationRecord,
    FixRecord,
    InterventionRecord,
    OverrideRecord,
    ResultRecord,
    RolloutRecord,
    RolloutState,
    WeekRecord,
    WeekState,
)

Record = TypeVar("Record")

FAR = 1_000_000
"""Further than any number of a week, so that weeks can change places one after the other."""


_PLACES = (("rollout_weeks", "number"), ("rollout_escalations", "week"), ("rollout_interventions", "week"))
"""Tables with the numbers of weeks; attempts follow their week by the foreign key."""

_MOVE_AWAY = """
    update {table} t set {column} = p.new + :far
    from unnest(cast(:old as int[]), cast(:new as int[])) p(old, new) where t.plan = :plan and t.{column} = p.old
"""
_MOVE_BACK = "update {table} set {column} = {column} - :far where plan = :plan and {column} > :far / 2"


def _run(connection: Connection, query: str, **values: object) -> CursorResult[Any]:
    return connection.execute(text(query), values)


def start_rollout(connection: Connection, plan: str, *, until: int | None, correlation_id: str, now: datetime) -> bool:
    """Insert the rollout, if missing; return whether it was."""
    query = """
        insert into rollouts (plan, until, correlation_id, started_at, changed_at)
        values (:plan, :until, :correlation_id, :now, :now) on conflict do nothing returning plan
    """
    values = {"plan": plan, "until": until, "correlation_id": correlation_id, "now": now}
    return _run(connection, query, **values).one_or_none() is not None


def place_weeks(connection: Connection, plan: str, numbers: Mapping[int, int], titles: Sequence[str]) -> None:
    """Give stored weeks and all that belongs to them other numbers, then insert and name the weeks of the plan."""
    moved = {old: new for old, new in numbers.items() if old != new}
    places = {"plan": plan, "old": [*moved], "new": [*moved.values()], "far": FAR}
    for table, column in _PLACES:
        for query in (_MOVE_AWAY, _MOVE_BACK):
            connection.execute(text(query.format(table=table, column=column)), places)
    query = """
        insert into rollout_weeks (plan, number, title)
        select :plan, number, title from unnest(cast(:titles as text[])) with ordinality w(title, number)
        on conflict (plan, number) do update set title = excluded.title
    """
    _run(connection, query, plan=plan, titles=[*titles])


def read_rollout(connection: Connection, plan: str, shapes: Sequence[WeekShape]) -> RolloutRecord | None:
    """Return the rollout as its plan is now, or None if it has not started."""
    stored = read_stored(connection, plan)
    return None if stored is None else align_record(stored, shapes)


def read_stored(connection: Connection, plan: str) -> RolloutRecord | None:
    """Return the rollout as it is stored, or None if it has not started."""
    query = "select plan, state, reason, until, started_at, finished_at from rollouts where plan = :plan"
    row = _run(connection, query, plan=plan).one_or_none()
    if row is None:
        return None
    results = _read_details(connection, ResultRecord, "rollout_results", plan, "criterion")
    fixes = _read_details(connection, FixRecord, "rollout_fixes", plan, "id")
    return RolloutRecord(
        **{**row._mapping, "state": RolloutState(row.state)},
        weeks=tuple(
            WeekRecord(**{**each, "state": WeekState(each["state"])})
            for each in _read(connection, WeekRecord, "rollout_weeks", plan, "number")
        ),
        attempts=tuple(
            AttemptRecord(**each, results=tuple(results[each["id"]]), fixes=tuple(fixes[each["id"]]))
            for each in _read(connection, AttemptRecord, "rollout_attempts", plan, "id")
        ),
        overrides=tuple(each for each, _ in _read_overrides(connection, plan)),
        interventions=tuple(
            InterventionRecord(**each)
            for each in _read(connection, InterventionRecord, "rollout_interventions", plan, "id")
        ),
        escalations=tuple(
            EscalationRecord(**each) for each in _read(connection, EscalationRecord, "rollout_escalations", plan, "at")
        ),
    )


def _read(
    connection: Connection, kind: type[Any], table: str, plan: str, order: str, *more: str
) -> list[dict[str, Any]]:
    """Return the columns that the record has, and ``more``."""
    columns = ", ".join([*more, *(each.name for each in fields(kind) if each.name not in {"results", "fixes"})])
    query = f"select {columns} from {table} where plan = :plan order by {order}"  # noqa: S608 - constants
    return [dict(row._mapping) for row in _run(connection, query, plan=plan)]


def _read_details(
    connection: Connection, kind: type[Record], table: str, plan: str, order: str
) -> dict[int, list[Record]]:
    """Return the records of each attempt."""
    source = f"(select t.*, plan from {table} t join rollout_attempts a on a.id = t.attempt_id) t"  # noqa: S608 - constants
    found = defaultdict[int, list[Record]](list)
    for row in _read(connection, kind, source, plan, order, "attempt_id"):
        attempt_id = row.pop("attempt_id")
        plain = {key: tuple(each) if isinstance(each, list) else each for key, each in row.items()}
        found[attempt_id].append(kind(**plain))
    return found


def read_correlation_id(connection: Connection, plan: str) -> str:
    """Return the correlation id of the rollout."""
    found = _run(connection, "select correlation_id from rollouts where plan = :plan", plan=plan).scalar()
    return str(found or "")


def set_rollout_state(
    connection: Connection, plan: str, state: RolloutState, reason: str, now: datetime, *, is_resumed: bool = False
) -> None:
    """Set state and reason; a paused or abandoned rollout only changes when it is resumed, completed or escalated."""
    query = """
        update rollouts set state = cast(:state as text), reason = :reason, changed_at = :now,
            finished_at = case when cast(:state as text) = 'completed' then :now end
        where plan = :plan
          and (:is_resumed or state not in ('paused', 'abandoned')
               or state = 'paused' and cast(:state as text) in ('completed', 'escalated', 'abandoned'))
    """
    _run(connection, query, plan=plan, state=state, reason=reason, now=now, is_resumed=is_resumed)


def set_until(connection: Connection, plan: str, until: int | None, *, only_extends: bool) -> None:
    """Set the last requested week; with ``only_extends`` keep a later one."""
    query = """
        update rollouts set until = :until where plan = :plan and (not :only_extends or until < cast(:until as int))
    """
    _run(connection, query, plan=plan, until=until, only_extends=only_extends)


def set_week_state(
    connection: Connection, plan: str, week: int, state: WeekState, now: datetime, next_try_at: datetime | None = None
) -> None:
    """Set the state of the week, and the times that follow from it."""
    query = """
        update rollout_weeks set state = cast(:state as text), next_try_at = :next_try_at,
            started_at = case when cast(:state as text) = 'pending' then null else coalesce(started_at, :now) end,
            finished_at = case when cast(:state as text) = 'passed' then :now end
        where plan = :plan and number = :week
    """
    _run(connection, query, plan=plan, week=week, state=state, next_try_at=next_try_at, now=now)


def start_attempt(connection: Connection, plan: str, week: int, now: datetime) -> tuple[int, int]:
    """Insert the next attempt of the week unless it was interrupted before its end; return its id and number."""
    query = """
        insert into rollout_attempts (plan, week, cycle, number, started_at)
        select plan, number, cycle, attempts + 1, :now from rollout_weeks where plan = :plan and number = :week
        on conflict (plan, week, cycle, number) do update set started_at = rollout_attempts.started_at
        returning id, number
    """
    row = _run(connection, query, plan=plan, week=week, now=now).one()
    return row.id, row.number


def end_attempt(
    connection: Connection, attempt_id: int, results: Sequence[ResultRecord], *, passed: bool, now: datetime
) -> None:
    """Store the results of the attempt, end it, and count it."""
    _run(connection, "delete from rollout_results where attempt_id = :id", id=attempt_id)
    for each in results:
        texts = {"details": json.dumps(each.details), "figures": json.dumps(dict(each.figures), default=str)}
        _insert(connection, "rollout_results", **{**asdict(each), **texts}, attempt_id=attempt_id)
    query = """
        with ended as (update rollout_attempts set ended_at = :now, passed = :passed where id = :id returning *)
        update rollout_weeks w set attempts = e.number from ended e where w.plan = e.plan and w.number = e.week
    """
    _run(connection, query, id=attempt_id, passed=passed, now=now)


def _insert(connection: Connection, table: str, **values: object) -> None:
    columns, places = ", ".join(values), ", ".join(f":{name}" for name in values)
    query = f"insert into {table} ({columns}) values ({places})"  # noqa: S608 - constants
    _run(connection, query, **values)


def find_unfixed_attempt(connection: Connection, plan: str, week: int) -> int | None:
    """Return the id of the week's last attempt if it failed and its fixers have not all run, else None."""
    query = """
        select a.id from rollout_attempts a join rollout_weeks w on w.plan = a.plan and w.number = a.week
            and w.cycle = a.cycle and w.attempts = a.number
        where a.plan = :plan and a.week = :week and not a.passed and a.fixed_at is null
    """
    found: int | None = _run(connection, query, plan=plan, week=week).scalar()
    return found


def insert_fix(connection: Connection, attempt_id: int, fix: FixRecord) -> None:
    """Store what the fixer reported."""
    _insert(connection, "rollout_fixes", attempt_id=attempt_id, **asdict(fix))


def mark_fixed(connection: Connection, attempt_id: int, now: datetime) -> None:
    """Store that all fixers of the attempt have run."""
    _run(connection, "update rollout_attempts set fixed_at = :now where id = :id", id=attempt_id, now=now)


def start_cycle(connection: Connection, plan: str, week: int) -> None:
    """Reset the week with all its attempts; earlier ones stay in the history.

    An interrupted attempt becomes the first of the new cycle, because its result is unknown.
    """
    query = """
        with moved as (
            update rollout_attempts a set cycle = w.cycle + 1, number = 1 from rollout_weeks w
            where a.plan = :plan and a.week = :week and a.ended_at is null and w.plan = a.plan and w.number = a.week)
        update rollout_weeks set state = 'pending', cycle = cycle + 1, attempts = 0, next_try_at = null,
            finished_at = null where plan = :plan and number = :week
    """
    _run(connection, query, plan=plan, week=week)


def reset_rollout(connection: Connection, plan: str, now: datetime) -> None:
    """Let nothing be requested any more, and count the time from now on."""
    _run(connection, "update rollouts set until = 0, started_at = :now where plan = :plan", plan=plan, now=now)


def end_wait(connection: Connection, plan: str, week: int, now: datetime) -> None:
    """Make a waiting week due now."""
    query = """
        update rollout_weeks set next_try_at = least(next_try_at, :now)
        where plan = :plan and number = :week and next_try_at is not null
    """
    _run(connection, query, plan=plan, week=week, now=now)


def insert_escalation(connection: Connection, plan: str, week: int, cycle: int, summary: str, now: datetime) -> None:
    """Store that the week is escalated from now on."""
    query = """
        insert into rollout_escalations (plan, week, cycle, at, summary)
        values (:plan, :week, :cycle, :now, :summary) on conflict do nothing
    """
    _run(connection, query, plan=plan, week=week, cycle=cycle, summary=summary, now=now)


def end_escalations(connection: Connection, plan: str, now: datetime) -> None:
    """End all escalations of the rollout."""
    query = "update rollout_escalations set ended_at = :now where plan = :plan and ended_at is null"
    _run(connection, query, plan=plan, now=now)


def insert_intervention(
    connection: Connection, plan: str, kind: str, week: int | None, *, actor: Actor, now: datetime
) -> None:
    """Store what the person did."""
    values = {"plan": plan, "kind": kind, "week": week, "by": actor.who, "reason": actor.reason, "at": now}
    _insert(connection, "rollout_interventions", **values)


def insert_override(
    connection: Connection, plan: str, week: int, shape: WeekShape, criterion: str, *, actor: Actor, now: datetime
) -> None:
    """Record that the criterion, as it is now, counts as passed; a changed one does not."""
    digest = shape.digests[criterion]
    subject: Subject = {"plan": plan, "week": week, "criterion": criterion, "title": shape.title, "digest": digest}
    record(connection, DecisionKind.OVERRIDE, subject, value=True, actor=_sign(connection, plan, actor), at=now)


def withdraw_overrides(connection: Connection, plan: str, overrides: Sequence[OverrideRecord], actor: Actor) -> None:
    """Record that these overrides do not count any more."""
    keys = {(each.title, each.digest, each.at) for each in overrides}
    for found, subject in _read_overrides(connection, plan):
        if (found.title, found.digest, found.at) in keys:
            withdraw(connection, DecisionKind.OVERRIDE, subject, actor=_sign(connection, plan, actor))


def _sign(connection: Connection, plan: str, actor: Actor) -> Actor:
    return replace(actor, correlation_id=read_correlation_id(connection, plan))


def _read_overrides(connection: Connection, plan: str) -> Iterator[tuple[OverrideRecord, Subject]]:
    """Yield the overrides that count, each with what it was decided about."""
    for each in read_in_force(connection, DecisionKind.OVERRIDE):
        about: dict[str, Any] = dict(each.subject)
        if about.pop("plan") == plan:
            yield OverrideRecord(**about, by=each.by, reason=each.reason, at=each.at), each.subject


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutProgress:
    """Tell whether a rollout can continue without a person: its wait is over, or its runner died."""

    state: RolloutState
    until: int | None
    is_due: bool


def read_progress(connection: Connection, plan: str, weeks: int) -> RolloutProgress | None:
    """Return the progress of the rollout with its first ``weeks`` weeks, or None if it has not started."""
    query = """
        select r.state, r.until, ((r.state = 'waiting' and coalesce(w.next_try_at <= now(), true))
            or (r.state = 'running' and r.changed_at < now() - interval '15 seconds'))
            and coalesce(w.number, 0) <= coalesce(r.until, :weeks) as is_due
        from rollouts r left join lateral (
            select number, next_try_at from rollout_weeks w
            where w.plan = r.plan and w.state <> 'passed' and w.number between 1 and :weeks
            order by number limit 1) w on true
        where r.plan = :plan
    """
    row = _run(connection, query, plan=plan, weeks=weeks).one_or_none()
    return None if row is None else RolloutProgress(**{**row._mapping, "state": RolloutState(row.state)})
