"""While the database is away everybody is told so at once, and gets the last dashboard; it comes back by itself."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import Engine, make_url, text

from pokervod_pipelines.api.database import Database
from pokervod_pipelines.api.errors import DatabaseAway
from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines.db.engine import make_engine
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.api.serving import ADMIN, VIEWER, Served, serve_app
from pokervod_pipelines_tests.worker_database import connect_admin

SOON = 20.0


@contextmanager
def closed(server: EmbeddedServer, name: str) -> Iterator[None]:
    """Let nobody into the database, and put out who is in it."""
    with connect_admin(server) as connection:
        connection.execute(text(f"alter database {name} allow_connections false"))
        ending = text("select pg_terminate_backend(pid) from pg_stat_activity where datname = :name")
        connection.execute(ending, {"name": name})
        try:
            yield
        finally:
            connection.execute(text(f"alter database {name} allow_connections true"))


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + SOON
    while not holds():
        assert time.monotonic() < until, "it never came to be so"
        time.sleep(0.05)


@pytest.fixture
def cut_off(
    make_database: Callable[[bool], str], settings_factory: Callable[..., Settings]
) -> Iterator[tuple[Served, str]]:
    """Serve on a database of its own, which can be closed; yield its name, too."""
    url = make_database(True)
    engine: Engine = make_engine(url)
    try:
        with serve_app(settings_factory(database_url=url), engine) as served:
            served.add_keys()
            yield served, str(make_url(url).database)
    finally:
        engine.dispose()


def test_the_last_dashboard_is_kept_and_everything_else_says_why(
    cut_off: tuple[Served, str], server: EmbeddedServer
) -> None:
    api, name = cut_off
    before = api.read("/api/dashboard", VIEWER)
    with closed(server, name):
        answers = [api.get(path, VIEWER) for path in ("/api/instructions", "/health", "/api/log")]
        wait_until(lambda: bool(api.read("/api/dashboard", VIEWER)["stale"]))
        stale = api.read("/api/dashboard", VIEWER)
        stranger = api.get("/api/dashboard", ADMIN)

    assert {each.status_code for each in answers} == {503}
    assert all(int(each.headers["retry-after"]) >= 1 for each in answers)
    assert all("the database" in each.json()["detail"] for each in answers)
    assert {**stale, "stale": False, "at": ""} == {**before, "stale": False, "at": ""}
    assert stranger.status_code == 503  # it was not known before, so nobody knows its role now
    wait_until(lambda: api.get("/health", VIEWER).status_code == 200)
    assert api.read("/api/dashboard", VIEWER)["stale"] is False


def test_a_database_that_never_answers_keeps_nobody_waiting(settings_factory: Callable[..., Settings]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"postgresql://x:x@127.0.0.1:{mute.getsockname()[1]}/x"
        database = Database(settings_factory(database_url=url))
        database.start(0.1)
        try:
            with pytest.raises(DatabaseAway, match="it is tried again by itself"), database.connect():
                pass
        finally:
            database.close()


def test_requests_that_meet_the_cut_side_by_side_are_all_answered(
    cut_off: tuple[Served, str], server: EmbeddedServer
) -> None:
    api, name = cut_off
    with ThreadPoolExecutor(16) as pool, closed(server, name):
        answers = [*pool.map(lambda _: api.get("/api/instructions", VIEWER), range(48))]

    assert {each.status_code for each in answers} == {503}
    assert {each.headers["content-type"] for each in answers} == {"application/problem+json"}


def test_the_command_serves_until_it_is_told_to_stop(
    settings_factory: Callable[..., Settings], database_url: str, tmp_path: Path
) -> None:
    """A request that runs does not keep the server beyond its time."""
    environ = {**os.environ, "POKERVOD_DATABASE_URL": database_url, "POKERVOD_HOME": str(tmp_path / "home")}
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "pokervod_pipelines.cli", "serve", "--port", str(port), "--host", "0.0.0.0"]
    with subprocess.Popen(command, env=environ, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = [process.stderr.readline(), process.stderr.readline()]
        try:
            wait_until(lambda: _answers(port))
            with socket.create_connection(("127.0.0.1", port)) as hanging:
                hanging.sendall(b"POST /api/events/1/mute HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n{")
                process.send_signal(signal.SIGTERM)
                process.wait(SOON)
        finally:
            process.kill()

    assert process.returncode == 0
    assert "There is no user, so only this machine is answered" in " ".join(said)
    assert re.search(rf"API on http://127\.0\.0\.1:{port}", " ".join(said))


def _answers(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/health", verify=False).status_code == 200
    except httpx2.TransportError:
        return False
