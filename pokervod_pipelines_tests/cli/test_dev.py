"""Check what ``pokervod dev`` refuses, and that the whole of it works again after a power loss."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text

from pokervod_pipelines.cli import dev as dev_command
from pokervod_pipelines.cli.services import report
from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines.db.embedded.locks import open_exclusive
from pokervod_pipelines.db.engine import make_engine, serve_database
from pokervod_pipelines.errors import Conflict
from pokervod_pipelines.settings import load_settings
from pokervod_pipelines_tests.sync.installation import InProcess, Installation, build_installation

POWER_LOSSES = 10


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_taken_port_is_refused_with_its_process(tmp_path: Path, taken_port: int) -> None:
    done = build_installation(tmp_path, kind=InProcess).run("dev", "--port", str(taken_port))

    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{taken_port} (Address already in use, process {os.getpid()})." in done.stderr
    assert "Choose another with --port" in done.stderr
    assert not (tmp_path / ".pokervod" / "postgres").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--port", "80000"], "expected a whole number from 1 to 65535"),
        (["--port", "0"], "expected a whole number from 1 to 65535"),
        (["--host", "no.such.host.invalid"], "cannot listen on no.such.host.invalid:3000"),
        (["--host", "192.0.2.1"], "cannot listen on 192.0.2.1:3000"),
    ],
)
def test_an_address_that_is_not_here_is_refused(tmp_path: Path, arguments: list[str], told: str) -> None:
    done = build_installation(tmp_path, kind=InProcess).run("dev", *arguments)

    assert done.returncode == 2
    assert told in done.stderr


def test_a_taken_port_of_the_api_keeps_nothing_else_from_running(
    taken_port: int, free_port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev_command, "API_PORT", taken_port)

    assert dev_command.find_api_port(None) == 0
    said = " ".join(capsys.readouterr().err.split())
    assert f"the API is left out: cannot listen on 127.0.0.1:{taken_port}" in said
    assert "Choose another with --api-port" in said
    with pytest.raises(Conflict, match="Choose another with --api-port"):
        dev_command.find_api_port(taken_port)
    assert [dev_command.find_api_port(each) for each in (0, free_port)] == [0, free_port]


def test_a_second_start_in_the_folder_is_refused_with_the_process(tmp_path: Path) -> None:
    installation = build_installation(tmp_path, kind=InProcess)
    installation.run("setup")
    lock = tmp_path / ".pokervod" / "dev.lock"
    descriptor = open_exclusive(lock)
    assert descriptor is not None
    os.write(descriptor, b"4711")

    done = installation.run("dev")

    os.close(descriptor)
    assert done.returncode == 1
    assert "`pokervod dev` already runs in this folder as process 4711. Use it, or stop it: kill 4711" in done.stderr


def test_brackets_in_what_is_told_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    sentence = "the database (process 7) died; it starts again in 1 s. Its log: /srv/[red]/a [/] b/server.log"
    report(sentence)

    assert " ".join(capsys.readouterr().err.split()) == sentence


@pytest.mark.long
def test_everything_works_again_after_power_losses_in_the_middle_of_a_sync(tmp_path: Path, free_port: int) -> None:
    installation = build_installation(tmp_path)
    for number in range(POWER_LOSSES):
        dev = start_dev(installation, free_port)
        launch_sync(free_port)
        wait_until(lambda: ask_dagster(installation, IN_PROGRESS) > 0)
        sync = installation.start("sync")
        time.sleep(number / 5)  # a loss may come at any moment
        lose_power(installation, dev, sync)

        check_recovery(installation, free_port)


@pytest.mark.long
def test_all_programs_end_with_a_killed_dev_and_the_next_starts_at_once(tmp_path: Path, free_port: int) -> None:
    installation = build_installation(tmp_path)
    for name in ("gql", "starlette", "uvicorn"):  # scripts of an operator, which are no modules of the UI
        (tmp_path / f"{name}.py").write_text("raise SystemExit('a script of the folder was run')")
    for _ in range(2):
        dev = start_dev(installation, free_port)
        launch_sync(free_port)
        wait_until(lambda: ask_dagster(installation, IN_PROGRESS) > 0)
        programs = psutil.Process(dev.pid).children(recursive=True)
        dev.kill()
        dev.communicate()

        check_recovery(installation, free_port)
        assert [each for each in programs if each.is_running()] == []
    wait_until(lambda: not EmbeddedServer(tmp_path / ".pokervod" / "postgres").status().running)


@pytest.mark.long
def test_a_killed_database_comes_back_and_everything_uses_it_again(tmp_path: Path, free_port: int) -> None:
    installation = build_installation(tmp_path)
    server = EmbeddedServer(tmp_path / ".pokervod" / "postgres")
    dev = start_dev(installation, free_port)
    programs = {each.pid for each in psutil.Process(dev.pid).children()}
    for _ in range(2):
        pid = server.status().pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: answers_page(free_port), seconds=20)

    launch_sync(free_port)
    done = installation.run("sync")
    workers = json.loads(installation.run("render", "workers", "--json").stdout)["workers"]
    remaining = {each.pid for each in psutil.Process(dev.pid).children()}
    dev.send_signal(signal.SIGINT)
    log = dev.communicate(timeout=60)[1]

    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    assert [each["is_alive"] for each in workers] == [True]
    assert remaining == programs
    assert (dev.returncode, log.count("the database (process "), "Traceback" in log) == (0, 2, False), log
    assert not server.status().running


def answers_page(port: int) -> bool:
    """Return whether Dagster's UI reads its database for a page."""
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5):
        return True
    return False


