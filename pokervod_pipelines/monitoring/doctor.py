"""Check every part of the installation: settings, mounts, sheets, templates, farm, database, Dagster, disk.

The checks only read, except that the embedded database is started to be queried.
"""

import asyncio
import errno
import os
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from pokervod_pipelines.checks import CheckResult
from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines.db.engine import embedded_folder, make_engine, serve_database
from pokervod_pipelines.db.migrate import current_revision, newest_revision
from pokervod_pipelines.errors import BadSettings, PokervodError
from pokervod_pipelines.events.retention import find_oldest
from pokervod_pipelines.monitoring.doctor_sheets import check_sheets
from pokervod_pipelines.nas.root_marker import find_marker_fault
from pokervod_pipelines.nas.share import open_disk
from pokervod_pipelines.nas.store.scans import read_marker
from pokervod_pipelines.processes.path_check import NO_ANSWER, check_paths
from pokervod_pipelines.processes.path_check_child import ABSENT, EMPTY, IS_FILE
from pokervod_pipelines.render.instructions import find_template_faults
from pokervod_pipelines.render.outputs.marker import MARKER, has_marker
from pokervod_pipelines.render.outputs.paths import UNFINISHED
from pokervod_pipelines.render.outputs.store import list_newest_paths
from pokervod_pipelines.render.renderers.nexrender.renderer import NexrenderRenderer
from pokervod_pipelines.render.rules import load_rules
from pokervod_pipelines.render.templates import load_configured_templates, locate_templates
from pokervod_pipelines.settings import Settings, load_settings
from pokervod_pipelines.settings.rooms import ArchiveRoot
from pokervod_pipelines.workflows.file_access import find_accessible
from pokervod_pipelines.workflows.setup import find_dagster_home

MIN_FREE_BYTES = 1_000_000_000
MIN_SERVER_VERSION = 140_000
TIMEOUT_SECONDS = 4.0
"""Wait so long for a folder or server; the whole check ends within 10 s."""


def report_part(part: str, found: str, fix: str = "") -> CheckResult:
    """Return the result for one part; it passes where nothing has to be fixed."""
    return CheckResult(name=part, passed=not fix, summary=found, next_step=fix)


def check_installation(folder: Path | None = None) -> list[CheckResult]:
    """Return a result for every part, also for those that pass."""
    try:
        settings = load_settings(folder=folder)
    except PokervodError as error:
        return [report_part("settings", str(error), "correct the settings named, then run doctor again")]
    faults = _check_paths(settings)
    return [
        _check_settings(settings),
        *_check_folders(settings, faults),
        *check_sheets(settings),
        *_check_rules(settings),
        *_check_templates(settings),
        *_check_outputs(settings, faults[settings.renders]),
        *_check_nexrender(settings),
        *_check_database(settings, faults),
        _check_dagster_home(settings),
        *_check_rights(settings, folder or Path.cwd()),
        _check_disk(settings),
    ]


def _check_settings(settings: Settings) -> CheckResult:
    found = f"{settings.source or 'environment'}; {len(settings.libraries)} libraries, {len(settings.sheets)} sheets"
    try:
        find_oldest(settings.events, datetime.now(UTC))
    except BadSettings as error:
        return report_part("settings", str(error), "correct the type of events in the settings")
    if not settings.libraries and not settings.sheets:
        return report_part(
            "settings",
            "nothing is configured",
            "write pokervod.yaml (docs/settings.md), or run `pokervod setup` for the sample archive",
        )
    return report_part("settings", found)


def _check_paths(settings: Settings) -> dict[Path, str]:
    """Check all paths of the settings at once; what does not answer is known to the checks that come after."""
    others = [each.path for each in settings.sheets if each.path is not None]
    others += [settings.renders, *locate_templates(settings), *(root.path for root in settings.archive_roots)]
    return check_paths([*(folder for _, folder in _list_folders(settings)), *others], TIMEOUT_SECONDS)


def _list_folders(settings: Settings) -> list[tuple[str, Path]]:
    folders = [(f"library {each.name}", settings.root_of(each).path / each.folder) for each in settings.libraries]
    folders += [("drop folder", folder) for folder in settings.hands.drop_folders]
    return folders + [("export folder", folder) for folder in settings.tournaments.export_folders]


def _check_folders(settings: Settings, faults: Mapping[Path, str]) -> Iterator[CheckResult]:
    for part, folder in _list_folders(settings):
        fault = faults[folder]
        if fault == EMPTY and not part.startswith("library"):
            fault = ""
        yield report_part(part, f"{folder}: {fault}" if fault else str(folder), _advise(fault) if fault else "")


def _advise(fault: str) -> str:
    known = {
        EMPTY: "mount the share: the folder is empty",
        ABSENT: "mount the share, or correct the path in the settings",
        IS_FILE: "expected a folder; correct the path in the settings",
        os.strerror(errno.EACCES): "give the service read rights",
        os.strerror(errno.EPERM): "give the service read rights",
    }
    return known.get(fault, "mount the share again and check its server")


def _check_rules(settings: Settings) -> Iterator[CheckResult]:
    try:
        rules = load_rules(settings)
    except PokervodError as error:
        yield report_part("render rules", str(error), "correct the rule or the template named")
        return
    yield report_part("render rules", f"{len(rules)} rules fit their templates", "")


def _check_templates(settings: Settings) -> Iterator[CheckResult]:
    try:
        templates = load_configured_templates(settings)
    except PokervodError:
        return  # reported with the rules
    faults = find_template_faults(templates.values())
    if not faults:
        yield report_part("render templates", f"{len(templates)} templates can be rendered")
    for name, found in faults.items():
        yield report_part(f"template {name}", "; ".join(found), "correct the template; see docs/render.md")


