"""Describe all that the detectors judge by, at one moment. What could not be read is ``Unread``, which is never empty.

``reading`` makes them from the databases and the machine, a simulator from its day. A group of facts is read, or is
not, as a whole. Times are aware.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from pokervod_pipelines.monitoring.health.orchestrator import SensorFacts
from pokervod_pipelines.monitoring.incidents.shape import Subject

SourceKind = Literal["sheet", "library", "drop folder", "export folder"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """Say in a sentence why a group of facts could not be read."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFacts:
    """Tell whether the database answers; ``away_since`` is when it first did not, and ``problem`` what it said."""

    away_since: datetime | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingGroup:
    """Count the instructions of a renderer and a template that a worker could claim now.

    ``since`` is when the oldest of them became so: due, with no pause in force. ``delayed`` of them have waited for
    longer than the settings allow. ``paused`` are pending too, and a pause or a hold keeps them.
    """

    renderer: str
    template: str
    waiting: int
    since: datetime | None = None
    delayed: int = 0
    paused: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LateJob:
    """Hold a claimed instruction whose lease has expired, or that has taken longer than its limit."""

    id: int
    renderer: str
    template: str
    worker: str
    started_at: datetime
    limit_seconds: float
    lease_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessingFacts:
    """Count the claimed instructions; ``late`` has those that should have ended, the oldest first."""

    processing: int
    late: tuple[LateJob, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Overtaken:
    """Hold an instruction that could have been claimed, and how many of a later rank were claimed since.

    Only claims count that could have taken it: of its renderer, by a worker of its day, with its template not full.
    """

    id: int
    renderer: str
    template: str
    priority: int
    since: datetime
    by: int
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFacts:
    """Hold the queue of now; ``claims`` is how many claims of the last minutes were compared for ``overtaken``."""

    groups: tuple[WaitingGroup, ...] = ()
    claims: int = 0
    overtaken: tuple[Overtaken, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedGroup:
    """Count the graphics of a renderer and a template that ended in an hour; a cancelled one has not ended."""

    renderer: str
    template: str
    completed: int = 0
    failed: int = 0
    timed_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HourFacts:
    """Hold what ended in the last 60 minutes, and in the 60 before.

    In ``waiting_minutes`` of ``looked_minutes`` of the last hour work waited that a worker could have claimed; in
    ``paused_minutes`` a pause kept some of it.
    """

    last: tuple[EndedGroup, ...] = ()
    before: tuple[EndedGroup, ...] = ()
    looked_minutes: int = 0
    waiting_minutes: int = 0
    paused_minutes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedGroup:
    """Count the instructions in force of a template that failed for good, so that a person has to decide.

    ``ids`` are the first of them, ``reason`` that of the newest, which failed at ``last_at``.
    """

    template: str
    renderer: str
    count: int
    ids: tuple[int, ...]
    first_at: datetime
    last_at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrphanDay:
    """Count the shown premium hands of a broadcast day that have no instruction; ``hands`` are the first."""

    day: date
    count: int
    hands: tuple[int, ...]
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PremiumHandFacts:
    """Hold the shown premium hands that were looked at, and those without an instruction long after they came."""

    premium_hands: int
    orphans: tuple[OrphanDay, ...] = ()
    has_rules: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFacts:
    """Tell when a sheet, library or folder was last looked at without an error; ``root`` is its archive root, or "".

    ``expected_seconds`` is how often the settings have it read, None where nothing does. ``waiting`` of a folder are
    files that are due to be read, the oldest of ``waiting_since``.
    """

    kind: SourceKind
    name: str
    read_at: datetime | None
    expected_seconds: float | None
    root: str = ""
    problem: str = ""
    waiting: int = 0
    waiting_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowFacts:
    """Tell of a live slot of the schedule that is on now how many hands came since its start, and the last."""

    title: str
    channel: str
    starts_at: datetime
    ends_at: datetime
    hands: int
    last_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowsFacts:
    """Hold the live slots of now; ``has_hands_ever`` tells that hands came at any earlier show."""

    shows: tuple[ShowFacts, ...] = ()
    has_hands_ever: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFacts:
    """Tell how a service was when its health was looked at last, with who saw it: ``host`` is "" for all.

    ``roots`` are the archive roots that all that is wrong with it lies on.
    """

    name: str
    state: str
    summary: str
    since: datetime
    host: str = ""
    roots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """Tell of a run in progress; ``typical_seconds`` is how long a success of its job took, None where none is known.

    ``queued`` has not begun.
    """

    run_id: str
    job: str
    state: Literal["queued", "running"]
    since: datetime
    partition: str = ""
    typical_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DagsterFacts:
    """Hold when each part of the daemon lived, the sensors, and the runs in progress."""

    heartbeats: Mapping[str, datetime] = field(default_factory=dict)
    sensors: tuple[SensorFacts, ...] = ()
    runs: tuple[RunFacts, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerFacts:
    """Tell of a render worker that has not ended in good order; ``quarantine_reason`` is why it gets no jobs."""

    name: str
    host: str
    seen_at: datetime
    is_alive: bool
    renderers: tuple[str, ...] = ("local",)
    quarantine_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatcherFacts:
    """Tell whether a watcher leads now, and of the newest look that any took; "" and None where none ever ran."""

    is_alive: bool
    name: str = ""
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LookerFacts:
    """Tell when the detectors looked last in one of the places that run them; ``is_expected`` where it should go on."""

    name: Literal["sensor", "watcher"]
    seen_at: datetime | None
    is_expected: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskFacts:
    """Tell how much space a disk has that we write to."""

    name: str
    path: str
    free_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockFacts:
    """Tell how far the database's clock is ahead of this machine's; the question took ``error_seconds``."""

    offset_seconds: float
    error_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceBreaker:
    """Tell of a service outside since when it is not called, as it did not answer; None where it is called."""

    name: str
    title: str
    opened_at: datetime | None
    failures: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedFacts:
    """Count the events that a consumer has given up, with what the newest failed for; 0 for one that gave up none."""

    consumer: str
    count: int
    since: datetime | None = None
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Hold everything; ``held`` are the things that a person holds, of which nothing is an anomaly."""

    now: datetime
    host: str = ""
    database: DatabaseFacts = DatabaseFacts()
    queue: QueueFacts | Unread
    processing: ProcessingFacts | Unread
    hours: HourFacts | Unread
    failed: tuple[FailedGroup, ...] | Unread
    hands: PremiumHandFacts | Unread
    sources: tuple[SourceFacts, ...] | Unread
    shows: ShowsFacts | Unread
    services: tuple[ServiceFacts, ...] | Unread
    dagster: DagsterFacts | Unread
    workers: tuple[WorkerFacts, ...] | Unread
    watcher: WatcherFacts | Unread
    lookers: tuple[LookerFacts, ...] | Unread
    disks: tuple[DiskFacts, ...] | Unread
    clock: ClockFacts | Unread
    breakers: tuple[ServiceBreaker, ...] | Unread
    parked: tuple[ParkedFacts, ...] | Unread
    held: frozenset[Subject] = frozenset()


def report_away(now: datetime, database: DatabaseFacts, *, host: str = "", **read: object) -> Facts:
    """Return the facts of a moment at which the database did not answer; ``read`` are those of the machine."""
    unread = Unread(reason=f"the database does not answer: {database.problem}")
    groups = [each for each in Facts.__slots__ if each not in {"now", "host", "database", "held"}]
    return Facts(now=now, host=host, database=database, **{**dict.fromkeys(groups, unread), **read})  # type: ignore[arg-type]
