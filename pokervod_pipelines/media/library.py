"""Probe a library: read and store the facts of its new and changed videos, within a time limit.

What is stored stays stored: the next pass resumes where one was killed.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import Connection, Engine

from pokervod_pipelines.db.locks import lock_until_commit
from pokervod_pipelines.events.log import append_events
from pokervod_pipelines.events.types import EventType, NewEvent
from pokervod_pipelines.media.facts import MediaFacts, MediaStatus
from pokervod_pipelines.media.probe import probe_file
from pokervod_pipelines.media.reader import describe_failure, limit_reading, read_videos
from pokervod_pipelines.media.store import DueFile, LibraryStatus, list_due, read_status, store_facts
from pokervod_pipelines.problems import Problem
from pokervod_pipelines.processes.failures import ChildTimedOut
from pokervod_pipelines.settings import Settings

PASS_SECONDS = 300.0
"""A first pass over a large library takes several syncs rather than delaying one."""

BATCH_FILES, BATCH_SECONDS = 200, 2.0
PAGE_FILES = 5_000
PROBLEM_LIMIT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaReport:
    """Tell what a pass did, and the status of the library's videos after it.

    ``probed`` videos were probed in this pass, ``changed`` of them have new facts, ``missing`` were not found;
    ``pending`` are left for the next pass. ``by_status`` counts all videos; ``problem_count`` are those neither ok nor
    due, and ``problems`` the first of them.
    """

    library: str
    enabled: bool
    probed: int
    changed: int
    missing: int
    pending: int
    by_status: dict[str, int]
    seconds: float
    problem_count: int
    problems: tuple[Problem, ...]


def probe_library(
    engine: Engine,
    settings: Settings,
    library: str,
    *,
    correlation_id: str,
    progress: Callable[[int], None] | None = None,
    pass_seconds: float = PASS_SECONDS,
) -> MediaReport:
    """Probe the library's videos that are due, as far as the time allows; two passes at once do the work once.

    Raises:
        ArchiveUnavailable: the disk does not answer.
        Unavailable: no reader starts. What was read before is stored in both cases.

    """
    started = time.monotonic()
    run = _Pass(engine, settings, library, correlation_id, progress, started + pass_seconds)
    if settings.media.enabled:
        with engine.begin() as connection:
            lock_until_commit(connection, f"media {library}")
            run.probe_all()
    with engine.begin() as connection:
        status = read_status(connection, library, limit=PROBLEM_LIMIT)
    return _make_report(run, status, seconds=time.monotonic() - started)


@dataclass(slots=True)
class _Pass:
    engine: Engine
    settings: Settings
    library: str
    correlation_id: str
    progress: Callable[[int], None] | None
    deadline: float
    batch: list[tuple[DueFile, MediaFacts]] = field(default_factory=list)
    probed: int = 0
    changed: int = 0
    missing: int = 0

    def probe_all(self) -> None:
        try:
            for page in self._list_pages():
                self._probe_page(page)
        finally:
            self._save()

    def _list_pages(self) -> Iterator[list[DueFile]]:
        before = None
        while time.monotonic() < self.deadline:
            with self.engine.begin() as connection:
                page = list_due(connection, self.library, before=before, limit=PAGE_FILES)
            if not page:
                return
            yield page
            before = page[-1].file_id

    def _probe_page(self, page: list[DueFile]) -> None:
        root = self.settings.root_of(self.settings.library(self.library)).path
        paths = ((due, str(root / due.path)) for due in page)
        calls = ((due, path, partial(probe_file, path)) for due, path in paths)
        media = self.settings.media
        limits = limit_reading(len(page), workers=media.workers, seconds=media.seconds_per_file, deadline=self.deadline)
        saved = time.monotonic()
        with closing(read_videos(calls, limits)) as answers:
            for due, answer in answers:
                self._add(due, _read_answer(answer))
                if len(self.batch) >= BATCH_FILES or time.monotonic() - saved > BATCH_SECONDS:
                    self._save()
                    saved = time.monotonic()

    def _add(self, due: DueFile, facts: MediaFacts) -> None:
        if facts.status is MediaStatus.MISSING:
            self.missing += 1
            return
        self.probed += 1
        self.batch.append((due, facts))

    def _save(self) -> None:
        batch, self.batch = self.batch, []
        if batch:
            with self.engine.begin() as connection:
                changed = store_facts(connection, batch)
                _append_event(connection, self.library, self.correlation_id, changed)
            self.changed += len(changed)
        if self.progress is not None:
            self.progress(self.probed)


def _read_answer(answer: MediaFacts | Exception) -> MediaFacts:
    """Return the facts; that a probe failed is a fact of its file, too."""
    if isinstance(answer, MediaFacts):
        return answer
    status = MediaStatus.TIMEOUT if isinstance(answer, ChildTimedOut) else MediaStatus.BROKEN
    return MediaFacts(status=status, reason=describe_failure(answer))


def _append_event(connection: Connection, library: str, correlation_id: str, changed: list[int]) -> None:
    """Append one event for a batch: a first pass over an archive would otherwise double the log."""
    if changed:
        payload = {"library": library, "file_ids": changed}
        append_events(connection, "media", correlation_id, [NewEvent(EventType.MEDIA_FACTS_CHANGED, payload)])


def _make_report(run: _Pass, status: LibraryStatus, *, seconds: float) -> MediaReport:
    counts = status.counts
    return MediaReport(
        library=run.library,
        enabled=run.settings.media.enabled,
        probed=run.probed,
        changed=run.changed,
        missing=run.missing,
        pending=counts.get("due", 0),
        by_status=counts,
        seconds=round(seconds, 3),
        problem_count=sum(counts.values()) - counts.get(MediaStatus.OK, 0) - counts.get("due", 0),
        problems=status.problems,
    )
