"""Check that an embedded database that died is told and started again where the other programs look for it."""

import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pokervod_pipelines.cli import database_service
from pokervod_pipelines.cli.database_service import DatabaseService, watch_database
from pokervod_pipelines.cli.services import run_services
from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines.db.embedded.locks import is_held
from pokervod_pipelines.policies import restarts
from pokervod_pipelines.policies.backoff import Backoff


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restarts, "PAUSES", Backoff(first_seconds=0.01, factor=1))
    monkeypatch.setattr(database_service, "WATCH_SECONDS", 0.01)


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    folder = Path(tempfile.mkdtemp(prefix="pokervod-test-"))
    folder.chmod(0o755)  # the server's user can enter it, so that no data are elsewhere
    with EmbeddedServer(folder, settings={"fsync": "off"}) as started:
        yield started
    shutil.rmtree(folder)


def run_until_it_is_watched_again(service: DatabaseService) -> list[str]:
    """Run the service until the server that it watches is another one; return what is told."""
    told: list[str] = []

    def end() -> None:
        before, deadline = service.watched, time.monotonic() + 30
        while service.watched in {before, None} and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=end)
    thread.start()
    run_services([service], os.environ, told.append)
    thread.join()
    return told


def test_a_killed_database_is_told_and_started_again_on_its_socket(
    server: EmbeddedServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "pokervod_pipelines")
    service = watch_database(server.folder)
    first = server.status().pid
    assert first is not None
    os.kill(first, signal.SIGKILL)

    (told,) = run_until_it_is_watched_again(service)

    assert told.startswith(f"the database (process {first}) died; it starts again in 0.01 s. Its log: {server.folder}")
    with psycopg.connect(server.url("postgres", "postgresql")) as connection:
        assert connection.execute("select 42").fetchone() == (42,)
    assert service.watched is not None
    assert server.status().pid == service.watched.pid != first
    assert caplog.messages == [f"the database started as process {service.watched.pid}"]


def test_a_database_whose_data_are_missing_is_not_replaced_by_an_empty_one(server: EmbeddedServer) -> None:
    service = watch_database(server.folder)
    first = server.status().pid
    assert first is not None
    data = server.locate().data
    os.kill(first, signal.SIGKILL)
    while is_held(server.locate().server_lock):
        time.sleep(0.01)
    shutil.rmtree(data)
    told: list[str] = []

    def report(sentence: str) -> None:
        told.append(sentence)
        if len(told) == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    run_services([service], os.environ, report)

    reason = f"the database in {data} is missing: end what uses it, restore it, and start again"
    assert told[1:] == [f"the database did not start; it starts again in 0.01 s. The reason: {reason}"] * 2
    assert not data.exists()


@pytest.mark.parametrize(("printed", "reason"), [("", "Its log: {log}"), ("one\ntwo\n", "The reason: two")])
def test_a_start_that_fails_without_a_reason_of_ours_names_what_there_is(printed: str, reason: str) -> None:
    server = EmbeddedServer(Path(tempfile.gettempdir()) / "pokervod-no-server")
    command = [sys.executable, "-S", "-c", f"print({printed!r}, end=''); raise SystemExit(1)"]
    service = DatabaseService(name="the database", command=command, server=server)
    told: list[str] = []

    def report(sentence: str) -> None:
        told.append(sentence)
        os.kill(os.getpid(), signal.SIGTERM)

    run_services([service], os.environ, report)

    expected = reason.format(log=server.locate().log_file)
    assert told == [f"the database did not start; it starts again in 0.01 s. {expected}"]
