"""A programme from week to week: evaluate, try again later, fix, escalate, go on.

Each step is one transaction with its events and alerts, and the state between steps is in the database alone. So a
runner may be killed anywhere: the next one takes up the attempt that was broken off as the same attempt, and lets the
fixers of an attempt go once. Waiting is a moment in the database, held by nobody.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DataError

from pokervod_pipelines.actors import new_correlation_id
from pokervod_pipelines.errors import Conflict
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.rollout import store
from pokervod_pipelines.rollout.record import (
    FixRecord,
    ProgrammeRecord,
    ProgrammeState,
    ResultRecord,
    WeekRecord,
    WeekState,
)
from pokervod_pipelines.rollout.verdict import WeekVerdict

Clock = Callable[[], datetime]


def read_clock() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often a week is tried, and how long it waits after the first failure; after the second twice as long."""

    attempts: int = 3
    wait: timedelta = timedelta(minutes=5)


class Crew(Protocol):
    """Those who work for a programme: who judges a week, who fixes it, and who is told."""

    def evaluate(self, week: int) -> tuple[ResultRecord, ...]:
        """Return what every criterion of the week comes to, without regard to overrides."""

    def fix(self, week: int, failed: Sequence[ResultRecord], already: Collection[str]) -> Iterator[FixRecord]:
        """Let the fixers of these failures work, one after the other, but for those that have been ``already``."""

    def tell_progress(self, connection: Connection, record: ProgrammeRecord) -> None:
        """People hear how far the programme is, if the transaction commits."""

    def tell_escalation(self, connection: Connection, record: ProgrammeRecord, week: int) -> None:
        """People hear that the week blocks, if the transaction commits."""

    def tell_resumption(self, connection: Connection, record: ProgrammeRecord, *, by: str, reason: str) -> None:
        """Nobody is waited for any more, if the transaction commits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """A plan under way: its name, how many weeks it has, at which pace each, and who works for it."""

    engine: Engine
    plan: str
    weeks: int
    crew: Crew
    pace: Callable[[int], Pace]
    clock: Clock = read_clock


def run(
    programme: Programme,
    *,
    until: int | None = None,
    only_widens: bool = False,
    said: Callable[[str], None] = lambda line: None,
) -> None:
    """The programme has gone on as far as it can now: to its end, to week ``until``, a wait, a pause or an escalation.

    ``until`` holds for whoever goes on by itself later, too; a run that ``only_widens`` takes back no week that was
    asked for before. Raises ``Conflict`` while another runner is at it.
    """
    with hold_alone(programme):
        _begin(programme, until, only_widens=only_widens)
        while step(programme, until=until, said=said):
            pass


def aim(programme: Programme, until: int | None) -> None:
    """The programme is begun, and nobody but a person goes on beyond week ``until``; no week was looked at.

    Raises ``Conflict`` while another runner is at it.
    """
    with hold_alone(programme):
        _begin(programme, until, only_widens=False)


def step(programme: Programme, *, until: int | None = None, said: Callable[[str], None] = lambda line: None) -> bool:
    """One step was taken; whether there is another to take now. The caller holds the programme alone."""
    record = read(programme)
    number = record.current_week
    if number is None:
        _end(programme, record)
        return False
    if until is not None and number > until:
        said(f"stops before week {number}: no more than week {until} was asked for")
        _rest(programme, record, number)
        return False
    if record.state in {ProgrammeState.PAUSED, ProgrammeState.ESCALATED}:
        return False
    week = record.weeks[number - 1]
    _let_fixers_work(programme, record, number, said)
    if week.next_try_at is not None and week.next_try_at > programme.clock():
        said(f"week {number} is tried again at {week.next_try_at:%Y-%m-%d %H:%M:%S} UTC")
        return False
    return _attempt(programme, number, said)


@contextmanager
def hold_alone(programme: Programme) -> Iterator[None]:
    """Nobody else runs this programme meanwhile; a runner that dies lets go. Raises ``Conflict`` at once."""
    name = {"name": f"rollout {programme.plan}"}
    with programme.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.scalar(text("select pg_try_advisory_lock(hashtextextended(:name, 0))"), name):
            raise Conflict(f"the programme {programme.plan} is being run by another runner; wait until it has ended")
        try:
            yield
        finally:
            connection.execute(text("select pg_advisory_unlock(hashtextextended(:name, 0))"), name)


def read(programme: Programme) -> ProgrammeRecord:
    """Return the programme as it is. Raises ``Conflict`` where it was not begun."""
    with programme.engine.connect() as connection:
        record = store.read_programme(connection, programme.plan, programme.weeks)
    if record is None:
        raise Conflict(f"the programme {programme.plan} was not begun; `pokervod rollout run` begins it")
    return record


def _begin(programme: Programme, until: int | None, *, only_widens: bool) -> None:
    now = programme.clock()
    with programme.engine.begin() as connection:
        name, weeks, correlation_id = programme.plan, programme.weeks, new_correlation_id()
        if store.begin_programme(connection, name, weeks, until=until, correlation_id=correlation_id, now=now):
            _append(connection, programme, EventType.ROLLOUT_STARTED, weeks=programme.weeks)
        else:
            store.set_until(connection, name, until, only_widens=only_widens)


def _rest(programme: Programme, record: ProgrammeRecord, number: int) -> None:
    """Nobody is at it any more, and nobody is to take it up: the week was not asked for."""
    if record.state is ProgrammeState.RUNNING and record.until is not None and number > record.until:
        reason = f"week {number} was not asked for yet"
        with programme.engine.begin() as connection:
            store.set_programme(connection, programme.plan, ProgrammeState.WAITING, reason, programme.clock())


def _end(programme: Programme, record: ProgrammeRecord) -> None:
    """The programme is completed, though no week passed just now: the last of its weeks were taken out of the plan."""
    if record.state is not ProgrammeState.COMPLETED:
        with programme.engine.begin() as connection:
            _complete(connection, programme, programme.clock())
            _tell_progress(connection, programme)


def _attempt(programme: Programme, number: int, said: Callable[[str], None]) -> bool:
    with programme.engine.begin() as connection:
        now = programme.clock()
        attempt_id, count = store.begin_attempt(connection, programme.plan, number, now)
        store.set_week(connection, programme.plan, number, WeekState.RUNNING, now)
        store.set_programme(connection, programme.plan, ProgrammeState.RUNNING, f"week {number}, attempt {count}", now)
        _append(connection, programme, EventType.ROLLOUT_WEEK_STARTED, week=number, attempt=count)
    said(f"week {number}, attempt {count}")
    verdict = judge_week(programme, number)
    with programme.engine.begin() as connection:
        now = programme.clock()
        verdict = _keep_verdict(connection, attempt_id, verdict, now)
        if verdict.passed:
            _pass_week(connection, programme, number, now)
        elif count < programme.pace(number).attempts:
            _put_off(connection, programme, number, count, verdict, now)
        else:
            _escalate(connection, programme, number, verdict, now)
    said(f"week {number}: " + ("passed" if verdict.passed else f"failed, {verdict.summarize()}"))
    return True


def _keep_verdict(connection: Connection, attempt_id: int, verdict: WeekVerdict, now: datetime) -> WeekVerdict:
    """The attempt has ended, with this verdict or, where the database takes no such results, with that one."""
    try:
        with connection.begin_nested():
            store.end_attempt(connection, attempt_id, verdict.results, passed=verdict.passed, now=now)
    except (DataError, ValueError) as error:
        verdict = verdict.refuse(error)
        store.end_attempt(connection, attempt_id, verdict.results, passed=verdict.passed, now=now)
    return verdict


def judge_week(programme: Programme, number: int) -> WeekVerdict:
    """Return what the week's criteria come to now; nothing is kept. Overrides count."""
    with programme.engine.connect() as connection:
        record = store.read_programme(connection, programme.plan, programme.weeks)
    overridden = {each.criterion for each in record.overrides if each.week == number} if record else set()
    results = programme.crew.evaluate(number)
    return WeekVerdict(
        results=tuple(
            ResultRecord(
                criterion=each.criterion,
                passed=each.passed,
                is_overridden=not each.passed and each.criterion in overridden,
                summary=each.summary,
                details=each.details,
                figures=each.figures,
                error_class=each.error_class,
                seconds=each.seconds,
            )
            for each in results
        )
    )


