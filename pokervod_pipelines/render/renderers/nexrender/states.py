"""Read the state of a job from the server, and how much of the job is done.

A state is any text: the server stores what it is given, the worker of npm says ``render:dorender`` where older ones say
``rendering``, and another tool may say anything. An unknown state counts as no progress.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

QUEUED = "queued"
FINISHED = "finished"
ERROR = "error"

IDLE = frozenset({QUEUED, "created", FINISHED, ERROR})
"""States in which no render node works on a job."""

CANCELLED_BY_US = "cancelled by PokerVOD"
"""Error text of a job that was cancelled while a node works on it; the node replaces it at its end."""

PHASES: Mapping[str, tuple[float, float]] = {
    QUEUED: (0.0, 0.0),
    "picked": (0.01, 0.01),
    "started": (0.02, 0.9),
    "render:setup": (0.03, 0.03),
    "render:predownload": (0.03, 0.03),
    "downloading": (0.04, 0.04),
    "render:download": (0.04, 0.04),
    "render:postdownload": (0.06, 0.06),
    "render:prerender": (0.07, 0.07),
    "render:script": (0.08, 0.08),
    "rendering": (0.1, 0.9),
    "render:dorender": (0.1, 0.9),
    "encoding": (0.92, 0.92),
    "render:postrender": (0.92, 0.92),
    "render:cleanup": (0.95, 0.95),
    FINISHED: (0.96, 0.96),
}
"""Progress when a state begins, and when its frames are drawn; the rest is copying the file here."""


@dataclass(frozen=True, slots=True)
class JobStatus:
    """Hold one job of the server's list; ``frames_done`` in percent, ``error`` as the worker left it."""

    uid: str
    state: str
    tags: frozenset[str]
    frames_done: float = 0.0
    error: Any = None
    updated_at: datetime | None = None

    @property
    def is_running(self) -> bool:
        """Return whether a render node works on it for a waiting claim, as far as the server knows."""
        return self.state not in IDLE

    @property
    def is_on_node(self) -> bool:
        """Return whether a render node has the job, as far as the server knows; a dead node keeps it."""
        return self.is_running or (self.state == ERROR and self.error == CANCELLED_BY_US)


def read_statuses(listing: object) -> list[JobStatus]:
    """Return the jobs of a listing, without invalid entries. Raises ``TypeError`` for anything but a list.

    >>> read_statuses([{"uid": "u", "state": "rendering", "tags": "a, b", "renderProgress": 40}, None])[0].frames_done
    40.0
    """
    if not isinstance(listing, list):
        raise TypeError("expected a list of jobs")
    return [_read_status(record) for record in listing if isinstance(record, dict) and record.get("uid")]


def _read_status(record: Mapping[str, Any]) -> JobStatus:
    tags, done = record.get("tags"), record.get("renderProgress")
    return JobStatus(
        uid=str(record["uid"]),
        state=str(record.get("state", "")),
        tags=frozenset(tag.strip() for tag in tags.split(",")) if isinstance(tags, str) else frozenset(),
        frames_done=float(done) if isinstance(done, int | float) else 0.0,
        error=record.get("error"),
        updated_at=_read_time(record.get("updatedAt")),
    )


def _read_time(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment and (moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def measure_progress(status: JobStatus) -> float:
    """Return how much is done, from 0 to 1; an unknown state counts as nothing.

    >>> measure_progress(JobStatus("u", "render:dorender", frozenset(), 50.0))
    0.5
    """
    begin, end = PHASES.get(status.state, (0.0, 0.0))
    share = min(max(status.frames_done, 0.0), 100.0) / 100
    return begin + (end - begin) * share
