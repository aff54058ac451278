"""Verify outputs in child processes, which may die, hang or be cancelled without harm to anybody else."""

import asyncio
import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from pokervod_pipelines.processes.supervised import ChildProgram
from pokervod_pipelines.render.failures import BadInstruction, BadWorker, TooSlow, TransientFailure
from pokervod_pipelines.render.outputs import verifier as module
from pokervod_pipelines.render.outputs.inspection import Inspection
from pokervod_pipelines.render.outputs.verifier import Inspect, Verifier
from pokervod_pipelines.render.renderers.local import drawing as local
from pokervod_pipelines_tests.processes.system import wait_until_gone
from pokervod_pipelines_tests.render.outputs.misbehaviour import misbehave
from pokervod_pipelines_tests.render.outputs.output_factory import make_expected, make_output

T = TypeVar("T")
LIMIT_SECONDS = 60.0


def run(work: Callable[[Verifier], Awaitable[T]], *, processes: int = 1, inspect: Inspect | None = misbehave) -> T:
    """Return what the work returns; afterwards no child is left."""

    async def main() -> T:
        async with Verifier(processes, inspect=inspect) as verifier:
            return await work(verifier)

    return asyncio.run(main())


async def verify(
    verifier: Verifier, name: str, folder: Path = Path("/nowhere"), seconds: float = LIMIT_SECONDS
) -> Inspection:
    return await verifier.verify(folder / name, make_expected(), seconds_limit=seconds)


def test_a_real_output_is_inspected_by_the_real_child(tmp_path: Path) -> None:
    expected = make_expected(seconds=0.2)
    path = make_output(tmp_path, expected, draw=local.Drawing)
    stale = make_expected(seconds=0.2, pot=1)

    async def work(verifier: Verifier) -> list[Inspection]:
        return [await verifier.verify(path, each, seconds_limit=LIMIT_SECONDS) for each in (expected, stale)]

    good, bad = run(work, inspect=None)

    assert good.problems == ()
    assert len(good.sha256) == 64
    assert "does not show '1'" in " ".join(bad.problems)


def test_one_child_serves_many_and_libraries_may_chat() -> None:
    async def work(verifier: Verifier) -> list[str]:
        return [(await verify(verifier, name)).sha256 for name in ("fine", "chat", "fine")]

    assert len({*run(work)}) == 1


def test_several_are_inspected_side_by_side_and_no_more_than_allowed() -> None:
    async def work(verifier: Verifier) -> list[Inspection]:
        return await asyncio.gather(*(verify(verifier, "fine") for _ in range(20)))

    pids = {inspection.sha256 for inspection in run(work, processes=2)}

    assert 1 <= len(pids) <= 2
    for pid in pids:
        wait_until_gone(int(pid))


@pytest.mark.parametrize(("name", "reason"), [("crash", "SIGSEGV"), ("leave", "exit code 7")])
def test_a_file_that_breaks_down_its_readers_is_refused_and_the_next_one_is_not(name: str, reason: str) -> None:
    async def work(verifier: Verifier) -> list[Inspection]:
        return [await verify(verifier, each) for each in ("fine", name, "fine")]

    before, broken, after = run(work)

    assert (before.problems, after.problems) == ((), ())
    assert reason in broken.problems[0]


@pytest.mark.parametrize("name", ["hang", "freeze"])
def test_a_file_that_hangs_its_reader_is_too_slow(name: str, tmp_path: Path) -> None:
    async def work(verifier: Verifier) -> Inspection:
        with pytest.raises(TooSlow, match="took longer than"):
            await verify(verifier, name, tmp_path, 0.5)
        return await verify(verifier, "fine")

    assert run(work).problems == ()


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("share gone", OSError, "share gone"),
        ("unknown composition", BadInstruction, "unknown composition"),
        ("complain", TransientFailure, "a bug"),
        ("devour", TransientFailure, "MemoryError"),
    ],
)
def test_failures_not_caused_by_the_file_keep_their_type(name: str, kind: type[Exception], text: str) -> None:
    async def work(verifier: Verifier) -> None:
        with pytest.raises(kind, match=text) as caught:
            await verify(verifier, name)
        assert kind is not OSError or getattr(caught.value, "errno", 0) == errno.ESTALE
        assert (await verify(verifier, "fine")).problems == ()

    run(work)


def test_cancelled_it_kills_its_child_and_serves_on(tmp_path: Path) -> None:
    async def work(verifier: Verifier) -> int:
        task = asyncio.create_task(verify(verifier, "hang", tmp_path))
        pid = await wait_for_pid(tmp_path / "hang")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await verify(verifier, "fine")).problems == ()
        return pid

    wait_until_gone(run(work))


def test_a_child_killed_between_two_questions_is_replaced() -> None:
    async def work(verifier: Verifier) -> tuple[str, str]:
        first = (await verify(verifier, "fine")).sha256
        os.kill(int(first), signal.SIGKILL)
        return first, (await verify(verifier, "fine")).sha256

    first, second = run(work)

    assert first != second


def test_a_child_that_cannot_start_is_this_machines_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PROGRAM", ChildProgram(name="output verifier", modules=("no.such.module",)))

    async def work(verifier: Verifier) -> None:
        with pytest.raises(BadWorker, match="does not start"):
            await verify(verifier, "fine")

    run(work)


def test_closing_ends_a_child_at_work(tmp_path: Path) -> None:
    async def main() -> int:
        verifier = Verifier(1, inspect=misbehave)
        task = asyncio.create_task(verify(verifier, "hang", tmp_path))
        pid = await wait_for_pid(tmp_path / "hang")
        await verifier.close()
        with pytest.raises(TransientFailure, match="not verified: the worker is stopping"):
            await task
        return pid

    wait_until_gone(asyncio.run(main()))


def test_a_child_dies_with_its_parent_even_at_work(tmp_path: Path) -> None:
    program = f"import sys; from {__name__} import hang; hang(sys.argv[1])"
    parent = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], cwd=Path(__file__).resolve().parents[3])
    try:
        pid = asyncio.run(wait_for_pid(tmp_path / "hang"))
    finally:
        parent.kill()
        parent.wait()

    wait_until_gone(pid)


async def wait_for_pid(path: Path) -> int:
    """Return the number that a hanging child wrote; fail after a minute."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while not (path.exists() and path.read_text()):
        assert time.monotonic() < deadline, f"no child reached {path}"
        await asyncio.sleep(0.01)
    return int(path.read_text())


def hang(folder: str) -> None:
    """Verify a file that hangs, in a process that is killed meanwhile."""
    run(lambda verifier: verify(verifier, "hang", Path(folder)))
