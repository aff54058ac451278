"""The place of one graphic at work: how far it is, why it was stopped, and its limits of time."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Self

from pokervod_pipelines.render.failures import TooSlow
from pokervod_pipelines.render.queue_store import Beat, Claim
from pokervod_pipelines.render.templates import Template
from pokervod_pipelines.render.worker.maker import RENDERED

SILENT_SHARE = 0.5
"""A render without a limit of silence of its own may be silent for this share of the time it may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLimits:
    """How long a render may last, and how long it may say nothing new, in seconds."""

    most_seconds: float
    most_silent_seconds: float

    @classmethod
    def of(cls, template: Template | None, most_seconds: float) -> Self:
        """Return those of the template; ``most_seconds`` is how long a render of others may last."""
        most = (template and template.most_seconds) or most_seconds
        silent = (template and template.most_silent_seconds) or most * SILENT_SHARE
        return cls(most_seconds=most, most_silent_seconds=silent)


@dataclass(slots=True, kw_only=True)
class Place:
    """A claim at work, or waiting to be settled.

    ``stopped`` is why its work was stopped, ``overrun`` the limit of time that did it, if any. ``has_result`` tells
    that something is to be settled, which may be so of a stopped one too. While it is settled its row is locked, so no
    sign of life is given for it then. ``has_waited`` tells that since the last sign of life it waited for its turn,
    which counts against no limit: ``began`` is when it waited last.
    """

    claim: Claim
    limits: TimeLimits
    began: float = field(default_factory=time.monotonic)
    progress: float = 0.0
    moved: float = field(default_factory=time.monotonic)
    told: float = 0.0
    beaten: float = field(default_factory=time.monotonic)
    has_waited: bool = False
    stopped: str | None = None
    overrun: TooSlow | None = None
    has_result: bool = False
    is_being_settled: bool = False
    task: asyncio.Task[None] | None = None

    def report(self, progress: float) -> None:
        """The work has come so far; only more than before is a sign of life, and 0 says that it waits for its turn."""
        if progress <= 0:
            self.has_waited = True
            self.began = self.moved = time.monotonic()
        elif progress > self.progress:
            self.progress = min(progress, 1.0)
            self.moved = time.monotonic()

    def take_beat(self) -> Beat:
        """Return the sign of life to be given now."""
        news = self.progress if self.progress > self.told else None
        has_waited, self.has_waited = self.has_waited, False
        self.told, self.beaten = self.progress, time.monotonic()
        return Beat(held=self.claim.held, progress=news, has_waited=has_waited)

    @property
    def has_news(self) -> bool:
        """It has come further than was told, or its waiting has to be told before it passes for work."""
        is_late = time.monotonic() - self.beaten > self.limits.most_seconds / 3
        return self.progress > self.told or (self.has_waited and is_late)

    def find_overrun(self, now: float) -> TooSlow | None:
        """Return the failure of a render that lasts too long or is silent for too long."""
        lasted, silent = now - self.began, now - self.moved
        if lasted > self.limits.most_seconds:
            return TooSlow(f"it was stopped after {lasted:.0f} s; it may take {self.limits.most_seconds:.0f} s")
        if silent > self.limits.most_silent_seconds and self.progress < RENDERED:
            text = f"it was stopped at {self.progress:.0%}: no progress for {silent:.0f} s"
            return TooSlow(f"{text}; {self.limits.most_silent_seconds:.0f} s are allowed")
        return None

    @property
    def is_over(self) -> bool:
        """Nobody works on it any more."""
        return self.task is not None and self.task.done()

    @property
    def is_given_up(self) -> bool:
        """It was stopped, nobody works on it any more, and nothing came of it."""
        return self.stopped is not None and self.is_over and not self.has_result

    def stop(self, reason: str, overrun: TooSlow | None = None) -> None:
        """Its work ends, with a failure of its own only where it overran; stopped before, nothing is changed."""
        if self.stopped is None and self.task is not None and not self.task.done():
            self.stopped, self.overrun = reason, overrun
            self.task.cancel()
