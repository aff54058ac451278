"""Find the files in the drop folders that are due: new or grown, and no longer being written.

``list_hand_files`` only lists; ``find_due_files`` is pure. A folder that cannot be listed is a problem, never an empty
folder.
"""

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pokervod_pipelines.errors import ArchiveUnavailable
from pokervod_pipelines.files import SeenFile
from pokervod_pipelines.problems import Problem
from pokervod_pipelines.processes.path_check import ANSWER_SECONDS, is_on_share
from pokervod_pipelines.processes.share_reader import Access, Report, access_path, stat_entry

SUFFIXES = (".json", ".phh", ".phhs", ".hands.csv")
"""Ends of the names of files that a drop folder delivers; other CSV files are imported by their path."""


@dataclass(frozen=True, slots=True)
class FolderListing:
    """Hold the files of the folders, by path, and what could not be listed."""

    files: tuple[SeenFile, ...]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class DueFiles:
    """Hold the ``due`` files, the ``unfinished`` ones that may still be written, and the number of known ones."""

    due: tuple[SeenFile, ...]
    unfinished: tuple[SeenFile, ...]
    known: int


FOLDER_ACCESS: Access = partial(access_path, seconds=ANSWER_SECONDS)
"""A folder that takes longer to be listed does not answer."""


def list_hand_files(folders: Iterable[Path], access: Access = FOLDER_ACCESS) -> FolderListing:
    """Return the session files and hand histories below the folders."""
    problems: list[Problem] = []
    files: dict[str, SeenFile] = {}
    for folder in folders:
        try:
            listing = access(folder, _list_folder)
        except ArchiveUnavailable as error:
            listing = FolderListing((), (describe_unlisted(folder, error),))
        files |= {seen.path: seen for seen in listing.files}
        problems += listing.problems
    return FolderListing(tuple(files[path] for path in sorted(files)), tuple(problems))


def describe_unlisted(folder: Path, error: ArchiveUnavailable) -> Problem:
    """Return the problem of a folder whose share does not answer or whose reader died."""
    return Problem(str(folder), f"cannot be listed: {str(error).removeprefix(f'{folder}: ')}")


def _list_folder(folder: Path, report: Report) -> FolderListing:
    problems: list[Problem] = []
    return FolderListing(tuple(_find_files(folder, problems, report)), tuple(problems))


def _find_files(folder: Path, problems: list[Problem], report: Report) -> Iterator[SeenFile]:
    def note(error: OSError) -> None:
        problems.append(Problem(str(error.filename or folder), f"cannot be listed: {error.strerror}"))

    top, is_local = folder.resolve(), not is_on_share(folder)
    for entry in _walk(folder, note):
        report(entry.name)
        if not is_hand_file(entry.name):
            continue
        try:
            status = stat_entry(entry.path, is_local=is_local)
            if stat.S_ISDIR(status.st_mode):
                continue
            if _leads_out(entry, status, top):
                problems.append(Problem(entry.path, f"is a link out of {folder}; put the file itself there"))
                continue
        except FileNotFoundError:
            continue  # moved away just now
        except OSError as error:
            problems.append(Problem(entry.path, f"cannot be read: {error.strerror}"))
            continue
        yield SeenFile(entry.path, status.st_size, status.st_mtime_ns)


def _walk(folder: Path, note: Callable[[OSError], None]) -> Iterator[os.DirEntry[str]]:
    """Yield all but folders, at any depth; no link is followed, as ``os.walk`` does: one to a share may hang."""
    places = [os.fspath(folder)]
    while places:
        try:
            with os.scandir(places.pop()) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            note(error)
            continue
        folders = {entry.name: entry.path for entry in entries if _is_folder(entry)}
        places += [path for name, path in reversed(folders.items()) if not name.startswith(".")]
        yield from (entry for entry in entries if entry.name not in folders)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    with suppress(OSError):
        return entry.is_dir(follow_symlinks=False)
    return False


def _leads_out(entry: os.DirEntry[str], status: os.stat_result, top: Path) -> bool:
    is_to_share = stat.S_ISLNK(status.st_mode)
    return is_to_share or (entry.is_symlink() and not Path(entry.path).resolve().is_relative_to(top))


def name_path(path: str) -> str:
    """Return a path as the database can hold it; bytes that are not UTF-8 become escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def is_hand_file(name: str) -> bool:
    """Return whether a file's name is that of a session or of a hand history.

    >>> is_hand_file("PGFX_live_data_export GameID=1.json"), is_hand_file("._a.json"), is_hand_file("a.json.part")
    (True, False, False)
    """
    return name.lower().endswith(SUFFIXES) and not name.startswith(".")


def find_due_files(
    listing: FolderListing,
    known: Mapping[str, tuple[int, int]],
    *,
    now_ns: int,
    quiet_seconds: float,
    before: Mapping[str, SeenFile] | None = None,
) -> DueFiles:
    """Return which files to read; ``known`` maps a path to (size, time of change) when it was last read.

    A file is finished ``quiet_seconds`` after its last change. ``before`` is an earlier listing: where the clock of the
    share is ahead of ours, a file that has not changed since then is finished too.
    """
    due, unfinished, passed = [], [], 0
    for seen in listing.files:
        age = now_ns - seen.mtime_ns
        if known.get(name_path(seen.path)) == (seen.size, seen.mtime_ns):
            passed += 1
        elif age >= quiet_seconds * 1e9 or (age < 0 and before is not None and before.get(seen.path) == seen):
            due.append(seen)
        else:
            unfinished.append(seen)
    return DueFiles(tuple(due), tuple(unfinished), passed)
