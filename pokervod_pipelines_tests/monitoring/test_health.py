"""Check what health finds where a part is really broken, and that no part keeps the others from being looked at."""

import os
import platform
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.event import listen

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines.db.engine import embedded_folder
from pokervod_pipelines.db.locks import hold_lock
from pokervod_pipelines.db.migrate import upgrade_database
from pokervod_pipelines.events.breakers import make_breaker
from pokervod_pipelines.monitoring.health.access import DatabaseAccess
from pokervod_pipelines.monitoring.health.check import HealthCheck
from pokervod_pipelines.monitoring.health.machine import check_clock
from pokervod_pipelines.monitoring.health.shape import RunFigures, ServiceState, SystemHealth
from pokervod_pipelines.policies.blocks import NEXRENDER, find_channel_service
from pokervod_pipelines.policies.breakers import BreakerOptions
from pokervod_pipelines.render.pauses import pause
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.settings.monitoring import MonitoringSettings
from pokervod_pipelines.workflows.watch.sources import WATCH_LOCK, Source, record_look
from pokervod_pipelines_tests.cli.outage import cut_off
from pokervod_pipelines_tests.monitoring.health_harness import HealthHarness, MadeOrchestrator
from pokervod_pipelines_tests.staged.mounts import UNKILLABLE, mount_hanging, need_mounts

MAKE = Callable[..., HealthHarness]
DATABASE_ONLY = {
    "Dagster's database",
    "Dagster's daemon",
    "sensors",
    "watcher",
    "render workers",
    "clock",
    "workflows",
    "sheets",
}


@pytest.fixture
def make(engine: Engine, database_url: str, settings_factory: Callable[..., Settings], tmp_path: Path) -> MAKE:
    """Return ``make(**settings)``, which makes an installation with an archive root of one file."""
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "show.mp4").touch()

    def make_harness(**values: Any) -> HealthHarness:
        roots = {"archive_roots": [{"name": "nas", "path": tmp_path / "archive"}]}
        libraries = {"libraries": [{"name": "all", "root": "nas"}]}
        settings = settings_factory(**roots | libraries | {"database_url": database_url} | values)
        return HealthHarness(engine=engine, settings=settings)

    return make_harness


def states(health: SystemHealth) -> dict[str, str]:
    return {each.name: str(each.state) for each in health.services}


def test_a_whole_installation_is_healthy_and_what_it_does_not_use_is_not(make: MAKE) -> None:
    health = make().look()

    assert health.state is ServiceState.HEALTHY
    used = {
        "database",
        "Dagster's database",
        "Dagster's daemon",
        "sensors",
        "root nas",
        "outputs",
        "disk",
        "memory",
        "clock",
    }
    unused = {"watcher", "render workers", "drop folders", "sheets", "nexrender", "alert channels", "workflows"}
    assert states(health) == dict.fromkeys(used, "healthy") | dict.fromkeys(unused, "unused")
    assert all(each.latency_ms is not None for each in health.services)
    assert health.memory["total_bytes"]


def lose_root(harness: HealthHarness) -> None:
    harness.settings.archive_roots[0].path.rename(harness.settings.archive_roots[0].path.with_name("away"))


def empty_root(harness: HealthHarness) -> None:
    (harness.settings.archive_roots[0].path / "show.mp4").unlink()


def lose_library(harness: HealthHarness) -> None:
    libraries = [{"name": "all", "root": "nas", "folder": "away"}]
    harness.settings = Settings.model_validate(harness.settings.model_dump() | {"libraries": libraries})


def open_breaker(service: str) -> Callable[[HealthHarness], None]:
    def fail(harness: HealthHarness) -> None:
        guarded = NEXRENDER if service == "nexrender" else find_channel_service(service)
        breaker = make_breaker(harness.engine, guarded, BreakerOptions(zone=harness.settings.zone))
        for _ in range(5):
            breaker.join().fail("connection refused")

    return fail


def tell(**values: Any) -> Callable[[HealthHarness], None]:
    """Return what lets Dagster say this."""

    def change(harness: HealthHarness) -> None:
        harness.orchestrator = MadeOrchestrator(**values)

    return change


def insert(statement: str) -> Callable[[HealthHarness], None]:
    return lambda harness: harness.execute(statement) and None


