"""Whether every part that PokerVOD stands on is sound, and what to do where it is not.

An examination reads; it never changes anything except that the embedded database is started to be asked.
"""

import asyncio
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines.db.engine import embedded_folder, make_engine, serve_database
from pokervod_pipelines.db.migrate import current_revision, newest_revision
from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.nas.scan import LOCAL, has_content
from pokervod_pipelines.render.outputs.paths import UNFINISHED
from pokervod_pipelines.render.readiness import find_template_faults
from pokervod_pipelines.render.renderers.nexrender.renderer import NexrenderRenderer
from pokervod_pipelines.render.rules import load_house_templates, load_rules
from pokervod_pipelines.settings import Settings, load_settings
from pokervod_pipelines.sheets.google.credentials import load_account
from pokervod_pipelines.workflows.prepare import dagster_home

LEAST_FREE_BYTES = 1_000_000_000
OLDEST_SERVER = 140_000
PATIENCE_SECONDS = 10.0
"""A listing that takes longer hangs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One part, what was found there, and what to do if it is not sound."""

    part: str
    found: str
    fix: str = ""

    @property
    def is_sound(self) -> bool:
        """Nothing has to be done."""
        return not self.fix


def examine(folder: Path | None = None) -> list[Finding]:
    """A finding for every part, sound ones included."""
    try:
        settings = load_settings(folder=folder)
    except PokervodError as error:
        return [Finding(part="settings", found=str(error), fix="mend the settings named, then run doctor again")]
    return [
        _examine_settings(settings),
        *_examine_roots(settings),
        *_examine_sheets(settings),
        *_examine_folders(settings),
        *_examine_rules(settings),
        *_examine_templates(settings),
        _examine_outputs(settings),
        *_examine_nexrender(settings),
        *_examine_database(settings),
        _examine_dagster_home(settings),
        _examine_disk(settings),
    ]


def _examine_settings(settings: Settings) -> Finding:
    found = f"{settings.source or 'environment'}; {len(settings.libraries)} libraries, {len(settings.sheets)} sheets"
    if not settings.libraries and not settings.sheets:
        return Finding(
            part="settings",
            found="nothing is configured",
            fix="write pokervod.yaml (docs/settings.md), or run `pokervod setup` for the sample archive",
        )
    return Finding(part="settings", found=found)


def _examine_roots(settings: Settings) -> Iterator[Finding]:
    for library in settings.libraries:
        path = settings.root_of(library).path / library.folder
        part = f"library {library.name}"
        try:
            is_filled = has_content(LOCAL, str(path), PATIENCE_SECONDS)
        except PokervodError as error:
            yield Finding(part=part, found=str(error), fix="mount the share, or correct the path")
            continue
        fix = "" if is_filled else "mount the share: the folder is empty"
        yield Finding(part=part, found=str(path), fix=fix)


def _examine_sheets(settings: Settings) -> Iterator[Finding]:
    for sheet in settings.sheets:
        fix = _mend_google(settings) if sheet.path is None else _mend_file(sheet.path)
        yield Finding(part=f"sheet {sheet.name}", found=sheet.place, fix=fix)


def _examine_folders(settings: Settings) -> Iterator[Finding]:
    folders = [("drop folder", each) for each in settings.hands.drop_folders]
    folders += [("export folder", each) for each in settings.tournaments.export_folders]
    for part, folder in folders:
        is_readable = folder.is_dir() and os.access(folder, os.R_OK | os.X_OK)
        fix = "" if is_readable else "mount the share, correct the path, or give the service read rights"
        yield Finding(part=part, found=str(folder), fix=fix)


def _examine_rules(settings: Settings) -> Iterator[Finding]:
    try:
        rules = load_rules(settings)
    except PokervodError as error:
        yield Finding(part="render rules", found=str(error), fix="mend the rule or the template named")
        return
    yield Finding(part="render rules", found=f"{len(rules)} rules fit their templates", fix="")


def _examine_templates(settings: Settings) -> Iterator[Finding]:
    try:
        templates = load_house_templates(settings)
    except PokervodError:
        return  # told with the rules
    faults = find_template_faults(templates.values())
    if not faults:
        yield Finding(part="render templates", found=f"{len(templates)} templates can be rendered")
    for name, found in faults.items():
        yield Finding(part=f"template {name}", found="; ".join(found), fix="mend the template; see docs/render.md")


