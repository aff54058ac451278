"""Stop each component of a running installation in turn: one incident each within its time, closed when it is back.

A process is stopped by a signal, which is as a hang: it answers nothing and is not gone, so nothing starts it again.
"""

import contextlib
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines_tests.sync.installation import Installation, build_installation

pytestmark = pytest.mark.long

LOOK_SECONDS = 30
"""The detectors look so often; a machine that tests keep busy needs a look more."""

OVER_SECONDS = 240

NO_EFFECT = "cause_id is null"


@dataclass(frozen=True, kw_only=True)
class Running:
    """Hold an installation in which ``dev`` runs."""

    installation: Installation
    process: subprocess.Popen[str]

    def find(self, name: str) -> list[psutil.Process]:
        """Return the processes of that name, a program's with those that it forked."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        return [each for each in children if each.name() == name]

    def find_database(self) -> list[psutil.Process]:
        """Return the database's processes."""
        server = EmbeddedServer(self.installation.folder / ".pokervod" / "postgres")
        main = psutil.Process(server.status().pid)
        return [main, *main.children()]

    def ask(self, statement: str) -> list[Any]:
        return self.installation.ask(statement)

    def list_incidents(self, after: int) -> dict[str, bool]:
        """Return the incidents that were opened since, without effects: whether each is open."""
        rows = self.ask(f"select key, resolved_at is null from monitoring_events where {NO_EFFECT} and id > {after}")
        return {row[0]: row[1] for row in rows}

    def find_last(self) -> int:
        return int(self.ask("select coalesce(max(id), 0) from monitoring_events")[0][0])


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run everything, and wait until nothing is found any more."""
    installation = build_installation(tmp_path_factory.mktemp("stopped"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    installation.sync()
    process = installation.start("dev", "--port", str(port), "--api-port", "0")
    running = Running(installation=installation, process=process)
    try:
        wait_until(lambda: answers(port), 120)
        looked = "select count(*) from detector_lookers where looked_at > now() - interval '1 minute'"
        wait_until(lambda: running.ask(looked) == [(2,)], 180)
        wait_until(
            lambda: running.ask("select count(*) from monitoring_events where resolved_at is null") == [(0,)], 240
        )
        yield running
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


def answers(port: int) -> bool:
    with (
        contextlib.suppress(OSError),
        urllib.request.urlopen(f"http://127.0.0.1:{port}/dagster/server_info", timeout=5),
    ):
        return True
    return False


def wait_until(is_so: Callable[[], bool], seconds: float) -> None:
    """Wait until it is so. Raises ``AssertionError`` where it is not in time."""
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until, f"not so within {seconds:g} s"
        time.sleep(1)


@contextlib.contextmanager
def stopped(processes: list[psutil.Process]) -> Iterator[None]:
    assert processes
    for each in processes:
        each.suspend()
    try:
        yield
    finally:
        for each in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.resume()


PROCESSES = [  # its name, the beginning of the incident's key, and within how many seconds it is told
    ("watcher", "watcher_stopped service watcher", 60 + 2 * LOOK_SECONDS),
    ("render worker", "worker_stopped worker ", 60 + 30 + 2 * LOOK_SECONDS),
    ("dagster daemon", "daemon_stopped service Dagster's daemon", 120 + 30 + 2 * LOOK_SECONDS),
]


@pytest.mark.parametrize(("name", "key", "within"), PROCESSES)
def test_a_process_that_stops_is_one_incident_that_is_over_when_it_is_back(
    running: Running, name: str, key: str, within: float
) -> None:
    last = running.find_last()
    with stopped(running.find(name)):
        wait_until(lambda: any(each.startswith(key) for each in running.list_incidents(last)), within)
        time.sleep(LOOK_SECONDS * 4)  # its effects show now
        found = running.list_incidents(last)
    wait_until(lambda: not any(running.list_incidents(last).values()), OVER_SECONDS)

    assert [each.startswith(key) for each in found] == [True], found
    assert {*running.list_incidents(last)} == {*found}


def test_a_sheet_that_is_taken_away_is_one_incident_that_is_over_when_it_is_back(running: Running) -> None:
    sheet, last = running.installation.sheet, running.find_last()
    away = sheet.rename(sheet.with_name("away.csv"))
    wait_until(lambda: bool(running.list_incidents(last)), 60 + 4 * LOOK_SECONDS)
    time.sleep(LOOK_SECONDS * 4)
    found = running.list_incidents(last)
    away.rename(sheet)
    wait_until(lambda: not any(running.list_incidents(last).values()), OVER_SECONDS)

    assert [*found] == ["service_down service sheets"]


def test_an_outage_of_the_database_for_a_minute_is_one_incident_with_its_times(running: Running) -> None:
    last = running.find_last()
    with stopped(running.find_database()):
        time.sleep(60)
    wait_until(lambda: bool(running.list_incidents(last)), 2 * LOOK_SECONDS)
    wait_until(lambda: not any(running.list_incidents(last).values()), OVER_SECONDS)

    (row,) = running.ask(f"select key, (figures ->> 'seconds')::int from monitoring_events where id > {last}")
    assert row[0] == "database_away service database"
    assert 20 <= row[1] <= 60 + LOOK_SECONDS
    assert [*Path(running.installation.folder / ".pokervod" / "spool").glob("*.jsonl")] == []
