"""What people do to a programme: pause it, resume it, let a criterion pass, say that they have seen an escalation.

Each is kept with its name and reason. None of them evaluates anything; `run` goes on from what they leave.
"""

from dataclasses import dataclass

from sqlalchemy import Connection

from pokervod_pipelines.errors import BadInput, Conflict
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.rollout import store
from pokervod_pipelines.rollout.programme import Programme, may_begin, read
from pokervod_pipelines.rollout.record import ProgrammeRecord, ProgrammeState, WeekState


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who does it, and why. Raises ``BadInput`` without a name or a reason."""

    by: str
    reason: str

    def __post_init__(self) -> None:
        if not self.by.strip() or not self.reason.strip():
            raise BadInput("this needs who does it and why: both are kept for ever")


def pause(programme: Programme, person: Person) -> None:
    """Nothing is begun until somebody resumes it; an attempt under way comes to its end first."""
    record = read(programme)
    if record.state is ProgrammeState.COMPLETED:
        raise Conflict(f"the programme {programme.plan} is completed; there is nothing to pause")
    with programme.engine.begin() as connection:
        now = programme.clock()
        store.set_programme(connection, programme.plan, ProgrammeState.PAUSED, person.reason, now)
        _keep(connection, programme, "pause", record.current_week, person, EventType.ROLLOUT_PAUSED)


def resume(programme: Programme, person: Person, *, week: int | None = None) -> int:
    """The programme may go on, from the week given or the one it stands at; returns that week.

    After a pause or an escalation, and from a week that is given, it has all its attempts; a programme whose runner
    died, or that waits, goes on at once where it was. A week before the present one is done again, and so is all that
    follows it. The caller holds the programme alone. Raises ``Conflict`` for a week that cannot begin since one before
    it has not passed, and ``BadInput`` for one that is not in the plan.
    """
    record = read(programme)
    number = week or record.current_week
    if number is None:
        raise Conflict(f"every week of the programme {programme.plan} has passed; name one to do it again from there")
    if not 1 <= number <= programme.weeks:
        raise BadInput(f"the programme {programme.plan} has weeks 1 to {programme.weeks}, no week {number}")
    if why_not := may_begin(record, number):
        raise Conflict(why_not)
    with programme.engine.begin() as connection:
        now = programme.clock()
        if week is None and record.state in {ProgrammeState.RUNNING, ProgrammeState.WAITING}:
            store.end_wait(connection, programme.plan, number, now)
        else:
            _begin_rounds(connection, programme, record, number)
        store.end_escalations(connection, programme.plan, now)
        programme.crew.tell_resumption(connection, record, by=person.by, reason=person.reason)
        store.set_programme(
            connection, programme.plan, ProgrammeState.RUNNING, f"resumed: {person.reason}", now, is_resumed=True
        )
        _keep(connection, programme, "resume", number, person, EventType.ROLLOUT_RESUMED)
    return number


def _begin_rounds(connection: Connection, programme: Programme, record: ProgrammeRecord, first: int) -> None:
    """The week and all after it that were begun are done again."""
    for each in record.weeks:
        if each.number >= first and (each.state is not WeekState.PENDING or each.attempts):
            store.begin_round(connection, programme.plan, each.number)


def override(programme: Programme, week: int, criterion: str, person: Person, *, known: set[str]) -> None:
    """The criterion of the week counts as passed from the next attempt on, and is shown as overridden for ever.

    Raises ``BadInput`` for a criterion that the week does not have, ``Conflict`` for one that was overridden before.
    """
    if criterion not in known:
        raise BadInput(f"week {week} has no criterion {criterion!r}; it has {', '.join(sorted(known))}")
    read(programme)
    with programme.engine.begin() as connection:
        now = programme.clock()
        if not store.insert_override(
            connection, programme.plan, week, criterion, by=person.by, reason=person.reason, now=now
        ):
            raise Conflict(f"criterion {criterion!r} of week {week} is overridden already")
        payload = {"plan": programme.plan, "week": week, "criterion": criterion}
        _tell(connection, programme, EventType.ROLLOUT_OVERRIDDEN, payload, person)


def acknowledge(programme: Programme, person: Person) -> int:
    """Somebody has seen the escalation; returns the week that blocks. Raises ``Conflict`` where none does."""
    week = next((each.week for each in read(programme).escalations if each.ended_at is None), None)
    if week is None:
        raise Conflict(f"nothing of the programme {programme.plan} is escalated")
    with programme.engine.begin() as connection:
        now = programme.clock()
        store.insert_intervention(
            connection, programme.plan, "acknowledge", week, by=person.by, reason=person.reason, now=now
        )
    return week


def _keep(
    connection: Connection, programme: Programme, kind: str, week: int | None, person: Person, event: EventType
) -> None:
    store.insert_intervention(
        connection, programme.plan, kind, week, by=person.by, reason=person.reason, now=programme.clock()
    )
    _tell(connection, programme, event, {"plan": programme.plan, "week": week}, person)


def _tell(
    connection: Connection, programme: Programme, event: EventType, payload: dict[str, object], person: Person
) -> None:
    correlation_id = store.read_correlation_id(connection, programme.plan)
    append_events(
        connection, "rollout", correlation_id, [NewEvent(event, payload | {"by": person.by, "reason": person.reason})]
    )