def make_worker(age: str, **values: str) -> Callable[[HealthHarness], None]:
    reason = values.get("reason", "null")
    return insert(f"""
        insert into render_workers (name, host, pid, renderers, seen_at, quarantine_reason)
        values ('studio-1', '{values.get("host", "studio")}', 7, '{{local}}', now() - interval '{age}', {reason})
    """)


FULL = 10**18
FAULTS = [
    # a share that is not mounted, or shows an empty folder in its place
    ({}, lose_root, "root nas", "degraded", "does not exist", "mount the share"),
    ({}, empty_root, "root nas", "degraded", "is empty", "mount the share"),
    # Dagster
    ({}, tell(heartbeat_age=900), "Dagster's daemon", "degraded", "no heartbeat for 15 min", "start `pokervod dev`"),
    (
        {},
        tell(silent_ever=("SCHEDULER",)),
        "Dagster's daemon",
        "degraded",
        "no heartbeat ever of scheduler",
        "start `pokervod dev`",
    ),
    ({}, tell(heartbeat_age=None), "Dagster's daemon", "degraded", "has never run here", "start `pokervod dev`"),
    ({}, tell(heartbeat_age=900), "watcher", "unhealthy", "none runs, and no sensors do", "start `pokervod dev`"),
    ({}, tell(sensors=[{"age": 700}]), "sensors", "degraded", "rfid_drop: has not ticked for 12 min", "ticks"),
    ({}, tell(sensors=[{"error": "x"}]), "sensors", "degraded", "its last tick failed: x", "ticks again"),
    ({}, tell(sensors=[{"is_stopped": True}]), "sensors", "degraded", "a person stopped it", "Automation"),
    ({}, tell(sensors=[{"ticked_at": None}]), "sensors", "degraded", "has not ticked yet", "restart"),
    (
        {},
        tell(
            today={"full_sync": RunFigures(ended=6, succeeded=3, seconds=2.0)},
            week={"full_sync": RunFigures(ended=20, succeeded=20, seconds=2.0)},
        ),
        "workflows",
        "degraded",
        "full_sync: 3 of 6 runs succeeded in the last 24 h, 100% in the week before",
        "`pokervod status`",
    ),
    # limits of the settings
    ({"monitoring": {"low_disk_bytes": FULL}}, None, "disk", "degraded", "less than", "free some space"),
    (
        {"monitoring": {"low_disk_bytes": FULL, "full_disk_bytes": FULL}},
        None,
        "disk",
        "unhealthy",
        "less than",
        "free some space",
    ),
    ({"monitoring": {"low_memory_share": 0.999}}, None, "memory", "degraded", "less than 100%", "add some"),
    # services outside
    (
        {"render": {"nexrender": {"url": "http://127.0.0.1:1", "folder": "/farm"}}},
        open_breaker("nexrender"),
        "nexrender",
        "degraded",
        "5 failures in a row",
        "check the server",
    ),
    (
        {"render": {"nexrender": {"url": "http://127.0.0.1:1", "folder": "/farm"}}},
        None,
        "nexrender",
        "degraded",
        "http://127.0.0.1:1",
        "check the server",
    ),
    (
        {"alerts": {"channels": [{"name": "ops"}, {"name": "desk"}]}},
        open_breaker("ops"),
        "alert channels",
        "degraded",
        "The alert channel ops does not answer",
        "check the service",
    ),
    ({"sheets": [{"name": "hands", "path": "/nowhere.csv"}]}, None, "sheets", "degraded", "does not exist", "correct"),
    ({"sheets": [{"name": "hands", "path": "/tmp"}]}, None, "sheets", "degraded", "is a folder", "expected a file"),
    ({"hands": {"drop_folders": ["/nowhere"]}}, None, "drop folders", "degraded", "does not exist", "mount the share"),
    ({"render": {"outputs": "/nowhere"}}, None, "outputs", "degraded", "is missing", "create the folder"),
    # workers
    ({}, make_worker("60 seconds"), "render workers", "degraded", "has sent no heartbeat for 60 s", "start it again"),
    ({}, make_worker("1 second", reason="'it fails'"), "render workers", "degraded", "quarantined", "--reinstate"),
]


