"""One pass over a library: the facts of its new and changed videos are read and stored, within a time.

What is stored stays stored: a pass that is killed has done what it did, and the next one does the rest.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine

from pokervod_pipelines.events.log import append_events
from pokervod_pipelines.events.types import EventType, NewEvent
from pokervod_pipelines.media.facts import MediaFacts, MediaStatus
from pokervod_pipelines.media.pool import Limits, Question, ask_all
from pokervod_pipelines.media.probe import TASK, read_answer
from pokervod_pipelines.media.store import DueFile, Standing, list_due, read_standing, store_facts, wait_for_turn
from pokervod_pipelines.settings import Settings

PASS_SECONDS = 300.0
"""A first pass over a large library takes several syncs rather than holding up one."""

BATCH_FILES, BATCH_SECONDS = 200, 2.0
PAGE_FILES = 5_000
PROBLEMS_SHOWN = 200

Found = tuple[DueFile, MediaFacts]


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaReport:
    """How a pass went, and how the library's videos stand after it.

    ``probed`` were looked into in this pass, ``changed`` of them told something new, ``gone`` were not there; ``left``
    are due and wait for the next pass. ``standing`` counts all videos by status; ``problem_count`` are those neither ok
    nor due, and ``problems`` the first of them with their reasons.
    """

    library: str
    enabled: bool
    probed: int
    changed: int
    gone: int
    left: int
    standing: dict[str, int]
    seconds: float
    problem_count: int
    problems: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Tally:
    probed: int = 0
    changed: int = 0
    gone: int = 0


def probe_library(
    engine: Engine,
    settings: Settings,
    library: str,
    *,
    correlation_id: str,
    progress: Callable[[int], None] | None = None,
    pass_seconds: float = PASS_SECONDS,
) -> MediaReport:
    """The library's videos have facts that speak of them as the last scan saw them, as far as the time allowed.

    Two passes at once do the work once. Raises ``ArchiveUnavailable`` when the disk does not answer, ``Unavailable``
    when no reader starts; what was read before that is stored.
    """
    started = time.monotonic()
    tally = _Tally()
    if settings.media.enabled:
        with engine.begin() as turn:
            wait_for_turn(turn, library)
            run = _Pass(engine, settings, library, correlation_id, progress, started + pass_seconds, tally)
            run.read_all()
    with engine.begin() as connection:
        standing = read_standing(connection, library, shown=PROBLEMS_SHOWN)
    return _make_report(library, tally, standing, enabled=settings.media.enabled, seconds=time.monotonic() - started)


@dataclass(slots=True)
class _Pass:
    engine: Engine
    settings: Settings
    library: str
    correlation_id: str
    progress: Callable[[int], None] | None
    deadline: float
    tally: _Tally
    batch: list[Found] = field(default_factory=list)

    def read_all(self) -> None:
        try:
            for page in self._list_pages():
                self._read_page(page)
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

    def _read_page(self, page: list[DueFile]) -> None:
        root = self.settings.root_of(self.settings.library(self.library)).path
        questions = [Question(due, TASK, {"path": str(root / due.path)}) for due in page]
        media = self.settings.media
        limits = Limits(min(media.workers, len(page)), media.seconds_per_file, self.deadline)
        saved = time.monotonic()
        with closing(ask_all(questions, limits)) as answers:
            for question, answer in answers:
                self._take(question.about, read_answer(answer))
                if len(self.batch) >= BATCH_FILES or time.monotonic() - saved > BATCH_SECONDS:
                    self._save()
                    saved = time.monotonic()

    def _take(self, due: DueFile, facts: MediaFacts) -> None:
        if facts.status is MediaStatus.GONE:
            self.tally.gone += 1
            return
        self.tally.probed += 1
        self.batch.append((due, facts))

    def _save(self) -> None:
        batch, self.batch = self.batch, []
        if batch:
            with self.engine.begin() as connection:
                changed = store_facts(connection, batch)
                _tell(connection, self.library, self.correlation_id, changed)
            self.tally.changed += len(changed)
        if self.progress is not None:
            self.progress(self.tally.probed)


def _tell(connection: Connection, library: str, correlation_id: str, changed: list[int]) -> None:
    """One event for a batch: a first pass over an archive would otherwise double the log."""
    if changed:
        payload = {"library": library, "file_ids": changed}
        append_events(connection, "media", correlation_id, [NewEvent(EventType.MEDIA_FACTS_CHANGED, payload)])


def _make_report(library: str, tally: _Tally, standing: Standing, *, enabled: bool, seconds: float) -> MediaReport:
    counts = standing.counts
    return MediaReport(
        library=library,
        enabled=enabled,
        probed=tally.probed,
        changed=tally.changed,
        gone=tally.gone,
        left=counts.get("due", 0),
        standing=counts,
        seconds=round(seconds, 3),
        problem_count=sum(counts.values()) - counts.get(MediaStatus.OK, 0) - counts.get("due", 0),
        problems=standing.problems,
    )
