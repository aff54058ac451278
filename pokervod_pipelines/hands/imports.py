"""Files to stored hands: each file's session whole or not at all, in any order of files and any number of times.

A file that ends in the middle waits; one that is no session goes to the quarantine folder. What a telling holds is
read in ``tellings``, which one wins in ``choice``.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine

from pokervod_pipelines.errors import BadInput, BadSettings
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.hands import store
from pokervod_pipelines.hands.broadcast import BroadcastDays
from pokervod_pipelines.hands.choice import Choice, choose_head, choose_rows, rename_rows
from pokervod_pipelines.hands.grade import GradeRule
from pokervod_pipelines.hands.hand import Hand
from pokervod_pipelines.hands.inbox import name_path, observe
from pokervod_pipelines.hands.opened import OpenedFile, Rules, open_files
from pokervod_pipelines.hands.quarantine import Quarantine
from pokervod_pipelines.hands.store import FileRecord, FileState, SessionRecord
from pokervod_pipelines.hands.tellings import HandRow, Telling, Weight
from pokervod_pipelines.settings import Settings

PROBLEMS_KEPT = 200
COUNTED = ("read", "unchanged", "waiting", "quarantined", "unreadable", "hands", "created", "changed")

Progress = Callable[[int], None]
Problem = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import came to: files by what became of them, hands by what the files told of them.

    ``problems`` are the first ``PROBLEMS_KEPT`` of ``problem_count``: (file, what a person should know or do).
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
    may_vanish: bool = False,
    progress: Progress | None = None,
) -> ImportReport:
    """Every hand that the files, or the files below the folders, tell is stored in its heaviest telling.

    An unchanged file is passed over, and so is one that ``may_vanish`` and did. ``progress`` is told the number of
    hands read so far.
    Raises ``BadInput`` before anything is read when a path does not exist, ``BadSettings`` for a wrong grade rule,
    ``Unavailable`` when the quarantine folder cannot be written.
    """
    started = time.monotonic()
    files, unseen = _list_files(paths, may_vanish=may_vanish)
    one = _Import(engine, make_rules(settings), make_quarantine(settings), correlation_id)
    one.problems.extend(unseen)
    one.counts["unreadable"] = len(unseen)
    with engine.connect() as connection:
        known = store.read_files(connection, [name_path(str(file)) for file in files])
    digests = {path: record.digest for path, record in known.items() if record.state == "read"}
    for opened in open_files(files, one.rules, digests):
        one.take_in(opened, known.get(opened.path))
        if progress is not None:
            progress(one.counts["hands"])
    counts = {"files": len(files), **one.counts}
    problems = tuple(one.problems[:PROBLEMS_KEPT])
    return ImportReport(
        **counts, seconds=time.monotonic() - started, problems=problems, problem_count=len(one.problems)
    )


def make_rules(settings: Settings) -> Rules:
    """The rules that the settings hold; raises ``BadSettings`` for a category that does not exist."""
    try:
        rule = GradeRule(**settings.hands.rule.model_dump())
    except ValueError as error:
        message = f"hands.rule: {error}"
        raise BadSettings(message) from error
    return Rules(rule, BroadcastDays(settings.zone, settings.hands.day_starts_at))


def make_quarantine(settings: Settings) -> Quarantine:
    """The quarantine folder that the settings name."""
    folder = settings.hands.quarantine or settings.home / "quarantine"
    return Quarantine(folder, tuple(each.absolute() for each in settings.hands.drop_folders))


def _list_files(paths: Iterable[Path], *, may_vanish: bool) -> tuple[list[Path], list[Problem]]:
    files: dict[Path, None] = {}
    problems: list[Problem] = []
    for path in paths:
        if path.is_dir():
            look = observe([path.absolute()])
            files.update(dict.fromkeys(Path(seen.path) for seen in look.files))
            problems.extend(look.unseen)
        elif path.exists():
            files[path.absolute()] = None
        elif not may_vanish:
            message = f"{path}: no such file or folder; check the path"
            raise BadInput(message)
    return list(files), problems


@dataclass(slots=True)
class _Import:
    """One import on its way through the files."""

    engine: Engine
    rules: Rules
    quarantine: Quarantine
    correlation_id: str
    problems: list[Problem] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTED, 0))

    def take_in(self, opened: OpenedFile, known: FileRecord | None) -> None:
        """The file's hands are stored, or it is on record why not."""
        if opened.telling is not None:
            self._store(opened, opened.telling)
        elif opened.failure == "unchanged":
            self.counts["unchanged"] += 1
            self._remember(opened, known)
            if known is not None and known.reason:
                self._tell(opened.path, known.reason)
        else:
            self._put_aside(opened, known)
            self._tell(opened.path, opened.reason)

    def _remember(self, opened: OpenedFile, known: FileRecord | None) -> None:
        """What was touched or copied anew is known by its new time, so that it is not due for ever."""
        if known is None or opened.status is None:
            return
        now = replace(known, size=opened.status.st_size, mtime_ns=opened.status.st_mtime_ns)
        if now != known:
            with self.engine.begin() as connection:
                store.put_file(connection, now)

    def _tell(self, path: str, reason: str) -> None:
        self.problems.append((path, reason.removeprefix(f"{path}: ")))

    def _put_aside(self, opened: OpenedFile, known: FileRecord | None) -> None:
        self.counts[opened.failure] += 1
        if opened.failure == "unreadable" or opened.status is None:
            return
        state: FileState = "waiting" if opened.failure == "waiting" else "quarantined"
        place = None
        if state == "quarantined":
            place = self.quarantine.keep(opened.file, opened.digest, opened.raw, opened.reason)
        record = _record(opened, state, reason=opened.reason)
        is_news = known is None or (known.state, known.digest) != (state, opened.digest)
        with self.engine.begin() as connection:
            store.put_file(connection, record)
            if place is not None and is_news:
                payload = {"path": opened.path, "reason": opened.reason, "kept_as": name_path(str(place))}
                event = NewEvent(EventType.HAND_FILE_QUARANTINED, payload)
                append_events(connection, "hands", self.correlation_id, [event])
        if place is not None:
            self.quarantine.take(opened.file, place, opened.status)

    def _store(self, opened: OpenedFile, telling: Telling) -> None:
        with self.engine.begin() as connection:
            store.lock_session(connection, telling.session_id)
            record = _record(opened, "read", reason=telling.complaint, hands=len(telling.rows))
            file_id = store.put_file(connection, record)
            created, changed = _write_session(connection, telling, self.rules, file_id, self.correlation_id)
        self.counts["read"] += 1
        self.counts["hands"] += len(telling.rows)
        self.counts["created"] += created
        self.counts["changed"] += changed
        for problem in telling.problems:
            self._tell(opened.path, problem)


