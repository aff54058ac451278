"""Run a rollout from week to week: evaluate, retry later, fix, escalate, continue.

Each step is one transaction with its events and alerts, and the state between steps is only in the database. So a
runner may be killed at any point: the next one continues an interrupted attempt as the same attempt, and runs each
fixer of an attempt once. A wait is a time in the database; no process has to stay for it.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError

from pokervod_pipelines.actors import Actor, new_correlation_id
from pokervod_pipelines.db.locks import try_lock
from pokervod_pipelines.errors import Conflict
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.rollout import store
from pokervod_pipelines.rollout.alignment import WeekShape, align_record, find_places, list_changes
from pokervod_pipelines.rollout.record import (
    FixRecord,
    ResultRecord,
    RolloutRecord,
    RolloutState,
    WeekResult,
    WeekState,
)

Clock = Callable[[], datetime]
Log = Callable[[str], None]
"""Receives a line about each step, for a person who watches."""


def read_clock() -> datetime:
    """Return the present time."""
    return datetime.now(UTC)


def ignore_line(line: str) -> None:
    """Log nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Limit the attempts at a week; the wait after the second failure is twice as long as after the first."""

    attempts: int = 3
    wait: timedelta = timedelta(minutes=5)


class RolloutHandler(Protocol):
    """Evaluate weeks, fix them and notify people: what a runner needs from outside.

    What takes a connection takes effect only when its transaction commits.
    """

    def evaluate(self, week: int) -> tuple[ResultRecord, ...]:
        """Return the result of every criterion of the week, regardless of overrides."""

    def fix(self, week: int, failed: Sequence[ResultRecord], finished: Collection[str]) -> Iterator[FixRecord]:
        """Run the fixers for these failures one after the other, except the ``finished`` ones."""

    def report_progress(self, connection: Connection, record: RolloutRecord) -> None:
        """Notify people that a week passed."""

    def report_escalation(self, connection: Connection, record: RolloutRecord, week: int) -> None:
        """Notify people that the week needs a person."""

    def acknowledge_escalation(self, connection: Connection, week: int, actor: Actor) -> None:
        """Record that a person takes care of the escalation of the week."""

    def resolve_escalations(self, connection: Connection, record: RolloutRecord, actor: Actor) -> None:
        """Record that no week needs a person any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """Identify a rollout: the name of its plan, its weeks as planned now, the retry policy of each, and its handler.

    It does not begin before ``starts`` unless it is told to.
    """

    engine: Engine
    plan: str
    weeks: tuple[WeekShape, ...]
    handler: RolloutHandler
    retries: Callable[[int], RetryPolicy]
    clock: Clock = read_clock
    starts: date | None = None


def run_rollout(
    rollout: Rollout,
    *,
    until: int | None = None,
    only_extends: bool = False,
    early: bool = False,
    log: Log = ignore_line,
) -> None:
    """Run until the rollout is completed, week ``until`` has passed, or it is waiting, paused or escalated.

    ``until`` also limits later automatic runs; with ``only_extends`` a later limit of an earlier run stays. Raises
    ``Conflict`` while another runner has the lock, and before the planned start unless ``early``.
    """
    with lock_rollout(rollout):
        _start(rollout, until, only_extends=only_extends, early=early, log=log)
        while run_step(rollout, until=until, log=log):
            pass


def start_rollout(rollout: Rollout, until: int | None, *, early: bool = False) -> None:
    """Start the rollout if it has not started, and limit automatic runs to week ``until``; evaluate nothing.

    Raises ``Conflict`` while another runner has the lock, and before the planned start unless ``early``.
    """
    with lock_rollout(rollout):
        _start(rollout, until, only_extends=False, early=early, log=ignore_line)


def run_step(rollout: Rollout, *, until: int | None = None, log: Log = ignore_line) -> bool:
    """Run one step; return whether another is due. The caller has the lock of the rollout."""
    record = read_rollout(rollout)
    number = record.current_week
    if number is None:
        _end(rollout, record)
        return False
    if until is not None and number > until:
        log(f"stopped before week {number} by --until {until}")
        _stop(rollout, record, number)
        return False
    if record.state in {RolloutState.PAUSED, RolloutState.ESCALATED, RolloutState.ABANDONED}:
        return False
    week = record.weeks[number - 1]
    _run_fixers(rollout, record, number, log)
    if week.next_try_at is not None and week.next_try_at > rollout.clock():
        log(f"week {number} is retried at {week.next_try_at:%Y-%m-%d %H:%M:%S} UTC")
        return False
    _attempt(rollout, number, log)
    return True


def name_lock(plan: str) -> str:
    """Return the name of the lock of the plan's runner."""
    return f"rollout {plan}"


@contextmanager
def lock_rollout(rollout: Rollout) -> Iterator[None]:
    """Lock the rollout while the context lasts. Raises ``Conflict`` at once while another runner has the lock."""
    with try_lock(rollout.engine, name_lock(rollout.plan)) as has_lock:
        if not has_lock:
            raise Conflict(f"the rollout {rollout.plan} is already running; wait until its runner has finished")
        yield