def _examine_outputs(settings: Settings) -> Finding:
    """Below ``home`` the folder is made when it is needed; one that is configured may be a share that is not there."""
    root = settings.renders
    part, place = "outputs folder", _find_existing(root)
    if settings.render.outputs is not None and not root.is_dir():
        return Finding(part=part, found=f"{root} is not there", fix="mount the share, or make the folder")
    if not os.access(place, os.W_OK | os.X_OK):
        return Finding(part=part, found=f"{place} cannot be written to", fix="give the service write rights")
    unfinished = root / UNFINISHED
    if unfinished.exists() and unfinished.stat().st_dev != place.stat().st_dev:
        fix = "make it a plain folder: a finished graphic cannot be moved from one file system to another at once"
        return Finding(part=part, found=f"{unfinished} is another file system than {root}", fix=fix)
    free = shutil.disk_usage(place).free
    fix = "" if free > LEAST_FREE_BYTES else "free some space, or no graphic can be written"
    return Finding(part=part, found=f"{root}, {free / 1e9:.1f} GB free", fix=fix)


def _examine_nexrender(settings: Settings) -> Iterator[Finding]:
    url = settings.render.nexrender.url
    if url is None:
        return
    faults = asyncio.run(_ask_nexrender(settings))
    yield Finding(part="nexrender", found=url, fix="; ".join(faults))


async def _ask_nexrender(settings: Settings) -> list[str]:
    secret = settings.nexrender_secret
    renderer = NexrenderRenderer(settings.render.nexrender, secret.get_secret_value() if secret else None)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await renderer.check_server()
    except TimeoutError:
        return [f"nexrender gave no answer within {PATIENCE_SECONDS:.0f} s: start it, or correct render.nexrender.url"]
    finally:
        await renderer.close()


def _mend_file(path: Path) -> str:
    is_readable = path.is_file() and os.access(path, os.R_OK)
    return "" if is_readable else "put the workbook there, correct the path, or give the service read rights"


def _mend_google(settings: Settings) -> str:
    """What is wrong with the account; whether a sheet is shared with it, the sync says."""
    try:
        load_account(settings)
    except PokervodError as error:
        return str(error)
    return ""


def _examine_database(settings: Settings) -> Iterator[Finding]:
    kind = "configured server"
    if settings.database_url is None:
        kind = f"embedded server, data in {EmbeddedServer(embedded_folder(settings)).status().data_folder}"
    try:
        with serve_database(settings) as urls:
            engine = make_engine(urls.pokervod)
            with engine.connect() as connection:
                version = int(connection.scalar(text("show server_version_num")) or 0)
            revision = current_revision(engine)
            engine.dispose()
    except PokervodError as error:
        yield Finding(part="database", found=str(error), fix="start the server or correct POKERVOD_DATABASE_URL")
        return
    old = version < OLDEST_SERVER
    yield Finding(
        part="database",
        found=f"PostgreSQL {version // 10_000}.{version % 10_000}, {kind}",
        fix="use PostgreSQL 14 or later" if old else "",
    )
    is_current = revision in {None, newest_revision()}
    yield Finding(
        part="schema",
        found=f"revision {revision or 'none yet'}, this code has {newest_revision()}",
        fix="" if is_current else "run `pokervod db upgrade`",
    )


def _examine_dagster_home(settings: Settings) -> Finding:
    home = dagster_home(settings)
    is_there = (home / "dagster.yaml").is_file()
    return Finding(part="Dagster's home", found=str(home), fix="" if is_there else "run `pokervod setup`")


def _examine_disk(settings: Settings) -> Finding:
    place = _find_existing(settings.home)
    free = shutil.disk_usage(place).free
    fix = "" if free > LEAST_FREE_BYTES else "free some space: the database needs room to work"
    return Finding(part="disk", found=f"{free / 1e9:.1f} GB free at {place}", fix=fix)


def _find_existing(path: Path) -> Path:
    return next(parent for parent in (path, *path.parents) if parent.exists())
