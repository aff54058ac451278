"""Scan one library, from the walk to the rows: the order in which the room's parts are used, and nothing else.

What moved is decided in ``moves``, what is suspicious in ``losses``, what is read in ``scan``; rows change in
``store``. Everything that a scan changes, it changes in one transaction: a scan that is killed has changed nothing.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine

from pokervod_pipelines.errors import ArchiveUnavailable, PokervodError
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.nas.classify import Category, classify, find_target, is_control_file, is_unfinished, make_digest
from pokervod_pipelines.nas.file_system import FileSystem, has_content, stat_files
from pokervod_pipelines.nas.losses import LossLimits, LostFolder, SeenFolders, find_suspicious_losses
from pokervod_pipelines.nas.moves import MoveSource, MoveTarget, match_moves
from pokervod_pipelines.nas.path_rules import PathRules
from pokervod_pipelines.nas.report import ScanReport, ScanTally, make_report
from pokervod_pipelines.nas.root_marker import check_marker, find_marker
from pokervod_pipelines.nas.scan import WalkResult, check_mounts, find_library_folder, walk
from pokervod_pipelines.nas.share import open_disk
from pokervod_pipelines.nas.store import files, scans, staging
from pokervod_pipelines.nas.store.scope import LibraryScope, find_scope
from pokervod_pipelines.nas.vanished import find_in_bins, list_bins_above, make_loss_error, make_unreadable_error
from pokervod_pipelines.problems import Problem
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.settings.rooms import ArchiveRoot, Library

_RECENT_SECONDS = 60.0
"""A file written to within this time, or ten settle times, may still be growing; clocks of servers differ a little."""

_EVENT_OF_KIND = {
    "added": EventType.NAS_FILE_ADDED,
    "revived": EventType.NAS_FILE_ADDED,
    "returned": EventType.NAS_FILE_RETURNED,
    "changed": EventType.NAS_FILE_CHANGED,
    "reclassified": EventType.NAS_FILE_CHANGED,
    "moved": EventType.NAS_FILE_MOVED,
    "respelled": EventType.NAS_FILE_MOVED,
}
_COUNT_OF_KIND = {"revived": "added", "respelled": "moved", "reclassified": "changed"}


def scan_library(
    engine: Engine,
    settings: Settings,
    library_name: str,
    *,
    correlation_id: str,
    fs: FileSystem | None = None,
    progress: Callable[[int], None] | None = None,
) -> ScanReport:
    """Bring the inventory up to date with the library's folder; each change is an event of a file that is not junk.

    ``progress`` gets the number of files found. A second scan of the same library waits for the first.

    Raises:
        ArchiveUnavailable: the folder cannot be read as a whole, its root is not the one that was scanned before, its
            mount changed during the scan, or a folder with known files vanished while it was read.
        SuspiciousLoss: more vanished than people delete.
        OperatorNeeded: the scanning user may not list a folder.

    What was seen is stored, except where the whole folder cannot be read; the rest is marked unseen, never missing.
    """
    library = settings.library(library_name)
    scope = find_scope(settings, library)
    root, stall_seconds = settings.root_of(library).path, settings.scan.stall_seconds
    reading = open_disk(root, root / library.folder, stall_seconds=stall_seconds, given=fs)
    with staging.open_scan_session(engine, scope) as connection, reading as disk:
        scan = _LibraryScan(connection, settings, library, scope, correlation_id, disk, progress or (lambda _: None))
        return scan.run()


@dataclass(slots=True)
class _LibraryScan:
    connection: Connection
    settings: Settings
    library: Library
    scope: LibraryScope
    correlation_id: str
    fs: FileSystem
    progress: Callable[[int], None]
    tally: ScanTally = field(default_factory=ScanTally)
    result: WalkResult = field(default_factory=WalkResult)
    started: float = field(default_factory=time.monotonic)
    scan_id: int = 0
    mounts_before: set[str] = field(default_factory=set)
    rules: PathRules = field(init=False)
    old_digest: str | None = None
    returned: set[tuple[int, int, int]] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Take the rules of paths from the settings."""
        self.rules = PathRules.of_library(self.settings.scan, self.scope.folder)

    @property
    def archive_root(self) -> ArchiveRoot:
        """Return the archive root of the library."""
        return self.settings.root_of(self.library)

    @property
    def root(self) -> str:
        """Return where the archive root is on this machine."""
        return str(self.archive_root.path)

    @property
    def stall_seconds(self) -> float:
        """Return the time limit of one answer of the disk."""
        return self.settings.scan.stall_seconds

    def run(self) -> ScanReport:
        """Scan and record how it ended; raise what ended it early or what an operator has to look at."""
        with self.connection.begin():
            self.scan_id = scans.start_scan(self.connection, self.scope, self.correlation_id)
            self.mounts_before = scans.read_mounts(self.connection, self.library.name)
            self.old_digest = scans.read_rules(self.connection, self.library.name)
            marker = scans.read_marker(self.connection, self.scope.root)
        try:
            check_marker(self.archive_root, marker, self.fs, self.stall_seconds)
            self._walk()
            self._refuse_empty()
            self._hold_growing()
            with self.connection.begin():
                report, error = self._store()
        except ArchiveUnavailable as error:
            with self.connection.begin():
                files.set_all_unseen(self.connection, self.scope)
                self._finish(error, rules=None)
            raise
        if error is not None:
            raise error
        return report

    def _walk(self) -> None:
        place = find_library_folder(
            self.fs, self.root, self.library.folder, self.scope.pruned, self.stall_seconds, self.rules
        )
        targets = []
        for batch in walk(self.fs, place, self.result, self.stall_seconds):
            with self.connection.begin():
                staging.add_entries(self.connection, batch)
                unfinished = [path for path, *_ in batch if is_unfinished(path)]
                self._hold([(path, "unfinished by its name") for path in unfinished])
            targets += [(target, is_control_file(path)) for path in unfinished if (target := find_target(path))]
            self.tally.seen += len(batch)
            self.progress(self.tally.seen)
        with self.connection.begin():
            reason = "unfinished: a file of the downloader is beside it"
            self.tally.held += staging.hold_targets(self.connection, targets, reason)
        self.tally.problems += self.result.problems
        self.tally.links = self.result.links

    def _refuse_empty(self) -> None:
        if self.scope.folder not in self.result.empty:
            return
        with self.connection.begin():
            expected = files.count_expected(self.connection, self.scope)
        where = f"{self.root}/{self.scope.folder}".rstrip("/")
        if expected:
            raise ArchiveUnavailable(
                f"{where}: is empty, but {expected} files are known there. Mount the share. Nothing was removed.",
                is_absent=True,
            )
        self.tally.problems.append(Problem(where, "is empty. Check that the share is mounted."))

    def _hold_growing(self) -> None:
        """Read new and rewritten files that were written to just now again, after one pause for all."""
        pause = self.settings.scan.settle_seconds
        if not pause:
            return
        since = time.time_ns() - int(max(_RECENT_SECONDS, 10 * pause) * 1e9)
        with self.connection.begin():
            recent = staging.list_recent(self.connection, self.scope.root, since)
        if not recent:
            return
        time.sleep(pause)
        now = stat_files(self.fs, self.root, [path for path, *_ in recent], self.stall_seconds)
        with self.connection.begin():
            vanished = [path for path, *_ in recent if now[path] is None]
            staging.remove_entries(self.connection, vanished)
            self.tally.seen -= len(vanished)
            self._hold([(path, "still growing") for path, *was in recent if now[path] not in (None, tuple(was))])

    def _hold(self, held: list[tuple[str, str]]) -> None:
        staging.hold_entries(self.connection, held)
        self.tally.held += len(held)

    def _store(self) -> tuple[ScanReport, PokervodError | None]:
        staging.lock_root(self.connection, self.scope.root)
        variants = staging.separate_spellings(self.connection, self.scope.root)
        what = "differs from another name here only in Unicode normalisation. Rename one of them."
        self.tally.problems += [Problem(path, what) for path in variants]
        digest = make_digest(self.rules)
        staging.compare(self.connection, self.scope, reclassify=digest != self.old_digest)
        self._record(files.store_moves(self.connection, self.scope, self._find_moves(), self.rules))
        expected = files.count_expected(self.connection, self.scope)
        vanished = files.list_vanished(self.connection, self.scope)
        files.update_bookkeeping(self.connection, self.scope)
        for chunk in files.read_differences(self.connection, self.rules):
            self._save(chunk)
        error = self._store_vanished(vanished, expected)
        staging.store_held_files(self.connection, self.scope)
        # The last step before the commit: whatever was read above was read through these mounts.
        check_mounts(self.fs, self.result.identities, self.stall_seconds)
        marker = scans.read_marker(self.connection, self.scope.root)
        check_marker(self.archive_root, marker, self.fs, self.stall_seconds)
        report = self._finish(error, rules=digest)
        if error is None and report.seen > report.junk:
            marker = marker or find_marker(self.archive_root, self.fs, self.stall_seconds)
            scans.store_marker(self.connection, self.scan_id, marker)
        return report, error

    def _find_moves(self) -> list[tuple[int, str]]:
        sources = self._verify_sources(staging.list_move_candidates(self.connection, self.scope))
        if not sources:
            return []
        new_contents = staging.list_new_contents(self.connection, (each.size for each in sources))
        targets = [
            MoveTarget(path, size, mtime_ns, inode, *self._describe_role(path, size), occupant)
            for path, size, mtime_ns, inode, occupant in new_contents
        ]
        return [(one.file_id, other.path) for one, other in match_moves(sources, targets)]

    def _describe_role(self, path: str, size: int) -> tuple[bool, bool]:
        file_class = classify(path, size, self.rules)
        return file_class.is_junk, file_class.category is Category.VIDEO

    def _verify_sources(self, candidates: Iterable[staging.MoveCandidate]) -> list[MoveSource]:
        """Return the candidates that are certainly not where they were: looked for, missing before, or read now."""
        certain, elsewhere = [], []
        for each in candidates:
            if each.state == "missing" or (each.is_here and not self._is_unreadable(each.path_key)):
                certain.append(each)
            elif not each.is_here and each.state == "present":
                elsewhere.append(each)
        readable = {name for name in {each.library for each in elsewhere} if self._is_readable(name)}
        doubtful = [each for each in elsewhere if each.library in readable]
        now = stat_files(self.fs, self.root, [each.path for each in doubtful], self.stall_seconds) if doubtful else {}
        certain += [each for each in doubtful if now[each.path] is None]
        return [
            MoveSource(
                each.file_id,
                each.path,
                each.size,
                each.mtime_ns,
                each.inode,
                *self._describe_role(each.path, each.size),
            )
            for each in certain
        ]

    def _is_readable(self, name: str) -> bool:
        """Return whether the other library's share is there, so that a file not found in it is really deleted."""
        folders = [each.folder for each in self.settings.libraries if each.name == name]
        return bool(folders) and has_content(self.fs, f"{self.root}/{folders[0]}", self.stall_seconds)

    def _is_unreadable(self, path_key: str) -> bool:
        unreadable = self.result.unreadable
        return bool(unreadable) and any(
            path_key[:end] in unreadable for end, each in enumerate(path_key) if each == "/"
        )

    def _save(self, chunk: list[files.Difference]) -> None:
        chunk = [each for each in chunk if each.kind != "reclassified" or each.file_class != each.old_class]
        added = files.insert_files(self.connection, self.scope, [each for each in chunk if each.file_id is None])
        files.update_files(self.connection, self.scope, [each for each in chunk if each.file_id is not None])
        self._record(chunk, added)
        self.returned |= {(each.inode, each.size, each.mtime_ns) for each in chunk if each.kind == "returned"}

    def _record(self, differences: list[files.Difference], added: dict[str, int] | None = None) -> None:
        """Count the differences, and append an event for each file that is not junk."""
        events = []
        for each in differences:
            count = _COUNT_OF_KIND.get(each.kind, each.kind)
            setattr(self.tally, count, getattr(self.tally, count) + 1)
            file_class = each.file_class
            file_id = each.file_id or (added or {})[each.path]
            if file_class.is_junk:
                if each.kind == "reclassified":
                    events.append(self._make_removed(file_id, each.path, each.size))
                continue
            payload: dict[str, object] = {
                "file_id": file_id,
                "library": self.library.name,
                "path": each.path,
                "size": each.size,
                "category": file_class.category.value,
                "version_type": file_class.version_type.value,
            }
            if count == "moved":
                payload |= {"from": each.old_path, "to": each.path}
            events.append(NewEvent(_EVENT_OF_KIND[each.kind], payload))
        append_events(self.connection, "nas", self.correlation_id, events)

    def _make_removed(self, file_id: int, path: str, size: int) -> NewEvent:
        payload = {"file_id": file_id, "library": self.library.name, "path": path, "size": size}
        return NewEvent(EventType.NAS_FILE_REMOVED, payload)

    def _store_vanished(self, vanished: list[files.KnownFile], expected: int) -> PokervodError | None:
        """Mark what was not found as missing, or as unseen when its folder was not read or so much is suspicious."""
        groups: dict[str, list[files.KnownFile]] = {"hidden": [], "system": [], "renamed": [], "gone": []}
        for each in vanished:
            groups[self._sort_vanished(each)].append(each)
        hidden, system, gone = groups["hidden"], groups["system"], groups["gone"]
        lost, unseen = self._find_suspicious(gone, expected - len(system) - len(groups["renamed"]))
        missing = sorted(set(gone) - set(unseen), key=lambda each: each.path)
        files.set_state(self.connection, [each.file_id for each in hidden + unseen], "unseen")
        files.set_state(self.connection, [each.file_id for each in missing], "missing")
        files.mark_as_system(self.connection, [each.file_id for each in system + groups["renamed"]])
        self._report_removed(missing + system)
        self._report_ignored([each for each in system if not each.is_junk])
        if lost:
            return make_loss_error(self.library.name, lost)
        return make_unreadable_error(self.library.name, self.result, hidden)

    def _sort_vanished(self, file: files.KnownFile) -> str:
        """Return why the file was not seen; "renamed" is one that has the name again under which it is a video."""
        if self._is_unreadable(file.path_key):
            return "hidden"
        if self.rules.is_system_folder(file.path.rpartition("/")[0]):
            return "system"
        is_renamed = not file.is_video and (file.inode, file.size, file.mtime_ns) in self.returned
        return "renamed" if is_renamed else "gone"

    def _find_suspicious(
        self, gone: list[files.KnownFile], known: int
    ) -> tuple[list[LostFolder], list[files.KnownFile]]:
        """Return the suspicious folders and the files that stay unseen for it; what is in a bin was deleted."""
        lost = self._find_losses(gone, known)
        if not lost:
            return [], []
        bins = self.result.bins + list_bins_above(self.fs, self.root, self.scope.folder, self.stall_seconds)
        deleted = find_in_bins(self.fs, self.root, bins, gone, self.stall_seconds)
        unexplained = [each for each in gone if each not in deleted]
        lost = self._find_losses(unexplained, known - len(deleted))
        return lost, unexplained if lost else []

    def _find_losses(self, gone: list[files.KnownFile], known: int) -> list[LostFolder]:
        limits = LossLimits(files=self.settings.scan.loss_files, share=self.settings.scan.loss_share)
        return find_suspicious_losses([each.path_key for each in gone], known, self._describe_folders(), limits)

    def _report_removed(self, removed: list[files.KnownFile]) -> None:
        removed = [each for each in removed if not each.is_junk]
        self.tally.removed = len(removed)
        events = [self._make_removed(each.file_id, each.path, each.size) for each in removed]
        append_events(self.connection, "nas", self.correlation_id, events)

    def _report_ignored(self, ignored: list[files.KnownFile]) -> None:
        """Report known files whose folder is not content any more: a setting was changed."""
        if ignored:
            what = (
                f"{len(ignored)} known files are in a folder that is ignored now, so they left the catalog. "
                "If they are content, add the folder to scan.keep."
            )
            self.tally.problems.append(Problem(ignored[0].path, what))

    def _describe_folders(self) -> SeenFolders:
        lost_mounts = {each for each in self.mounts_before - self.result.mounts if not self._is_unreadable(f"{each}/")}
        return SeenFolders(
            top=self.scope.folder,
            folders=self.result.folders,
            empty=self.result.empty,
            lost_mounts=lost_mounts,
        )

    def _finish(self, error: Exception | None, *, rules: str | None) -> ScanReport:
        """Record how the scan ended, and append its event."""
        totals = files.count_totals(self.connection, self.scope)
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
            mounts=sorted(self.result.mounts),
            rules=rules,
        )
        event = EventType.NAS_SCAN_COMPLETED if error is None else EventType.NAS_SCAN_FAILED
        payload = {"library": self.library.name, "scan_id": self.scan_id, **counts}
        payload = payload if error is None else payload | {"error": str(error)}
        append_events(self.connection, "nas", self.correlation_id, [NewEvent(event, payload)])
        return report
