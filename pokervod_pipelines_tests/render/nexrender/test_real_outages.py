"""Test servers that die, forget, and answer nobody; workers that die: with those of npm."""

import asyncio
from collections.abc import Callable

import pytest

from pokervod_pipelines.render.failures import NoCapacity, TransientFailure
from pokervod_pipelines.render.renderers.job import RenderJob
from pokervod_pipelines.render.renderers.nexrender.states import CANCELLED_BY_US
from pokervod_pipelines_tests.render.nexrender.farm import Farm, kill
from pokervod_pipelines_tests.render.nexrender.nexrender_factory import (
    assert_nothing_is_left,
    renderer_at,
    run,
    see,
    silent,
)
from pokervod_pipelines_tests.render.nexrender.proxy import proxy_to

JobFactory = Callable[..., RenderJob]


def test_a_server_that_is_restarted_with_its_store_goes_on(farm: Farm, job_factory: JobFactory) -> None:
    farm.start_worker()
    job = job_factory(composition="gated")

    async def case() -> None:
        async with renderer_at(farm) as renderer:
            rendering = asyncio.create_task(renderer.render(job, silent))
            await asyncio.to_thread(farm.wait_until_drawing)
            assert farm.server is not None
            kill(farm.server)
            await asyncio.to_thread(farm.start_server)
            farm.release()
            await rendering

    run(case())

    assert job.target.exists()
    assert farm.calls() == ["gated"]


def test_a_job_that_a_killed_server_forgot_is_queued_again(farm: Farm, job_factory: JobFactory) -> None:
    farm.start_worker()
    job = job_factory(composition="gated")

    async def case() -> None:
        async with renderer_at(farm) as renderer:
            rendering = asyncio.create_task(renderer.render(job, silent))
            await asyncio.to_thread(farm.wait_until_drawing)
            assert farm.server is not None
            kill(farm.server)
            kill(farm.workers[0])
            await asyncio.to_thread(lambda: farm.start_server(forgetful=True))
            await see(farm.list_jobs, "the job is queued again")
            farm.release()
            farm.start_worker()
            await rendering

    run(case())

    assert job.target.exists()
    assert farm.calls() == ["gated", "gated"]
    assert_nothing_is_left(farm)


@pytest.mark.long
def test_a_server_that_always_forgets_is_given_up(farm: Farm, job_factory: JobFactory) -> None:
    async def case() -> None:
        async with renderer_at(farm) as renderer:
            rendering = asyncio.create_task(renderer.render(job_factory(), silent))
            while not rendering.done():
                for job in await asyncio.to_thread(farm.list_jobs):
                    await asyncio.to_thread(farm.ask, "DELETE", f"/jobs/{job['uid']}")
            with pytest.raises(TransientFailure, match="forgot the job 3 times"):
                await rendering

    run(case())


def test_a_server_that_is_down_when_asked_is_waited_for(farm: Farm, job_factory: JobFactory) -> None:
    assert farm.server is not None
    kill(farm.server)
    job = job_factory()

    async def case() -> None:
        async with renderer_at(farm) as renderer:
            rendering = asyncio.create_task(renderer.render(job, silent))
            await asyncio.to_thread(farm.start_server)
            farm.start_worker()
            await rendering

    run(case())

    assert job.target.exists()


def test_a_server_that_stays_down_has_no_capacity(farm: Farm, job_factory: JobFactory) -> None:
    assert farm.server is not None
    kill(farm.server)

    async def case() -> None:
        async with renderer_at(farm, outage=0.5) as renderer:
            with pytest.raises(NoCapacity, match=f"{farm.url}.* for 0.5 s; start it"):
                await renderer.render(job_factory(), silent)

    run(case())


