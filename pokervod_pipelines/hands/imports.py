"""Import hand files: each file's session is stored whole or not at all, in any order and any number of times.

A file that ends in the middle is read again when it has grown; one that is not a session goes to the quarantine folder.
"""

import errno
import os
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path

import psycopg
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from pokervod_pipelines.db.failures import read_first_line
from pokervod_pipelines.errors import BadInput, BadSettings
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.hands import store
from pokervod_pipelines.hands.drop_folders import list_hand_files, name_path
from pokervod_pipelines.hands.grade import GradeRule
from pokervod_pipelines.hands.hand import Hand
from pokervod_pipelines.hands.parsed_sessions import HandRow, HandRules, ParsedSession, Weight
from pokervod_pipelines.hands.quarantine import Quarantine
from pokervod_pipelines.hands.session_files import SessionFile, read_session_files, reject
from pokervod_pipelines.hands.store import FileRecord, FileState, SessionRecord
from pokervod_pipelines.hands.times import BroadcastDays
from pokervod_pipelines.hands.versions import Choice, choose_head, choose_rows, rename_rows
from pokervod_pipelines.problems import Problem
from pokervod_pipelines.processes.path_check_child import ABSENT, EMPTY, IS_FILE, check_path
from pokervod_pipelines.processes.share_reader import Access, PathAccess, Report
from pokervod_pipelines.settings import Settings

PROBLEMS_KEPT = 200
NOT_A_FOLDER = os.strerror(errno.ENOTDIR)
UNSTORABLE = (
    DataError, IntegrityError, psycopg.DataError, psycopg.IntegrityError, BadInput, ValueError, TypeError, LookupError,
    ArithmeticError,
)  # fmt: skip
"""Errors that the content of a file causes; others (connection, schema) end the import."""

COUNTED = ("read", "unchanged", "waiting", "quarantined", "unreadable", "hands", "created", "changed")

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """Count the files of an import by outcome, and their hands.

    ``problems`` are the first ``PROBLEMS_KEPT`` of ``problem_count``.
    """

    files: int
    read: int
    unchanged: int
    waiting: int
    quarantined: int
    unreadable: int
    hands: int
    created: int
    changed: int
    seconds: float
    problems: tuple[Problem, ...] = ()
    problem_count: int = 0


def import_hands(
    engine: Engine,
    settings: Settings,
    paths: Sequence[Path],
    *,
    correlation_id: str,
    day: date | None = None,
    may_vanish: bool = False,
    progress: Progress | None = None,
) -> ImportReport:
    """Store each hand of the files, or of the files below the folders, in its most complete version.

    ``day`` is the day of hands that name none. Unchanged files are skipped, and missing ones where they
    ``may_vanish``. ``progress`` gets the number of hands read so far. Raises ``BadInput`` before anything is read when
    a path does not exist, ``BadSettings`` for a wrong grade rule, ``Unavailable`` when the quarantine folder cannot be
    written.
    """
    started = time.monotonic()
    with closing(PathAccess()) as access:
        files, unlisted = _list_files(paths, access, may_vanish=may_vanish)
        run = _ImportRun(engine, replace(make_rules(settings), day=day), make_quarantine(settings), correlation_id)
        run.problems.extend(unlisted)
        run.counts["unreadable"] = len(unlisted)
        with engine.connect() as connection:
            known = store.read_files(connection, [name_path(str(file)) for file in files])
        digests = {path: record.digest for path, record in known.items() if record.state == "read"}
        for file in read_session_files(files, run.rules, digests, access):
            run.add(file, known.get(file.path))
            if progress is not None:
                progress(run.counts["hands"])
    counts = {"files": len(files), **run.counts}
    problems = tuple(run.problems[:PROBLEMS_KEPT])
    return ImportReport(
        **counts, seconds=time.monotonic() - started, problems=problems, problem_count=len(run.problems)
    )


def make_rules(settings: Settings) -> HandRules:
    """Return the rules of the settings; raise ``BadSettings`` for an unknown category."""
    try:
        rule = GradeRule(**settings.hands.rule.model_dump())
    except ValueError as error:
        message = f"hands.rule: {error}"
        raise BadSettings(message) from error
    return HandRules(rule, BroadcastDays(settings.zone, settings.hands.day_starts_at))


def make_quarantine(settings: Settings) -> Quarantine:
    """Return the quarantine folder of the settings."""
    folder = settings.hands.quarantine or settings.home / "quarantine"
    return Quarantine(folder, tuple(each.absolute() for each in settings.hands.drop_folders))


