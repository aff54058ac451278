"""Bringing exports into the database: one transaction a file, oldest file first, each file for itself.

What a file says is read before; what its rows change is in ``apply``. An export that says less than an earlier one
removes no player; one that says nothing at all is doubted until a person confirms.
"""

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from pokervod_pipelines.errors import BadInput, OperatorNeeded, PokervodError, SuspiciousLoss, Unavailable
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.tournaments import store
from pokervod_pipelines.tournaments.apply import Applied, apply_players, apply_structure, apply_tournaments
from pokervod_pipelines.tournaments.files import ExportFile, decode_export, find_exports, read_export_file
from pokervod_pipelines.tournaments.kinds import Kind, name_kind
from pokervod_pipelines.tournaments.rows import Reading, read_export
from pokervod_pipelines.tournaments.store import FileState

SOURCE = "tournaments"
PROBLEMS_KEPT = 200
LATEST_TIME = 253_402_214_400
"""Seconds; beyond it there is no calendar."""

SETTLE = timedelta(seconds=10)
"""A file without a line end, or with a header alone, may still grow for so long; a whole one is read at once."""


class FileStatus(StrEnum):
    """What became of a file, and who moves it on."""

    IMPORTED = "imported"
    """The database holds what it says."""
    UNCHANGED = "unchanged"
    """The database held it already."""
    WAITING = "waiting"
    """It is being written or does not answer; the next import tries again."""
    REFUSED = "refused"
    """It cannot be read; a person exports it again."""
    DOUBTFUL = "doubtful"
    """It says that much is gone; an operator confirms or exports again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """What one file came to; ``problems`` are lines that a person should mend, ``error`` why all of it was left."""

    path: Path
    status: FileStatus
    kind: str | None = None
    rows: int = 0
    repeated: int = 0
    changed: int = 0
    eliminated: int = 0
    problems: tuple[str, ...] = ()
    error: PokervodError | None = None


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What the files came to, oldest first."""

    files: tuple[FileReport, ...]

    def count(self, status: FileStatus) -> int:
        """How many files have that status."""
        return sum(file.status is status for file in self.files)

    @property
    def changed(self) -> int:
        """How many tournaments, players and structures are different now."""
        return sum(file.changed for file in self.files)

    @property
    def eliminated(self) -> int:
        """How many players turned out to be eliminated."""
        return sum(file.eliminated for file in self.files)

    @property
    def problems(self) -> tuple[str, ...]:
        """Everything that a person should look at, in the order of the files."""
        return tuple(
            text for file in self.files for text in (*([str(file.error)] if file.error else []), *file.problems)
        )


def import_exports(
    engine: Engine,
    paths: Iterable[Path],
    *,
    zone: ZoneInfo,
    correlation_id: str,
    confirm_loss: bool = False,
    settle: timedelta = SETTLE,
) -> ImportReport:
    """The database holds what these exports say; a file that cannot be imported is reported and stops no other.

    ``paths`` are files, or folders whose exports are meant. ``zone`` is that of the dates in them.
    """
    reports = []
    for path in sorted(find_exports(paths), key=_date_roughly):
        try:
            report = import_export(
                engine, path, zone=zone, correlation_id=correlation_id, confirm_loss=confirm_loss, settle=settle
            )
        except PokervodError as error:
            report = FileReport(path=path, status=_judge(error), kind=name_kind(str(path)), error=error)
        reports.append(report)
    return ImportReport(tuple(reports))


def _date_roughly(path: Path) -> tuple[int, str]:
    """Order files by time as far as they answer; those that do not are reported when they are read."""
    try:
        return path.stat().st_mtime_ns, str(path)
    except OSError:
        return 0, str(path)


def _judge(error: PokervodError) -> FileStatus:
    if isinstance(error, Unavailable):
        return FileStatus.WAITING
    return FileStatus.DOUBTFUL if isinstance(error, OperatorNeeded) else FileStatus.REFUSED


def import_export(
    engine: Engine,
    path: Path,
    *,
    zone: ZoneInfo,
    correlation_id: str,
    confirm_loss: bool = False,
    settle: timedelta = SETTLE,
) -> FileReport:
    """The database holds what this export says, or is as it was.

    Raises:
        Unavailable: the file is being written; try again later.
        BadInput: it cannot be read; the text names file, line and column.
        SuspiciousLoss: it is empty where an earlier one was not; ``confirm_loss`` believes it.

    """
    try:
        file = read_export_file(path, settle=settle)
    except BadInput as error:
        _record_refusal(engine, path, str(error))
        raise
    with engine.connect() as connection:
        known = store.read_file_state(connection, str(path))
    if known and _is_same(file, known) and not (confirm_loss and known.problems):
        return FileReport(
            path=path, status=FileStatus.UNCHANGED, kind=known.kind, rows=known.rows, problems=known.problems
        )
    try:
        reading = _read(file, zone, known, confirm_loss=confirm_loss)
        with engine.begin() as connection:
            store.lock_imports(connection)
            return _import_reading(connection, file, reading, correlation_id, confirm_loss=confirm_loss)
    except Unavailable:
        raise
    except PokervodError as error:
        _record_failure(engine, file, known, str(error))
        raise


