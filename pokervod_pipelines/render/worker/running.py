"""Follow one running job: how far it is, why it was stopped, and its time limits; and say who renders it."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, Self

from pokervod_pipelines.render.failures import TooSlow
from pokervod_pipelines.render.queue import FinishedRender
from pokervod_pipelines.render.queue_store import ClaimedJob, Heartbeat
from pokervod_pipelines.render.renderers.job import ReportProgress
from pokervod_pipelines.render.states import Job
from pokervod_pipelines.render.templates import Template

RENDERED = 0.9
"""The progress of a job whose file is written and not verified yet. Verifying reports none, so no limit of silence."""

SILENT_SHARE = 0.5
"""A render without a limit of silence may report no progress for this share of its time limit."""


class Pipeline(Protocol):
    """Render jobs, many at once."""

    slots: Mapping[str, int]
    """Jobs at once, by renderer."""

    async def render(self, job: ClaimedJob, report: ReportProgress) -> FinishedRender:
        """Return the job, rendered and verified, not yet published.

        Raises a failure of ``render.failures``. Cancelled, it leaves nothing running and no file behind.
        """

    def discard(self, job: Job) -> None:
        """Delete the unfinished file of the job."""

    async def close(self) -> None:
        """Stop everything that the pipeline started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLimits:
    """Limit how long a render may last, and for how long it may report no progress, in seconds."""

    max_seconds: float
    max_silent_seconds: float

    @classmethod
    def of(cls, template: Template | None, default_seconds: float) -> Self:
        """Return the limits of the template, or those that follow from ``default_seconds``."""
        limit = (template and template.max_seconds) or default_seconds
        silent = (template and template.max_silent_seconds) or limit * SILENT_SHARE
        return cls(max_seconds=limit, max_silent_seconds=silent)


@dataclass(slots=True, kw_only=True)
class RunningJob:
    """Hold a job that is running, or whose result is to be recorded. Times are those of the monotonic clock.

    ``stop_reason`` is why it was stopped, ``overrun`` the time limit that did it, if any. ``has_result`` tells that a
    result is to be recorded, which may be so of a stopped one too. While ``is_recording`` its row is locked, so no
    heartbeat is sent. ``was_queued`` tells that since the last heartbeat it was queued at its renderer, which counts
    against no limit: ``started`` is when it was queued last.
    """

    job: ClaimedJob
    limits: TimeLimits
    started: float = field(default_factory=time.monotonic)
    progress: float = 0.0
    progressed: float = field(default_factory=time.monotonic)
    reported: float = 0.0
    last_heartbeat: float = field(default_factory=time.monotonic)
    was_queued: bool = False
    stop_reason: str | None = None
    overrun: TooSlow | None = None
    has_result: bool = False
    is_recording: bool = False
    task: asyncio.Task[None] | None = None

    def report(self, progress: float) -> None:
        """Keep the progress; only more than before counts, and 0 means queued at the renderer."""
        if progress <= 0:
            self.was_queued = True
            self.started = self.progressed = time.monotonic()
        elif progress > self.progress:
            self.progress = min(progress, 1.0)
            self.progressed = time.monotonic()

    def take_heartbeat(self) -> Heartbeat:
        """Return the heartbeat to send now."""
        progress = self.progress if self.progress > self.reported else None
        was_queued, self.was_queued = self.was_queued, False
        self.reported, self.last_heartbeat = self.progress, time.monotonic()
        return Heartbeat(job=self.job, progress=progress, was_queued=was_queued)

    @property
    def has_news(self) -> bool:
        """Tell that there is progress to report, or that it must be reported as queued before it counts as running."""
        is_late = time.monotonic() - self.last_heartbeat > self.limits.max_seconds / 3
        return self.progress > self.reported or (self.was_queued and is_late)

    def find_overrun(self, now: float) -> TooSlow | None:
        """Return the failure of a render over its time limit, or without progress for too long."""
        seconds, silent = now - self.started, now - self.progressed
        if seconds > self.limits.max_seconds:
            return TooSlow(f"stopped after {seconds:.0f} s; the limit is {self.limits.max_seconds:.0f} s")
        if silent > self.limits.max_silent_seconds and self.progress < RENDERED:
            text = f"stopped at {self.progress:.0%}: no progress for {silent:.0f} s"
            return TooSlow(f"{text}; the limit is {self.limits.max_silent_seconds:.0f} s")
        return None

    @property
    def is_over(self) -> bool:
        """Tell that its task has ended."""
        return self.task is not None and self.task.done()

    @property
    def is_abandoned(self) -> bool:
        """Tell that it was stopped and has ended without a result."""
        return self.stop_reason is not None and self.is_over and not self.has_result

    def stop(self, reason: str, overrun: TooSlow | None = None) -> None:
        """Stop the render, with a failure of its own only where it overran; the first reason counts."""
        if self.stop_reason is None and self.task is not None and not self.task.done():
            self.stop_reason, self.overrun = reason, overrun
            self.task.cancel()
