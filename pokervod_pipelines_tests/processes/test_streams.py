"""Test many calls on a few children: each is answered once, in time, and no child is left."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from itertools import chain, repeat

import pytest

from pokervod_pipelines.processes.failures import ChildDied, ChildNotStarted, ChildTimedOut
from pokervod_pipelines.processes.streams import StreamLimits, ask_all, ask_in_order
from pokervod_pipelines.processes.supervised import ChildProgram
from pokervod_pipelines_tests.processes import tasks
from pokervod_pipelines_tests.processes.system import list_children, wait_until_gone

BROKEN = ChildProgram(name="broken child", modules=("no.such.module",))


@pytest.fixture(autouse=True)
def no_child_is_left() -> Iterator[None]:
    yield
    for pid in list_children(tasks.PROGRAM.name):
        wait_until_gone(pid)


def number(calls: list[Callable[[], object]]) -> list[tuple[int, Callable[[], object]]]:
    return list(enumerate(calls))


@pytest.mark.parametrize("children", [1, 2, 4])
def test_every_call_is_answered_once_whatever_the_others_do(children: int) -> None:
    easy = tasks.find_pid
    calls = [easy, tasks.crash, easy, tasks.hang, tasks.leave, easy, tasks.raise_python] + [easy] * 50

    answers = dict(ask_all(tasks.PROGRAM, number(calls), StreamLimits(children=children, seconds=2, attempts=2)))

    assert sorted(answers) == list(range(len(calls)))
    lost = {at: type(answer) for at, answer in answers.items() if isinstance(answer, Exception)}
    assert lost == {1: ChildDied, 3: ChildTimedOut, 4: ChildDied, 6: ValueError}


def test_no_call_needs_no_child() -> None:
    assert list(ask_all(BROKEN, [], StreamLimits(children=0))) == []
    assert list(ask_all(BROKEN, [], StreamLimits(children=2))) == []


def test_a_call_not_reached_in_time_is_not_begun() -> None:
    limits = StreamLimits(children=2, deadline=time.monotonic() - 1)

    assert list(ask_all(tasks.PROGRAM, number([tasks.find_pid] * 3), limits)) == []


def test_a_child_that_cannot_start_is_reported_to_the_caller() -> None:
    with pytest.raises(ChildNotStarted, match="does not start"):
        list(ask_all(BROKEN, number([tasks.find_pid]), StreamLimits(children=2)))


def test_a_caller_who_leaves_early_leaves_no_child() -> None:
    calls = chain(number([tasks.find_pid, tasks.hang]), repeat((0, tasks.find_pid)))

    with closing(ask_all(tasks.PROGRAM, calls, StreamLimits(children=2))) as answers:
        pids = {pid for (_, pid), _ in zip(answers, range(20), strict=False)}

    assert pids
    for pid in pids:
        assert isinstance(pid, int)
        wait_until_gone(pid)


@pytest.mark.parametrize("children", [1, 3])
def test_answers_come_in_order(children: int) -> None:
    calls = [partial(tasks.echo, at) for at in range(40)]

    assert list(ask_in_order(tasks.PROGRAM, calls, StreamLimits(children=children))) == list(range(40))


def test_children_work_only_a_few_calls_ahead_and_end_with_the_caller() -> None:
    begun: list[int] = []

    def list_calls() -> Iterator[Callable[[], object]]:
        for at in range(1_000):
            begun.append(at)
            yield partial(tasks.echo, at)

    answers = ask_in_order(tasks.PROGRAM, list_calls(), StreamLimits(children=1))
    assert [next(answers) for _ in range(5)] == list(range(5))
    answers.close()

    assert len(begun) <= 5 + 3
    with pytest.raises(StopIteration):
        next(answers)
