"""Many questions, a few readers: each is answered once, in time, and no child is left."""

import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from pokervod_pipelines.errors import Unavailable
from pokervod_pipelines.media.pool import Limits, Question, ask_all
from pokervod_pipelines.media.reader import Loss
from pokervod_pipelines_tests.media.processes import wait_until_gone

STUBBORN = "pokervod_pipelines_tests.media.stubborn"


def limits(*, workers: int = 2, seconds: float = 60.0, until: float = 600.0) -> Limits:
    return Limits(workers, seconds, time.monotonic() + until)


def questions(tasks: list[str]) -> list[Question[int]]:
    return [Question(number, task, {"path": f"{number}.mp4"}) for number, task in enumerate(tasks)]


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_every_question_is_answered_once_whatever_the_others_do(workers: int) -> None:
    tasks = ["echo", "crash", "echo", "hang", "leave", "echo", "complain"] + ["echo"] * 50

    answers = {
        question.about: answer
        for question, answer in ask_all(questions(tasks), limits(workers=workers, seconds=2), program=STUBBORN)
    }

    assert sorted(answers) == list(range(len(tasks)))
    lost = {number: tasks[number] for number, answer in answers.items() if isinstance(answer, Loss)}
    assert lost == {1: "crash", 3: "hang", 4: "leave", 6: "complain"}


def test_no_question_needs_no_reader() -> None:
    assert list(ask_all([], limits(workers=0), program="no.such.program")) == []
    assert list(ask_all([], limits(workers=2), program="no.such.program")) == []


def test_what_is_not_reached_in_time_is_not_asked() -> None:
    assert list(ask_all(questions(["echo"] * 3), limits(until=-1), program=STUBBORN)) == []


def test_a_reader_that_cannot_start_is_told_to_the_caller() -> None:
    with pytest.raises(Unavailable, match="does not start"):
        list(ask_all(questions(["echo"]), limits(), program="no.such.program"))


def test_a_caller_who_leaves_early_leaves_no_child() -> None:
    def endless() -> Iterator[Question[int]]:
        yield from questions(["echo", "hang"])
        while True:
            yield Question(0, "echo", {"path": "more.mp4"})

    with closing(ask_all(endless(), limits(), program=STUBBORN)) as answers:
        pids = {answer["pid"] for (_, answer), _ in zip(answers, range(20), strict=False) if isinstance(answer, dict)}

    assert pids
    for pid in pids:
        wait_until_gone(pid)
