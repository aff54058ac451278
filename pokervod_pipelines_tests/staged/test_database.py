"""Check what is said, and what is lost (nothing), when the database's port is another's or its server is killed."""

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines_tests.sync.installation import Installation, build_installation

pytestmark = pytest.mark.long

STAGES = ("nas", "catalog", "sheets")


def keep_silent(connection: socket.socket) -> None:
    while connection.recv(100):
        pass


def answer_as_web_server(connection: socket.socket) -> None:
    connection.recv(100)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@pytest.fixture(params=[keep_silent, answer_as_web_server])
def taken_port(request: pytest.FixtureRequest) -> Iterator[int]:
    answer: Callable[[socket.socket], None] = request.param

    def serve(listener: socket.socket) -> None:
        with suppress(OSError):  # the test is over, or the other side has left
            while True:
                connection, _ = listener.accept()
                with connection, suppress(ConnectionError):
                    answer(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.parametrize(
    "command", ["sync", "doctor", "render list", "render worker --until-empty", "dev --port 48731 --api-port 0"]
)
def test_another_server_at_the_port_of_the_database_is_named(tmp_path: Path, taken_port: int, command: str) -> None:
    installation = build_installation(tmp_path, database_url=f"postgresql://u:secret@127.0.0.1:{taken_port}/x")

    done = installation.run(*command.split(), COLUMNS="300")

    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert f"postgresql://u:***@127.0.0.1:{taken_port}/x does not answer" in said
    assert "correct POKERVOD_DATABASE_URL" in said
    assert "Traceback" not in said
    assert "secret" not in said


def test_a_server_killed_in_the_middle_of_a_sync_is_named_and_nothing_is_lost(tmp_path: Path) -> None:
    installation = build_installation(tmp_path / "killed")
    for stage in STAGES:
        said = kill_server_after(installation, stage)

        assert "Traceback" not in said
        assert "error: the database connection failed" in said
    installation.sync()

    untouched = build_installation(tmp_path / "untouched")
    untouched.sync()
    for table in ("nas_files", "episode_files", "sheet_rows", "hand_clips"):
        assert installation.ask(f"select count(*) from {table}") == untouched.ask(f"select count(*) from {table}")
    twice = "select 1 from events where type = 'nas.file.added' group by payload ->> 'file_id' having count(*) > 1"
    assert installation.ask(twice) == []


def kill_server_after(installation: Installation, stage: str) -> str:
    """Start a sync, kill the database's server when the first of that stage has ended, and return what was said."""
    process = installation.start("sync", "--full", COLUMNS="300")
    assert process.stderr is not None
    said = ""
    while line := process.stderr.readline():
        said += line
        if line.startswith("ok") and line.split()[1] == stage:
            os.kill(find_server(installation), signal.SIGKILL)
            break
    out, errors = process.communicate(timeout=120)
    assert process.returncode != 0, said + out + errors
    return said + out + errors


def find_server(installation: Installation) -> int:
    pid = EmbeddedServer(installation.folder / ".pokervod" / "postgres").status().pid
    assert pid is not None
    return pid
