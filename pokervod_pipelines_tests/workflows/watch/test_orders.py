"""Check that one run of a workflow is ordered at a time, and that what waits has its turn."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC
from multiprocessing import Pipe
from multiprocessing.connection import Connection

import pytest

from pokervod_pipelines.workflows.watch.forker import Task, TaskEnd, TaskStart
from pokervod_pipelines.workflows.watch.orders import Orders, Runner, RunOrder


@dataclass
class Forker:
    """Stand at the other end of the connection."""

    orders: Orders
    connection: Connection

    started: list[Task] = field(default_factory=list)

    def receive(self) -> str:
        """Take the next task, run it, and return what ran."""
        task: Task = self.connection.recv()
        self.started.append(task)
        self.connection.send(TaskStart(key=task.key, kind=task.kind))
        task.call()
        return done.pop()

    def end(self, number: int) -> None:
        self.connection.send(TaskEnd(key=self.started[number].key))

    def has_task(self) -> bool:
        return self.connection.poll(0.1)


done: list[str] = []


def run(order: RunOrder) -> None:
    done.append(order.title)


def report_lost(order: RunOrder, problem: str) -> None:
    done.append(f"{order.title}: {problem}")


@pytest.fixture
def forker() -> Iterator[Forker]:
    ours, theirs = Pipe()
    orders = Orders(theirs, Runner(run=run, report_lost=report_lost))
    thread = threading.Thread(target=orders.follow)
    thread.start()
    yield Forker(orders, ours)
    ours.close()
    thread.join(10)
    assert not thread.is_alive()
    theirs.close()


def order(workflow: str, sheet: str, key: str = "") -> RunOrder:
    return RunOrder(workflow=workflow, input={"sheet": sheet}, run_key=key or sheet)


def test_one_run_of_a_workflow_at_a_time_and_the_next_after_it(forker: Forker) -> None:
    for each in (order("read", "a"), order("read", "b"), order("cut", "a")):
        forker.orders.give(each)
    assert [forker.receive(), forker.receive()] == ["read a", "cut a"]
    assert not forker.has_task()
    forker.end(0)
    assert forker.receive() == "read b"


def test_a_key_that_waits_already_is_not_ordered_twice(forker: Forker) -> None:
    for sheet in ("a", "b", "b"):
        forker.orders.give(order("read", sheet))
    assert forker.receive() == "read a"
    assert forker.orders.describe(UTC).endswith(", 1 waiting")
    forker.end(0)
    assert forker.receive() == "read b"
    forker.end(1)
    assert not forker.has_task()


def test_what_an_earlier_requester_ordered_has_to_end_first(forker: Forker) -> None:
    forker.connection.send(TaskStart(key="of before", kind="read"))
    wait_until(lambda: forker.orders.list_busy() == {"read"})
    forker.orders.give(order("read", "a"))
    assert not forker.has_task()
    forker.connection.send(TaskEnd(key="of before"))
    assert forker.receive() == "read a"
    forker.connection.send(TaskEnd(key="of before"))  # the end of another is not that of ours
    forker.orders.give(order("read", "b"))
    assert not forker.has_task()


def test_orders_that_nobody_takes_are_noticed(forker: Forker, monkeypatch: pytest.MonkeyPatch) -> None:
    assert forker.orders.are_taken()
    monkeypatch.setattr("pokervod_pipelines.workflows.watch.orders.TAKE_SECONDS", -1.0)
    forker.orders.give(order("read", "a"))
    assert not forker.orders.are_taken()
    monkeypatch.undo()
    assert forker.receive() == "read a"
    forker.end(0)
    monkeypatch.setattr("pokervod_pipelines.workflows.watch.orders.TAKE_SECONDS", 0.001)
    wait_until(forker.orders.are_taken)


def wait_until(is_true: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not is_true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_what_runs_is_described(forker: Forker) -> None:
    forker.orders.give(order("read", "a"))
    assert forker.orders.describe(UTC).startswith("read a since ")
    assert forker.orders.list_busy() == {"read"}
