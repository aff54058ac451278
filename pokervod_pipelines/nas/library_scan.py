"""One scan of one library, from the walk to the rows: the order in which the room's parts are used, and nothing else.

What is moved is decided in ``moves``, what is suspicious in ``losses``, what is read in ``scan``; rows change in
``store``. Everything a scan changes, it changes in one transaction: a scan that is killed has changed nothing.
"""

import shlex
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine

from pokervod_pipelines.errors import ArchiveUnavailable, SuspiciousLoss
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.nas.classify import classify, is_unfinished
from pokervod_pipelines.nas.losses import Limits, Look, LostFolder, judge_loss
from pokervod_pipelines.nas.moves import Fresh, Gone, match_moves
from pokervod_pipelines.nas.report import ScanReport, Tally, make_report
from pokervod_pipelines.nas.scan import LOCAL, FileSystem, Findings, Place, find_place, has_content, look_again, walk
from pokervod_pipelines.nas.store import files, look, scans
from pokervod_pipelines.nas.store.territory import Territory, find_territory
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.settings.rooms import Library

_YOUNG_SECONDS = 60.0
"""A file written to within this time, or ten settle times, may still be growing; clocks of servers differ a little."""

_EVENT_OF_KIND = {
    "added": EventType.NAS_FILE_ADDED,
    "revived": EventType.NAS_FILE_ADDED,
    "returned": EventType.NAS_FILE_RETURNED,
    "changed": EventType.NAS_FILE_CHANGED,
    "moved": EventType.NAS_FILE_MOVED,
    "respelled": EventType.NAS_FILE_MOVED,
}
_COUNT_OF_KIND = {"revived": "added", "respelled": "moved"}


def scan_library(
    engine: Engine,
    settings: Settings,
    library_name: str,
    *,
    correlation_id: str,
    fs: FileSystem = LOCAL,
    progress: Callable[[int], None] | None = None,
) -> ScanReport:
    """The inventory holds what the library's folder holds; each change is an event of a file that is no junk.

    Raises ``ArchiveUnavailable`` when the folder cannot be read as a whole, ``SuspiciousLoss`` when more vanished than
    people delete: what was really seen is stored, the rest is marked unseen, nothing is missing. ``progress`` is told
    how many files were met. A second scan of the same library waits for the first.
    """
    library = settings.library(library_name)
    territory = find_territory(settings, library)
    with look.open_scan_session(engine, territory) as connection:
        scan = _LibraryScan(connection, settings, library, territory, correlation_id, fs, progress or (lambda _: None))
        return scan.run()