def lose_power(installation: Installation, *processes: subprocess.Popen[str]) -> None:
    """Kill the commands with every process that they started, and the database, at once."""
    children = [child for each in processes for child in psutil.Process(each.pid).children(recursive=True)]
    for child in children:
        with suppress(psutil.NoSuchProcess):
            child.kill()
    for process in processes:
        installation.kill_everything(process)


def check_recovery(installation: Installation, port: int) -> None:
    """Start again, sync beside it, and check that both work within a minute and nothing dead holds anything."""
    dead = f"{IN_PROGRESS} and create_timestamp < to_timestamp({time.time()}) at time zone 'utc'"
    dev = start_dev(installation, port)
    began = time.monotonic()
    done = installation.run("sync")
    synced = time.monotonic() - began
    wait_until(lambda: ask_dagster(installation, dead) == 0)
    recovered = time.monotonic() - began
    wait_until(lambda: ask_dagster(installation, IN_PROGRESS) == 0)  # Dagster runs again what was killed
    held = ask_dagster(installation, HELD)
    dev.send_signal(signal.SIGINT)
    log = dev.communicate(timeout=60)[1]

    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    assert (synced < 60, recovered < 60, held) == (True, True, 0), (synced, recovered)
    assert (dev.returncode, "Traceback" in log) == (0, False), log


IN_PROGRESS = "select count(*) from runs where status in ('STARTED', 'STARTING', 'NOT_STARTED', 'CANCELING')"
HELD = """
    select (select count(*) from concurrency_slots where run_id is not null) + (select count(*) from pending_steps)
"""
LAUNCH = """
    mutation { launchRun(executionParams: {runConfigData: {}, selector: {
        repositoryLocationName: "pokervod", repositoryName: "__repository__", jobName: "full_sync"
    }}) { __typename } }
"""


def start_dev(installation: Installation, port: int) -> subprocess.Popen[str]:
    """Start ``dev`` and wait until its UI and its API answer."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        api_port = free.getsockname()[1]
    process = installation.start("dev", "--port", str(port), "--api-port", str(api_port))

    def answers(address: str) -> bool:
        assert process.poll() is None, process.communicate()
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{address}", timeout=5):
            return True
        return False

    for address in (f"{port}/dagster/server_info", f"{api_port}/health"):
        wait_until(lambda: answers(address))  # noqa: B023 - it is called at once
    return process


def launch_sync(port: int) -> None:
    """Request a full sync as the UI does, as soon as the code is loaded."""

    def is_launched() -> bool:
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/dagster/graphql",
            json.dumps({"query": LAUNCH}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return bool(json.load(answer)["data"]["launchRun"]["__typename"] == "LaunchRunSuccess")

    wait_until(is_launched)


def ask_dagster(installation: Installation, query: str) -> int:
    """Return the number that Dagster's database answers."""
    with serve_database(load_settings(installation.environ, installation.folder)) as urls:
        engine = make_engine(urls.dagster)
        with engine.connect() as connection:
            number = connection.scalar(text(query))
        engine.dispose()
    return int(number)


def wait_until(is_true: Callable[[], bool], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.1)
