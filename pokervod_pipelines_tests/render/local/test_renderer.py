"""Draw in children; whatever happens to one, its job ends with its failure and the next job is served."""

import asyncio
import errno
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pokervod_pipelines.processes.child import make_portable
from pokervod_pipelines.render.failures import BadInstruction, TransientFailure, classify_failure
from pokervod_pipelines.render.renderers.local.renderer import PROGRAM, LocalRenderer
from pokervod_pipelines_tests.processes import system
from pokervod_pipelines_tests.processes.system import wait_until_gone
from pokervod_pipelines_tests.render.local.sample_jobs import job

LONG: dict[str, Any] = {"seconds": 60.0, "width": 1920, "height": 1080}


@asynccontextmanager
async def opened(processes: int = 1) -> AsyncIterator[LocalRenderer]:
    renderer = LocalRenderer("animation", processes)
    try:
        yield renderer
    finally:
        await renderer.close()


def run(play: Callable[[LocalRenderer], Awaitable[None]], processes: int = 1) -> None:
    async def whole() -> None:
        async with opened(processes) as renderer:
            await play(renderer)

    asyncio.run(whole())


def list_children() -> set[int]:
    """Return the children of this process that draw."""
    return system.list_children(PROGRAM.name)


def ignore(_: float) -> None:
    pass


async def start_long(renderer: LocalRenderer, target: Path) -> "asyncio.Task[None]":
    """Return a render that has begun and is far from its end."""
    begun = asyncio.Event()
    task = asyncio.create_task(renderer.render(job("leaderboard", target, **LONG), lambda _: begun.set()))
    await asyncio.wait({task, asyncio.create_task(begun.wait())}, return_when=asyncio.FIRST_COMPLETED)
    assert not task.done(), task
    return task


def test_a_job_is_drawn_and_reported_to_its_end(tmp_path: Path) -> None:
    reported: list[float] = []

    async def play(renderer: LocalRenderer) -> None:
        await renderer.render(job("elimination", tmp_path / "a.mov"), reported.append)

    run(play)
    assert (tmp_path / "a.mov").stat().st_size > 1000
    assert reported == sorted(reported)
    assert reported[-1] == 1.0


def test_one_child_serves_many_jobs_and_many_children_serve_side_by_side(tmp_path: Path) -> None:
    async def play(renderer: LocalRenderer) -> None:
        seen: set[int] = set()
        for number in range(3):
            await renderer.render(job("elimination", tmp_path / f"{number}.mov", seconds=0.2), ignore)
            seen |= list_children()
        assert len(seen) == 1
        jobs = [job("elimination", tmp_path / f"side {number}.mov", seconds=0.5) for number in range(5)]
        await asyncio.gather(*(renderer.render(one, ignore) for one in jobs))
        assert len(list_children()) == 2

    run(play, processes=2)
    assert list_children() == set()
    assert len([*tmp_path.iterdir()]) == 8


def test_cancelling_kills_the_child_at_once_and_a_fresh_one_serves_the_next(tmp_path: Path) -> None:
    async def play(renderer: LocalRenderer) -> None:
        task = await start_long(renderer, tmp_path / "a.mov")
        (pid,) = list_children()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        wait_until_gone(pid)
        await renderer.render(job("elimination", tmp_path / "b.mov"), ignore)
        assert pid not in list_children()

    run(play)
    assert (tmp_path / "b.mov").exists()


def test_a_child_killed_over_its_job_is_a_passing_failure(tmp_path: Path) -> None:
    async def play(renderer: LocalRenderer) -> None:
        task = await start_long(renderer, tmp_path / "a.mov")
        (pid,) = list_children()
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(TransientFailure, match=r"died while it drew \(SIGKILL\)\. The job is retried"):
            await task
        await renderer.render(job("elimination", tmp_path / "b.mov"), ignore)

    run(play)


def test_a_child_killed_while_it_waits_costs_nobody_anything(tmp_path: Path) -> None:
    async def play(renderer: LocalRenderer) -> None:
        await renderer.render(job("elimination", tmp_path / "a.mov"), ignore)
        (pid,) = list_children()
        os.kill(pid, signal.SIGKILL)
        await renderer.render(job("elimination", tmp_path / "b.mov"), ignore)

    run(play)
    assert (tmp_path / "b.mov").exists()


def test_closing_ends_what_is_under_way(tmp_path: Path) -> None:
    async def play(renderer: LocalRenderer) -> None:
        task = await start_long(renderer, tmp_path / "a.mov")
        await renderer.close()
        assert list_children() == set()
        with pytest.raises(TransientFailure):
            await task
        with pytest.raises(TransientFailure, match="closed"):
            await renderer.render(job("elimination", tmp_path / "b.mov"), ignore)

    run(play)


def test_a_report_that_raises_ends_the_job_and_spoils_no_other(tmp_path: Path) -> None:
    def refuse(_: float) -> None:
        raise LookupError

    async def play(renderer: LocalRenderer) -> None:
        with pytest.raises(LookupError):
            await renderer.render(job("elimination", tmp_path / "a.mov"), refuse)
        await renderer.render(job("elimination", tmp_path / "b.mov"), ignore)

    run(play)


BAD_LAYERS = [
    ({"player": "Kim", "pott": 3}, "pott: unknown layer; the layers are player, place"),
    ({"place": "9th"}, "player: the layer is required"),
    ({"player": "Kim", "prize": "much"}, "prize: expected a number, got 'much'"),
    ({"player": 5}, "player: expected a text, got 5"),
]


@pytest.mark.parametrize(("layers", "text"), BAD_LAYERS)
def test_layers_that_do_not_fit_are_the_instructions_fault(layers: dict[str, Any], text: str, tmp_path: Path) -> None:
    async def play(renderer: LocalRenderer) -> None:
        with pytest.raises(BadInstruction, match=text):
            await renderer.render(replace(job("elimination", tmp_path / "a.mov"), layers=layers), ignore)
        await renderer.render(job("elimination", tmp_path / "b.mov"), ignore)

    run(play)


def test_a_disk_that_is_full_or_gone_comes_back_with_its_number(tmp_path: Path) -> None:
    full = tmp_path / "full.mov"
    full.symlink_to("/dev/full")

    async def play(renderer: LocalRenderer) -> None:
        for target, number in ((full, errno.ENOSPC), (tmp_path / "gone" / "a.mov", errno.ENOENT)):
            with pytest.raises(OSError) as raised:  # noqa: PT011 - the number is what it is about
                await renderer.render(job("elimination", target), ignore)
            assert raised.value.errno == number

    run(play)


@pytest.mark.parametrize(
    "error",
    [BadInstruction("a"), TransientFailure("b"), OSError(errno.ENOSPC, "full", "/x"), MemoryError(), KeyError("c")],
)
def test_a_failure_is_the_same_kind_on_both_sides(error: Exception) -> None:
    assert classify_failure(pickle.loads(pickle.dumps(make_portable(error)))) == classify_failure(error)


ORPHANING = """
import asyncio, os, pathlib, sys
from pokervod_pipelines.render.renderers.local.renderer import LocalRenderer
from pokervod_pipelines_tests.render.local.sample_jobs import job
from pokervod_pipelines_tests.render.local.test_renderer import LONG, list_children, start_long

async def play():
    await start_long(LocalRenderer("animation", 1), pathlib.Path(sys.argv[1]))
    print(*list_children(), flush=True)
    await asyncio.Event().wait()

asyncio.run(play())
"""


def test_a_child_does_not_outlive_its_parent(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ORPHANING, str(tmp_path / "a.mov")],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).resolve().parents[3],
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    wait_until_gone(pid)
