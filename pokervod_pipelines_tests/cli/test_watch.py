"""Check ``pokervod watch`` as a process: what it runs, that it runs it once, and who goes on when it dies."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.db.engine import make_engine, open_database, serve_database
from pokervod_pipelines.db.locks import hold_lock
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.settings import load_settings
from pokervod_pipelines.workflows.watch.sources import list_watches
from pokervod_pipelines_tests.hands.sessions import SESSION_ID, make_showdown, write_session
from pokervod_pipelines_tests.sync.installation import Installation, build_installation

pytestmark = pytest.mark.long

Processes = list[subprocess.Popen[str]]


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    installation = build_installation(tmp_path)
    (tmp_path / "table").mkdir()
    with (tmp_path / "pokervod.yaml").open("a", encoding="utf-8") as settings:
        settings.write("hands: {drop_folders: [table], settle_seconds: 0.5}\ngoogle: {gather_seconds: 0.5}\n")
    installation.sync()
    return installation


@pytest.fixture
def engine(installation: Installation) -> Iterator[Engine]:
    with open_database(load_settings(installation.environ, installation.folder)) as engine:
        yield engine


@contextmanager
def watching(installation: Installation, count: int = 1) -> Iterator[Processes]:
    """Run so many watchers, the first of which leads."""
    watchers: Processes = []
    try:
        for _ in range(count):
            watchers.append(installation.start("watch"))
            time.sleep(1)
        yield watchers
    finally:
        for watcher in watchers:
            watcher.send_signal(signal.SIGINT)
            watcher.communicate(timeout=60)


def wait_until(is_true: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < end
        time.sleep(0.1)


def wait_to_lead(engine: Engine) -> str:
    """Wait until a watcher looks at all sources; return its process."""
    wait_until(lambda: len(watched_by(engine)) == 3)
    (watcher,) = {*watched_by(engine).values()}
    return watcher


def watched_by(engine: Engine) -> dict[str, str]:
    with engine.connect() as connection:
        return {each.source: each.watcher.split()[-1] for each in list_watches(connection)}


def list_runs(installation: Installation, job: str) -> list[str]:
    """Return the state of each run of the job that a watcher started."""
    with serve_database(load_settings(installation.environ, installation.folder)) as urls:
        dagster = make_engine(urls.dagster)
        with dagster.connect() as connection:
            rows = connection.execute(
                text("""
                    select r.status from runs r join run_tags t on t.run_id = r.run_id
                    where t.key = 'pokervod/started_by' and t.value = 'watch' and r.pipeline_name = :job order by r.id
                """),
                {"job": job},
            )
            found = list(rows.scalars())
        dagster.dispose()
    return found


def drop_hand(installation: Installation) -> None:
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
    session = write_session(make_showdown(StartDateTimeUTC=moment), ID=SESSION_ID, CreatedDateTimeUTC=moment)
    (installation.folder / "table" / f"PGFX_live_data_export GameID={SESSION_ID}.json").write_bytes(session)


def edit_sheet(installation: Installation, winner: str) -> None:
    content = installation.sheet.read_text(encoding="utf-8")
    installation.sheet.write_text(re.sub(r"★★,\w+,", f"★★,{winner},", content, count=1), encoding="utf-8")


def count_events(engine: Engine, type_: str) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text("select count(*) from events where type = :type"), {"type": type_}) or 0)


def test_what_arrives_is_run_once(installation: Installation, engine: Engine) -> None:
    with watching(installation):
        wait_to_lead(engine)
        drop_hand(installation)
        edit_sheet(installation, "QQ")
        with engine.begin() as connection:
            asked = NewEvent(EventType.NAS_SCAN_REQUESTED, {"library": "PAD", "by": "Ana", "reason": "new disk"})
            append_events(connection, "system", "ask 1", [asked])
        wait_until(lambda: count_events(engine, "render.instruction.created") == 1)
        wait_until(lambda: count_events(engine, "hand.clip.changed") == 1)
        wait_until(lambda: "SUCCESS" in list_runs(installation, "nas_sync"))
        time.sleep(6)  # a second run would come with the next looks
        found = {job: list_runs(installation, job) for job in ("hands_to_renders", "sheets_sync", "nas_sync")}
    assert found["hands_to_renders"] == ["SUCCESS"]
    assert found["nas_sync"] == ["SUCCESS"]
    assert set(found["sheets_sync"]) == {"SUCCESS"}
    assert count_events(engine, "hand.clip.changed") == 1
    assert installation.ask("select count(*) from run_requests") == [(0,)]


def test_another_watcher_leads_when_one_is_killed(installation: Installation, engine: Engine) -> None:
    with watching(installation, 2) as watchers:
        first = wait_to_lead(engine)
        leader = next(each for each in watchers if each.pid == int(first))
        requesters = psutil.Process(leader.pid).children()
        leader.kill()
        wait_until(lambda: watched_by(engine) and first not in watched_by(engine).values())
        second = wait_to_lead(engine)
        assert {first, second} == {str(each.pid) for each in watchers}
        assert [each for each in requesters if each.is_running() and each.status() != psutil.STATUS_ZOMBIE] == []
        drop_hand(installation)
        wait_until(lambda: count_events(engine, "render.instruction.created") == 1)


def test_a_killed_run_is_told_and_costs_one_run(installation: Installation, engine: Engine) -> None:
    with watching(installation) as (watcher,):
        wait_to_lead(engine)
        with hold_lock(engine, "reading of sheet notes"):
            edit_sheet(installation, "QQ")
            wait_until(lambda: list_runs(installation, "sheets_sync") == ["STARTED"])
            (run,) = find_runs(watcher.pid)
            os.kill(run, signal.SIGKILL)
            wait_until(lambda: list_runs(installation, "sheets_sync") == ["FAILURE"])
        edit_sheet(installation, "KK")
        wait_until(lambda: list_runs(installation, "sheets_sync")[1:] == ["SUCCESS"])
        assert watcher.poll() is None


def test_a_run_that_takes_too_long_is_ended(installation: Installation, engine: Engine) -> None:
    with (installation.folder / "pokervod.yaml").open("a", encoding="utf-8") as settings:
        settings.write("workflows: {timeout_seconds: 2, retries: 0}\n")
    with watching(installation), hold_lock(engine, "pokervod.catalog"):
        wait_to_lead(engine)
        with engine.begin() as connection:
            asked = NewEvent(EventType.CATALOG_UPDATE_REQUESTED, {"by": "Ana", "reason": "new names"})
            append_events(connection, "system", "ask 1", [asked])
        wait_until(lambda: list_runs(installation, "catalog_update") == ["FAILURE"])
    log = (installation.folder / ".pokervod" / "logs" / "watch.log").read_text(encoding="utf-8")
    assert "catalog_update: its process was killed by SIGALRM" in log


def find_runs(watcher: int) -> list[int]:
    """Return the processes of runs: the youngest children of the watcher, whose first child looks for work."""
    children = sorted(psutil.Process(watcher).children(), key=lambda each: each.create_time())
    return [each.pid for each in children[1:]]


def test_without_a_watcher_nobody_is_said_to_look(installation: Installation, engine: Engine) -> None:
    with watching(installation) as (watcher,):
        wait_to_lead(engine)
        watcher.kill()
        wait_until(lambda: watched_by(engine) == {}, seconds=10)
