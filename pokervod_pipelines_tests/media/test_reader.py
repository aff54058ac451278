"""Whatever happens to a child, its question is answered and the next one is, too."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pokervod_pipelines.errors import Unavailable
from pokervod_pipelines.media.reader import Loss, Reader
from pokervod_pipelines_tests.media.processes import wait_until_gone

STUBBORN = "pokervod_pipelines_tests.media.stubborn"
SOON, LATE = 0.3, 60.0


@pytest.fixture
def reader() -> Iterator[Reader]:
    with closing(Reader(STUBBORN)) as made:
        yield made


def ask(reader: Reader, task: str, limit: float = LATE, path: str = "a.mp4") -> dict[str, object]:
    answer = reader.ask(task, {"path": path}, seconds_limit=limit)
    assert not isinstance(answer, Loss)
    return answer


@pytest.mark.parametrize("path", ["a.mp4", "찐최종 🏆.mov", "two\nlines\t.mp4", 'quote".mp4', "\udcff.mp4", "x" * 300])
def test_any_name_reaches_the_child_and_comes_back(reader: Reader, path: str) -> None:
    assert ask(reader, "echo", path=path)["path"] == path


def test_one_child_answers_many_questions(reader: Reader) -> None:
    assert ask(reader, "echo")["pid"] == ask(reader, "echo")["pid"]


@pytest.mark.parametrize("task", ["hang", "freeze"])
def test_a_child_that_gives_no_answer_is_killed_and_replaced(reader: Reader, task: str) -> None:
    first = ask(reader, "echo")["pid"]

    lost = reader.ask(task, {"path": "a.mp4"}, seconds_limit=SOON)

    assert lost == Loss(timed_out=True, reason="gave no answer within 0.3 s")
    wait_until_gone(int(str(first)))
    assert ask(reader, "echo")["pid"] != first


@pytest.mark.parametrize(("task", "how"), [("crash", "SIGSEGV"), ("leave", "exit code 7")])
def test_a_child_that_dies_says_how(reader: Reader, task: str, how: str) -> None:
    lost = reader.ask(task, {"path": "a.mp4"}, seconds_limit=LATE)

    assert lost == Loss(timed_out=False, reason=f"broke down its reader ({how})")
    assert ask(reader, "echo")


@pytest.mark.parametrize(("task", "says"), [("complain", "ValueError: a.mp4 is odd"), ("devour", "MemoryError")])
def test_what_a_task_raises_is_a_reason(reader: Reader, task: str, says: str) -> None:
    lost = reader.ask(task, {"path": "a.mp4"}, seconds_limit=LATE)

    assert isinstance(lost, Loss)
    assert not lost.timed_out
    assert says in lost.reason


def test_what_a_library_prints_is_no_answer(reader: Reader) -> None:
    assert ask(reader, "chat") == {"path": "a.mp4"}


def test_a_child_killed_between_two_questions_is_replaced(reader: Reader) -> None:
    pid = int(str(ask(reader, "echo")["pid"]))
    os.kill(pid, signal.SIGKILL)
    wait_until_gone(pid)

    assert ask(reader, "echo")["pid"] != pid


def test_a_closed_reader_leaves_no_child(reader: Reader) -> None:
    pid = int(str(ask(reader, "echo")["pid"]))

    reader.close()

    wait_until_gone(pid)


@pytest.mark.parametrize("program", ["pokervod_pipelines_tests.media.no_such_program", "this"])
def test_a_program_that_is_no_child_cannot_be_started(program: str) -> None:
    with closing(Reader(program)) as reader, pytest.raises(Unavailable, match=r"media reader .* does not start"):
        reader.ask("echo", {"path": "a.mp4"}, seconds_limit=LATE)


ORPHAN = f"""
from pokervod_pipelines.media.reader import Reader
reader = Reader("{STUBBORN}")
print(reader.ask("echo", {{"path": "a"}}, seconds_limit=60)["pid"], flush=True)
reader.ask("%s", {{"path": "a"}}, seconds_limit=%s)
"""


@pytest.mark.parametrize(("task", "limit"), [("echo", LATE), ("hang", SOON), ("freeze", SOON)])
def test_a_child_whose_parent_was_killed_ends_itself(task: str, limit: float) -> None:
    checkout = Path(__file__).parents[2]
    script = ORPHAN % (task, limit) + "\ninput()"
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=checkout, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()

    wait_until_gone(pid)


def test_what_breaks_a_child_that_had_answered_before_is_told_after_a_second_try(reader: Reader) -> None:
    ask(reader, "echo")

    lost = reader.ask("crash", {"path": "a.mp4"}, seconds_limit=LATE)

    assert lost == Loss(timed_out=False, reason="broke down its reader (SIGSEGV)")
