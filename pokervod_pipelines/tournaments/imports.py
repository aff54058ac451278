"""Import exports into the database: one transaction per file, oldest file first, each file by itself.

``apply`` writes the rows. An export with fewer players than an earlier one removes nobody; an empty one waits until a
person confirms it.
"""

import os
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from pokervod_pipelines.errors import BadInput, OperatorNeeded, PokervodError, SuspiciousLoss, Unavailable
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.processes.share_reader import Access, PathAccess, access_path
from pokervod_pipelines.tournaments import store
from pokervod_pipelines.tournaments.apply import ApplyResult, apply_players, apply_structure, apply_tournaments
from pokervod_pipelines.tournaments.files import ExportFile, decode_export, find_exports, read_export_file, stat_export
from pokervod_pipelines.tournaments.kinds import ExportKind, guess_kind
from pokervod_pipelines.tournaments.rows import ParsedExport, read_export
from pokervod_pipelines.tournaments.store import ExportFileState

SOURCE = "tournaments"
PROBLEMS_KEPT = 200
LATEST_TIME = 253_402_214_400
"""Seconds; beyond it there is no calendar."""

QUIET_TIME = timedelta(seconds=10)
"""A file without a line end, or with a header alone, may still grow for so long; a whole one is read at once."""


class ImportStatus(StrEnum):
    """Tell what became of a file, and who acts next."""

    IMPORTED = "imported"
    """The database has its rows."""
    UNCHANGED = "unchanged"
    """The database had its rows already."""
    WAITING = "waiting"
    """It is being written or does not answer; the next import retries."""
    REFUSED = "refused"
    """It cannot be read; a person exports it again."""
    DOUBTFUL = "doubtful"
    """It is empty or went back; an operator confirms it or exports again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFileReport:
    """Report one file; ``problems`` are lines to correct, ``error`` is why nothing of it was imported."""

    path: Path
    status: ImportStatus
    kind: str | None = None
    rows: int = 0
    repeated: int = 0
    changed: int = 0
    eliminated: int = 0
    problems: tuple[str, ...] = ()
    error: PokervodError | None = None


@dataclass(frozen=True, slots=True)
class ExportImportReport:
    """Report all files, oldest first."""

    files: tuple[ExportFileReport, ...]

    def count(self, status: ImportStatus) -> int:
        """Count the files with that status."""
        return sum(file.status is status for file in self.files)

    @property
    def changed(self) -> int:
        """Count the tournaments, players and structures that changed."""
        return sum(file.changed for file in self.files)

    @property
    def eliminated(self) -> int:
        """Count the new eliminations."""
        return sum(file.eliminated for file in self.files)

    @property
    def problems(self) -> tuple[str, ...]:
        """List everything that a person should look at, in the order of the files."""
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
    quiet_time: timedelta = QUIET_TIME,
) -> ExportImportReport:
    """Import these exports; a file that cannot be imported is reported and stops no other.

    ``paths`` are files or folders of exports. ``zone`` is that of the dates in them.
    """
    reports = []
    with closing(PathAccess()) as access:
        run = partial(
            import_export,
            engine,
            zone=zone,
            correlation_id=correlation_id,
            confirm_loss=confirm_loss,
            quiet_time=quiet_time,
            access=access,
        )
        found = [seen for path in paths for seen in access(path, find_exports)]
        for path in (Path(seen.path) for seen in sorted(found, key=lambda seen: (seen.mtime_ns, seen.path))):
            try:
                report = run(path)
            except PokervodError as error:
                kind = guess_kind(str(path))
                report = ExportFileReport(path=path, status=_classify_error(error), kind=kind, error=error)
            reports.append(report)
    return ExportImportReport(tuple(reports))


def _classify_error(error: PokervodError) -> ImportStatus:
    if isinstance(error, Unavailable):
        return ImportStatus.WAITING
    return ImportStatus.DOUBTFUL if isinstance(error, OperatorNeeded) else ImportStatus.REFUSED


def import_export(
    engine: Engine,
    path: Path,
    *,
    zone: ZoneInfo,
    correlation_id: str,
    confirm_loss: bool = False,
    quiet_time: timedelta = QUIET_TIME,
    access: Access = access_path,
) -> ExportFileReport:
    """Import this export, or change nothing.

    Raises:
        Unavailable: the file is still being written; retry later.
        BadInput: it cannot be read; the text names file, line and column.
        SuspiciousLoss: it is empty but an earlier one was not; ``confirm_loss`` accepts it.

    """
    try:
        file = read_export_file(path, quiet_time=quiet_time, access=access)
    except BadInput as error:
        _record_refusal(engine, path, str(error), access)
        raise
    with engine.connect() as connection:
        known = store.read_file_state(connection, str(path))
    if known and _is_same(file, known) and not (confirm_loss and known.problems):
        return ExportFileReport(
            path=path, status=ImportStatus.UNCHANGED, kind=known.kind, rows=known.rows, problems=known.problems
        )
    try:
        export = _read(file, zone, known, confirm_loss=confirm_loss)
        with engine.begin() as connection:
            store.lock_imports(connection)
            return _import_parsed(connection, file, export, correlation_id, confirm_loss=confirm_loss)
    except Unavailable:
        raise
    except PokervodError as error:
        _record_failure(engine, file, known, str(error))
        raise


def _is_same(file: ExportFile, known: ExportFileState) -> bool:
    return known.error is None and (file.digest, file.seen_at) == (known.digest, known.seen_at)


def _read(file: ExportFile, zone: ZoneInfo, known: ExportFileState | None, *, confirm_loss: bool) -> ParsedExport:
    text = decode_export(file)
    kind = (known and known.kind) or guess_kind(str(file.path))
    if not text.strip() and kind and not file.is_fresh and (confirm_loss or (known and known.kind)):
        return ParsedExport(kind=ExportKind(kind), rows=(), problems=(), repeated=0)
    export = read_export(text, file=str(file.path), zone=zone)
    if file.is_fresh and not (export.rows and text.endswith(("\n", "\r"))):
        raise Unavailable(f"{file.path}: may be incomplete; it will be read when it stops changing")
    return export


def _import_parsed(
    connection: Connection, file: ExportFile, export: ParsedExport, correlation_id: str, *, confirm_loss: bool
) -> ExportFileReport:
    if not export.rows and not confirm_loss and (full := store.find_full_export(connection, export.kind)):
        raise SuspiciousLoss(
            f"{file.path}: has no rows, but {full} had some; nothing was removed. Export it again, or confirm that "
            "there are none"
        )
    applied = _apply(connection, file, export, confirm_loss=confirm_loss)
    problems = (*map(str, export.problems), *applied.problems)
    store.write_file_state(connection, _make_state(file, export.kind, rows=len(export.rows), problems=problems))
    if applied.changed or applied.gained:
        events = [*applied.events, _describe_import(file, export, applied)]
        append_events(connection, SOURCE, correlation_id, events)
    eliminations = sum(event.type is EventType.TOURNAMENT_PLAYER_ELIMINATED for event in applied.events)
    return ExportFileReport(
        path=file.path,
        status=ImportStatus.IMPORTED if applied.changed or applied.gained else ImportStatus.UNCHANGED,
        kind=export.kind,
        rows=len(export.rows),
        repeated=export.repeated,
        changed=applied.changed,
        eliminated=eliminations,
        problems=problems,
    )


def _apply(connection: Connection, file: ExportFile, export: ParsedExport, *, confirm_loss: bool) -> ApplyResult:
    rows: Sequence[Any] = export.rows
    if export.kind is ExportKind.TOURNAMENT_DATA:
        return apply_tournaments(connection, rows, file.seen_at, confirm_loss=confirm_loss)
    if export.kind is ExportKind.PLAYER_CHIPS:
        return apply_players(connection, rows, file.seen_at)
    return apply_structure(connection, rows, file.seen_at, is_whole=not export.problems)


def _describe_import(file: ExportFile, export: ParsedExport, applied: ApplyResult) -> NewEvent:
    payload = {
        "path": str(file.path).encode("utf-8", "replace").decode(),
        "kind": export.kind,
        "seen_at": file.seen_at.isoformat(),
        "rows": len(export.rows),
        "changed": applied.changed,
        "problems": len(export.problems) + len(applied.problems),
    }
    return NewEvent(EventType.TOURNAMENT_IMPORTED, payload)


def _make_state(file: ExportFile, kind: str | None, **more: Any) -> ExportFileState:
    problems = more.pop("problems", ())[:PROBLEMS_KEPT]
    return ExportFileState(
        path=str(file.path),
        kind=kind,
        digest=file.digest,
        size=len(file.content),
        seen_at=file.seen_at,
        problems=problems,
        **more,
    )


def _record_refusal(engine: Engine, path: Path, error: str, access: Access) -> None:
    """Remember that a file cannot be read, until it changes; ignore one that was deleted meanwhile."""
    with suppress(OSError, Unavailable):
        status, name = access(path, stat_export), os.fsencode(path).decode("utf-8", "backslashreplace")
        written = datetime.fromtimestamp(min(status.st_mtime, LATEST_TIME), UTC)
        with engine.begin() as connection:
            known = store.read_file_state(connection, name)
            known = known or ExportFileState(path=name, kind=None, digest="", size=0, seen_at=written)
            store.write_file_state(connection, replace(known, size=status.st_size, seen_at=written, error=error))


def _record_failure(engine: Engine, file: ExportFile, known: ExportFileState | None, error: str) -> None:
    """Store the error of the file; the rows of an earlier version still count."""
    state = _make_state(file, known.kind if known else None, rows=known.rows if known else 0, error=error)
    if state != known:
        with engine.begin() as connection:
            store.write_file_state(connection, state)
