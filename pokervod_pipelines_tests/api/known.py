"""Name what is there, so that requests that are made up reach it: one database with something for every read."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pokervod_pipelines.catalog.creation import create_entry
from pokervod_pipelines.defs.launch_child import RunOrder, launch_run
from pokervod_pipelines.rollout.interventions import pause_rollout
from pokervod_pipelines.rollout.plans import find_plan
from pokervod_pipelines.rollout.rollout import Rollout
from pokervod_pipelines.workflows.sheet_decisions import pin_row
from pokervod_pipelines_tests.access.people import PASSWORD
from pokervod_pipelines_tests.api import parity_archive as archive
from pokervod_pipelines_tests.api import parity_decisions as decisions
from pokervod_pipelines_tests.api import parity_renders as renders
from pokervod_pipelines_tests.api.parity import ParityCase, World, fill_in
from pokervod_pipelines_tests.api.parity_access import add_ben
from pokervod_pipelines_tests.api.parity_runs import start_daemon
from pokervod_pipelines_tests.api.test_parity import CASES as ALL_CASES

FIRST: Mapping[str, Any] = {
    "incident_id": 1,
    "instruction_id": 1,
    "hand_id": 1,
    "week": "2026-W40",
    "day": "2026-05-04",
    "sheet": "tracker",
    "number": "T1",
    "player_key": "ana",
}

PATHS: Mapping[str, Mapping[str, Any]] = {
    "/docs/{name}": {"name": "start.js"},
    "/api/exports/{table}.csv": {"table": "log"},
    "/api/users/{name}": {"name": "ben"},
    "/api/orchestrator/context/{correlation_id}": {"correlation_id": "made"},
    "/api/rollout/{plan}/weeks/{week}": {"plan": "production", "week": 1},
}
"""What a name means in a path, where it is not the same everywhere."""

QUERIES: Mapping[str, Mapping[str, Any]] = {
    "/api/data-flow": {"hand_id": 1},
    "/api/catalog/tree": {"project": "WSOP"},
    "/api/clips/export": {"format": "csv"},
}

IDS = {
    "row_id": "select max(id) from sheet_rows",
    "clip_id": "select min(id) from hand_clips",
    "file_id": f"select id from nas_files where path = '{archive.VIDEO}'",
}

MAKE_TOURNAMENT = """
    insert into tournaments (tournament_number, name, status, progress, seen_at)
    values ('T1', 'Main', 'running', 3, now())
"""

WRITTEN_NS = 1_600_000_000_000_000_000
"""When the videos were written: long before the broadcast delay."""

MAKE_CONTEXT = "insert into contexts (correlation_id) values ('made')"


def prepare_reads(world: World) -> dict[str, Any]:
    """Put something of everything into the database and its folder, and return what it is called."""
    names = decisions.disagree(world)
    for name, sql in IDS.items():
        [[names[name]]] = world.execute(sql)
    pin_row(world.engine, world.settings, row_id=names["row_id"], path=archive.VIDEO, actor=archive.BEN)
    _write_video(world.folder / "nas" / archive.VIDEO)
    world.execute(f"update nas_files set mtime_ns = {WRITTEN_NS}")
    for prepare in (renders.place_hold, renders.plan, renders.open_breaker, renders.park, renders.pause, add_ben):
        prepare(world)
    world.execute(MAKE_TOURNAMENT)
    world.execute(MAKE_CONTEXT)
    create_entry(world.engine, ["project=WSOP", "year=2027"], actor=archive.BEN)
    return {**names, **decisions.start(world), **start_run(world), **FIRST}


def start_run(world: World) -> dict[str, Any]:
    """Launch a run that nothing starts; whether another sync waits is not asked."""
    start_daemon(world)
    order = RunOrder(
        folder=world.folder, workflow="nas_sync", given={"library": "shows"}, actor=archive.BEN, priority=0
    )
    return {"run_id": launch_run(order).run_id}


def interrupt_rollout(world: World) -> dict[str, Any]:
    """Start a rollout, and pause it."""
    names = decisions.start(world)
    pause_rollout(Rollout(engine=world.engine, settings=world.settings, plan=find_plan(world.settings)), archive.BEN)
    return names


GRAPHIC = {"template": "elimination", "layers": {"player": "Ana Ruiz", "place": "9th"}}

CASES = [
    *ALL_CASES,
    ParityCase(path="/api/orchestrator/runs/{run_id}/cancel", prepare=start_run, command=()),
    ParityCase(path="/api/rollout/{plan}/resume", prepare=interrupt_rollout, command=()),
    ParityCase(path="/api/instructions/preview", body=GRAPHIC, command=()),
    ParityCase(path="/api/me/password", body={"present": PASSWORD, "new": PASSWORD[::-1]}, command=()),
    ParityCase(path="/api/me/sessions/end-others", command=()),
    ParityCase(path="/api/me/sessions/{session_id}/end", prepare=lambda _: {"session_id": 1}, command=()),
    ParityCase(path="/api/me/language", body={"language": "ko"}, command=()),
]
"""Requests that are granted: those that are compared with commands, and of the others one each."""


def find_case(path: str) -> ParityCase:
    """Return the first request of an action."""
    return next(each for each in CASES if each.path == path)


def name_path(path: str, names: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a path with what is there."""
    known = {**names, **PATHS.get(path, {})}
    return {name: known[name] for name in known if f"{{{name}}}" in path}


def fill_body(case: ParityCase, names: Mapping[str, Any]) -> Any:
    """Return the body of a case."""
    reason = {} if case.path == "/api/instructions/preview" else {"reason": "as planned"}
    return {**reason, **fill_in(dict(case.body), names)}


def _write_video(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(100))
    os.utime(path, ns=(WRITTEN_NS, WRITTEN_NS))