def _pass_week(connection: Connection, programme: Programme, number: int, now: datetime) -> None:
    store.set_week(connection, programme.plan, number, WeekState.PASSED, now)
    store.end_escalations(connection, programme.plan, now)
    _append(connection, programme, EventType.ROLLOUT_WEEK_PASSED, week=number)
    if number == programme.weeks:
        _complete(connection, programme, now)
    else:
        store.set_programme(connection, programme.plan, ProgrammeState.RUNNING, f"week {number} passed", now)
    _tell_progress(connection, programme)


def _complete(connection: Connection, programme: Programme, now: datetime) -> None:
    store.end_escalations(connection, programme.plan, now)
    store.set_programme(connection, programme.plan, ProgrammeState.COMPLETED, "every week has passed", now)
    _append(connection, programme, EventType.ROLLOUT_COMPLETED)


def _tell_progress(connection: Connection, programme: Programme) -> None:
    record = store.read_programme(connection, programme.plan, programme.weeks)
    assert record is not None  # noqa: S101 - it was just written
    programme.crew.tell_progress(connection, record)


def _put_off(
    connection: Connection, programme: Programme, number: int, count: int, verdict: WeekVerdict, now: datetime
) -> None:
    next_try_at = now + programme.pace(number).wait * count
    store.set_week(connection, programme.plan, number, WeekState.WAITING, now, next_try_at=next_try_at)
    store.set_programme(connection, programme.plan, ProgrammeState.WAITING, verdict.summarize(), now)
    _append(
        connection,
        programme,
        EventType.ROLLOUT_ATTEMPT_FAILED,
        week=number,
        attempt=count,
        reason=verdict.summarize(),
        next_try_at=next_try_at.isoformat(),
    )


