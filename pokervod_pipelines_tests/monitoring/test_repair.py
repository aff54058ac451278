"""Check that a change is stored once with its event, and that a hook runs once a failure, within its limits."""

import os
import platform
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import Engine

from pokervod_pipelines.monitoring.health.repair import find_hook, record_and_repair, run_hook
from pokervod_pipelines.monitoring.health.shape import RunFigures, ServiceHealth, SystemHealth
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.settings.monitoring import HookSettings
from pokervod_pipelines_tests.monitoring.health_harness import HealthHarness

CHANGED, STARTED, ENDED = (f"monitoring.{each}" for each in ("health.changed", "repair.started", "repair.ended"))


@pytest.fixture
def harness(
    engine: Engine, database_url: str, settings_factory: Callable[..., Settings], tmp_path: Path
) -> HealthHarness:
    """Return an installation whose one root is missing."""
    root = {"name": "nas", "path": tmp_path / "nas"}
    return HealthHarness(engine=engine, settings=settings_factory(archive_roots=[root], database_url=database_url))


def mount(harness: HealthHarness) -> None:
    harness.settings.archive_roots[0].path.mkdir(exist_ok=True)
    (harness.settings.archive_roots[0].path / "show.mp4").touch()


def unmount(harness: HealthHarness) -> None:
    (harness.settings.archive_roots[0].path / "show.mp4").unlink()


def make_hooks(*command: object, **values: Any) -> HookSettings:
    return HookSettings(remount={"nas": tuple(map(str, command))}, **{"after_seconds": 0, **values})


def look(harness: HealthHarness, hooks: HookSettings, *, later: float = 0.0) -> ServiceHealth:
    """Look, so many seconds later, and return how the root is."""
    health = harness.look()
    done: SystemHealth = record_and_repair(
        harness.engine, type(health)(**_dump(health) | {"at": health.at + timedelta(seconds=later)}), hooks
    )
    found = done.find("root nas")
    assert found is not None
    return found


def _dump(health: SystemHealth) -> dict[str, Any]:
    return {name: getattr(health, name) for name in SystemHealth.__slots__}


def test_a_change_is_an_event_and_nothing_is_written_while_nothing_changes(harness: HealthHarness) -> None:
    mount(harness)
    look(harness, HookSettings())
    versions = "select service, xmin::text, state, summary from health_states order by service"
    first = harness.execute(versions)
    look(harness, HookSettings())

    assert harness.execute(versions) == first
    assert {state for _, _, state, _ in first} == {"healthy"}
    assert harness.list_events() == []

    unmount(harness)
    look(harness, HookSettings())
    look(harness, HookSettings())
    mount(harness)
    look(harness, HookSettings())

    assert harness.list_events() == [(CHANGED, "root nas", "degraded"), (CHANGED, "root nas", "healthy")]
    told = harness.execute("""
        select count(distinct correlation_id), max(payload ->> 'host'), min(payload ->> 'before') from events
        where type like 'monitoring.%'
    """)
    assert told == [(1, platform.node(), "degraded")]


def test_a_database_that_was_away_and_a_service_that_is_not_asked_change_nothing(harness: HealthHarness) -> None:
    mount(harness)
    look(harness, HookSettings())
    harness.orchestrator.heartbeat_age = 900
    look(harness, HookSettings())

    assert [each for each in harness.list_events() if each[1] == "sensors"] == []


def test_what_is_not_used_any_more_ends_the_failure(harness: HealthHarness) -> None:
    def tell(failed: int) -> None:
        harness.orchestrator.today = {"x": RunFigures(ended=failed)} if failed else {}
        mount(harness)
        look(harness, HookSettings())

    for failed in (3, 0, 0, 3):
        tell(failed)

    found = [state for _, service, state in harness.list_events() if service == "workflows"]
    assert found == ["degraded", "unused", "degraded"]
    assert len(set(harness.execute("""
        select correlation_id from events where payload ->> 'service' = 'workflows'
    """))) == 2  # fmt: skip


def test_a_root_that_left_the_settings_is_forgotten(harness: HealthHarness) -> None:
    look(harness, HookSettings())
    harness.settings = harness.settings.model_copy(update={"archive_roots": ()})
    record_and_repair(harness.engine, harness.look(), HookSettings())

    assert harness.execute("select from health_states where service = 'root nas'") == []


