"""Act on a rollout for a person: pause, resume, abandon, reset, override a criterion, acknowledge an escalation.

Each action is stored with its actor. None of them evaluates anything; a later run continues from what they leave.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.db.locks import lock_until_commit
from pokervod_pipelines.errors import BadInput, Conflict
from pokervod_pipelines.events import EventType
from pokervod_pipelines.rollout import store
from pokervod_pipelines.rollout.alignment import WeekShape
from pokervod_pipelines.rollout.record import OverrideRecord, RolloutRecord, RolloutState, WeekState
from pokervod_pipelines.rollout.runner import Rollout, append_event, fit_rollout, lock_rollout, read_again, read_rollout


@contextmanager
def _act(
    rollout: Rollout, actor: Actor, kind: str, event: EventType, about: int | None = None, **payload: object
) -> Iterator[Connection]:
    """Open the transaction of an action, which is stored with its actor and its event."""
    with rollout.engine.begin() as connection:
        yield connection
        store.insert_intervention(connection, rollout.plan, kind, about, actor=actor, now=rollout.clock())
        append_event(connection, rollout, event, **payload, by=actor.who, reason=actor.reason)


def pause_rollout(rollout: Rollout, actor: Actor) -> None:
    """Start no further attempt until a person resumes the rollout; a running attempt finishes."""
    week = _read_open(rollout, "paused").current_week
    with _act(rollout, actor, "pause", EventType.ROLLOUT_PAUSED, week, week=week) as connection:
        store.set_rollout_state(connection, rollout.plan, RolloutState.PAUSED, actor.reason, rollout.clock())


def resume_rollout(rollout: Rollout, actor: Actor, *, week: int | None = None) -> int:
    """Let the rollout continue from the given or the current week; return that week.

    After a pause or an escalation, and from a given week, it gets all its attempts; a rollout whose runner died, or
    that is waiting, continues at once where it was. From an earlier week on, all weeks run again. Raises ``Conflict``
    while a runner has the lock or an earlier week has not passed, ``BadInput`` for a week that the plan does not have.
    """
    with lock_rollout(rollout):
        record = read_rollout(rollout)
        number = _find_start(rollout, record, week)
        with _act(rollout, actor, "resume", EventType.ROLLOUT_RESUMED, number, week=number) as connection:
            fit_rollout(connection, rollout)
            if week is None and record.state in {RolloutState.RUNNING, RolloutState.WAITING}:
                store.end_wait(connection, rollout.plan, number, rollout.clock())
            else:
                _start_cycles(connection, rollout, number, repeats=week is not None)
            _end_escalations(connection, rollout, record, actor)
            _set_state(connection, rollout, RolloutState.RUNNING, f"resumed: {actor.reason}")
    return number


def _find_start(rollout: Rollout, record: RolloutRecord, week: int | None) -> int:
    if record.state is RolloutState.ABANDONED:
        raise Conflict(f"the rollout {rollout.plan} is abandoned; to begin anew, run `pokervod rollout reset`")
    if record.until == 0:
        raise Conflict(f"the rollout {rollout.plan} was reset; begin with `pokervod rollout run`")
    number = week or record.current_week
    if number is None:
        raise Conflict(f"every week of the rollout {rollout.plan} has passed; to repeat weeks, name the first one")
    _check_week(rollout, number)
    if blocker := record.find_blocker(number):
        raise Conflict(blocker)
    return number


def _check_week(rollout: Rollout, number: int) -> None:
    if not 1 <= number <= len(rollout.weeks):
        raise BadInput(f"unknown week {number}; the rollout {rollout.plan} has weeks 1 to {len(rollout.weeks)}")


def _start_cycles(connection: Connection, rollout: Rollout, first: int, *, repeats: bool) -> None:
    """Reset the week and every later one that has started; those that have passed only if it ``repeats`` them.

    Fitting the rollout to its plan has reset weeks already: what is stored now counts.
    """
    for each in read_again(connection, rollout).weeks:
        has_started = each.state is not WeekState.PENDING or each.attempts
        if each.number >= first and has_started and (repeats or each.state is not WeekState.PASSED):
            store.start_cycle(connection, rollout.plan, each.number)


def _end_escalations(connection: Connection, rollout: Rollout, record: RolloutRecord, actor: Actor) -> None:
    store.end_escalations(connection, rollout.plan, rollout.clock())
    rollout.handler.resolve_escalations(connection, record, actor)


def _set_state(connection: Connection, rollout: Rollout, state: RolloutState, reason: str) -> None:
    store.set_rollout_state(connection, rollout.plan, state, reason, rollout.clock(), is_resumed=True)


def override_criterion(rollout: Rollout, week: int, criterion: str, actor: Actor) -> None:
    """Count the criterion of the week as passed from the next attempt on; every report shows it as overridden.

    Raises ``BadInput`` for a criterion that the week does not have, ``Conflict`` for one that is overridden already.
    """
    shape = _find_shape(rollout, week, criterion)
    with rollout.engine.begin() as connection:
        if _find_override(connection, rollout, week, criterion):
            raise Conflict(f"criterion {criterion!r} of week {week} is already overridden")
        store.insert_override(connection, rollout.plan, week, shape, criterion, actor=actor, now=rollout.clock())
        payload = {"week": week, "criterion": criterion, "by": actor.who, "reason": actor.reason}
        append_event(connection, rollout, EventType.ROLLOUT_OVERRIDDEN, **payload)


def undo_override(rollout: Rollout, week: int, criterion: str, actor: Actor) -> None:
    """Take the override of the criterion back: a week that passed only by it is judged anew.

    Raises ``BadInput`` for a criterion that the week does not have, ``Conflict`` for one that is not overridden.
    """
    _find_shape(rollout, week, criterion)
    kind, event = f"undo override of {criterion}", EventType.ROLLOUT_OVERRIDE_UNDONE
    with _act(rollout, actor, kind, event, week, week=week, criterion=criterion) as connection:
        found = _find_override(connection, rollout, week, criterion)
        if not found:
            raise Conflict(f"criterion {criterion!r} of week {week} is not overridden")
        store.withdraw_overrides(connection, rollout.plan, found, actor)


def _find_shape(rollout: Rollout, week: int, criterion: str) -> WeekShape:
    _check_week(rollout, week)
    shape = rollout.weeks[week - 1]
    if criterion not in shape.digests:
        raise BadInput(f"unknown criterion {criterion!r}; week {week} has {', '.join(sorted(shape.digests))}")
    read_rollout(rollout)
    return shape


def _find_override(connection: Connection, rollout: Rollout, week: int, criterion: str) -> list[OverrideRecord]:
    """Return the overrides of the criterion, and keep others from overriding until this transaction commits."""
    lock_until_commit(connection, f"rollout overrides {rollout.plan}")
    record = store.read_rollout(connection, rollout.plan, rollout.weeks)
    return [each for each in record.overrides if (each.week, each.criterion) == (week, criterion)] if record else []


def abandon_rollout(rollout: Rollout, actor: Actor) -> None:
    """Give the rollout up: nothing continues it until it is reset. Raises ``Conflict`` if it has ended."""
    record = _read_open(rollout, "abandoned")
    with _act(rollout, actor, "abandon", EventType.ROLLOUT_ABANDONED, record.current_week) as connection:
        _end_escalations(connection, rollout, record, actor)
        store.set_rollout_state(connection, rollout.plan, RolloutState.ABANDONED, actor.reason, rollout.clock())


def _read_open(rollout: Rollout, action: str) -> RolloutRecord:
    record = read_rollout(rollout)
    if record.state in {RolloutState.COMPLETED, RolloutState.ABANDONED}:
        raise Conflict(f"the rollout {rollout.plan} is {record.state}, so it cannot be {action}")
    return record


def reset_rollout(rollout: Rollout, actor: Actor) -> None:
    """Begin anew with the first week at the next run, without overrides; the history stays.

    Raises ``Conflict`` while a runner has the lock.
    """
    with lock_rollout(rollout):
        record = read_rollout(rollout)
        with _act(rollout, actor, "reset", EventType.ROLLOUT_RESET) as connection:
            fit_rollout(connection, rollout)
            _start_cycles(connection, rollout, 1, repeats=True)
            _end_escalations(connection, rollout, record, actor)
            store.withdraw_overrides(connection, rollout.plan, record.overrides, actor)
            _set_state(connection, rollout, RolloutState.WAITING, f"reset: {actor.reason}")
            store.reset_rollout(connection, rollout.plan, rollout.clock())


def acknowledge_escalation(rollout: Rollout, actor: Actor) -> int:
    """Record that a person takes care of the escalation; return its week. Raises ``Conflict`` without one."""
    week = next((each.week for each in read_rollout(rollout).escalations if each.ended_at is None), None)
    if week is None:
        raise Conflict(f"the rollout {rollout.plan} has no open escalation")
    with rollout.engine.begin() as connection:
        store.insert_intervention(connection, rollout.plan, "acknowledge", week, actor=actor, now=rollout.clock())
        rollout.handler.acknowledge_escalation(connection, week, actor)
    return week