def _list_files(paths: Iterable[Path], access: Access, *, may_vanish: bool) -> tuple[list[Path], list[Problem]]:
    files: dict[Path, None] = {}
    problems: list[Problem] = []
    for path, fault in {path: access(path, _check_path) for path in paths}.items():
        if fault == IS_FILE:
            files[path.absolute()] = None
        elif fault in {"", EMPTY}:
            listing = list_hand_files([path.absolute()])
            files.update(dict.fromkeys(Path(seen.path) for seen in listing.files))
            problems.extend(listing.problems)
        elif fault not in {ABSENT, NOT_A_FOLDER}:
            problems.append(Problem(str(path), f"cannot be read: {fault}"))
        elif not may_vanish:
            raise BadInput(f"{path}: no such file or folder; check the path")
    return list(files), problems


def _check_path(path: Path, _: Report) -> str:
    return check_path(str(path))


@dataclass(slots=True)
class _ImportRun:
    """Store the files of one import, one after the other."""

    engine: Engine
    rules: HandRules
    quarantine: Quarantine
    correlation_id: str
    problems: list[Problem] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTED, 0))

    def add(self, file: SessionFile, known: FileRecord | None) -> None:
        """Store the file's hands, or record why not."""
        if file.parsed:
            self._store(file)
        elif file.failure == "unchanged":
            self.counts["unchanged"] += 1
            self._update_stamp(file, known)
            if known is not None and known.reason:
                self._report(file.path, known.reason)
        else:
            self._record_failure(file, known)
            self._report(file.path, file.reason)

    def _update_stamp(self, file: SessionFile, known: FileRecord | None) -> None:
        """Record the new time of an unchanged file, so that it is not due again."""
        if known is None or file.status is None:
            return
        now = replace(known, size=file.status.st_size, mtime_ns=file.status.st_mtime_ns)
        if now != known:
            with self.engine.begin() as connection:
                store.put_file(connection, now)

    def _report(self, path: str, reason: str) -> None:
        self.problems.append(Problem(path, reason.removeprefix(f"{path}: ")))

    def _record_failure(self, file: SessionFile, known: FileRecord | None) -> None:
        self.counts[file.failure] += 1
        if file.failure == "unreadable" or file.status is None:
            return
        state: FileState = "waiting" if file.failure == "waiting" else "quarantined"
        copy = None
        if state == "quarantined":
            copy = self.quarantine.store_copy(file.file, file.digest, file.raw, file.reason)
        record = _record(file, state, reason=file.reason)
        is_new = known is None or (known.state, known.digest) != (state, file.digest)
        with self.engine.begin() as connection:
            store.put_file(connection, record)
            if copy is not None and is_new:
                payload = {"path": file.path, "reason": file.reason, "kept_as": name_path(str(copy))}
                event = NewEvent(EventType.HAND_FILE_QUARANTINED, payload)
                append_events(connection, "hands", self.correlation_id, [event])
        if copy is not None:
            self.quarantine.move_original(file.file, copy, file.status)

    def _store(self, file: SessionFile) -> None:
        """Store the sessions, or quarantine the file where its content cannot be stored."""
        try:
            self._store_sessions(file)
        except UNSTORABLE as error:
            reason = f"cannot be stored: {read_first_line(error) if isinstance(error, DBAPIError) else error}"
            self.add(reject(file, reason), None)

    def _store_sessions(self, file: SessionFile) -> None:
        hands = sum(len(parsed.rows) for parsed in file.parsed)
        notes: list[str] = []
        created = changed = 0
        with self.engine.begin() as connection:
            for session_id in sorted(parsed.session_id for parsed in file.parsed):
                store.lock_session(connection, session_id)
            file_id = store.put_file(connection, _record(file, "read", reason=None, hands=hands))
            for parsed in file.parsed:
                written = _write_session(connection, parsed, self.rules, file_id, self.correlation_id)
                created, changed = created + written[0], changed + written[1]
                notes += written[2]
            reported = [(parsed.session_id, row.started_at) for parsed in file.parsed for row in parsed.rows]
            if withdrawn := store.withdraw_unreported(connection, file_id, reported):
                notes.append(f"{len(withdrawn)} hands that it does not report any more are withdrawn")
            reasons = [*filter(None, (parsed.problem_text for parsed in file.parsed)), *notes]
            store.put_file(connection, _record(file, "read", reason="; ".join(reasons) or None, hands=hands))
        self.counts["read"] += 1
        self.counts["hands"] += hands
        self.counts["created"] += created
        self.counts["changed"] += changed
        unusable = [problem for parsed in file.parsed for problem in parsed.problems]
        for problem in (*unusable, *notes):
            self._report(file.path, problem)