def read_rollout(rollout: Rollout) -> RolloutRecord:
    """Return the record of the rollout. Raises ``Conflict`` if it has not started."""
    with rollout.engine.connect() as connection:
        record = store.read_rollout(connection, rollout.plan, rollout.weeks)
    if record is None:
        raise Conflict(f"the rollout {rollout.plan} has not started; start it with `pokervod rollout run`")
    return record


def evaluate_week(rollout: Rollout, number: int) -> WeekResult:
    """Return the present results of the week's criteria, with overrides; store nothing."""
    with rollout.engine.connect() as connection:
        record = store.read_rollout(connection, rollout.plan, rollout.weeks)
    overridden = {each.criterion for each in record.overrides if each.week == number} if record else set()
    digests = rollout.weeks[number - 1].digests
    results = (
        replace(
            each,
            is_overridden=not each.passed and each.criterion in overridden,
            digest=digests.get(each.criterion),
        )
        for each in rollout.handler.evaluate(number)
    )
    return WeekResult(results=tuple(results))


def fit_rollout(connection: Connection, rollout: Rollout) -> list[str]:
    """Store the weeks as the plan has them now; return what has changed, which is also stored.

    The caller has the lock of the rollout.
    """
    stored = store.read_stored(connection, rollout.plan)
    assert stored is not None  # noqa: S101 - the caller has read or written it
    changes, aligned = list_changes(stored, rollout.weeks), align_record(stored, rollout.weeks)
    places = _number_weeks(stored, rollout)
    store.place_weeks(connection, rollout.plan, places, [shape.title for shape in rollout.weeks])
    passed = {places.get(each.number) for each in stored.weeks if each.state is WeekState.PASSED}
    for week in aligned.weeks:
        if week.number in passed and week.state is WeekState.PENDING:
            store.start_cycle(connection, rollout.plan, week.number)
    if changes:
        actor = Actor(who="the plan", reason="; ".join(changes))
        store.insert_intervention(connection, rollout.plan, "change", None, actor=actor, now=rollout.clock())
        rollout.handler.resolve_escalations(connection, stored, actor)
        for week_number in (each.week for each in aligned.escalations if each.ended_at is None):
            rollout.handler.report_escalation(connection, read_again(connection, rollout), week_number)
    return changes


def _number_weeks(stored: RolloutRecord, rollout: Rollout) -> dict[int, int]:
    """Return the new number of each stored week; those that the plan no longer has count down from 0."""
    places = find_places(stored.weeks, rollout.weeks)
    last = min([0, *(each.number for each in stored.weeks)])
    removed = [each.number for each in stored.weeks if each.number > 0 and each.number not in places]
    return places | {number: last - at for at, number in enumerate(removed, 1)}


def read_again(connection: Connection, rollout: Rollout) -> RolloutRecord:
    """Return the record of the rollout as this transaction sees it; the caller has read or written it."""
    record = store.read_rollout(connection, rollout.plan, rollout.weeks)
    assert record is not None  # noqa: S101 - the caller has read or written it
    return record


def append_event(connection: Connection, rollout: Rollout, kind: EventType, **payload: object) -> None:
    """Append an event of the rollout."""
    correlation_id = store.read_correlation_id(connection, rollout.plan)
    append_events(connection, "rollout", correlation_id, [NewEvent(kind, {"plan": rollout.plan, **payload})])


def _start(rollout: Rollout, until: int | None, *, only_extends: bool, early: bool, log: Log) -> None:
    now, name = rollout.clock(), rollout.plan
    with rollout.engine.begin() as connection:
        stored = store.read_stored(connection, name)
        if rollout.starts and now.date() < rollout.starts and not early and (stored is None or stored.until == 0):
            raise Conflict(
                f"the rollout {name} is planned from {rollout.starts} on; wait until then, "
                "or begin now with `pokervod rollout run --early`"
            )
        if store.start_rollout(connection, name, until=until, correlation_id=new_correlation_id(), now=now):
            append_event(connection, rollout, EventType.ROLLOUT_STARTED, weeks=len(rollout.weeks))
        else:
            store.set_until(connection, name, until, only_extends=only_extends)
        changes = fit_rollout(connection, rollout)
    for change in changes:
        log(f"the plan has changed: {change}")


def _stop(rollout: Rollout, record: RolloutRecord, number: int) -> None:
    """Set the rollout to waiting if no run has requested the week, so that no automatic run continues."""
    if record.state is RolloutState.RUNNING and record.until is not None and number > record.until:
        reason = f"week {number} has not been requested yet"
        with rollout.engine.begin() as connection:
            store.set_rollout_state(connection, rollout.plan, RolloutState.WAITING, reason, rollout.clock())


def _end(rollout: Rollout, record: RolloutRecord) -> None:
    """Complete the rollout if the last weeks were deleted from its plan, so that no week passed just now."""
    if record.state not in {RolloutState.COMPLETED, RolloutState.ABANDONED}:
        with rollout.engine.begin() as connection:
            _complete(connection, rollout, rollout.clock())
            rollout.handler.report_progress(connection, read_again(connection, rollout))


