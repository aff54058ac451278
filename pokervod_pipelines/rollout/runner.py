"""Run a rollout from week to week: evaluate, retry later, fix, escalate, continue.

Each step is one transaction with its events and alerts, and the state between steps is only in the database. So a
runner may be killed at any point: the next one continues an interrupted attempt as the same attempt, and runs each
fixer of an attempt once. A wait is a time in the database; no process has to stay for it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.db.locks import try_lock
from pokervod_pipelines.errors import Conflict
from pokervod_pipelines.events import EventType
from pokervod_pipelines.rollout.alignment import align_record
from pokervod_pipelines.rollout.record import (
    ResultRecord,
    RolloutRecord,
    RolloutState,
    WeekRecord,
    WeekState,
    summarize_failures,
)
from pokervod_pipelines.rollout.rollout import Rollout
from pokervod_pipelines.rollout.store import RolloutStore

_STOPPED = {RolloutState.PAUSED, RolloutState.ESCALATED, RolloutState.ABANDONED}
"""States in which no attempt starts."""

Log = Callable[[str], None]
"""Receives a line about each step, for a person who watches."""


class TooEarly(Conflict):
    """Raised before the planned start of a rollout; it waits until then."""


def ignore_line(line: str) -> None:
    """Log nothing."""


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
    ``Conflict`` while another runner has the lock, ``TooEarly`` before the planned start unless ``early``.
    """
    with lock_rollout(rollout):
        _start(rollout, until, only_extends=only_extends, early=early, log=log)
        while run_step(rollout, until=until, log=log):
            pass


def start_rollout(rollout: Rollout, until: int | None, *, early: bool = False) -> None:
    """Start the rollout if it has not started, and limit automatic runs to week ``until``; evaluate nothing.

    Raises ``Conflict`` while another runner has the lock, ``TooEarly`` before the planned start unless ``early``.
    """
    with lock_rollout(rollout):
        _start(rollout, until, only_extends=False, early=early, log=ignore_line)


def run_step(rollout: Rollout, *, until: int | None = None, log: Log = ignore_line) -> bool:
    """Run one step; return whether another is due. The caller has the lock of the rollout."""
    record = rollout.read()
    number = record.current_week
    if number is None:
        _end(rollout, record)
        return False
    if until is not None and number > until:
        log(f"stopped before week {number} by --until {until}")
        _stop(rollout, record, number)
        return False
    if record.state in _STOPPED:
        return False
    week = record.weeks[number - 1]
    _run_fixers(rollout, record, week, log)
    if week.next_try_at is not None and week.next_try_at > rollout.clock():
        log(f"week {number} is retried at {week.next_try_at:%Y-%m-%d %H:%M:%S} UTC")
        return False
    _attempt(rollout, week, log)
    return True


def name_lock(plan: str) -> str:
    """Return the name of the lock of the plan's runner."""
    return f"rollout {plan}"


@contextmanager
def lock_rollout(rollout: Rollout) -> Iterator[None]:
    """Lock the rollout while the context lasts. Raises ``Conflict`` at once while another runner has the lock."""
    name = rollout.plan.name
    with try_lock(rollout.engine, name_lock(name)) as has_lock:
        if not has_lock:
            raise Conflict(f"the rollout {name} is already running; wait until its runner has finished")
        yield


def evaluate_week(rollout: Rollout, number: int) -> tuple[ResultRecord, ...]:
    """Return the present results of the week's criteria, with overrides; store nothing."""
    with rollout.engine.connect() as connection:
        record = rollout.open_store(connection).find()
    overridden = {each.criterion for each in record.overrides if each.week == number} if record else set()
    results = rollout.evaluate(number)
    return tuple(replace(each, is_overridden=not each.passed and each.criterion in overridden) for each in results)


def fit_rollout(store: RolloutStore, rollout: Rollout) -> list[str]:
    """Store the weeks as the plan has them now; return what has changed. The caller has the lock of the rollout."""
    stored = store.find_stored()
    assert stored is not None  # noqa: S101 - the caller has read or written it
    fitted = align_record(stored, rollout.plan.weeks)
    store.renumber_weeks(fitted.numbers)
    for week in fitted.record.weeks:
        store.save_week(week)
    for week in fitted.reopened:
        store.start_cycle(week)
    if fitted.changes:
        actor = Actor(who="the plan", reason="; ".join(fitted.changes))
        store.insert_intervention("change", None, actor)
        rollout.resolve_escalations(store, stored, actor)
        for number in (each.week for each in fitted.record.escalations if each.ended_at is None):
            rollout.report_escalation(store, number)
    return [*(f"the plan has changed: {each}" for each in fitted.changes), *fitted.undone]


def _start(rollout: Rollout, until: int | None, *, only_extends: bool, early: bool, log: Log) -> None:
    with rollout.begin() as store:
        stored, starts = store.find_stored(), rollout.plan.weeks[0].starts
        if store.now.date() < starts and not early and (stored is None or stored.until == 0):
            raise TooEarly(
                f"the rollout {rollout.plan.name} is planned from {starts} on; wait until then, "
                "or begin now with `pokervod rollout run --early`"
            )
        if store.start(until):
            store.append_event(EventType.ROLLOUT_STARTED, weeks=len(rollout.plan.weeks))
        else:
            store.set_until(until, only_extends=only_extends)
        changes = fit_rollout(store, rollout)
    for change in changes:
        log(change)