def _check_outputs(settings: Settings, fault: str) -> list[CheckResult]:
    if fault.startswith(NO_ANSWER):
        return [report_part("outputs folder", f"{settings.renders}: {fault}", _advise(fault))]
    try:
        return [_check_outputs_folder(settings)]
    except OSError as error:
        return [report_part("outputs folder", str(error), "check the mount and its server")]


def _check_outputs_folder(settings: Settings) -> CheckResult:
    """Check that outputs can be written; one below ``home`` is created when needed, a configured one must exist."""
    root = settings.renders
    part, place = "outputs folder", _find_existing(root)
    if settings.render.outputs is not None and not root.is_dir():
        return report_part(part, f"{root} is missing", "mount the share, or create the folder")
    if not os.access(place, os.W_OK | os.X_OK):
        return report_part(part, f"{place} cannot be written to", "give the service write rights")
    unfinished = root / UNFINISHED
    if unfinished.exists() and unfinished.stat().st_dev != place.stat().st_dev:
        fix = "make it a plain folder: a finished graphic cannot be moved between file systems in one step"
        return report_part(part, f"{unfinished} is on another file system than {root}", fix)
    free = shutil.disk_usage(place).free
    fix = "" if free > MIN_FREE_BYTES else "free some space; without it no graphic can be written"
    return report_part(part, f"{root}, {free / 1e9:.1f} GB free", fix)


def _check_nexrender(settings: Settings) -> Iterator[CheckResult]:
    url = settings.render.nexrender.url
    if url is None:
        return
    faults = asyncio.run(_ask_nexrender(settings))
    yield report_part("nexrender", url, "; ".join(faults))


async def _ask_nexrender(settings: Settings) -> list[str]:
    secret = settings.nexrender_secret
    renderer = NexrenderRenderer(settings.render.nexrender, secret.get_secret_value() if secret else None)
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            return await renderer.check_server()
    except TimeoutError:
        return [f"nexrender did not answer within {TIMEOUT_SECONDS:.0f} s: start it, or correct render.nexrender.url"]
    finally:
        await renderer.close()


def _check_database(settings: Settings, faults: Mapping[Path, str]) -> Iterator[CheckResult]:
    kind = "configured server"
    if settings.database_url is None:
        kind = f"embedded server, data in {EmbeddedServer(embedded_folder(settings)).status().data_folder}"
    try:
        with serve_database(settings) as urls:
            engine = make_engine(urls.pokervod)
            with engine.connect() as connection:
                revision = current_revision(engine)
                version = int(connection.scalar(text("show server_version_num")) or 0)
                is_current = revision == newest_revision()
                known = is_current and list_newest_paths(connection, 1)
                roots = settings.archive_roots if is_current else ()
                markers = {each: marker for each in roots if (marker := read_marker(connection, each.name))}
            engine.dispose()
    except PokervodError as error:
        yield report_part("database", str(error), "correct what the message names, then run doctor again")
        return
    old = version < MIN_SERVER_VERSION
    yield report_part(
        "database",
        f"PostgreSQL {version // 10_000}.{version % 10_000}, {kind}",
        "use PostgreSQL 14 or later" if old else "",
    )
    yield report_part(
        "schema",
        f"revision {revision or 'none yet'}, this code has {newest_revision()}",
        "" if is_current or revision is None else "run `pokervod db upgrade`",
    )
    yield from _check_roots({root: marker for root, marker in markers.items() if not faults[root.path]})
    if known and faults[settings.renders] in {"", EMPTY} and not has_marker(settings.renders):
        found = f"{settings.renders} has no marker {MARKER}, but graphics were finished"
        yield report_part("outputs folder", found, "mount the share, or `pokervod render accept-folder --reason …`")


def _check_roots(markers: Mapping[ArchiveRoot, str]) -> Iterator[CheckResult]:
    """Check all at once that the roots that answer are those that were scanned before."""
    with ThreadPoolExecutor(len(markers) or 1) as pool:
        faults = [*pool.map(_find_root_fault, markers, markers.values())]
    for root, fault in zip(markers, faults, strict=True):
        if fault:
            command = f"pokervod nas accept-folder --root {root.name} --reason …"
            yield report_part(f"root {root.name}", fault, f"mount the share, or `{command}`")


def _find_root_fault(root: ArchiveRoot, known: str) -> str:
    try:
        with open_disk(root.path, stall_seconds=TIMEOUT_SECONDS) as disk:
            return find_marker_fault(root, known, disk, TIMEOUT_SECONDS)
    except PokervodError as error:
        return str(error)


def _check_dagster_home(settings: Settings) -> CheckResult:
    home = find_dagster_home(settings)
    is_there = (home / "dagster.yaml").is_file()
    return report_part("Dagster's home", str(home), "" if is_there else "run `pokervod setup`")


def _check_rights(settings: Settings, folder: Path) -> Iterator[CheckResult]:
    for path in find_accessible(settings, folder):
        status = path.stat()
        found = f"{path} has mode {status.st_mode & 0o777:o}: other users can read what is there"
        yield report_part("rights", found, f"run as its owner, user {status.st_uid}, or as root: chmod go= {path}")


def _check_disk(settings: Settings) -> CheckResult:
    place = _find_existing(settings.home)
    free = shutil.disk_usage(place).free
    fix = "" if free > MIN_FREE_BYTES else "free some space: the database needs it"
    return report_part("disk", f"{free / 1e9:.1f} GB free at {place}", fix)


def _find_existing(path: Path) -> Path:
    return next(parent for parent in (path, *path.parents) if parent.exists())