def test_a_hook_runs_once_a_failure_and_again_for_the_next(harness: HealthHarness, tmp_path: Path) -> None:
    hooks = make_hooks("mkdir", "-p", "-v", tmp_path / "made")
    first, second = look(harness, hooks), look(harness, hooks)

    assert f"`remount nas` ended with status 0: mkdir: created directory '{tmp_path}/made'" in first.repair
    assert "the next look tells whether it helped" in first.repair
    assert "ended with status 0" in second.repair
    assert harness.list_events() == [
        (CHANGED, "root nas", "degraded"),
        (STARTED, "root nas", None),
        (ENDED, "root nas", "true"),
    ]

    mount(harness)
    assert look(harness, hooks).repair == ""
    unmount(harness)
    look(harness, hooks)
    assert [each for each, *_ in harness.list_events()].count(STARTED) == 2


def test_an_event_has_the_cause_and_the_result(harness: HealthHarness) -> None:
    look(harness, make_hooks(sys.executable, "-c", "import sys; sys.exit('mount.nfs: access denied')"))

    (found,) = harness.execute(f"select payload from events where type = '{ENDED}'")
    payload = found[0]
    assert (payload["by"], payload["hook"], payload["done"]) == ("health", "remount nas", False)
    assert "does not exist" in payload["reason"]
    assert payload["said"] == "ended with status 1: mount.nfs: access denied"


def test_without_a_hook_for_it_nothing_is_run(harness: HealthHarness, tmp_path: Path) -> None:
    other = HookSettings(remount={"other": ("touch", str(tmp_path / "x"))}, after_seconds=0)

    assert look(harness, other).repair == ""
    assert not (tmp_path / "x").exists()
    assert [each for each, *_ in harness.list_events()] == [CHANGED]


def test_a_failure_that_passes_soon_runs_no_hook(harness: HealthHarness, tmp_path: Path) -> None:
    hooks = make_hooks("touch", tmp_path / "ran", after_seconds=30)
    early, before = look(harness, hooks), look(harness, hooks, later=20)

    assert early.repair == before.repair == "`remount nas` is run if it lasts 30 s"
    assert not (tmp_path / "ran").exists()
    look(harness, hooks, later=31)
    assert (tmp_path / "ran").exists()


def test_after_so_many_times_an_hour_a_person_has_to_act(harness: HealthHarness) -> None:
    hooks = make_hooks("true", per_hour=2)
    for _ in range(3):
        last = look(harness, hooks)
        mount(harness)
        look(harness, hooks)
        unmount(harness)
    assert "was run 2 times within an hour" in last.repair
    assert [each for each, *_ in harness.list_events()].count(STARTED) == 2

    harness.rewrite_log(f"update events set at = at - interval '61 minutes' where type = '{STARTED}'")
    assert "ended with status 0" in look(harness, hooks).repair


def test_two_hooks_that_are_due_have_a_look_each(harness: HealthHarness, tmp_path: Path) -> None:
    roots = ({"name": "nas", "path": tmp_path / "nas"}, {"name": "b", "path": tmp_path / "b"})
    harness.settings = Settings.model_validate(
        harness.settings.model_dump() | {"archive_roots": roots, "libraries": []}
    )
    hooks = HookSettings(remount={"nas": ("true",), "b": ("true",)}, after_seconds=0)

    said = []
    for _ in range(2):
        found = record_and_repair(harness.engine, harness.look(), hooks)
        said.append([found.find(f"root {name}").repair for name in ("nas", "b")])  # type: ignore[union-attr]

    assert said[0][1] == "`remount b` is run at the next look"
    assert ["ended with status 0" in each for each in (said[0][0], *said[1])] == [True] * 3


def test_two_that_look_at_once_run_it_once(harness: HealthHarness) -> None:
    hooks = make_hooks("true", after_seconds=30)
    look(harness, hooks)
    health = harness.look()
    late = type(health)(**_dump(health) | {"at": health.at + timedelta(seconds=31)})
    harness.execute("update health_states set repaired_at = now(), repair = 'is being run'")

    found = record_and_repair(harness.engine, late, hooks).find("root nas")

    assert found is not None
    assert found.repair == "`remount nas` is being run"
    assert [each for each, *_ in harness.list_events()] == [CHANGED]


