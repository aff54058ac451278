"""Check that what a look reads from real tables is what the simulator says, and so what the detectors find of it."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from pokervod_pipelines.db.locks import hold_lock
from pokervod_pipelines.monitoring.detectors.facts import Facts, Unread
from pokervod_pipelines.monitoring.detectors.history import History
from pokervod_pipelines.monitoring.detectors.judging import judge
from pokervod_pipelines.monitoring.detectors.reading import read_facts
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.watch.sources import WATCH_LOCK
from pokervod_pipelines_tests.simulator.faults import TELLS, Fault, FaultKind
from pokervod_pipelines_tests.simulator.plan import HOUR, MINUTE, Character, Plan, Show, draw_plan
from pokervod_pipelines_tests.simulator.world import World
from pokervod_pipelines_tests.simulator.writing import KnownOrchestrator, write_moment

K = FaultKind
NOW = 5.8 * HOUR
TARGETS = {
    K.ROOT_AWAY: "nas",
    K.GOOGLE_DOWN: "sheets",
    K.CHANNEL_DOWN: "alert channels",
    K.OUTPUTS_UNWRITABLE: "outputs",
    K.MEMORY_SHORT: "memory",
    K.SENSOR_SILENT: "measures",
    K.SENSOR_FAILING: "rfid_drop",
    K.SENSOR_OFF: "event_router",
    K.DETECTORS_STOPPED: "watcher",
    K.WORKER_DEAD: "gfx-01",
    K.WORKER_QUARANTINED: "gfx-02",
    K.BREAKER_OPEN: "nexrender",
    K.SHEET_UNREADABLE: "tracker",
    K.LIBRARY_UNSCANNED: "wsop",
    K.TEMPLATE_FAILS: "premium_hand",
    K.RUN_HANGS: "sheets_sync",
    K.RUN_QUEUED: "nas_changes",
}
SIZES = {
    K.RENDERS_HANG: 3,
    K.INVERSION: 90,
    K.ERRORS: 0.5,
    K.ERRORS_BURN: 0.9,
    K.TEMPLATE_FAILS: 0.8,
    K.SLOW_RENDERS: 0.2,
    K.GRAPHICS_FAIL: 3,
    K.EVENTS_PARKED: 4,
    K.ORPHANS: 0.5,
}
BEGINS = {
    K.LIBRARY_UNSCANNED: 0.2 * HOUR,
    K.HANDS_STOP: 2.6 * HOUR,
    K.NO_HANDS: 2 * HOUR,
    K.INVERSION: NOW - 15 * MINUTE,
    K.SLOW_RENDERS: NOW - HOUR,
}
NOT_OF_TABLES = {
    K.DATABASE_AWAY,
    K.DISK_FILLING,
    K.CLOCK_STEP,
    K.CLOCK_DRIFT,
    K.FARM_DOWN,
    K.FOLDER_UNREAD,
    K.ROOT_FLAPS,
}
"""Kinds that tables do not tell at any moment: the machine does, or another server, or the files themselves."""

QUICK = (K.INVERSION, K.ERRORS, K.ORPHANS)
LONG = tuple(each for each in FaultKind if each not in {*NOT_OF_TABLES, *QUICK})


def make_plan(tmp_path: Path) -> Plan:
    """Return a compressed day: a show of five hours with 300 graphics and 2,000 hands."""
    plan = draw_plan(5, Character.ORDINARY)
    first, last = 2 * HOUR, 7 * HOUR
    show = Show(title="Main Event", channel="main", begins=first, ends=last, first_hand=first + 60, last_hand=last - 60)
    sources = [
        replace(each, name=str(tmp_path / each.name.strip("/"))) if "folder" in each.kind else each
        for each in plan.sources
    ]
    begins_at = datetime.now(UTC) - timedelta(seconds=NOW)
    return replace(
        plan, begins_at=begins_at, shows=(show,), hands=2_000, instructions=300, sources=tuple(sources), flap_share=0.0
    )


def make_settings(tmp_path: Path, plan: Plan) -> Settings:
    named: dict[str, list[str]] = {}
    for each in plan.sources:
        named.setdefault(each.kind, []).append(each.name)
        if "folder" in each.kind:
            Path(each.name).mkdir(parents=True)
    return Settings.model_validate(
        {
            "home": tmp_path / "home",
            "time_zone": str(plan.zone),
            "archive_roots": [{"name": each, "path": tmp_path / each} for each in plan.roots],
            "libraries": [
                {"name": each.name, "root": each.root, "folder": each.name}
                for each in plan.sources
                if each.kind == "library"
            ],
            "sheets": [{"name": each, "path": tmp_path / f"{each}.xlsx"} for each in named["sheet"]],
            "hands": {"drop_folders": named["drop folder"]},
            "tournaments": {"export_folders": named["export folder"]},
            "render": {"queue": {"timeout_minutes": 20}, "nexrender": {"url": "http://127.0.0.1:9"}},
        }
    )


@contextmanager
def leading(engine: Engine, *, leads: bool) -> Iterator[None]:
    """Hold the lock of the watcher where one lives."""
    with hold_lock(engine, WATCH_LOCK) if leads else nullcontext():
        yield


def read_both(engine: Engine, tmp_path: Path, faults: tuple[Fault, ...]) -> tuple[Facts, Facts, Settings]:
    """Return the facts of now as they were simulated, and as they are read from the tables."""
    plan = make_plan(tmp_path)
    settings = make_settings(tmp_path, plan)
    world = World(plan, faults, settings.monitoring)
    at, simulated = next((at, facts) for at, facts in world.look() if at >= NOW)
    with engine.begin() as connection:
        write_moment(connection, world, at, settings)
    orchestrator = KnownOrchestrator(world.plant.make_dagster(at))
    lookers = world.plant.make_lookers(at)
    with leading(engine, leads=world.plant.make_watcher(at).is_alive):
        read = read_facts(engine, orchestrator, settings, lookers=lookers, now=simulated.now)
    return simulated, read, settings


def list_found(facts: Facts, settings: Settings) -> set[str]:
    """Return what the detectors find of these facts, also what has not lasted long enough."""
    return {*judge(facts, settings.monitoring, History()).history.found}


def describe(facts: Facts) -> dict[str, Any]:
    """Return the facts that both have to agree in, in an order that does not matter."""
    queue, hours, hands, shows = facts.queue, facts.hours, facts.hands, facts.shows
    assert not isinstance(queue, Unread)
    assert not isinstance(hours, Unread)
    assert not isinstance(hands, Unread)
    assert not isinstance(shows, Unread)
    assert not isinstance(facts.processing, Unread)
    assert not isinstance(facts.failed, Unread)
    return {
        "waiting": {(each.template, each.waiting, each.since, each.delayed) for each in queue.groups},
        "claims": queue.claims,
        "overtaken": sorted((each.priority, each.since, each.by, each.last_at) for each in queue.overtaken)[:50],
        "processing": facts.processing.processing,
        "late": len(facts.processing.late),
        "last": {*hours.last},
        "before": {*hours.before},
        "failed": {(each.template, each.count, each.reason) for each in facts.failed},
        "orphans": sum(each.count for each in hands.orphans),
        "shows": [(each.title, each.hands, each.last_at) for each in shows.shows],
    }


def check_agreement(engine: Engine, tmp_path: Path, kind: FaultKind | None) -> None:
    begins = BEGINS.get(kind, 4 * HOUR) if kind else 0.0
    size, target = SIZES.get(kind, 1.0) if kind else 0.0, TARGETS.get(kind, "") if kind else ""
    faults = (Fault(kind=kind, begins=begins, ends=7 * HOUR, size=size, target=target),) if kind else ()

    simulated, read, settings = read_both(engine, tmp_path, faults)

    found = list_found(read, settings)
    assert found == list_found(simulated, settings)
    assert describe(read) == describe(simulated)
    names = {each.partition(" ")[0] for each in found}
    assert names & {*TELLS[kind]} if kind else not names


@pytest.mark.parametrize("kind", [None, *QUICK], ids=str)
def test_tables_tell_what_was_simulated(engine: Engine, tmp_path: Path, kind: FaultKind | None) -> None:
    check_agreement(engine, tmp_path, kind)


@pytest.mark.long
@pytest.mark.parametrize("kind", LONG, ids=str)
def test_tables_tell_every_kind_that_was_simulated(engine: Engine, tmp_path: Path, kind: FaultKind) -> None:
    check_agreement(engine, tmp_path, kind)
