"""Describe the status of the whole and of each block, as commands and routes show it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pokervod_pipelines.holds.listing import Hold
from pokervod_pipelines.monitoring.status_runs import RecordedCheck, Run, RunState
from pokervod_pipelines.workflows.run_requests import WaitingRequests


class BlockState(StrEnum):
    """Tell how a block is."""

    IDLE = "idle"
    """None of its stages has run yet, or it has none."""

    IN_PROGRESS = "in_progress"
    """One of its stages runs, or the sync that has begun it has not finished it."""

    COMPLETED = "completed"
    """The last attempt of every stage succeeded."""

    FAILED = "failed"
    """The last attempts of its first stage failed, or were stopped or skipped, for every library, sheet or day."""

    PARTIAL = "partial"
    """The last attempts of some of its parts failed or were stopped or skipped, those of others succeeded."""


class Overall(StrEnum):
    """Tell how the whole is; ``monitoring.status`` has the rule."""

    OK = "ok"
    IDLE = "idle"
    IN_PROGRESS = "in_progress"
    DEGRADED = "degraded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartStatus:
    """Tell how the last attempt of a stage went for one library, sheet or day; ``at`` is None before the first.

    ``done`` of ``total`` entries: while it runs those of now, of a total that the last success had at ``counted_at``.
    """

    stage: str
    name: str
    state: RunState | None
    at: datetime | None
    done: int | None = None
    total: int | None = None
    counted_at: datetime | None = None
    error: str | None = None
    run_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockStatus:
    """Tell how a block is, derived from the last attempts of its parts.

    The items are those of the first stage; ``items_unit`` names them. ``items_at`` is, where its last attempts failed,
    the time of the oldest success, whose items are still there. ``last_error`` is the newest one that is known,
    also where later attempts succeeded; ``failed_parts`` has those of now. ``note`` says why there is nothing;
    a block that does not exist is one of a later version.
    """

    block_id: str
    rooms: tuple[str, ...]
    status: BlockState
    exists: bool
    note: str
    last_attempt_at: datetime | None
    last_sync_at: datetime | None
    last_error: str | None
    last_error_at: datetime | None
    items_processed: int | None
    items_total: int | None
    items_unit: str
    items_at: datetime | None = None
    parts: tuple[PartStatus, ...] = ()
    failed_checks: tuple[RecordedCheck, ...] = ()

    @property
    def failed_parts(self) -> list[PartStatus]:
        """Return the parts whose last attempt failed, was stopped or was skipped."""
        return [each for each in self.parts if each.state in {RunState.FAILED, RunState.STOPPED, RunState.SKIPPED}]

    @property
    def running_parts(self) -> list[PartStatus]:
        """Return the parts that are at work."""
        return [each for each in self.parts if each.state is RunState.RUNNING]


@dataclass(frozen=True, slots=True, kw_only=True)
class WatcherStatus:
    """Tell which watcher leads, what it runs now, "" for nothing, and the sources that it does not look at.

    The sensors look at those.
    """

    name: str
    doing: str
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemStatus:
    """Tell how all blocks are, and when all of them were, and will be, brought up to date.

    ``last_sync`` is when the last full sync ended, however; ``next_scheduled_sync`` is None where nothing starts it,
    and ``schedule_note`` says why. ``orphans`` are runs in progress whose process has ended. ``watcher`` is None where
    no watcher looks; ``has_sensors`` tells whether Dagster's daemon, which then looks, runs. ``requests`` are those of
    events that have no run yet; ``holds`` are what people keep the system from working on.
    """

    overall: Overall
    blocks: dict[str, BlockStatus]
    last_sync: datetime | None
    last_sync_status: RunState | None
    next_scheduled_sync: datetime | None
    schedule_note: str
    in_progress: tuple[Run, ...]
    orphans: tuple[str, ...]
    watcher: WatcherStatus | None
    has_sensors: bool
    requests: WaitingRequests
    holds: tuple[Hold, ...] = ()
