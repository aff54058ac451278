"""Read what lies in the drop and export folders, without waiting for a share that does not answer."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import Engine

from pokervod_pipelines.errors import ArchiveUnavailable
from pokervod_pipelines.files import SeenFile
from pokervod_pipelines.processes.threads import run_in_thread
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.arrivals import Arrivals, find_arrivals

LIST_SECONDS = 3.0
"""A look waits so long for the folders; then it goes by how they were listed last, which ends by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderFiles:
    """Count the files of a folder that are due to be read, or say why it could not be listed."""

    waiting: int = 0
    since: datetime | None = None
    problem: str = ""


@dataclass(kw_only=True)
class FolderFinder:
    """List the folders in a thread, one listing at a time: of a dead share it takes 20 s for each folder."""

    find: Callable[[Engine, Settings], Arrivals] = find_arrivals
    seconds: float = LIST_SECONDS
    _begun: Future[Arrivals] | None = field(default=None, init=False)
    _last: Arrivals | None = field(default=None, init=False)

    def list_arrivals(self, engine: Engine, settings: Settings) -> Arrivals:
        """Return what is due. Raises ``ArchiveUnavailable`` where the folders do not answer and never did."""
        if self._begun is None:
            self._begun = run_in_thread(partial(self.find, engine, settings), "folders")
        if wait([self._begun], self.seconds).done:
            begun, self._begun = self._begun, None
            self._last = begun.result()
        if self._last is None:
            raise ArchiveUnavailable(f"the folders of the settings were not listed within {self.seconds:g} s")
        return self._last


_finders: dict[str, FolderFinder] = {}


def read_folders(engine: Engine, settings: Settings) -> Mapping[str, FolderFiles]:
    """Return how each folder of the settings is, by its path."""
    folders = [*map(str, (*settings.hands.drop_folders, *settings.tournaments.export_folders))]
    if not folders:
        return {}
    finder = _finders.setdefault(f"{engine.url} {folders}", FolderFinder())
    return sort_files(folders, finder.list_arrivals(engine, settings))


def sort_files(folders: list[str], arrivals: Arrivals) -> Mapping[str, FolderFiles]:
    """Return what is due in each folder, and what is wrong with it."""
    problems = {each.where: each.what for each in arrivals.problems}
    found: dict[str, list[SeenFile]] = {each: [] for each in folders}
    for file in (*arrivals.hands, *arrivals.exports):
        if folder := next((each for each in folders if file.path.startswith(each.rstrip("/") + "/")), ""):
            found[folder].append(file)
    return {
        folder: FolderFiles(
            waiting=len(files),
            since=min((datetime.fromtimestamp(each.mtime_ns / 1e9, UTC) for each in files), default=None),
            problem=problems.get(folder, ""),
        )
        for folder, files in found.items()
    }