def _is_same(file: ExportFile, known: FileState) -> bool:
    return known.error is None and (file.digest, file.seen_at) == (known.digest, known.seen_at)


def _read(file: ExportFile, zone: ZoneInfo, known: FileState | None, *, confirm_loss: bool) -> Reading:
    text = decode_export(file)
    kind = (known and known.kind) or name_kind(str(file.path))
    if not text.strip() and kind and not file.is_fresh and (confirm_loss or (known and known.kind)):
        return Reading(kind=Kind(kind), rows=(), problems=(), repeated=0)
    reading = read_export(text, file=str(file.path), zone=zone)
    if file.is_fresh and not (reading.rows and text.endswith(("\n", "\r"))):
        raise Unavailable(f"{file.path}: was begun a moment ago and may not be complete; it is read when it rests")
    return reading


def _import_reading(
    connection: Connection, file: ExportFile, reading: Reading, correlation_id: str, *, confirm_loss: bool
) -> FileReport:
    if not reading.rows and not confirm_loss and (full := store.find_full_export(connection, reading.kind)):
        raise SuspiciousLoss(
            f"{file.path}: holds no rows, although {full} did; nothing was removed; export it again, or confirm that "
            "there are none"
        )
    applied = _apply(connection, file, reading, confirm_loss=confirm_loss)
    problems = (*map(str, reading.problems), *applied.problems)
    store.write_file_state(connection, _make_state(file, reading.kind, rows=len(reading.rows), problems=problems))
    if applied.changed or applied.gained:
        events = [*applied.events, _describe_import(file, reading, applied)]
        append_events(connection, SOURCE, correlation_id, events)
    eliminations = sum(event.type is EventType.TOURNAMENT_PLAYER_ELIMINATED for event in applied.events)
    return FileReport(
        path=file.path,
        status=FileStatus.IMPORTED if applied.changed or applied.gained else FileStatus.UNCHANGED,
        kind=reading.kind,
        rows=len(reading.rows),
        repeated=reading.repeated,
        changed=applied.changed,
        eliminated=eliminations,
        problems=problems,
    )


def _apply(connection: Connection, file: ExportFile, reading: Reading, *, confirm_loss: bool) -> Applied:
    rows: Sequence[Any] = reading.rows
    if reading.kind is Kind.TOURNAMENT_DATA:
        return apply_tournaments(connection, rows, file.seen_at, confirm_loss=confirm_loss)
    if reading.kind is Kind.PLAYER_CHIPS:
        return apply_players(connection, rows, file.seen_at)
    return apply_structure(connection, rows, file.seen_at, is_whole=not reading.problems)


def _describe_import(file: ExportFile, reading: Reading, applied: Applied) -> NewEvent:
    payload = {
        "path": str(file.path).encode("utf-8", "replace").decode(),
        "kind": reading.kind,
        "seen_at": file.seen_at.isoformat(),
        "rows": len(reading.rows),
        "changed": applied.changed,
        "problems": len(reading.problems) + len(applied.problems),
    }
    return NewEvent(EventType.TOURNAMENT_IMPORTED, payload)


def _make_state(file: ExportFile, kind: str | None, **more: Any) -> FileState:
    problems = more.pop("problems", ())[:PROBLEMS_KEPT]
    return FileState(
        path=str(file.path),
        kind=kind,
        digest=file.digest,
        size=len(file.content),
        seen_at=file.seen_at,
        problems=problems,
        **more,
    )


def _record_refusal(engine: Engine, path: Path, error: str) -> None:
    """A file that is none to read is known as such, until it changes; one that is gone meanwhile is not."""
    with suppress(OSError):
        status, name = path.stat(), os.fsencode(path).decode("utf-8", "backslashreplace")
        written = datetime.fromtimestamp(min(status.st_mtime, LATEST_TIME), UTC)
        with engine.begin() as connection:
            known = store.read_file_state(connection, name)
            known = known or FileState(path=name, kind=None, digest="", size=0, seen_at=written)
            store.write_file_state(connection, replace(known, size=status.st_size, seen_at=written, error=error))


def _record_failure(engine: Engine, file: ExportFile, known: FileState | None, error: str) -> None:
    """What is wrong with the file is known; rows that an earlier version held still count as had."""
    state = _make_state(file, known.kind if known else None, rows=known.rows if known else 0, error=error)
    if state != known:
        with engine.begin() as connection:
            store.write_file_state(connection, state)
