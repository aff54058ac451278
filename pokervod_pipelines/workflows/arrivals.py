"""Find new files of the tables and the tournament system that are due to be read.

This changes nothing and reads no file. A folder that cannot be listed is a problem, never an empty folder.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import Engine

from pokervod_pipelines.errors import ArchiveUnavailable
from pokervod_pipelines.files import SeenFile
from pokervod_pipelines.hands import store as hand_store
from pokervod_pipelines.hands.drop_folders import (
    FOLDER_ACCESS,
    describe_unlisted,
    find_due_files,
    list_hand_files,
    name_path,
)
from pokervod_pipelines.hands.session_files import read_session_day
from pokervod_pipelines.hands.times import BroadcastDays
from pokervod_pipelines.problems import Problem
from pokervod_pipelines.processes.share_reader import Access, PathAccess, Report
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.tournaments import store as tournament_store
from pokervod_pipelines.tournaments.files import find_exports
from pokervod_pipelines.tournaments.imports import QUIET_TIME
from pokervod_pipelines.workflows.pending_events import PendingEvents
from pokervod_pipelines.workflows.programs import read_written

REPEAT_SECONDS = 600
"""Files that were requested and are still due are requested again after this time."""

COMPARE_SECONDS = 5.0
"""Files that the folders list as before are compared with those that were read no more often than this."""

SAME_MOMENT = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """List the files that are due, those still being written, and the folders that could not be listed.

    ``listed`` has every file of the folders, as they were seen at ``compared_at``, a time of ``time.monotonic``.
    ``written`` is what programs of the shared library wrote into the database and nobody has taken up yet.
    """

    hands: tuple[SeenFile, ...] = ()
    exports: tuple[SeenFile, ...] = ()
    unfinished: tuple[SeenFile, ...] = ()
    problems: tuple[Problem, ...] = ()
    listed: tuple[SeenFile, ...] = ()
    compared_at: float = float("-inf")
    written: str = ""

    @property
    def is_due(self) -> bool:
        """Return whether there is something to read."""
        return bool(self.hands or self.exports or self.written)

    def is_still(self, listed: tuple[SeenFile, ...]) -> bool:
        """Return whether nothing was to be done a moment ago and the folders list the same files."""
        is_recent = time.monotonic() - self.compared_at < COMPARE_SECONDS
        return is_recent and not (self.is_due or self.unfinished) and self.listed == listed

    def name(self, now: datetime) -> str:
        """Return a text that is the same for the same files, until it is time to request them again."""
        seconds = int(now.timestamp())
        seen = [(file.path, file.size, file.mtime_ns) for file in (*self.hands, *self.exports)]
        is_old = [seconds - file.mtime_ns / 1e9 >= QUIET_TIME.total_seconds() for file in self.exports]
        due = repr((seen, is_old, self.written))
        digest = hashlib.sha256(due.encode("utf-8", "surrogateescape")).hexdigest()
        return f"{digest[:16]}:{seconds // REPEAT_SECONDS}"

    def list_days(self, settings: Settings, today: date) -> list[date]:
        """Return the broadcast days of the due session files, today's for other files."""
        days = BroadcastDays(settings.zone, settings.hands.day_starts_at)
        with closing(PathAccess()) as access:
            named = {_read_day(access, Path(file.path), days) or today for file in self.hands}
        return sorted(named | ({today} if self.exports or not self.hands else set()))

    def describe(self) -> str:
        """Return why there is nothing to do."""
        writing = [f"{len(self.unfinished)} files are still being written"] if self.unfinished else []
        return "; ".join((*writing, *map(str, self.problems))) or "nothing new in the folders"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRun:
    """Ask for a run of a broadcast day; the key is the same for the same files, until it is time to ask again."""

    day: date
    run_key: str


def list_day_runs(
    settings: Settings, arrivals: Arrivals, pending: PendingEvents, known: Callable[[date], bool] = lambda _: True
) -> list[DayRun]:
    """Return the runs that read what is due and make the pending instructions; a day not ``known`` is today's."""
    now = datetime.now(UTC)
    today = BroadcastDays(settings.zone, settings.hands.day_starts_at).find_day(now)
    key = f"{arrivals.name(now)}:{pending.read.last}"
    days = dict.fromkeys(each if known(each) else today for each in arrivals.list_days(settings, today))
    return [DayRun(day=day, run_key=f"{key}:{day}") for day in days]


def _read_day(access: PathAccess, file: Path, days: BroadcastDays) -> date | None:
    with suppress(ArchiveUnavailable):  # the import says so
        return access(file, partial(read_session_day, days=days))
    return None


def find_arrivals(
    engine: Engine, settings: Settings, before: Arrivals | None = None, access: Access = FOLDER_ACCESS
) -> Arrivals:
    """Find the files that are due in the drop folders and the export folders.

    ``before`` is an earlier result: where the clock of the share is ahead of ours, a file that has not changed since
    then is finished; and where nothing has changed since a moment ago, it is the result.
    """
    listed = list_hand_files(settings.hands.drop_folders, access)
    exports, problems = _list_all_exports(settings.tournaments.export_folders, access)
    seen = (*listed.files, *exports)
    with engine.connect() as connection:
        written = read_written(connection)
    if before is not None and before.written == written and before.is_still(seen) and not (problems or listed.problems):
        return before
    with engine.connect() as connection:
        known = {path: (each.size, each.mtime_ns) for path, each in hand_store.read_files(connection).items()}
        stamps = tournament_store.read_stamps(connection)
    quiet, now_ns = settings.hands.settle_seconds, time.time_ns()
    last = {file.path: file for file in before.unfinished} if before else {}
    hands = find_due_files(listed, known, now_ns=now_ns, quiet_seconds=quiet, before=last)
    fresh = [file for file in exports if not _is_known(file, stamps)]
    due = tuple(file for file in fresh if _is_finished(file, now_ns, quiet, last))
    return Arrivals(
        hands=hands.due,
        exports=due,
        unfinished=(*hands.unfinished, *(file for file in fresh if file not in due)),
        problems=(*listed.problems, *problems),
        listed=seen,
        compared_at=time.monotonic(),
        written=written,
    )


def _is_finished(file: SeenFile, now_ns: int, quiet_seconds: float, last: Mapping[str, SeenFile]) -> bool:
    age = now_ns - file.mtime_ns
    return age >= quiet_seconds * 1e9 or (age < 0 and last.get(file.path) == file)


def _list_all_exports(folders: Iterable[Path], access: Access) -> tuple[list[SeenFile], list[Problem]]:
    seen: list[SeenFile] = []
    problems: list[Problem] = []
    for folder in folders:
        try:
            seen += access(folder, _list_exports)
        except ArchiveUnavailable as error:
            problems.append(describe_unlisted(folder, error))
        except OSError as error:
            problems.append(Problem(str(folder), f"cannot be listed: {error.strerror}"))
    return seen, problems


def _list_exports(folder: Path, report: Report) -> list[SeenFile]:
    folder.stat()  # of a missing one `find_exports` would say that it is a file
    return find_exports(folder, report)


def _is_known(file: SeenFile, stamps: Mapping[str, tuple[int, datetime]]) -> bool:
    size, seen_at = stamps.get(name_path(file.path), (-1, datetime.min.replace(tzinfo=UTC)))
    written = datetime.fromtimestamp(file.mtime_ns / 1e9, UTC)
    return size == file.size and abs(written - seen_at) <= SAME_MOMENT
