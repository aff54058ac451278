"""Test that, whatever happens to a child, its call is answered and the next one is, too."""

import errno
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from pokervod_pipelines.errors import OperatorNeeded
from pokervod_pipelines.processes import supervised
from pokervod_pipelines.processes.failures import (
    ChildClosed,
    ChildDied,
    ChildNotStarted,
    ChildStuck,
    ChildTimedOut,
    TaskFailed,
)
from pokervod_pipelines.processes.supervised import ChildProgram, SupervisedChild
from pokervod_pipelines_tests.processes import tasks
from pokervod_pipelines_tests.processes.system import wait_until_gone


@pytest.fixture(scope="module")
def shared() -> Iterator[SupervisedChild]:
    """Return a child for calls that leave it whole or that may replace it."""
    with closing(SupervisedChild(tasks.PROGRAM)) as child:
        yield child


@pytest.fixture
def child() -> Iterator[SupervisedChild]:
    with closing(SupervisedChild(tasks.PROGRAM)) as made:
        yield made


@pytest.mark.parametrize(
    "value", ["찐최종 🏆.mov", "two\nlines", "\udcff.mp4", b"\0" * 300_000, Path("a"), None, [1.5]]
)
def test_any_value_reaches_the_child_and_comes_back(shared: SupervisedChild, value: object) -> None:
    assert shared.ask(partial(tasks.echo, value)) == value


def test_one_child_answers_many_calls_and_libraries_may_print(shared: SupervisedChild) -> None:
    assert len({shared.ask(call) for call in (tasks.find_pid, tasks.chat, tasks.find_pid)}) == 1


@pytest.mark.parametrize("call", [tasks.hang, tasks.freeze])
def test_a_child_that_gives_no_answer_is_killed_and_replaced(child: SupervisedChild, call: Callable[[], None]) -> None:
    first = child.ask(tasks.find_pid)

    with pytest.raises(ChildTimedOut, match=r"no answer within 0\.3 s"):
        child.ask(call, seconds=0.3)

    wait_until_gone(first)
    assert child.ask(tasks.find_pid) != first


@pytest.mark.parametrize(("call", "how"), [(tasks.crash, "SIGSEGV"), (tasks.leave, "exit code 7")])
@pytest.mark.parametrize("attempts", [1, 2])
def test_a_child_that_dies_tells_how(
    shared: SupervisedChild, call: Callable[[], None], how: str, attempts: int
) -> None:
    with pytest.raises(ChildDied, match=how):
        shared.ask(call, attempts=attempts)

    assert shared.ask(tasks.find_pid)


def test_a_child_that_was_dying_already_does_not_cost_the_call(shared: SupervisedChild, tmp_path: Path) -> None:
    assert shared.ask(partial(tasks.crash_once, tmp_path / "one"), attempts=2)
    with pytest.raises(ChildDied):
        shared.ask(partial(tasks.crash_once, tmp_path / "two"), attempts=1)


@pytest.mark.parametrize("waits", [True, False])
def test_a_child_killed_between_two_calls_is_replaced(shared: SupervisedChild, *, waits: bool) -> None:
    pid = shared.ask(tasks.find_pid)
    os.kill(pid, signal.SIGKILL)
    if waits:
        wait_until_gone(pid)

    assert shared.ask(tasks.find_pid) != pid


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (tasks.raise_python, ValueError, "a.mp4 is odd"),
        (tasks.raise_system, OSError, "/mnt/a.mp4"),
        (tasks.raise_foreign_system, OSError, "/mnt/a.mp4"),
        (tasks.raise_ours, OperatorNeeded, "look at it"),
        (tasks.raise_unreadable, TaskFailed, "UnreadableError: a.csv, row 3"),
        (tasks.raise_foreign, TaskFailed, "ForeignError: no such codec"),
        (tasks.devour, MemoryError, "^$"),
    ],
)
def test_what_a_call_raises_is_raised_here(
    shared: SupervisedChild, call: Callable[[], object], kind: type[Exception], text: str
) -> None:
    with pytest.raises(kind, match=text) as caught:
        shared.ask(call)

    assert type(caught.value).__module__ != "pokervod_pipelines_tests.processes.tasks"
    numbers = {tasks.raise_system: errno.ESTALE, tasks.raise_foreign_system: errno.ENOSPC}
    assert getattr(caught.value, "errno", None) == numbers.get(call)


def test_a_call_reports_how_far_it_is(shared: SupervisedChild) -> None:
    reported: list[object] = []

    assert shared.ask(tasks.count_up, report=reported.append) == "counted"
    assert reported == [0, 1, 2]


def test_a_report_that_raises_ends_the_call_and_no_other(shared: SupervisedChild) -> None:
    def refuse(_: object) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        shared.ask(tasks.count_up, report=refuse)
    assert shared.ask(tasks.find_pid)


def test_a_closed_child_has_ended_and_takes_no_call(child: SupervisedChild) -> None:
    pid = child.ask(tasks.find_pid)

    child.close()

    wait_until_gone(pid)
    with pytest.raises(ChildClosed):
        child.ask(tasks.find_pid)


def test_closing_breaks_off_a_call(child: SupervisedChild) -> None:
    def close(_: object) -> None:
        threading.Thread(target=child.close).start()

    with pytest.raises(ChildClosed, match="test child was closed"):
        child.ask(tasks.report_and_hang, report=close)


def test_a_child_that_cannot_start_tells_how_to_see_why() -> None:
    program = ChildProgram(name="broken child", modules=("no.such.module",))
    says = r"broken child does not start: exit code 1; run this .*no.such.module"
    with closing(SupervisedChild(program)) as child, pytest.raises(ChildNotStarted, match=says):
        child.ask(tasks.find_pid)


def test_a_child_that_a_disk_holds_is_reported(child: SupervisedChild, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here can hold a killed process, so the kill is left out."""
    pid = child.ask(tasks.find_pid)
    process = child._process
    assert process is not None
    with monkeypatch.context() as patch:
        patch.setattr(supervised, "DEATH_SECONDS", 0.1)
        patch.setattr(subprocess.Popen, "kill", lambda _: None)
        with pytest.raises(ChildStuck, match="cannot be killed"):
            child.ask(tasks.hang, seconds=0.3)

    assert process.kill()
    assert child.ask(tasks.find_pid) != pid


ORPHAN = """
from pokervod_pipelines.processes.supervised import SupervisedChild
from pokervod_pipelines_tests.processes import tasks
child = SupervisedChild(tasks.PROGRAM)
print(child.ask(tasks.find_pid), flush=True)
child.ask(tasks.%s, seconds=%s)
input()
"""


@pytest.mark.parametrize(("call", "seconds"), [("find_pid", 60.0), ("hang", 60.0), ("freeze", 0.3)])
def test_a_child_whose_parent_was_killed_ends_itself(call: str, seconds: float) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ORPHAN % (call, seconds)],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()

    wait_until_gone(pid)