@pytest.mark.parametrize(
    ("values", "break_it", "service", "state", "says", "step"), FAULTS, ids=[f"{each[2]} {each[4]}" for each in FAULTS]
)
def test_what_is_broken_is_named_with_what_to_do(
    make: MAKE,
    values: dict[str, Any],
    break_it: Callable[[HealthHarness], None] | None,
    service: str,
    state: str,
    says: str,
    step: str,
) -> None:
    harness = make(**values)
    if break_it:
        break_it(harness)

    health = harness.look()

    found = health.find(service)
    assert found is not None
    assert found.state == state
    assert says in found.summary
    assert step in " ".join(found.next_steps)
    assert health.services[0].state is health.state


@pytest.mark.parametrize(
    ("due_at", "scope", "state"),
    [
        ("now()", None, "degraded"),
        ("now()", "template:payouts", "degraded"),
        ("now() + interval '1 hour'", None, "unused"),
        ("now()", "all", "unused"),
        ("now()", "renderer:local", "unused"),
        ("now()", "template:lower_third", "unused"),
    ],
)
def test_graphics_wait_for_a_worker_where_one_would_claim_them(
    make: MAKE, due_at: str, scope: str | None, state: str
) -> None:
    harness = make()
    harness.execute(f"""
        insert into render_instructions (template, layers, output, digest, trigger_kind, trigger_key, broadcast_day, by,
            renderer, due_at)
        values ('lower_third', '{{}}', '{{}}', '', 'person', 'x', '2026-05-04', 'test', 'local', {due_at})
    """)
    if scope:
        pause(harness.engine, scope, Actor(who="eva", reason="a break"))

    found = harness.find("render workers")

    assert (found.state, found.is_repairable) == (state, False)
    assert ("1 graphics wait" in found.summary) == (state == "degraded")


def test_a_worker_that_stopped_or_died_days_ago_is_not_missed(make: MAKE) -> None:
    harness = make()
    make_worker("3 days")(harness)

    assert harness.find("render workers").state is ServiceState.UNUSED


def test_a_watcher_makes_up_for_the_daemon_and_one_that_hangs_does_not(make: MAKE) -> None:
    harness = make()
    harness.orchestrator.heartbeat_age = 900
    with hold_lock(harness.engine, WATCH_LOCK):
        hung = harness.find("watcher")
        with harness.engine.begin() as connection:
            record_look(connection, Source.FOLDERS, "process 7", "")
        alive = harness.look()

    assert (hung.state, hung.summary) == ("unhealthy", "its process lives and looks at nothing")
    assert states(alive)["watcher"] == "healthy"
    assert alive.state is ServiceState.DEGRADED


@pytest.mark.parametrize(
    ("today", "week", "state", "says"),
    [  # ended, succeeded, failed since the last success
        ((1, 0, 1), (0, 0, 0), "degraded", "0 of 1 runs succeeded"),
        ((3, 0, 3), (9, 9, 0), "degraded", "its last 3 runs failed"),
        ((1, 0, 1), (90, 88, 2), "degraded", "its last 3 runs failed"),
        ((0, 0, 0), (9, 6, 3), "degraded", "its last 3 runs failed"),
        ((100, 97, 3), (0, 0, 0), "degraded", "its last 3 runs failed"),
        ((2, 1, 0), (3, 1, 0), "degraded", "2 of 5 runs succeeded in the last eight days"),
        ((2, 1, 1), (50, 49, 0), "healthy", "1 of 2 runs"),
        ((2, 1, 1), (0, 0, 0), "healthy", "1 of 2 runs"),
        ((0, 0, 0), (9, 7, 0), "unused", "no runs in the last 24 h"),
    ],
)
def test_runs_are_judged_by_the_day_or_with_the_week(
    make: MAKE, today: tuple[int, ...], week: tuple[int, ...], state: str, says: str
) -> None:
    harness = make()
    names = ("ended", "succeeded", "failed_last")
    harness.orchestrator.today, harness.orchestrator.week = (
        {"full_sync": RunFigures(**dict(zip(names, each, strict=True)))} for each in (today, week)
    )

    found = harness.find("workflows")

    assert found.state == state
    assert says in found.summary


def test_the_outputs_tell_their_room_once(make: MAKE) -> None:
    found = make().find("outputs")

    assert found.summary.count("GB free") == 1
    assert found.checks[0].figures["free_bytes"]


HOST = platform.node()