def test_a_hook_whose_process_is_gone_was_interrupted(harness: HealthHarness) -> None:
    hooks = make_hooks("true")
    look(harness, hooks)
    harness.execute("update health_states set repair = 'is being run' where service = 'root nas'")
    harness.rewrite_log(f"delete from events where type = '{ENDED}'")

    assert look(harness, hooks).repair == "`remount nas` is being run"
    harness.execute("update health_states set repaired_at = repaired_at - interval '36 s' where repair is not null")
    assert look(harness, hooks).repair == "`remount nas` was interrupted"
    look(harness, hooks)

    assert [each for each in harness.list_events() if each[0] == ENDED] == [(ENDED, "root nas", "false")]


def test_ctrl_c_ends_the_hook_and_says_so(harness: HealthHarness, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    hooks = make_hooks("sh", "-c", f"echo $$ > {pid}.new; mv {pid}.new {pid}; sleep 60")

    def interrupt() -> None:
        while not pid.exists():
            time.sleep(0.01)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        look(harness, hooks)

    assert harness.list_events()[-1] == (ENDED, "root nas", "false")
    assert harness.execute("select repair from health_states where service = 'root nas'") == [("was interrupted",)]
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_it_is_announced_before_a_hook_runs(harness: HealthHarness, tmp_path: Path) -> None:
    said = []

    def announce(health: SystemHealth) -> None:
        assert not (tmp_path / "ran").exists()
        said.extend(each.repair for each in health.services if each.repair)

    hooks = make_hooks("touch", tmp_path / "ran")
    record_and_repair(harness.engine, harness.look(), hooks, announce=announce)

    assert said == ["`remount nas` is run now, for 30 s at most"]
    assert (tmp_path / "ran").exists()


def test_where_a_hook_cannot_help_none_is_run(harness: HealthHarness, tmp_path: Path) -> None:
    mount(harness)
    library = [{"name": "all", "root": "nas", "folder": "away"}]
    harness.settings = Settings.model_validate(harness.settings.model_dump() | {"libraries": library})

    found = look(harness, make_hooks("touch", tmp_path / "ran"))

    assert (found.state, found.repair) == ("degraded", "")
    assert not (tmp_path / "ran").exists()


def test_what_all_machines_see_is_repaired_by_one(harness: HealthHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    harness.orchestrator.heartbeat_age = 900
    hooks = HookSettings(restart={"daemon": ("true",)}, after_seconds=0)
    for host in ("studio", "office"):
        monkeypatch.setattr(platform, "node", lambda host=host: host)
        record_and_repair(harness.engine, harness.look(), hooks)

    assert [each for each in harness.list_events() if each[1] == "Dagster's daemon"] == [
        (CHANGED, "Dagster's daemon", "degraded"),
        (STARTED, "Dagster's daemon", None),
        (ENDED, "Dagster's daemon", "true"),
    ]
    hosts = harness.execute("select host from health_states where service = 'Dagster''s daemon'")
    assert hosts == [("",)]


@pytest.mark.parametrize(
    ("command", "is_done", "said"),
    [
        (("true",), True, "ended with status 0"),
        (("echo", "$HOME", ";", "id"), True, "ended with status 0: $HOME ; id"),  # no shell reads it
        (("/nowhere/mount",), False, "cannot be run: /nowhere/mount: No such file or directory"),
        (("sh", "-c", "sleep 60 & sleep 60"), False, "was killed: it took more than 0.3 s"),
    ],
)
def test_how_a_hook_ended_is_said(command: tuple[str, ...], is_done: bool, said: str) -> None:
    assert run_hook(command, 0.3 if "sleep" in command[-1] else 30.0) == (is_done, said)


def test_what_a_hook_prints_hides_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POKERVOD_NEXRENDER_SECRET", "hunter2")

    assert run_hook(("echo", "hunter2"), 30.0) == (True, "ended with status 0: ***")


def test_each_service_has_its_hook() -> None:
    hooks = HookSettings(remount={"nas": ("a",)}, restart={"daemon": ("b",), "worker": ("c",), "watcher": ("d",)})
    services = ("root nas", "root b", "Dagster's daemon", "render workers", "watcher", "disk")

    found = [find_hook(each, hooks) for each in services]

    assert [each and each.command[0] for each in found] == ["a", None, "b", "c", "d", None]


@pytest.mark.parametrize(
    "monitoring",
    [
        {"hooks": {"remount": {"nas": ["mount"]}}},
        {"hooks": {"restart": {"daemon": []}}},
        {"hooks": {"restart": {"console": ["x"]}}},
        {"low_disk_bytes": 1, "full_disk_bytes": 2},
    ],
)
def test_wrong_settings_are_refused(settings_factory: Callable[..., Settings], monitoring: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings_factory(monitoring=monitoring)
