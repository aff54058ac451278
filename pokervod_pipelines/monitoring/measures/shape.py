"""Describe what is measured, as commands and routes show it: None is "nothing to measure", and never 0."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from pokervod_pipelines.errors import BadInput

Group = Literal["renderer", "template"]
"""By what figures of graphics are told apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Hold the first moment of what is measured, and the moment after the last."""

    since: datetime
    until: datetime

    def __post_init__(self) -> None:
        """Raise ``BadInput`` for a window of no length."""
        if self.since >= self.until:
            raise BadInput(f"the window ends at {self.until}, which is not after {self.since}; give a longer one")

    @property
    def length(self) -> timedelta:
        """Return how long it is."""
        return self.until - self.since

    @property
    def hours(self) -> float:
        """Return how long it is, in hours."""
        return self.length.total_seconds() / 3600


def make_window(length: timedelta, now: datetime | None = None) -> Window:
    """Return the window of that length that ends now."""
    until = now or datetime.now(UTC)
    return Window(since=until - length, until=until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Hold a value of a series; ``at`` is when its step begins."""

    at: datetime
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Throughput:
    """Tell how many graphics were completed an hour; None where there was none to complete."""

    figure: float | None
    unit: str = "graphics an hour"
    completed: int = 0
    series: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Tell how long graphics took from their request to their completion, in seconds.

    ``is_estimated`` where there were so many that p50 and p95 were read from classes of 9 % width.
    """

    average: float | None = None
    p50: float | None = None
    p95: float | None = None
    unit: str = "s"
    is_estimated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRate:
    """Tell which share of the graphics that ended failed or timed out, from 0 to 1; a cancelled one has not ended.

    A graphic that failed, was retried by a person and was completed ended twice.
    """

    figure: float | None = None
    unit: str = "of those that ended"
    failed: int = 0
    timed_out: int = 0
    ended: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueDepth:
    """Count the instructions in the queue now; ``held`` are those of the pending ones that are paused."""

    pending: int
    processing: int
    held: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderFigures:
    """Hold the figures of graphics in a window: of all, or of those with a renderer or template.

    ``requested`` counts the instructions that were made in the window, ``cancelled`` those that were not needed.
    """

    renderer: str | None = None
    template: str | None = None
    requested: int
    cancelled: int
    throughput: Throughput
    latency: Latency
    error_rate: ErrorRate
    queue_depth: QueueDepth


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFlowHealth:
    """Tell whether hands become graphics.

    ``orphan_hands`` are shown premium hands without an instruction, ``delayed_instructions`` could have been claimed
    for half an hour. ``completion_rate`` is the share of the premium hands that arrived in the window that have all
    their graphics; ``premium_hands`` is how many those are, and ``with_instruction`` how many of them have one.
    """

    orphan_hands: int
    delayed_instructions: int
    completion_rate: float | None
    premium_hands: int
    with_instruction: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HandsToday:
    """Count the hands of the broadcast day so far; ``last_at`` is when the last one arrived."""

    day: str
    hands: int
    last_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncLag:
    """Tell how long ago a library, sheet or folder was last read without an error; None for never."""

    kind: Literal["library", "sheet", "drop folder", "export folder"]
    name: str
    at: datetime | None
    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFreshness:
    """Tell when the data of a source changed last; None for no data yet. ``name`` is "" for all of the kind."""

    kind: Literal["library", "sheet", "hands", "tournaments", "graphics"]
    name: str
    at: datetime | None
    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFigures:
    """Hold the figures of the runs of a Dagster job that ended in the window, in seconds; a stopped one has no result.

    ``success_rate`` is of those that succeeded or failed; ``average``, ``p50`` and ``p95`` are of successes, as health
    has them, since a run that failed at once says nothing of how long the job takes.
    """

    job: str
    succeeded: int
    failed: int
    stopped: int
    average: float | None
    p50: float | None
    p95: float | None
    failed_last: int = 0

    @property
    def success_rate(self) -> float | None:
        """Return the share that succeeded, None where none did and none failed."""
        ended = self.succeeded + self.failed
        return self.succeeded / ended if ended else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessMemory:
    """Tell how much memory a kind of our processes takes, with its share of what they have in common."""

    process: str
    count: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineMemory:
    """Tell how much memory this machine has, and how much of it a program could still get."""

    total_bytes: int
    available_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskSpace:
    """Tell how much space a place has; None where it did not answer, and ``problem`` says why."""

    kind: Literal["home", "outputs", "archive root"]
    name: str
    path: str
    total_bytes: int | None
    free_bytes: int | None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineFigures:
    """Hold the figures of this machine."""

    memory: MachineMemory
    processes: tuple[ProcessMemory, ...]
    disks: tuple[DiskSpace, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardMetrics:
    """Hold the four figures of the API's dashboard: graphics an hour, seconds, a share, and the queue."""

    throughput_1h: float | None
    avg_latency_1h: float | None
    error_rate_1h: float | None
    queue_depth: QueueDepth


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Hold all figures of a window."""

    window: Window
    renders: RenderFigures
    groups: tuple[RenderFigures, ...]
    hands_today: HandsToday
    data_flow_health: DataFlowHealth
    sync_lags: tuple[SyncLag, ...]
    freshness: tuple[SourceFreshness, ...]
    jobs: tuple[JobFigures, ...]
    machine: MachineFigures