@dataclass(slots=True)
class _LibraryScan:
    connection: Connection
    settings: Settings
    library: Library
    territory: Territory
    correlation_id: str
    fs: FileSystem
    progress: Callable[[int], None]
    tally: Tally = field(default_factory=Tally)
    findings: Findings = field(default_factory=Findings)
    started: float = field(default_factory=time.monotonic)
    scan_id: int = 0
    mounts_before: set[str] = field(default_factory=set)

    @property
    def root(self) -> str:
        """The archive root on this machine."""
        return str(self.settings.root_of(self.library).path)

    @property
    def stall_seconds(self) -> float:
        """How long the disk may be silent."""
        return self.settings.scan.stall_seconds

    def run(self) -> ScanReport:
        """The scan is done and on record; raises what ended it early."""
        with self.connection.begin():
            self.scan_id = scans.start_scan(self.connection, self.territory, self.correlation_id)
            self.mounts_before = scans.read_mounts(self.connection, self.library.name)
        try:
            self._look()
            self._refuse_empty()
            self._hold_unrested()
            with self.connection.begin():
                report, loss = self._store()
        except ArchiveUnavailable as error:
            with self.connection.begin():
                files.set_all_unseen(self.connection, self.territory)
                self._finish(error)
            raise
        if loss is not None:
            raise loss
        return report

    def _look(self) -> None:
        place = find_place(self.fs, self.root, self.library.folder, self.territory.pruned, self.stall_seconds)
        for batch in walk(self.fs, Place(self.root, place.folder, place.pruned), self.findings, self.stall_seconds):
            with self.connection.begin():
                look.add_entries(self.connection, batch)
                unfinished = [(path, "unfinished by its name") for path, *_ in batch if is_unfinished(path)]
                self._hold(unfinished)
            self.tally.seen += len(batch)
            self.progress(self.tally.seen)
        self.tally.problems += self.findings.problems
        self.tally.links = self.findings.links

    def _refuse_empty(self) -> None:
        if self.territory.folder not in self.findings.empty:
            return
        with self.connection.begin():
            expected = files.count_expected(self.connection, self.territory)
        where = f"{self.root}/{self.territory.folder}".rstrip("/")
        if expected:
            raise ArchiveUnavailable(
                f"{where}: is empty, {expected} files are known there: mount the share; nothing was removed"
            )
        self.tally.problems.append((where, "is empty: is the share mounted?"))

    def _hold_unrested(self) -> None:
        """New and rewritten files that were written to just now are looked at again, after one pause for all."""
        pause = self.settings.scan.settle_seconds
        if not pause:
            return
        since = time.time_ns() - int(max(_YOUNG_SECONDS, 10 * pause) * 1e9)
        with self.connection.begin():
            young = look.list_young(self.connection, self.territory.root, since)
        if not young:
            return
        time.sleep(pause)
        now = look_again(self.fs, self.root, [path for path, *_ in young], self.stall_seconds)
        with self.connection.begin():
            vanished = [path for path, *_ in young if now[path] is None]
            look.forget(self.connection, vanished)
            self.tally.seen -= len(vanished)
            self._hold([(path, "still growing") for path, *was in young if now[path] not in (None, tuple(was))])

    def _hold(self, held: list[tuple[str, str]]) -> None:
        look.hold(self.connection, held)
        self.tally.held += len(held)

    def _store(self) -> tuple[ScanReport, SuspiciousLoss | None]:
        look.lock_root(self.connection, self.territory.root)
        twins = look.part_twins(self.connection, self.territory.root)
        self.tally.problems += [(path, "another name here differs from it only in normalisation") for path in twins]
        look.compare(self.connection, self.territory)
        self._record(files.store_moves(self.connection, self.territory, self._find_moves()))
        expected = files.count_expected(self.connection, self.territory)
        vanished = files.list_vanished(self.connection, self.territory)
        files.settle_quietly(self.connection, self.territory)
        for chunk in files.read_differences(self.connection):
            self._save(chunk)
        loss = self._take_vanished(vanished, expected)
        look.store_held(self.connection, self.territory)
        return self._finish(loss), loss

    def _find_moves(self) -> list[tuple[int, str]]:
        gone = self._believe_gone(look.list_candidates(self.connection, self.territory))
        if not gone:
            return []
        fresh = [
            Fresh(path, size, mtime_ns, inode, classify(path, size).is_junk, occupant)
            for path, size, mtime_ns, inode, occupant in look.list_fresh(self.connection, (each.size for each in gone))
        ]
        return [(one.file_id, other.path) for one, other in match_moves(gone, fresh)]

    def _believe_gone(self, candidates: Iterable[look.Candidate]) -> list[Gone]:
        """The candidates that are certainly not where they were: looked for here, missing before, or verified now."""
        certain, claimed = [], []
        for each in candidates:
            if each.state == "missing" or (each.is_here and not self._is_unread(each.path_key)):
                certain.append(each.gone)
            elif not each.is_here and each.state == "present":
                claimed.append(each)
        readable = {name for name in {each.library for each in claimed} if self._is_readable(name)}
        doubtful = [each.gone for each in claimed if each.library in readable]
        now = look_again(self.fs, self.root, [each.path for each in doubtful], self.stall_seconds) if doubtful else {}
        return certain + [each for each in doubtful if now[each.path] is None]

    def _is_readable(self, name: str) -> bool:
        """The other library's share is there, so that a file not found in it is really gone."""
        folders = [each.folder for each in self.settings.libraries if each.name == name]
        return bool(folders) and has_content(self.fs, f"{self.root}/{folders[0]}", self.stall_seconds)

    def _is_unread(self, path_key: str) -> bool:
        unread = self.findings.unread
        return bool(unread) and any(path_key[:end] in unread for end, each in enumerate(path_key) if each == "/")

    def _save(self, chunk: list[files.Difference]) -> None:
        added = files.insert_files(self.connection, self.territory, [each for each in chunk if each.file_id is None])
        files.update_files(self.connection, self.territory, [each for each in chunk if each.file_id is not None])
        self._record(chunk, added)

    def _record(self, differences: list[files.Difference], added: dict[str, int] | None = None) -> None:
        """The differences are counted, and told as events where the file is no junk."""
        events = []
        for each in differences:
            count = _COUNT_OF_KIND.get(each.kind, each.kind)
            setattr(self.tally, count, getattr(self.tally, count) + 1)
            kind = each.told
            if kind.is_junk:
                continue
            payload: dict[str, object] = {
                "file_id": each.file_id or (added or {})[each.path],
                "library": self.library.name,
                "path": each.path,
                "size": each.size,
                "category": kind.category.value,
                "version_type": kind.version_type.value,
            }
            if count == "moved":
                payload |= {"from": each.old_path, "to": each.path}
            events.append(NewEvent(_EVENT_OF_KIND[each.kind], payload))
        append_events(self.connection, "nas", self.correlation_id, events)

    def _take_vanished(self, vanished: list[files.KnownFile], expected: int) -> SuspiciousLoss | None:
        """What was looked for and not found is missing, or unseen when so much of it is suspicious."""
        unread = [each.file_id for each in vanished if self._is_unread(each.path_key)]
        files.set_state(self.connection, unread, "unseen")
        gone = [each for each in vanished if not self._is_unread(each.path_key)]
        lost = judge_loss([each.path_key for each in gone], expected, self._folders(), self._limits())
        files.set_state(self.connection, [each.file_id for each in gone], "unseen" if lost else "missing")
        if lost:
            return _describe_loss(self.library.name, lost)
        self.tally.removed = len(gone)
        removed = [
            NewEvent(
                EventType.NAS_FILE_REMOVED,
                {"file_id": each.file_id, "library": self.library.name, "path": each.path, "size": each.size},
            )
            for each in gone
            if not each.is_junk
        ]
        append_events(self.connection, "nas", self.correlation_id, removed)
        return None

    def _folders(self) -> Look:
        lost_mounts = {each for each in self.mounts_before - self.findings.mounts if not self._is_unread(f"{each}/")}
        return Look(
            top=self.territory.folder,
            folders=self.findings.folders,
            empty=self.findings.empty,
            lost_mounts=lost_mounts,
        )

    def _limits(self) -> Limits:
        return Limits(files=self.settings.scan.loss_files, share=self.settings.scan.loss_share)

    def _finish(self, error: Exception | None) -> ScanReport:
        """The scan's record and event tell how it ended."""
        totals = files.count_totals(self.connection, self.territory)
        status = "completed" if error is None else "failed"
        seconds = time.monotonic() - self.started
        report = make_report(self.library.name, self.tally, totals, status=status, seconds=seconds)
        counts = self.tally.counts | {name: totals[name] for name in ("missing", "unseen", "junk", "videos")}
        scans.finish_scan(
            self.connection,
            self.scan_id,
            error=None if error is None else str(error),
            counts=counts,
            problems=report.problems,
            mounts=sorted(self.findings.mounts),
        )
        event = EventType.NAS_SCAN_COMPLETED if error is None else EventType.NAS_SCAN_FAILED
        payload = {"library": self.library.name, "scan_id": self.scan_id, **counts}
        told = payload if error is None else payload | {"error": str(error)}
        append_events(self.connection, "nas", self.correlation_id, [NewEvent(event, told)])
        return report


def _describe_loss(library: str, lost: list[LostFolder]) -> SuspiciousLoss:
    total = sum(each.files for each in lost)
    lines = [f"library {library!r}: {total} files are not there, which looks like a mount and not like a deletion:"]
    lines += [f"  {each.folder or '.'}: {each.files} files: {each.reason}" for each in lost[:10]]
    lines.append(
        "Nothing was removed, they are marked as unseen. Mount the share and scan again; if they were deleted:"
    )
    command = f"pokervod nas confirm-loss --library {library} --below"
    lines += [f"  {command} {shlex.quote(each.folder or '.')} --reason 'why'" for each in lost[:10]]
    if len(lost) > 10:
        lines.append(f"and {len(lost) - 10} more folders")
    return SuspiciousLoss("\n".join(lines))
