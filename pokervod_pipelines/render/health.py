"""Check rules, templates, the outputs folder, the render farm and the workers."""

import asyncio
import os
import platform
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.checks import CheckResult, Severity, report_part
from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.files import MIN_FREE_BYTES, find_existing
from pokervod_pipelines.processes.folder_check import FOLDER_SECONDS, report_folder
from pokervod_pipelines.processes.path_check import NO_ANSWER, check_paths
from pokervod_pipelines.processes.path_check_child import EMPTY
from pokervod_pipelines.render.instructions import find_template_faults
from pokervod_pipelines.render.outputs.marker import MARKER, has_marker
from pokervod_pipelines.render.outputs.paths import UNFINISHED
from pokervod_pipelines.render.outputs.store import list_newest_paths
from pokervod_pipelines.render.rules import load_rules
from pokervod_pipelines.render.templates import load_configured_templates, locate_templates
from pokervod_pipelines.render.workers import RegisteredWorker, list_workers
from pokervod_pipelines.settings import Settings

RECENT_HOURS = 24
"""A worker that died longer ago is not missed any more: another one has its work."""


def check_rendering(engine: Engine | None, settings: Settings) -> Iterator[CheckResult]:
    """Yield a result for rules, templates, the outputs folder and, where there is one, the farm."""
    check_paths(locate_templates(settings), FOLDER_SECONDS)  # a folder that does not answer is not waited for again
    yield from _check_rules(settings)
    yield from _check_templates(settings)
    yield from check_outputs(engine, settings)
    yield from check_nexrender(settings)


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


def check_outputs(engine: Engine | None, settings: Settings) -> Iterator[CheckResult]:
    """Yield whether the outputs folder answers, can be written to, and is the one with the finished graphics."""
    root = settings.renders
    fault = check_paths([root], FOLDER_SECONDS)[root]
    if fault.startswith(NO_ANSWER):
        yield report_folder("outputs folder", root, fault)
        return
    try:
        yield _check_folder(settings)
    except OSError as error:
        yield report_part("outputs folder", str(error), "check the mount and its server")
    if fault in {"", EMPTY} and engine is not None and has_outputs(engine):
        yield from check_outputs_marker(root)


def has_outputs(engine: Engine) -> bool:
    """Return whether a graphic was ever finished."""
    with engine.connect() as connection:
        return bool(list_newest_paths(connection, 1))


def check_outputs_marker(root: Path) -> Iterator[CheckResult]:
    """Yield a result where a folder that answers is not the one that has the finished graphics."""
    if not has_marker(root):
        found = f"{root} has no marker {MARKER}, but graphics were finished"
        yield report_part("outputs folder", found, "mount the share, or `pokervod render accept-folder --reason …`")


def _check_folder(settings: Settings) -> CheckResult:
    """Check that outputs can be written; a folder below ``home`` is made when needed, a configured one must exist."""
    root = settings.renders
    part, place = "outputs folder", find_existing(root)
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


def check_nexrender(settings: Settings) -> Iterator[CheckResult]:
    """Yield whether the farm answers, where the settings name one."""
    url = settings.render.nexrender.url
    if url is None:
        return
    faults = asyncio.run(_ask_nexrender(settings))
    yield report_part("nexrender", url, "; ".join(faults))


async def _ask_nexrender(settings: Settings) -> list[str]:
    from pokervod_pipelines.render.renderers.nexrender.renderer import NexrenderRenderer  # noqa: PLC0415 - loads httpx2

    secret = settings.nexrender_secret
    renderer = NexrenderRenderer(settings.render.nexrender, secret.get_secret_value() if secret else None)
    try:
        async with asyncio.timeout(FOLDER_SECONDS):
            return await renderer.check_server()
    except TimeoutError:
        return [f"nexrender did not answer within {FOLDER_SECONDS:.0f} s: start it, or correct render.nexrender.url"]
    finally:
        await renderer.close()


def check_workers(connection: Connection) -> list[CheckResult]:
    """Return whether the render workers live, and whether one is there for what waits; looked at are those of today.

    A worker that ended in good order, or that died a day ago, is not one of them.
    """
    workers = [each for each in list_workers(connection) if not each.has_stopped]
    limit = datetime.now(UTC) - timedelta(hours=RECENT_HOURS)
    workers = [each for each in workers if each.is_alive or each.seen_at > limit]
    found = [_judge_worker(each) for each in workers]
    if not any(each.passed for each in found) and (waiting := connection.scalar(_WAITING)):
        fix = "start `pokervod render worker`; with Dagster's daemon alone they are rendered by runs, later"
        found.append(report_part("render queue", f"{waiting:,} graphics wait, and no worker is alive", fix))
    if not found:
        return [
            CheckResult(name="render workers", passed=True, summary="no worker runs, and nothing waits", looked_at=0)
        ]
    return found


def _judge_worker(worker: RegisteredWorker) -> CheckResult:
    name, place = f"worker {worker.name}", f"process {worker.pid} on {worker.host}"
    if worker.quarantine_reason:
        fix = f"correct its machine, then `pokervod render workers --reinstate {worker.name}`"
        return replace(report_part(name, f"quarantined: {worker.quarantine_reason}", fix), severity=Severity.WARNING)
    if not worker.is_alive:
        seconds = (datetime.now(UTC) - worker.seen_at).total_seconds()
        dead = report_part(name, f"{place} has sent no heartbeat for {seconds:.0f} s", "start it again")
        return replace(dead, is_repairable=worker.host == platform.node())
    return report_part(name, f"{place}, {worker.holding} jobs")


_WAITING = text("""
    select count(*) from render_instructions w
    where w.state = 'pending' and w.due_at <= now() and (w.held_until is null or w.held_until <= now())
      and not exists (select from render_pauses p where (p.until is null or p.until > now())
          and p.scope in ('all', 'renderer:' || w.renderer, 'template:' || w.template))
""")
"""Only what a worker would claim waits for one."""
