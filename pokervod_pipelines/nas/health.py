"""Check that the libraries answer and that each archive root is the one that was scanned before."""

import shlex
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from sqlalchemy import Engine

from pokervod_pipelines.checks import CheckResult, Severity, report_part
from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.nas.retirement import list_unconfigured_libraries
from pokervod_pipelines.nas.root_marker import find_marker_fault
from pokervod_pipelines.nas.same_roots import NEXT_STEP, list_same_roots
from pokervod_pipelines.nas.share import open_disk
from pokervod_pipelines.nas.store.scans import read_marker
from pokervod_pipelines.processes.folder_check import FOLDER_SECONDS, check_folders
from pokervod_pipelines.processes.path_check import check_paths
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.settings.rooms import ArchiveRoot


def check_archive(engine: Engine | None, settings: Settings) -> list[CheckResult]:
    """Return a result for every library, and for every root that answers and is another one than before.

    Libraries that are no longer in the settings, and roots that are known under two names, are worth a look.
    """
    folders = [(f"library {each.name}", settings.root_of(each).path / each.folder) for each in settings.libraries]
    libraries = check_folders(folders)
    if engine is None:
        return libraries
    return [*libraries, *_check_unconfigured(engine, settings), *_check_roots(engine, settings)]


def check_root(settings: Settings, root: ArchiveRoot) -> list[CheckResult]:
    """Return whether the root answers, and then each of its libraries; all are asked at the same time."""
    libraries = [each for each in settings.libraries if each.root == root.name]
    folders = [(f"library {each.name}", root.path / each.folder) for each in libraries]
    return check_folders([(f"root {root.name}", root.path), *folders])


def read_known_marker(engine: Engine, root: ArchiveRoot) -> str | None:
    """Return the marker that the root had when it was scanned, None before that and where it has none."""
    with engine.connect() as connection:
        return read_marker(connection, root.name)


def check_known_marker(root: ArchiveRoot, marker: str | None) -> list[CheckResult]:
    """Return a result where a root that answers is not the one that was scanned before."""
    return [*_check_markers({root: marker})] if marker else []


def _check_unconfigured(engine: Engine, settings: Settings) -> Iterator[CheckResult]:
    """Yield a result for each library that is only stored, and for each root that has files under another name too."""
    with engine.connect() as connection:
        libraries = list_unconfigured_libraries(connection, settings)
        sentences = list_same_roots(connection, settings)
    for each in libraries:
        files = f"{each.files:,} files" if each.files > 1 else "1 file"
        command = f"pokervod nas retire {shlex.quote(each.library)} --reason …"
        yield replace(
            report_part(
                f"library {each.library}",
                f"{files} in root {', '.join(each.roots)}, no longer in the settings",
                f"retire it with `{command}` (first `--preview`), or add it again",
            ),
            severity=Severity.WARNING,
        )
    for sentence in sentences:
        yield replace(report_part("archive roots", sentence, NEXT_STEP), severity=Severity.WARNING)


def _check_roots(engine: Engine, settings: Settings) -> Iterator[CheckResult]:
    faults = check_paths((root.path for root in settings.archive_roots), FOLDER_SECONDS)
    with engine.connect() as connection:
        roots = [each for each in settings.archive_roots if not faults[each.path]]
        markers = {each: marker for each in roots if (marker := read_marker(connection, each.name))}
    yield from _check_markers(markers)


def _check_markers(markers: Mapping[ArchiveRoot, str]) -> Iterator[CheckResult]:
    """Check all at once that the roots are those that were scanned before."""
    with ThreadPoolExecutor(len(markers) or 1) as pool:
        faults = [*pool.map(_find_root_fault, markers, markers.values())]
    for root, fault in zip(markers, faults, strict=True):
        if fault:
            command = f"pokervod nas accept-folder --root {root.name} --reason …"
            yield report_part(f"root {root.name}", fault, f"mount the share, or `{command}`")


def _find_root_fault(root: ArchiveRoot, known: str) -> str:
    try:
        with open_disk(root.path, stall_seconds=FOLDER_SECONDS) as disk:
            return find_marker_fault(root, known, disk, FOLDER_SECONDS)
    except PokervodError as error:
        return str(error)
