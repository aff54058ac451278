"""Act on a rollout for a person: pause, resume, abandon, reset, override a criterion, acknowledge an escalation.

Each action is stored with its actor. A later run continues from what they leave.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.db.locks import lock_until_commit
from pokervod_pipelines.errors import BadInput, Conflict
from pokervod_pipelines.events import EventType
from pokervod_pipelines.rollout.criteria.base import Criterion
from pokervod_pipelines.rollout.record import OverrideRecord, RolloutRecord, RolloutState, WeekState
from pokervod_pipelines.rollout.rollout import Rollout
from pokervod_pipelines.rollout.runner import fit_rollout, lock_rollout
from pokervod_pipelines.rollout.store import RolloutStore


@contextmanager
def _act(
    rollout: Rollout, actor: Actor, kind: str, event: EventType, week: int | None, **payload: object
) -> Iterator[RolloutStore]:
    """Open the transaction of an action, which is stored with its actor and its event."""
    with rollout.begin() as store:
        yield store
        store.insert_intervention(kind, week, actor)
        store.append_event(event, week=week, **payload, by=actor.who, reason=actor.reason)


def pause_rollout(rollout: Rollout, actor: Actor) -> None:
    """Start no further attempt until a person resumes the rollout; a running attempt finishes."""
    week = rollout.read().current_week
    with _act(rollout, actor, "pause", EventType.ROLLOUT_PAUSED, week) as store:
        _require_open(store, "paused")
        store.set_state(RolloutState.PAUSED, actor.reason)


def resume_rollout(rollout: Rollout, actor: Actor, *, week: int | None = None) -> int:
    """Let the rollout continue from the given or the current week; return that week.

    After a pause or an escalation, and from a given week, it gets all its attempts; a rollout whose runner died, or
    that is waiting, continues at once where it was. From an earlier week on, all weeks run again. Raises ``Conflict``
    while a runner has the lock or an earlier week has not passed, ``BadInput`` for a week that the plan does not have.
    """
    with lock_rollout(rollout):
        record = rollout.read()
        number = _find_start(rollout, record, week)
        with _act(rollout, actor, "resume", EventType.ROLLOUT_RESUMED, number) as store:
            fit_rollout(store, rollout)
            current = store.read().weeks[number - 1]
            if week is not None or record.state not in {RolloutState.RUNNING, RolloutState.WAITING}:
                _start_cycles(store, number, repeats=week is not None)
            elif current.next_try_at is not None:
                store.save_week(replace(current, next_try_at=min(current.next_try_at, store.now)))
            _end_escalations(store, rollout, record, actor)
            store.set_state(RolloutState.RUNNING, f"resumed: {actor.reason}", is_resumed=True)
    return number


def _find_start(rollout: Rollout, record: RolloutRecord, week: int | None) -> int:
    name, number = rollout.plan.name, week or record.current_week
    if record.state is RolloutState.ABANDONED:
        raise Conflict(f"the rollout {name} is abandoned; to begin anew, run `pokervod rollout reset`")
    if record.until == 0:
        raise Conflict(f"the rollout {name} was reset; begin with `pokervod rollout run`")
    if number is None:
        raise Conflict(f"every week of the rollout {name} has passed; to repeat weeks, name the first one")
    rollout.plan.week(number)
    if blocker := record.find_blocker(number):
        raise Conflict(blocker)
    return number


def _start_cycles(store: RolloutStore, first: int, *, repeats: bool) -> None:
    """Reset the week and every later one that has started; those that have passed only if it ``repeats`` them.

    Fitting the rollout to its plan has reset weeks already: what is stored now counts.
    """
    for each in store.read().weeks:
        has_started = each.state is not WeekState.PENDING or each.attempts
        if each.number >= first and has_started and (repeats or each.state is not WeekState.PASSED):
            store.start_cycle(each)


def _end_escalations(store: RolloutStore, rollout: Rollout, record: RolloutRecord, actor: Actor) -> None:
    store.end_escalations()
    rollout.resolve_escalations(store, record, actor)


def override_criterion(rollout: Rollout, week: int, criterion: str, actor: Actor) -> None:
    """Count the criterion of the week as passed from the next attempt on; every report shows it as overridden.

    Raises ``BadInput`` for a criterion that the week does not have, ``Conflict`` for one that is overridden already or
    passes now, for which it is evaluated.
    """
    rollout.require_started()
    overridden = _find_criterion(rollout, week, criterion)
    if result := next((each for each in rollout.evaluate(week, criterion) if each.passed), None):
        raise Conflict(f"criterion {criterion!r} of week {week} passes now ({result.summary}); override one that fails")
    with rollout.begin() as store:
        if _find_overrides(store, week, criterion):
            raise Conflict(f"criterion {criterion!r} of week {week} is already overridden")
        store.insert_override(rollout.plan.week(week), overridden, actor)
        payload = {"week": week, "criterion": criterion, "by": actor.who, "reason": actor.reason}
        store.append_event(EventType.ROLLOUT_OVERRIDDEN, **payload)


def undo_override(rollout: Rollout, week: int, criterion: str, actor: Actor) -> None:
    """Take the override of the criterion back: a week that passed only by it is judged anew.

    Raises ``BadInput`` for a criterion that the week does not have, ``Conflict`` for one that is not overridden.
    """
    rollout.require_started()
    _find_criterion(rollout, week, criterion)
    kind, event = f"undo override of {criterion}", EventType.ROLLOUT_OVERRIDE_UNDONE
    with _act(rollout, actor, kind, event, week, criterion=criterion) as store:
        found = _find_overrides(store, week, criterion)
        if not found:
            raise Conflict(f"criterion {criterion!r} of week {week} is not overridden")
        store.withdraw_overrides(found, actor)


def _find_criterion(rollout: Rollout, week: int, name: str) -> Criterion:
    planned = rollout.plan.week(week)
    found = planned.find_criterion(name)
    if found is None:
        known = ", ".join(sorted(each.name for each in planned.criteria))
        raise BadInput(f"unknown criterion {name!r}; week {week} has {known}")
    return found


def _find_overrides(store: RolloutStore, week: int, criterion: str) -> list[OverrideRecord]:
    """Return the overrides of the criterion, and keep others from overriding until this transaction commits."""
    lock_until_commit(store.connection, f"rollout overrides {store.plan.name}")
    return [each for each in store.read().overrides if (each.week, each.criterion) == (week, criterion)]


def abandon_rollout(rollout: Rollout, actor: Actor) -> None:
    """Give the rollout up: nothing continues it until it is reset. Raises ``Conflict`` if it has ended."""
    record = rollout.read()
    with _act(rollout, actor, "abandon", EventType.ROLLOUT_ABANDONED, record.current_week) as store:
        _require_open(store, "abandoned")
        _end_escalations(store, rollout, record, actor)
        for week in store.read().weeks:
            if week.state is WeekState.WAITING:
                store.save_week(replace(week, state=WeekState.FAILED, next_try_at=None))
        store.set_state(RolloutState.ABANDONED, actor.reason)


def _require_open(store: RolloutStore, action: str) -> None:
    """Raise ``Conflict`` if the rollout has ended; a runner cannot end it until this transaction does."""
    state = store.lock_state()
    if state in {RolloutState.COMPLETED, RolloutState.ABANDONED}:
        raise Conflict(f"the rollout {store.plan.name} is {state}, so it cannot be {action}")


def reset_rollout(rollout: Rollout, actor: Actor) -> None:
    """Begin anew with the first week at the next run, without overrides; the history stays.

    Raises ``Conflict`` while a runner has the lock, or if nothing has run since the last reset.
    """
    with lock_rollout(rollout):
        record = rollout.read()
        if record.until == 0:
            raise Conflict(f"the rollout {rollout.plan.name} was reset already; begin with `pokervod rollout run`")
        with _act(rollout, actor, "reset", EventType.ROLLOUT_RESET, None) as store:
            fit_rollout(store, rollout)
            _start_cycles(store, 1, repeats=True)
            _end_escalations(store, rollout, record, actor)
            store.withdraw_overrides(record.overrides, actor)
            store.set_state(RolloutState.WAITING, f"reset: {actor.reason}", is_resumed=True)
            store.reset()


def acknowledge_escalation(rollout: Rollout, actor: Actor) -> int:
    """Record that a person takes care of the escalation; return its week. Raises ``Conflict`` without one."""
    week = next((each.week for each in rollout.read().escalations if each.ended_at is None), None)
    if week is None:
        raise Conflict(f"the rollout {rollout.plan.name} has no open escalation")
    with rollout.begin() as store:
        store.insert_intervention("acknowledge", week, actor)
        rollout.acknowledge_escalation(store, week, actor)
    return week
