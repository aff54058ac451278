"""Check that everything with a tag ends with the process that set it, however that one ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pokervod_pipelines.processes import process_tags
from pokervod_pipelines.processes.process_tags import VARIABLE, end_after_us, end_tagged, make_tag
from pokervod_pipelines_tests.processes.system import wait_until_gone

OWNER = """
import os, subprocess, sys
from pokervod_pipelines.processes.process_tags import VARIABLE, end_after_us
code = '''
import os, subprocess, sys
apart = subprocess.Popen([sys.executable, "-S", "-c", "import signal; signal.pause()"], start_new_session=True)
print(os.getpid(), apart.pid, flush=True)
apart.wait()
'''
with end_after_us(sys.argv[1]):
    subprocess.Popen([sys.executable, "-S", "-c", code], env={**os.environ, VARIABLE: sys.argv[1]})
    sys.stdin.read()
"""
STUBBORN = "import signal; signal.signal(15, signal.SIG_IGN); print(flush=True); signal.pause()"


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a process with a tagged child that has a child in a session of its own."""
    command = [sys.executable, "-c", OWNER, make_tag(tmp_path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("how", ["by itself", "killed", "killed with its group"])
def test_children_and_theirs_end_with_their_owner(owner: subprocess.Popen[str], how: str) -> None:
    assert owner.stdin
    assert owner.stdout
    child, apart = map(int, owner.stdout.readline().split())

    match how:
        case "by itself":
            owner.stdin.close()
        case "killed":
            owner.kill()
        case _:
            os.killpg(owner.pid, signal.SIGKILL)

    wait_until_gone(child)
    wait_until_gone(apart)


def start_tagged(tag: str, code: str = STUBBORN) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-S", "-c", code], env={**os.environ, VARIABLE: tag}, stdout=subprocess.PIPE
    )
    assert process.stdout
    process.stdout.readline()
    return process


def test_what_remains_of_a_folder_is_ended_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_tags, "STOP_SECONDS", 0.1)
    first, second = (start_tagged(make_tag(tmp_path)) for _ in range(2))
    others = [start_tagged(make_tag(folder)) for folder in (tmp_path / "below", tmp_path.parent, Path(f"{tmp_path}2"))]

    left = end_tagged(str(tmp_path))

    assert left == []
    assert [each.poll() for each in others] == [None] * 3
    for each in others:
        each.kill()
    for each in (first, second, *others):
        each.communicate()
    assert end_tagged(str(tmp_path)) == []


def test_of_two_starts_in_a_folder_only_the_one_named_is_ended(tmp_path: Path) -> None:
    earlier, later = make_tag(tmp_path), make_tag(tmp_path)
    process = start_tagged(later)

    with end_after_us(earlier):
        pass

    assert process.poll() is None
    process.kill()
    process.communicate()
