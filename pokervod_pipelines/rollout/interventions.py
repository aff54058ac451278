"""Act on a rollout for a person: pause, resume, override a criterion, acknowledge an escalation.

Each action is stored with its actor. None of them evaluates anything; a later run continues from what they leave.
"""

from sqlalchemy import Connection

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.errors import BadInput, Conflict
from pokervod_pipelines.events import EventType
from pokervod_pipelines.rollout import store
from pokervod_pipelines.rollout.record import RolloutRecord, RolloutState, WeekState
from pokervod_pipelines.rollout.runner import Rollout, append_event, lock_rollout, read_rollout


def pause_rollout(rollout: Rollout, actor: Actor) -> None:
    """Start no further attempt until a person resumes the rollout; a running attempt finishes."""
    record = read_rollout(rollout)
    if record.state is RolloutState.COMPLETED:
        raise Conflict(f"the rollout {rollout.plan} is completed, so it cannot be paused")
    with rollout.engine.begin() as connection:
        store.set_rollout_state(connection, rollout.plan, RolloutState.PAUSED, actor.reason, rollout.clock())
        week = record.current_week
        _store(connection, rollout, "pause", week, actor)
        append_event(connection, rollout, EventType.ROLLOUT_PAUSED, week=week, by=actor.who, reason=actor.reason)


def resume_rollout(rollout: Rollout, actor: Actor, *, week: int | None = None) -> int:
    """Let the rollout continue from the given or the current week; return that week.

    After a pause or an escalation, and from a given week, it gets all its attempts; a rollout whose runner died, or
    that is waiting, continues at once where it was. From an earlier week on, all weeks run again. Raises ``Conflict``
    while a runner has the lock or an earlier week has not passed, ``BadInput`` for a week that the plan does not have.
    """
    with lock_rollout(rollout):
        record = read_rollout(rollout)
        number = _find_start(rollout, record, week)
        with rollout.engine.begin() as connection:
            now = rollout.clock()
            if week is None and record.state in {RolloutState.RUNNING, RolloutState.WAITING}:
                store.end_wait(connection, rollout.plan, number, now)
            else:
                _start_cycles(connection, rollout, record, number)
            store.end_escalations(connection, rollout.plan, now)
            rollout.handler.resolve_escalations(connection, record, actor)
            reason = f"resumed: {actor.reason}"
            store.set_rollout_state(connection, rollout.plan, RolloutState.RUNNING, reason, now, is_resumed=True)
            _store(connection, rollout, "resume", number, actor)
            append_event(connection, rollout, EventType.ROLLOUT_RESUMED, week=number, by=actor.who, reason=actor.reason)
    return number


def _find_start(rollout: Rollout, record: RolloutRecord, week: int | None) -> int:
    number = week or record.current_week
    if number is None:
        raise Conflict(f"every week of the rollout {rollout.plan} has passed; to repeat weeks, name the first one")
    if not 1 <= number <= rollout.weeks:
        raise BadInput(f"unknown week {number}; the rollout {rollout.plan} has weeks 1 to {rollout.weeks}")
    if blocker := record.find_blocker(number):
        raise Conflict(blocker)
    return number


def _start_cycles(connection: Connection, rollout: Rollout, record: RolloutRecord, first: int) -> None:
    """Reset the week and every later one that has started."""
    for each in record.weeks:
        if each.number >= first and (each.state is not WeekState.PENDING or each.attempts):
            store.start_cycle(connection, rollout.plan, each.number)


def override_criterion(rollout: Rollout, week: int, criterion: str, actor: Actor, *, known: set[str]) -> None:
    """Count the criterion of the week as passed from the next attempt on; every report shows it as overridden.

    Raises ``BadInput`` for a criterion that the week does not have, ``Conflict`` for one that is overridden already.
    """
    if criterion not in known:
        raise BadInput(f"unknown criterion {criterion!r}; week {week} has {', '.join(sorted(known))}")
    read_rollout(rollout)
    with rollout.engine.begin() as connection:
        if not store.insert_override(connection, rollout.plan, week, criterion, actor=actor, now=rollout.clock()):
            raise Conflict(f"criterion {criterion!r} of week {week} is already overridden")
        payload = {"week": week, "criterion": criterion, "by": actor.who, "reason": actor.reason}
        append_event(connection, rollout, EventType.ROLLOUT_OVERRIDDEN, **payload)


def acknowledge_escalation(rollout: Rollout, actor: Actor) -> int:
    """Record that a person takes care of the escalation; return its week. Raises ``Conflict`` without one."""
    week = next((each.week for each in read_rollout(rollout).escalations if each.ended_at is None), None)
    if week is None:
        raise Conflict(f"the rollout {rollout.plan} has no open escalation")
    with rollout.engine.begin() as connection:
        _store(connection, rollout, "acknowledge", week, actor)
        rollout.handler.acknowledge_escalation(connection, week, actor)
    return week


def _store(connection: Connection, rollout: Rollout, kind: str, week: int | None, actor: Actor) -> None:
    store.insert_intervention(connection, rollout.plan, kind, week, actor=actor, now=rollout.clock())
