"""Check that tasks run in processes of their own, that a lost one is told, and what ends with what."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[bytes]] = []

    def start(*names: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "pokervod_pipelines_tests.workflows.watch.forked", str(tmp_path), *names]
        started.append(subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def wait_for(*files: Path) -> None:
    wait_until(lambda: all(file.exists() for file in files))


def wait_until(is_true: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not is_true():
        assert time.monotonic() < end
        time.sleep(0.02)


def find_requesters(folder: Path) -> list[int]:
    return [int(file.name.split()[1]) for file in folder.glob("requester *")]


def is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize(
    ("name", "problem"),
    [("crash", "its process was killed by SIGKILL"), ("fail", "its process ended with status 1")],
)
def test_a_task_that_is_lost_is_told_and_takes_no_other_with_it(
    tmp_path: Path, start: Start, name: str, problem: str
) -> None:
    start(name, "write")
    wait_for(tmp_path / "ended write", tmp_path / f"ended {name}")
    assert (tmp_path / f"lost {name}").read_text(encoding="utf-8") == problem
    assert (tmp_path / "written").exists()
    assert not (tmp_path / "lost write").exists()


def test_a_requester_that_dies_is_started_again(tmp_path: Path, start: Start) -> None:
    start("write")
    wait_for(tmp_path / "ended write")
    (first,) = find_requesters(tmp_path)
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: len(find_requesters(tmp_path)) == 2)


def test_what_runs_may_finish_before_the_end(tmp_path: Path, start: Start) -> None:
    process = start("linger")
    wait_for(tmp_path / "begun")
    process.terminate()
    assert process.wait(30) == 0
    assert (tmp_path / "finished").exists()
    assert all(map(is_gone, find_requesters(tmp_path)))


def test_the_requester_ends_with_a_killed_process_and_a_task_finishes(tmp_path: Path, start: Start) -> None:
    process = start("linger")
    wait_for(tmp_path / "begun")
    process.kill()
    wait_until(lambda: all(map(is_gone, find_requesters(tmp_path))))
    wait_for(tmp_path / "finished")


@pytest.mark.long
def test_what_hangs_is_killed_at_the_end(tmp_path: Path, start: Start) -> None:
    process = start("hang")
    wait_for(tmp_path / "hangs")
    pid = int((tmp_path / "hangs").read_text(encoding="utf-8"))
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    assert is_gone(pid)