def _record(file: SessionFile, state: FileState, *, reason: str | None, hands: int = 0) -> FileRecord:
    assert file.status is not None  # noqa: S101 - narrows the type
    return FileRecord(
        path=file.path,
        digest=file.digest,
        size=file.status.st_size,
        mtime_ns=file.status.st_mtime_ns,
        state=state,
        reason=reason,
        hands=hands,
    )


def _write_session(
    connection: Connection, parsed: ParsedSession, rules: HandRules, file_id: int, correlation_id: str
) -> tuple[int, int, list[str]]:
    """Store the session's hands in their winning versions; return how many are new, changed, and what to report."""
    known = store.read_session_record(connection, parsed.session_id)
    stored = store.read_stored_hands(connection, parsed.session_id)
    session = _name_session(parsed, known, [*stored], rules, file_id)
    if session is None:
        return 0, 0, []
    head, rows = session.head, parsed.rows
    if (head.table, head.title) != (parsed.head.table, parsed.head.title):
        rows = rename_rows(((Hand.read_json(row.content), row.weight) for row in rows), head, rules.grade)
    choice = choose_rows(rows, stored, file_id)
    store.put_session(connection, session)
    ids = store.add_hands(connection, session, choice.new, file_id)
    store.change_hands(connection, session, choice.changed, file_id)
    store.update_weights(connection, choice.heavier, file_id)
    renamed = _rename_stored(connection, known, session, choice, rules.grade)
    written = {**dict(zip(ids, choice.new, strict=True)), **choice.changed, **renamed}
    store.replace_findings(connection, {each: row.findings for each, row in written.items()}, "record")
    store.mark_test_session(connection, session.session_id)
    new = {*ids}
    events = [make_hand_event(session, each, row, is_new=each in new) for each, row in written.items()]
    append_events(connection, "hands", correlation_id, events)
    notes = [_describe_shorter(each, row) for each, row in choice.shorter.items()]
    return len(new), len(written) - len(new), notes


def _describe_shorter(hand_id: int, row: HandRow) -> str:
    return (
        f"hand number {row.hand_number} of {row.started_at:%Y-%m-%d %H:%M:%S}: the file now reports less than what is "
        f"stored, which is kept; if the file is right, correct it by `pokervod hands correct {hand_id}`"
    )


def _name_session(
    parsed: ParsedSession, known: SessionRecord | None, starts: list[datetime], rules: HandRules, file_id: int
) -> SessionRecord | None:
    """Return the session as it is to be stored; None for a file without hands and without a time."""
    is_same_file = known is not None and known.file_id == file_id
    head = choose_head(known.head if known else None, parsed.head, is_same_file=is_same_file)
    times = [*starts, *(row.started_at for row in parsed.rows)]
    started_at = head.created_at or min(times, default=None)
    if started_at is None:
        return None
    return SessionRecord(
        session_id=parsed.session_id,
        head=head,
        started_at=started_at,
        day=rules.days.find_day(started_at),
        file_id=file_id if known is None or head is parsed.head else known.file_id,
    )


def _rename_stored(
    connection: Connection, known: SessionRecord | None, session: SessionRecord, choice: Choice, rule: GradeRule
) -> dict[int, HandRow]:
    """Give the hands that this file did not change the session's new name, if it changed; return those."""
    head = session.head
    if known is None or (known.head.table, known.head.title) == (head.table, head.title):
        return {}
    contents = store.read_session_contents(connection, session.session_id)
    left: dict[int, tuple[Hand, Weight]] = {
        each: content
        for each, content in contents.items()
        if each not in choice.changed and (content[0].table, content[0].event_title) != (head.table, head.title)
    }
    rows = dict(zip(left, rename_rows(left.values(), head, rule), strict=True))
    store.change_hands(connection, session, rows, None)
    return rows


def make_hand_event(session: SessionRecord, hand_id: int, row: HandRow, *, is_new: bool) -> NewEvent:
    """Return the event of a stored hand, new or changed."""
    payload = {
        "hand_id": hand_id,
        "session_id": session.session_id,
        "hand_number": row.hand_number,
        "started_at": row.started_at.isoformat(),
        "broadcast_day": session.day.isoformat(),
        "grade": row.grade,
        "is_premium": row.is_premium,
        "is_test": row.is_test,
    }
    return NewEvent(EventType.HAND_CREATED if is_new else EventType.HAND_CHANGED, payload)
