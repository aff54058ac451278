"""Read session files and hand histories: each becomes a parsed session, or a failure with its reason. No database.

Reading takes most of an import's time, so a large import reads ahead in child processes.
"""

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Literal

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.files import read_file
from pokervod_pipelines.hands.drop_folders import name_path
from pokervod_pipelines.hands.parsed_sessions import HandRules, ParsedSession, digest_file, parse_file
from pokervod_pipelines.hands.readers import count_readers, read_ahead
from pokervod_pipelines.hands.session_json import UnfinishedFile
from pokervod_pipelines.hands.times import BadTime, BroadcastDays, parse_time
from pokervod_pipelines.processes.share_reader import Access, Report, access_path
from pokervod_pipelines.text.folding import make_storable

FileFailure = Literal["", "unchanged", "waiting", "quarantined", "unreadable"]


MAX_REASON = 1_000
HEAD_BYTES = 4_096
CREATED = re.compile(r'"CreatedDateTimeUTC"\s*:\s*"([^"]{1,60})"')


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFile:
    """Hold a file and what was ``parsed``, or the ``failure`` with its ``reason``; ``raw`` for the quarantine."""

    file: Path
    path: str
    status: os.stat_result | None = None
    digest: str = ""
    parsed: tuple[ParsedSession, ...] = ()
    failure: FileFailure = ""
    reason: str = ""
    raw: bytes = b""


def read_session_files(
    files: Sequence[Path], rules: HandRules, known: Mapping[str, str], access: Access
) -> Iterator[SessionFile]:
    """Yield each file, read; one whose digest is the ``known`` one of its path is not parsed."""
    calls = (partial(_parse, access(file, _read), rules, known.get(name_path(str(file)))) for file in files)
    readers = count_readers([file for file in files if name_path(str(file)) not in known], access)
    yield from read_ahead(calls, readers) if readers > 1 else (call() for call in calls)


def _read(file: Path, report: Report) -> SessionFile:
    """Return the file with its bytes; parsing them may take longer than a share has time to answer."""
    path = name_path(str(file))
    try:
        reading = read_file(file, report, limit=sys.maxsize)
    except OSError as error:
        return SessionFile(file=file, path=path, failure="unreadable", reason=f"cannot be read: {error.strerror}")
    return SessionFile(file=file, path=path, status=reading.before, raw=reading.content)


def _parse(file: SessionFile, rules: HandRules, known: str | None) -> SessionFile:
    """Return the file, parsed; whatever is wrong with it is its ``failure``."""
    if file.failure:
        return file
    raw, path, digest = file.raw, file.path, digest_file(file.raw, rules)
    read = replace(file, digest=digest, raw=b"")
    if digest == known:
        return replace(read, failure="unchanged")
    try:
        return replace(read, parsed=parse_file(raw, path, rules))
    except UnfinishedFile as error:
        return replace(read, failure="waiting", reason=_make_reason(str(error)))
    except BadInput as error:
        return replace(read, failure="quarantined", reason=_make_reason(str(error)), raw=raw)
    except Exception as error:  # noqa: BLE001 - one file never stops the others
        return replace(read, failure="quarantined", reason=_make_reason(f"unexpected content: {error!r}"), raw=raw)


def read_session_day(file: Path, _: Report, *, days: BroadcastDays) -> date | None:
    """Return the broadcast day that the begin of a session file or hand history names, None where it names none."""
    try:
        with file.open("rb") as handle:
            head = handle.read(HEAD_BYTES).decode("utf-8", "replace")
        if found := CREATED.search(head):
            return days.find_day(parse_time(found[1]))
        named = [re.search(rf"^{name}\s*=\s*(\d+)", head, re.MULTILINE) for name in ("year", "month", "day")]
        return date(*[int(each[1]) for each in named if each])
    except (OSError, BadTime, TypeError, ValueError):
        return None


def reject(file: SessionFile, reason: str) -> SessionFile:
    """Return a parsed file as one to quarantine."""
    raw = access_path(file.file, partial(read_file, limit=sys.maxsize)).content
    return replace(file, parsed=(), failure="quarantined", reason=_make_reason(reason), raw=raw)


def _make_reason(text: str) -> str:
    """Return the text as the database can hold it."""
    return make_storable(text, "\ufffd")[:MAX_REASON]
