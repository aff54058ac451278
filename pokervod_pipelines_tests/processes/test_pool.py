"""Test that many calls of one event loop share a few children."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from pokervod_pipelines.processes.failures import ChildClosed, ChildDied
from pokervod_pipelines.processes.pool import ChildPool
from pokervod_pipelines_tests.processes import tasks
from pokervod_pipelines_tests.processes.system import LIMIT_SECONDS, list_children, wait_until_gone

T = TypeVar("T")


def run(work: Callable[[ChildPool], Awaitable[T]], *, size: int = 1) -> T:
    """Return what the work returns; afterwards no child is left."""

    async def main() -> T:
        pool = ChildPool(tasks.PROGRAM, size)
        try:
            return await work(pool)
        finally:
            await pool.close()

    result = asyncio.run(main())
    assert list_children(tasks.PROGRAM.name) == set()
    return result


async def start_hanging(pool: ChildPool, file: Path) -> "tuple[asyncio.Task[None], int]":
    """Return a task that hangs in a child, and the child's process number."""
    task = asyncio.create_task(pool.ask(partial(tasks.hang_at, file)))
    deadline = time.monotonic() + LIMIT_SECONDS
    while not (file.exists() and file.read_text()):
        assert time.monotonic() < deadline, f"no child reached {file}"
        await asyncio.sleep(0.01)
    return task, int(file.read_text())


def test_calls_run_side_by_side_in_no_more_children_than_allowed() -> None:
    async def work(pool: ChildPool) -> list[int]:
        return await asyncio.gather(*(pool.ask(tasks.find_pid) for _ in range(20)))

    assert 1 <= len(set(run(work, size=2))) <= 2


def test_a_crash_ends_its_own_call_only() -> None:
    async def work(pool: ChildPool) -> int:
        with pytest.raises(ChildDied, match="SIGSEGV"):
            await pool.ask(tasks.crash)
        return await pool.ask(tasks.find_pid)

    assert run(work)


def test_a_cancelled_call_kills_its_child_and_the_next_one_is_served(tmp_path: Path) -> None:
    async def work(pool: ChildPool) -> tuple[int, int]:
        task, pid = await start_hanging(pool, tmp_path / "pid")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        wait_until_gone(pid)
        return pid, await pool.ask(tasks.find_pid)

    first, second = run(work)
    assert first != second


def test_closing_breaks_off_calls_and_takes_no_more(tmp_path: Path) -> None:
    async def work(pool: ChildPool) -> None:
        task, pid = await start_hanging(pool, tmp_path / "pid")
        await pool.close()
        with pytest.raises(ChildClosed):
            await task
        wait_until_gone(pid)
        with pytest.raises(ChildClosed):
            await pool.ask(tasks.find_pid)

    run(work)


def test_reports_come_in_the_event_loop() -> None:
    async def work(pool: ChildPool) -> list[object]:
        loop, reported = asyncio.get_running_loop(), []

        def report(value: object) -> None:
            assert asyncio.get_running_loop() is loop
            reported.append(value)

        assert await pool.ask(tasks.count_up, report=report) == "counted"
        return reported

    assert run(work) == [0, 1, 2]


def test_a_report_that_raises_ends_the_call_and_no_other() -> None:
    def refuse(_: object) -> None:
        raise LookupError

    async def work(pool: ChildPool) -> int:
        with pytest.raises(LookupError):
            await pool.ask(tasks.count_up, report=refuse)
        return await pool.ask(tasks.find_pid)

    assert run(work) != os.getpid()