def _stop(rollout: Rollout, record: RolloutRecord, number: int) -> None:
    """Set the rollout to waiting if no run has requested the week, so that no automatic run continues."""
    if record.state is RolloutState.RUNNING and record.until is not None and number > record.until:
        with rollout.begin() as store:
            store.set_state(RolloutState.WAITING, f"week {number} has not been requested yet")


def _end(rollout: Rollout, record: RolloutRecord) -> None:
    """Complete the rollout if the last weeks were deleted from its plan, so that no week passed just now."""
    ended = {RolloutState.COMPLETED, RolloutState.ABANDONED}
    if record.state not in ended:
        with rollout.begin() as store:
            if store.lock_state() not in ended:
                _complete(store)
                rollout.report_progress(store)


def _attempt(rollout: Rollout, week: WeekRecord, log: Log) -> None:
    reason = f"week {week.number}, attempt {week.attempts + 1}"
    with rollout.begin() as store:
        if store.lock_state() in _STOPPED:
            return
        attempt_id = store.start_attempt(week)
        begun = week.started_at or store.now
        week = replace(week, state=WeekState.RUNNING, next_try_at=None, started_at=begun)
        store.save_week(week)
        store.set_state(RolloutState.RUNNING, reason)
        store.append_event(EventType.ROLLOUT_WEEK_STARTED, week=week.number, attempt=week.attempts + 1)
    log(reason)
    results = evaluate_week(rollout, week.number)
    problem, week = summarize_failures(results), replace(week, attempts=week.attempts + 1)
    with rollout.begin() as store:
        store.end_attempt(attempt_id, results, passed=not problem)
        if store.lock_state() is RolloutState.ABANDONED:
            _save_result(store, week, passed=not problem)
        elif not problem:
            _pass_week(store, rollout, week)
        elif week.attempts < rollout.plan.week(week.number).attempts:
            _schedule_retry(store, rollout, week, problem)
        else:
            _escalate(store, rollout, week, problem)
    log(f"week {week.number}: " + (f"failed, {problem}" if problem else "passed"))


def _save_result(store: RolloutStore, week: WeekRecord, *, passed: bool) -> None:
    """Store what became of the week, without any consequence: a person abandoned the rollout meanwhile."""
    state = WeekState.PASSED if passed else WeekState.FAILED
    store.save_week(replace(week, state=state, finished_at=store.now if passed else None))


def _pass_week(store: RolloutStore, rollout: Rollout, week: WeekRecord) -> None:
    store.save_week(replace(week, state=WeekState.PASSED, finished_at=store.now))
    store.end_escalations()
    store.append_event(EventType.ROLLOUT_WEEK_PASSED, week=week.number)
    if store.read().current_week is None:
        _complete(store)
    else:
        store.set_state(RolloutState.RUNNING, f"week {week.number} passed")
    rollout.report_progress(store)


def _complete(store: RolloutStore) -> None:
    store.end_escalations()
    store.set_state(RolloutState.COMPLETED, "every week has passed")
    store.append_event(EventType.ROLLOUT_COMPLETED)


def _schedule_retry(store: RolloutStore, rollout: Rollout, week: WeekRecord, reason: str) -> None:
    wait = timedelta(seconds=rollout.plan.week(week.number).wait_seconds) * week.attempts
    next_try_at = store.now + wait
    store.save_week(replace(week, state=WeekState.WAITING, next_try_at=next_try_at))
    store.set_state(RolloutState.WAITING, reason)
    payload = {"week": week.number, "attempt": week.attempts, "reason": reason, "next_try_at": next_try_at.isoformat()}
    store.append_event(EventType.ROLLOUT_ATTEMPT_FAILED, **payload)


def _escalate(store: RolloutStore, rollout: Rollout, week: WeekRecord, reason: str) -> None:
    store.save_week(replace(week, state=WeekState.FAILED))
    store.set_state(RolloutState.ESCALATED, reason)
    store.insert_escalation(week, reason)
    store.append_event(EventType.ROLLOUT_ESCALATED, week=week.number, reason=reason)
    rollout.report_escalation(store, week.number)


def _run_fixers(rollout: Rollout, record: RolloutRecord, week: WeekRecord, log: Log) -> None:
    """Run the fixers of the last failed attempt once; one that was interrupted by a crash runs again."""
    for attempt in record.attempts_of(week.number):
        if (attempt.cycle, attempt.number) == (week.cycle, week.attempts) and not attempt.fixed_at:
            failed, finished = [each for each in attempt.results if each.blocks], {fix.fixer for fix in attempt.fixes}
            for fix in rollout.fix(week.number, failed, finished):
                with rollout.begin() as store:
                    store.insert_fix(attempt.id, fix)
                    event = {"week": week.number, "fixer": fix.fixer, "done": fix.done, "said": fix.reported}
                    store.append_event(EventType.ROLLOUT_FIXED, **event)
                log(f"week {week.number}: {fix.fixer}: {fix.reported}")
            with rollout.begin() as store:
                store.mark_fixed(attempt.id)