def _escalate(connection: Connection, programme: Programme, number: int, verdict: WeekVerdict, now: datetime) -> None:
    record = store.read_programme(connection, programme.plan, programme.weeks)
    assert record is not None  # noqa: S101 - an attempt at it has just ended
    week = record.weeks[number - 1]
    store.set_week(connection, programme.plan, number, WeekState.FAILED, now)
    store.set_programme(connection, programme.plan, ProgrammeState.ESCALATED, verdict.summarize(), now)
    store.insert_escalation(connection, programme.plan, number, week.round, verdict.summarize(), now)
    _append(connection, programme, EventType.ROLLOUT_ESCALATED, week=number, reason=verdict.summarize())
    escalated = store.read_programme(connection, programme.plan, programme.weeks)
    assert escalated is not None  # noqa: S101 - it was just written
    programme.crew.tell_escalation(connection, escalated, number)


def _let_fixers_work(programme: Programme, record: ProgrammeRecord, number: int, said: Callable[[str], None]) -> None:
    """The fixers of the last failed attempt have been through; one that was at work in a crash works once more."""
    with programme.engine.connect() as connection:
        attempt_id = store.find_unfixed_attempt(connection, programme.plan, number)
    if attempt_id is None:
        return
    attempt = next(each for each in record.attempts if each.id == attempt_id)
    already = {fix.fixer for fix in attempt.fixes}
    failed = [each for each in attempt.results if not each.passed and not each.is_overridden]
    for fix in programme.crew.fix(number, failed, already):
        with programme.engine.begin() as connection:
            store.insert_fix(connection, attempt_id, fix)
            _append(
                connection,
                programme,
                EventType.ROLLOUT_FIXED,
                week=number,
                fixer=fix.fixer,
                done=fix.done,
                said=fix.said,
            )
        said(f"week {number}: {fix.fixer}: {fix.said}")
    with programme.engine.begin() as connection:
        store.mark_fixed(connection, attempt_id, programme.clock())


def _append(connection: Connection, programme: Programme, kind: EventType, **said: object) -> None:
    correlation_id = store.read_correlation_id(connection, programme.plan)
    append_events(connection, "rollout", correlation_id, [NewEvent(kind, {"plan": programme.plan, **said})])


def may_begin(record: ProgrammeRecord, week: int) -> str | None:
    """Return why the week cannot begin, or None: every week before it has to have passed."""
    open_before: list[WeekRecord] = [
        each for each in record.weeks if each.number < week and each.state is not WeekState.PASSED
    ]
    if open_before:
        return f"week {open_before[0].number} is {open_before[0].state}; it has to pass before week {week} begins"
    return None