def _attempt(rollout: Rollout, number: int, log: Log) -> None:
    with rollout.engine.begin() as connection:
        now = rollout.clock()
        attempt_id, count = store.start_attempt(connection, rollout.plan, number, now)
        store.set_week_state(connection, rollout.plan, number, WeekState.RUNNING, now)
        reason = f"week {number}, attempt {count}"
        store.set_rollout_state(connection, rollout.plan, RolloutState.RUNNING, reason, now)
        append_event(connection, rollout, EventType.ROLLOUT_WEEK_STARTED, week=number, attempt=count)
    log(reason)
    result = evaluate_week(rollout, number)
    with rollout.engine.begin() as connection:
        now = rollout.clock()
        result = _store_result(connection, attempt_id, result, now)
        if result.passed:
            _pass_week(connection, rollout, number, now)
        elif count < rollout.retries(number).attempts:
            _schedule_retry(connection, rollout, number, count, result, now)
        else:
            _escalate(connection, rollout, number, result, now)
    log(f"week {number}: " + ("passed" if result.passed else f"failed, {result.summarize()}"))


def _store_result(connection: Connection, attempt_id: int, result: WeekResult, now: datetime) -> WeekResult:
    """Store the result and end the attempt; return what was stored, a failure if the database rejects the result."""
    try:
        with connection.begin_nested():
            store.end_attempt(connection, attempt_id, result.results, passed=result.passed, now=now)
    except (DataError, ValueError) as error:
        result = result.replace_rejected(error)
        store.end_attempt(connection, attempt_id, result.results, passed=result.passed, now=now)
    return result


def _pass_week(connection: Connection, rollout: Rollout, number: int, now: datetime) -> None:
    store.set_week_state(connection, rollout.plan, number, WeekState.PASSED, now)
    store.end_escalations(connection, rollout.plan, now)
    append_event(connection, rollout, EventType.ROLLOUT_WEEK_PASSED, week=number)
    if read_again(connection, rollout).current_week is None:
        _complete(connection, rollout, now)
    else:
        store.set_rollout_state(connection, rollout.plan, RolloutState.RUNNING, f"week {number} passed", now)
    rollout.handler.report_progress(connection, read_again(connection, rollout))


def _complete(connection: Connection, rollout: Rollout, now: datetime) -> None:
    store.end_escalations(connection, rollout.plan, now)
    store.set_rollout_state(connection, rollout.plan, RolloutState.COMPLETED, "every week has passed", now)
    append_event(connection, rollout, EventType.ROLLOUT_COMPLETED)


def _schedule_retry(
    connection: Connection, rollout: Rollout, number: int, count: int, result: WeekResult, now: datetime
) -> None:
    next_try_at, reason = now + rollout.retries(number).wait * count, result.summarize()
    store.set_week_state(connection, rollout.plan, number, WeekState.WAITING, now, next_try_at=next_try_at)
    store.set_rollout_state(connection, rollout.plan, RolloutState.WAITING, reason, now)
    payload = {"week": number, "attempt": count, "reason": reason, "next_try_at": next_try_at.isoformat()}
    append_event(connection, rollout, EventType.ROLLOUT_ATTEMPT_FAILED, **payload)


def _escalate(connection: Connection, rollout: Rollout, number: int, result: WeekResult, now: datetime) -> None:
    cycle, reason = read_again(connection, rollout).weeks[number - 1].cycle, result.summarize()
    store.set_week_state(connection, rollout.plan, number, WeekState.FAILED, now)
    store.set_rollout_state(connection, rollout.plan, RolloutState.ESCALATED, reason, now)
    store.insert_escalation(connection, rollout.plan, number, cycle, reason, now)
    append_event(connection, rollout, EventType.ROLLOUT_ESCALATED, week=number, reason=reason)
    rollout.handler.report_escalation(connection, read_again(connection, rollout), number)


def _run_fixers(rollout: Rollout, record: RolloutRecord, number: int, log: Log) -> None:
    """Run the fixers of the last failed attempt once; one that was interrupted by a crash runs again."""
    with rollout.engine.connect() as connection:
        attempt_id = store.find_unfixed_attempt(connection, rollout.plan, number)
    if attempt_id is None:
        return
    attempt = next(each for each in record.attempts if each.id == attempt_id)
    failed = [each for each in attempt.results if each.blocks]
    for fix in rollout.handler.fix(number, failed, {fix.fixer for fix in attempt.fixes}):
        payload = {"week": number, "fixer": fix.fixer, "done": fix.done, "said": fix.reported}
        with rollout.engine.begin() as connection:
            store.insert_fix(connection, attempt_id, fix)
            append_event(connection, rollout, EventType.ROLLOUT_FIXED, **payload)
        log(f"week {number}: {fix.fixer}: {fix.reported}")
    with rollout.engine.begin() as connection:
        store.mark_fixed(connection, attempt_id, rollout.clock())