def _record(opened: OpenedFile, state: FileState, *, reason: str | None, hands: int = 0) -> FileRecord:
    assert opened.status is not None  # noqa: S101 - narrows the type
    return FileRecord(
        path=opened.path,
        digest=opened.digest,
        size=opened.status.st_size,
        mtime_ns=opened.status.st_mtime_ns,
        state=state,
        reason=reason,
        hands=hands,
    )


def _write_session(
    connection: Connection, telling: Telling, rules: Rules, file_id: int, correlation_id: str
) -> tuple[int, int]:
    """The session's hands are stored in their winning tellings; returns how many are new, and how many changed."""
    known = store.read_session_record(connection, telling.session_id)
    stored = store.read_stored_hands(connection, telling.session_id)
    session = _name_session(telling, known, [*stored], rules, file_id)
    if session is None:
        return 0, 0
    head, rows = session.head, telling.rows
    if (head.table, head.title) != (telling.head.table, telling.head.title):
        rows = rename_rows(((Hand.read_json(row.content), row.weight) for row in rows), head, rules.grade)
    choice = choose_rows(rows, stored, file_id)
    store.put_session(connection, session)
    ids = store.add_hands(connection, session, choice.new, file_id)
    store.change_hands(connection, session, choice.changed, file_id)
    store.remember_weights(connection, choice.heavier, file_id)
    renamed = _rename_stored(connection, known, session, choice, rules.grade)
    written = {**dict(zip(ids, choice.new, strict=True)), **choice.changed, **renamed}
    store.replace_findings(connection, {each: row.findings for each, row in written.items()}, "record")
    store.mark_rehearsal(connection, session.session_id)
    new = {*ids}
    events = [_event(session, each, row, is_new=each in new) for each, row in written.items()]
    append_events(connection, "hands", correlation_id, events)
    return len(new), len(written) - len(new)


def _name_session(
    telling: Telling, known: SessionRecord | None, starts: list[datetime], rules: Rules, file_id: int
) -> SessionRecord | None:
    """Return the session with what is now believed of it; None for a file without hands that tells no time."""
    is_same_file = known is not None and known.file_id == file_id
    head = choose_head(known.head if known else None, telling.head, is_same_file=is_same_file)
    moments = [*starts, *(row.started_at for row in telling.rows)]
    started_at = head.created_at or min(moments, default=None)
    if started_at is None:
        return None
    return SessionRecord(
        session_id=telling.session_id,
        head=head,
        started_at=started_at,
        day=rules.days.find_day(started_at),
        file_id=file_id if known is None or head is telling.head else known.file_id,
    )


def _rename_stored(
    connection: Connection, known: SessionRecord | None, session: SessionRecord, choice: Choice, rule: GradeRule
) -> dict[int, HandRow]:
    """Where the session has another name now, its hands that this file did not change have it too; returns those."""
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


def _event(session: SessionRecord, hand_id: int, row: HandRow, *, is_new: bool) -> NewEvent:
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
