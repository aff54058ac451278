"""Find the files in the drop folders that are due: new or grown, and no longer being written.

``list_hand_files`` only lists; ``find_due_files`` is pure. A folder that cannot be listed is a problem, never an empty
folder.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pokervod_pipelines.errors import ArchiveUnavailable
from pokervod_pipelines.files import SeenFile
from pokervod_pipelines.problems import Problem
from pokervod_pipelines.processes.path_check import ANSWER_SECONDS, is_on_share
from pokervod_pipelines.processes.share_reader import Report, access_path

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


def list_hand_files(folders: Iterable[Path]) -> FolderListing:
    """Return the session files and hand histories below the folders."""
    problems: list[Problem] = []
    files: dict[str, SeenFile] = {}
    for folder in folders:
        try:
            listing = access_path(folder, _list_folder, ANSWER_SECONDS)
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
    for place, folders, names in os.walk(folder, onerror=note):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            report(name)
            if is_hand_file(name):
                path = os.path.join(place, name)  # noqa: PTH118 - a Path for each of thousands is slow
                try:
                    status = _read_state(path, top, is_local=is_local)
                    if status is None:
                        problems.append(Problem(path, f"is a link out of {folder}; put the file itself there"))
                        continue
                except FileNotFoundError:
                    continue  # moved away just now
                except OSError as error:
                    problems.append(Problem(path, f"cannot be read: {error.strerror}"))
                    continue
                yield SeenFile(path, status.st_size, status.st_mtime_ns)


def _read_state(path: str, top: Path, *, is_local: bool) -> os.stat_result | None:
    """Return the state of the file, None for a link out of the folder; one to a share may hang and is not followed."""
    is_link = os.path.islink(path)  # noqa: PTH114
    if is_link and is_local and is_on_share(Path(path)):
        return None
    status = os.stat(path)  # noqa: PTH116
    return status if not is_link or Path(path).resolve().is_relative_to(top) else None


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