@pytest.mark.parametrize(
    ("watcher", "heartbeat_age", "state", "is_repairable"),
    [
        (None, 5.0, "unused", False),
        (None, 900.0, "unhealthy", False),
        (f"{HOST} process 7", 5.0, "degraded", True),
        (f"{HOST} process 7", 900.0, "unhealthy", True),
        ("elsewhere process 7", 5.0, "degraded", False),
    ],
)
def test_a_watcher_that_was_there_is_missed(
    make: MAKE, watcher: str | None, heartbeat_age: float, state: str, *, is_repairable: bool
) -> None:
    harness = make()
    harness.orchestrator.heartbeat_age = heartbeat_age
    if watcher:
        with harness.engine.begin() as connection:
            record_look(connection, Source.FOLDERS, watcher, "")

    found = harness.find("watcher")

    assert (found.state, found.is_repairable) == (state, is_repairable)
    assert ("is gone" in found.summary) == bool(watcher)


@pytest.mark.parametrize(
    ("break_it", "service", "is_repairable"),
    [
        (lose_root, "root nas", True),
        (empty_root, "root nas", True),
        (lose_library, "root nas", False),
        (tell(heartbeat_age=900), "Dagster's daemon", True),
        (tell(heartbeat_age=None), "Dagster's daemon", False),
        (make_worker("60 seconds", host=HOST), "render workers", True),
        (make_worker("60 seconds"), "render workers", False),
        (make_worker("1 second", reason="'it fails'", host=HOST), "render workers", False),
    ],
)
def test_only_what_a_hook_can_help_is_repairable(
    make: MAKE, break_it: Callable[[HealthHarness], None], service: str, *, is_repairable: bool
) -> None:
    harness = make()
    break_it(harness)

    found = harness.find(service)

    assert (found.state, found.is_repairable) == ("degraded", is_repairable)


def test_of_a_root_that_is_away_its_libraries_are_not_told_one_by_one(make: MAKE) -> None:
    harness = make()
    lose_root(harness)

    assert "library" not in harness.find("root nas").summary


def test_a_database_that_is_away_leaves_the_rest_looked_at_and_says_so_once(make: MAKE) -> None:
    harness = make()
    with harness.checking() as check:
        before = check.look()
        with cut_off(harness.engine):
            away = check.look()
        after = check.look()

    assert away.state is ServiceState.UNHEALTHY
    assert {name for name, state in states(away).items() if state == "unknown"} >= DATABASE_ONLY
    assert {name: states(away)[name] for name in ("root nas", "outputs", "disk", "memory")} == dict.fromkeys(
        ("root nas", "outputs", "disk", "memory"), "healthy"
    )
    assert [name for name, state in states(away).items() if state in {"degraded", "unhealthy"}] == ["database"]
    assert before.state == after.state == ServiceState.HEALTHY


def test_dagsters_database_alone_is_at_fault_where_it_is_away(make: MAKE) -> None:
    harness = make()
    harness.orchestrator.is_away = True

    health = harness.look()

    assert [name for name, state in states(health).items() if state in {"degraded", "unhealthy"}] == [
        "Dagster's database"
    ]
    assert health.services[0].summary == "the server closed the connection"
    assert states(health)["watcher"] == states(health)["sensors"] == "unknown"


def test_a_server_that_was_never_there_is_named_without_its_password(make: MAKE) -> None:
    harness = make(database_url="postgresql://me:hunter2@127.0.0.1:1/pokervod")

    found = harness.find("database")

    assert found.state is ServiceState.UNHEALTHY
    assert "does not answer" in found.summary
    assert "hunter2" not in repr(found)


def test_a_server_that_takes_the_call_and_never_answers_hangs_nothing(make: MAKE) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with make(database_url=f"postgresql://me@127.0.0.1:{port}/pokervod").checking(seconds=1.0) as check:
            first, second = check.look(), check.look()

    for health in (first, second):
        assert [name for name, state in states(health).items() if state == "unhealthy"] == ["database"]
        assert {name for name, state in states(health).items() if state == "unknown"} >= DATABASE_ONLY
        assert {states(health)[name] for name in ("root nas", "disk", "memory")} == {"healthy"}
    assert "no answer within 2 s" in second.services[0].summary


def test_a_schema_of_another_version_is_not_asked(make: MAKE, make_database: Callable[[bool], str]) -> None:
    health = make(database_url=make_database(False)).look()

    found = health.find("database")
    assert found is not None
    assert (found.state, found.next_steps) == ("unhealthy", ["run `pokervod sync`, which makes it"])
    assert states(health)["render workers"] == "unknown"


