"""Files, opened and read: what each tells, or why it tells nothing. No database.

Reading takes most of an import's time, so a large import reads ahead in further processes.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.hands.broadcast import BroadcastDays
from pokervod_pipelines.hands.grade import GradeRule
from pokervod_pipelines.hands.inbox import name_path
from pokervod_pipelines.hands.readers import count_readers, read_ahead
from pokervod_pipelines.hands.session_file import UnfinishedFile
from pokervod_pipelines.hands.tellings import Telling, digest_file, read_telling

Failure = Literal["", "unchanged", "waiting", "quarantined", "unreadable"]


@dataclass(frozen=True, slots=True)
class Rules:
    """By which rules hands are graded and put into days."""

    grade: GradeRule
    days: BroadcastDays


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedFile:
    """A file and its ``telling``, or the ``failure`` with its ``reason``; ``raw`` is kept where it is to be kept."""

    file: Path
    path: str
    status: os.stat_result | None = None
    digest: str = ""
    telling: Telling | None = None
    failure: Failure = ""
    reason: str = ""
    raw: bytes = b""


def open_files(files: Sequence[Path], rules: Rules, known: Mapping[str, str]) -> Iterator[OpenedFile]:
    """Yield every file, read; one whose digest is the ``known`` one of its path is not read further."""
    calls = [partial(open_file, file, rules, known.get(name_path(str(file)))) for file in files]
    readers = count_readers([file for file in files if name_path(str(file)) not in known])
    return read_ahead(calls, readers) if readers > 1 else (call() for call in calls)


def open_file(file: Path, rules: Rules, known: str | None) -> OpenedFile:
    """Return the file, read; nothing is raised for what is wrong with it."""
    path = name_path(str(file))
    try:
        with file.open("rb") as handle:
            status = os.fstat(handle.fileno())
            raw = handle.read()
    except OSError as error:
        return OpenedFile(file=file, path=path, failure="unreadable", reason=f"cannot be read: {error.strerror}")
    digest = digest_file(raw, rules.grade, rules.days)
    opened = OpenedFile(file=file, path=path, status=status, digest=digest)
    if digest == known:
        return replace(opened, failure="unchanged")
    try:
        return replace(opened, telling=read_telling(raw, path, rules.grade))
    except UnfinishedFile as error:
        return replace(opened, failure="waiting", reason=_clean(str(error)))
    except BadInput as error:
        return replace(opened, failure="quarantined", reason=_clean(str(error)), raw=raw)


def _clean(text: str) -> str:
    """Return a message as the database can hold it."""
    return text.replace("\x00", "\\0").encode("utf-8", "backslashreplace").decode()