@pytest.mark.long
def test_a_job_that_was_given_up_while_the_server_was_away_is_taken_back_when_it_is_seen_again(
    farm: Farm, job_factory: JobFactory
) -> None:
    async def case() -> None:
        async with renderer_at(farm, outage=0.5) as renderer:
            rendering = asyncio.create_task(renderer.render(job_factory(composition="gated"), silent))
            await see(farm.list_jobs, "the job is queued")
            (given_up,) = farm.list_jobs()
            assert farm.server is not None
            kill(farm.server)
            with pytest.raises(NoCapacity):
                await rendering
            await asyncio.to_thread(farm.start_server)
            assert [job["uid"] for job in farm.list_jobs()] == [given_up["uid"]]
            farm.start_worker()
            farm.release()
            await renderer.render(job_factory(), silent)

    run(case())

    assert farm.list_jobs() == []


@pytest.mark.long
def test_a_job_whose_worker_was_killed_says_nothing_until_it_is_cancelled(farm: Farm, job_factory: JobFactory) -> None:
    worker, told = farm.start_worker(), list[float]()
    first, second = job_factory(composition="gated"), job_factory()

    async def case() -> None:
        async with renderer_at(farm) as renderer:
            stuck = asyncio.create_task(renderer.render(first, told.append))
            await see(lambda: told and told[-1] > 0, "it was started")
            await asyncio.to_thread(farm.wait_until_drawing)
            kill(worker)
            farm.start_worker()
            known = len(told)
            await renderer.render(second, silent)  # the farm is alive, and took nothing of the dead one's
            assert not stuck.done()
            assert len(told) == known
            stuck.cancel()
            await asyncio.wait([stuck])
            assert [(job["state"], job["error"]) for job in farm.list_jobs()] == [("error", CANCELLED_BY_US)]

    run(case())

    assert second.target.exists()


def test_a_job_posted_twice_loses_the_younger(farm: Farm, job_factory: JobFactory) -> None:
    async def case() -> None:
        async with renderer_at(farm) as renderer:
            rendering = asyncio.create_task(renderer.render(job_factory(), silent))
            await see(farm.list_jobs, "the job is queued")
            ours = farm.list_jobs()[0]
            farm.ask("PUT", f"/jobs/{ours['uid']}", {"state": "rendering", "renderProgress": 10})
            farm.ask("POST", "/jobs", {**ours, "uid": "late"})
            await see(lambda: [job["uid"] for job in farm.list_jobs()] == [ours["uid"]], "the other one is gone")
            rendering.cancel()
            await asyncio.wait([rendering])

    run(case())


@pytest.mark.long
def test_a_store_of_promises_breaks_the_short_listing_and_the_long_one_is_used(
    farm: Farm, job_factory: JobFactory
) -> None:
    assert farm.server is not None
    kill(farm.server)
    farm.start_server(store="promises")
    farm.start_worker()
    job = job_factory()

    async def case() -> None:
        async with renderer_at(farm) as renderer:
            await renderer.render(job, silent)

    run(case())

    assert job.target.exists()


@pytest.mark.parametrize("lost", [1, 2])
def test_an_answer_that_is_lost_makes_no_second_job(farm: Farm, job_factory: JobFactory, lost: int) -> None:
    farm.start_worker()
    job = job_factory()

    async def case() -> None:
        async with proxy_to(farm, lost_answers=lost) as proxy, renderer_at(farm, url=proxy.url) as renderer:
            await renderer.render(job, silent)
            assert proxy.posts == 1

    run(case())

    assert job.target.exists()
    assert farm.calls() == ["plain"]
    assert_nothing_is_left(farm)


def test_a_render_cancelled_before_its_answer_came_leaves_no_job(farm: Farm, job_factory: JobFactory) -> None:
    async def case() -> None:
        async with proxy_to(farm, is_held=True) as proxy, renderer_at(farm, url=proxy.url) as renderer:
            rendering = asyncio.create_task(renderer.render(job_factory(), silent))
            await see(farm.list_jobs, "the job is queued and we do not know it")
            rendering.cancel()
            await asyncio.wait([rendering])

    run(case())

    assert_nothing_is_left(farm)