def test_an_embedded_server_that_died_is_started_again_and_that_is_said(
    settings_factory: Callable[..., Settings],
) -> None:
    settings = settings_factory()
    access = DatabaseAccess(settings, lambda _: MadeOrchestrator())
    check = HealthCheck(settings=settings, access=access, seconds=60)
    try:
        upgrade_database(access.open().engine)
        before = check.look().find("database")
        pid = EmbeddedServer(embedded_folder(settings)).status().pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        found = check.look().find("database")
    finally:
        access.close()

    assert before is not None
    assert found is not None
    assert before.state is found.state is ServiceState.HEALTHY
    assert "connected anew, since the connection had failed" in found.summary


def test_a_probe_that_hangs_costs_itself_alone_and_is_not_begun_twice(make: MAKE) -> None:
    event, threads = threading.Event(), []

    def hang() -> None:
        threads.append(threading.current_thread().name)
        event.wait()

    harness = make()
    harness.orchestrator.tick = hang
    with harness.checking(seconds=2.0) as check:
        first, second = check.look(), check.look()
        begun = [*threads]
        event.set()
        third = check.look()

    assert (states(first)["sensors"], first.services[0].summary) == ("degraded", "no answer within 2 s")
    assert states(first)["disk"] == states(first)["database"] == "healthy"
    assert second.services[0].summary == "no answer within 4 s"
    assert begun == ["probe sensors"]
    assert states(third)["sensors"] == "healthy"


def test_a_probe_that_raises_costs_itself_alone(make: MAKE) -> None:
    def fail() -> None:
        raise RuntimeError("a bug")

    harness = make()
    harness.orchestrator.tick = fail
    health = harness.look()

    assert health.services[0].summary == "could not be looked at: a bug"
    assert [name for name, state in states(health).items() if state == "degraded"] == ["sensors"]


def test_a_question_that_hangs_leaves_the_next_look_its_turn(make: MAKE) -> None:
    harness = make()
    with harness.checking(seconds=2.0) as check:
        with harness.engine.begin() as blocker:
            blocker.execute(text("lock table render_workers in access exclusive mode"))
            first, second = check.look(), check.look()
        last = check.look()

    for health in (first, second):
        assert [name for name, state in states(health).items() if state == "degraded"] == ["render workers"]
    assert {name for name, state in states(second).items() if state == "unknown"} == set()
    assert last.state is ServiceState.HEALTHY


def test_looks_take_turns_on_one_connection(make: MAKE) -> None:
    harness = make()
    with harness.checking() as check:
        check.look()
        opened = check.access.open().engine
        made: list[object] = []
        listen(opened, "connect", lambda *_: made.append(1))
        for _ in range(3):
            check.look()
        kept = opened.pool.checkedin()  # type: ignore[attr-defined]

    assert (made, kept) == ([], 1)


@pytest.mark.parametrize("how", [UNKILLABLE])
def test_a_share_that_hangs_hangs_nothing_else(make: MAKE, tmp_path: Path, how: Any) -> None:
    need_mounts()
    mounted = tmp_path / "share"
    with mount_hanging(tmp_path / "archive", mounted, how):
        harness = make(
            archive_roots=[{"name": "nas", "path": tmp_path / "archive"}, {"name": "hung", "path": mounted}],
            hands={"drop_folders": [mounted / "drop"]},
            render={"outputs": mounted},
        )
        health = harness.look()

    bad = {each.name: each.summary for each in health.services if each.state is ServiceState.DEGRADED}
    assert set(bad) == {"root hung", "drop folders", "outputs"}
    assert all("answer" in each for each in bad.values())
    assert {states(health)[name] for name in ("database", "root nas", "disk", "clock")} == {"healthy"}


def test_a_clock_that_is_off_is_named(make_database: Callable[[bool], str]) -> None:
    url = make_database(False)
    engine = create_engine(url, connect_args={"options": "-c search_path=public,pg_catalog"})
    with engine.begin() as connection:
        connection.execute(
            text("""
                create function public.clock_timestamp() returns timestamptz language sql
                return pg_catalog.clock_timestamp() - interval '1 hour'
            """)
        )

    found = check_clock(engine, MonitoringSettings())
    engine.dispose()

    assert not found.passed
    assert found.summary == "the database's clock is 3600.0 s behind this machine's"
