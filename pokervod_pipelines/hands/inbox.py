"""What lies in the drop folders, and which of it is due: new or grown, and at rest.

``observe`` only looks, ``decide`` is pure. A folder that cannot be listed is a reason, never an empty folder.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pokervod_pipelines.hands.tellings import SUFFIXES


@dataclass(frozen=True, slots=True)
class SeenFile:
    """A file as a listing shows it."""

    path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen, by path, and the (place, reason) of what could not be."""

    files: tuple[SeenFile, ...]
    unseen: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """``due`` files are new or grown and at rest, ``settling`` ones may still be written; all others are known."""

    due: tuple[SeenFile, ...]
    settling: tuple[SeenFile, ...]
    known: int


def observe(folders: Iterable[Path]) -> Look:
    """Return the session and PHH files below the folders."""
    unseen: list[tuple[str, str]] = []
    files = {seen.path: seen for folder in folders for seen in _list_files(folder, unseen)}
    return Look(tuple(files[path] for path in sorted(files)), tuple(unseen))


def _list_files(folder: Path, unseen: list[tuple[str, str]]) -> Iterator[SeenFile]:
    def note(error: OSError) -> None:
        unseen.append((str(error.filename or folder), f"cannot be listed: {error.strerror}"))

    for place, folders, names in os.walk(folder, onerror=note):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            if is_hand_file(name):
                path = os.path.join(place, name)  # noqa: PTH118 - a Path for each of thousands is slow
                try:
                    status = os.stat(path)  # noqa: PTH116
                except FileNotFoundError:
                    continue  # moved away just now
                except OSError as error:
                    unseen.append((path, f"cannot be looked at: {error.strerror}"))
                    continue
                yield SeenFile(path, status.st_size, status.st_mtime_ns)


def name_path(path: str) -> str:
    """Return a path as the database can hold it; bytes that are no UTF-8 are written as escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def is_hand_file(name: str) -> bool:
    """Tell whether a file's name is that of a session or of a hand history.

    >>> is_hand_file("PGFX_live_data_export GameID=1.json"), is_hand_file("._a.json"), is_hand_file("a.json.part")
    (True, False, False)
    """
    return name.lower().endswith(SUFFIXES) and not name.startswith(".")


def decide(
    look: Look,
    known: Mapping[str, tuple[int, int]],
    *,
    now_ns: int,
    settle_seconds: float,
    before: Mapping[str, SeenFile] | None = None,
) -> Decision:
    """Return which files to read; ``known`` maps a path to (size, time of change) of its last reading.

    A file is at rest ``settle_seconds`` after its change. ``before`` is an earlier look: where the share's clock is
    ahead of ours, a file that has not changed since then is at rest too.
    """
    due, settling, passed = [], [], 0
    for seen in look.files:
        age = now_ns - seen.mtime_ns
        if known.get(name_path(seen.path)) == (seen.size, seen.mtime_ns):
            passed += 1
        elif age >= settle_seconds * 1e9 or (age < 0 and before is not None and before.get(seen.path) == seen):
            due.append(seen)
        else:
            settling.append(seen)
    return Decision(tuple(due), tuple(settling), passed)
