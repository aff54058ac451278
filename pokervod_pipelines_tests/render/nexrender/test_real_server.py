"""Test against the server and the worker of npm, with a stub where After Effects would be."""

import asyncio
import os
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import av
import pytest

from pokervod_pipelines.render.failures import (
    BadInstruction,
    NoCapacity,
    RenderFailure,
    SpoiledOutput,
    TransientFailure,
)
from pokervod_pipelines.render.renderers.job import Renderer, RenderJob
from pokervod_pipelines.render.renderers.nexrender.cleanup import sweep
from pokervod_pipelines.render.renderers.nexrender.client import NexrenderClient
from pokervod_pipelines.render.renderers.nexrender.farm import find_farm
from pokervod_pipelines.render.renderers.nexrender.job_builder import name_job
from pokervod_pipelines.render.renderers.nexrender.renderer import NexrenderRenderer
from pokervod_pipelines.render.renderers.nexrender.states import CANCELLED_BY_US
from pokervod_pipelines.settings.render import NexrenderSettings
from pokervod_pipelines_tests.render.nexrender.farm import T_FRAMES, Farm
from pokervod_pipelines_tests.render.nexrender.nexrender_factory import (
    assert_nothing_is_left,
    renderer_at,
    run,
    see,
    silent,
)
from pokervod_pipelines_tests.sizes import choose

JobFactory = Callable[..., RenderJob]


def test_a_film_is_rendered_with_progress_and_nothing_of_it_stays_at_the_farm(
    farm: Farm, job_factory: JobFactory
) -> None:
    farm.start_worker(talks=True)
    job, told = job_factory(composition="gated"), list[float]()

    async def case() -> None:
        async with renderer_at(farm) as renderer:
            rendering = asyncio.create_task(renderer.render(job, told.append))
            await see(lambda: told and 0.4 < told[-1] < 0.9, "half the frames are reported")
            farm.release()
            await rendering

    run(case())

    assert told == sorted(told)
    assert told[-1] == 1.0
    with av.open(job.target) as film:
        assert sum(1 for _ in film.decode(video=0)) == T_FRAMES
    assert list(job.target.parent.iterdir()) == [job.target]
    assert_nothing_is_left(farm)


def test_layers_reach_the_script_that_after_effects_runs(farm: Farm, job_factory: JobFactory) -> None:
    farm.start_worker()
    job = replace(job_factory(), layers={"player": '김 O\'Hara "K"\nDay 2'})

    async def case() -> None:
        async with renderer_at(farm) as renderer:
            await renderer.render(job, silent)

    run(case())

    script = (farm.stub / "script.jsx").read_text()
    assert "selectLayersByName(null, 'player'" in script
    assert """'김 O\\'Hara \\"K\\"\\rDay 2'""" in script
    assert ", null, false);" in script  # a layer that is missing is an error


def test_a_sequence_becomes_a_folder_of_numbered_pictures(farm: Farm, job_factory: JobFactory) -> None:
    farm.start_worker()
    job = job_factory(format="png_sequence")

    async def case() -> None:
        async with renderer_at(farm) as renderer:
            await renderer.render(job, silent)

    run(case())

    assert [path.name for path in sorted(job.target.iterdir())] == [f"{n:05d}.png" for n in range(1, T_FRAMES + 1)]
    assert_nothing_is_left(farm)


@pytest.mark.parametrize(
    ("composition", "talks", "failure", "text"),
    [
        ("broken", True, BadInstruction, "Couldn't find any layers by provided name"),
        ("unlicensed", True, NoCapacity, "no valid license"),
        ("missing", True, TransientFailure, "Couldn't find a result file"),
        ("broken", False, TransientFailure, "failed without a reason"),  # the worker of npm loses the text
        ("tiny", False, SpoiledOutput, "8 bytes"),
    ],
)
def test_a_render_that_fails_says_whose_fault_it_is(
    farm: Farm, job_factory: JobFactory, composition: str, talks: bool, failure: type[RenderFailure], text: str
) -> None:
    farm.start_worker(talks=talks)
    job = job_factory(composition=composition)

    async def case() -> None:
        async with renderer_at(farm, share=0.5) as renderer:
            with pytest.raises(failure, match=text) as raised:
                await renderer.render(job, silent)
            assert type(raised.value) is failure

    run(case())

    assert not job.target.exists()
    assert_nothing_is_left(farm)


def test_a_source_that_only_the_node_lacks_is_told_by_its_code(farm: Farm, job_factory: JobFactory) -> None:
    farm.start_worker()
    job = job_factory(source="file:///nowhere/a.aep")

    async def case() -> None:
        async with renderer_at(farm) as renderer:
            with pytest.raises(BadInstruction, match=r"/nowhere/a\.aep is missing on the render node"):
                await renderer.render(job, silent)

    run(case())


def test_a_file_that_never_appears_here_is_spoiled(farm: Farm, job_factory: JobFactory) -> None:
    job = job_factory()

    async def case() -> None:
        async with renderer_at(farm, share=0.5) as renderer:
            rendering = asyncio.create_task(renderer.render(job, silent))
            await see(farm.list_jobs, "the job is queued")
            farm.ask("PUT", f"/jobs/{farm.list_jobs()[0]['uid']}", {"state": "finished"})
            with pytest.raises(SpoiledOutput, match="the file is missing"):
                await rendering

    run(case())


@pytest.mark.parametrize("secret", ["wrong", None])
def test_a_wrong_secret_is_a_fault_of_the_set_up_and_is_not_shown(
    farm: Farm, job_factory: JobFactory, secret: str | None
) -> None:
    settings = NexrenderSettings(url=farm.url, folder=farm.share, poll_seconds=0.1)

    async def case() -> None:
        renderer = NexrenderRenderer(settings, secret)
        with pytest.raises(NoCapacity, match="POKERVOD_NEXRENDER_SECRET") as raised:
            await renderer.render(job_factory(), silent)
        assert "wrong" not in str(raised.value)
        assert "POKERVOD_NEXRENDER_SECRET" in (await renderer.check_server())[0]
        await renderer.close()

    run(case())


def test_a_job_the_server_refuses_is_told_by_its_first_line(farm: Farm) -> None:
    async def case() -> None:
        async with renderer_at(farm) as renderer:
            assert renderer._client is not None
            with pytest.raises(BadInstruction, match=r"job must have template\.src defined") as raised:
                await renderer._client.post_job({"template": {"composition": "main"}})
            assert "\n" not in str(raised.value)

    run(case())


def test_a_render_cancelled_in_the_queue_is_deleted(farm: Farm, job_factory: JobFactory) -> None:
    async def case() -> None:
        async with renderer_at(farm) as renderer:
            rendering = asyncio.create_task(renderer.render(job_factory(), silent))
            await see(farm.list_jobs, "the job is queued")
            rendering.cancel()
            with pytest.raises(asyncio.CancelledError):
                await rendering
            assert_nothing_is_left(farm)

    run(case())


def test_a_running_render_is_taken_back_without_breaking_its_node(farm: Farm, job_factory: JobFactory) -> None:
    """The worker of npm dies at the end of a job that was deleted meanwhile."""
    worker = farm.start_worker()

    async def case() -> None:
        async with renderer_at(farm) as renderer:
            rendering = asyncio.create_task(renderer.render(job_factory(composition="gated"), silent))
            await asyncio.to_thread(farm.wait_until_drawing)
            rendering.cancel()
            with pytest.raises(asyncio.CancelledError):
                await rendering
            assert [(job["state"], job["error"]) for job in farm.list_jobs()] == [("error", CANCELLED_BY_US)]
            farm.release()
            await renderer.render(job_factory(), silent)

    run(case())

    assert worker.poll() is None
    assert farm.list_jobs() == []


def test_a_state_that_nobody_knows_is_silence(farm: Farm, job_factory: JobFactory) -> None:
    told = list[float]()

    async def case() -> None:
        async with renderer_at(farm) as renderer:
            rendering = asyncio.create_task(renderer.render(job_factory(), told.append))
            await see(farm.list_jobs, "the job is queued")
            uid = farm.list_jobs()[0]["uid"]
            farm.ask("PUT", f"/jobs/{uid}", {"state": "dreaming", "renderProgress": 70})
            await renderer._job_list.read()  # type: ignore[union-attr]
            await renderer._job_list.read()  # type: ignore[union-attr]
            assert max(told, default=0.0) == 0.0
            farm.ask("PUT", f"/jobs/{uid}", {"state": "rendering", "renderProgress": 70})
            await see(lambda: told and told[-1] > 0.5, "the known state is progress")
            rendering.cancel()
            await asyncio.wait([rendering])

    run(case())


def test_a_farm_without_nodes_has_no_capacity_and_its_jobs_only_waited(farm: Farm, job_factory: JobFactory) -> None:
    told = list[float]()

    async def case() -> None:
        async with renderer_at(farm, unclaimed=0.3) as renderer:
            with pytest.raises(NoCapacity, match="no render node takes jobs"):
                await renderer.render(job_factory(), told.append)

    run(case())

    assert {*told} == {0.0}
    assert_nothing_is_left(farm)


def test_a_job_behind_others_waits_and_says_so(farm: Farm, job_factory: JobFactory) -> None:
    farm.start_worker()
    told = list[float]()

    async def case() -> None:
        async with renderer_at(farm) as renderer, renderer_at(farm, unclaimed=0.3) as hasty:
            before = asyncio.create_task(renderer.render(job_factory(composition="gated"), silent))
            await asyncio.to_thread(farm.wait_until_drawing)
            behind = asyncio.create_task(hasty.render(job_factory(), told.append))
            await see(lambda: len(told) > 9, "it is told again and again")
            assert {*told} == {0.0}
            farm.release()
            await asyncio.gather(before, behind)

    run(case())

    assert told[-1] == 1.0


def test_a_job_behind_that_of_a_dead_node_does_not_wait_for_ever(farm: Farm, job_factory: JobFactory) -> None:
    farm.ask("POST", "/jobs", {"template": {"src": "file:///a.aep", "composition": "main"}, "uid": "dead"})
    farm.ask("PUT", "/jobs/dead", {"state": "render:dorender"})

    async def case() -> None:
        async with renderer_at(farm, unclaimed=0.3, still=0.3) as renderer:
            with pytest.raises(NoCapacity, match="no render node takes jobs"):
                await renderer.render(job_factory(), silent)

    run(case())


def test_a_farms_folder_that_goes_away_meanwhile_is_a_fault_of_the_set_up(farm: Farm, job_factory: JobFactory) -> None:
    job = job_factory()

    async def case() -> None:
        async with renderer_at(farm, share=0.5) as renderer:
            rendering = asyncio.create_task(renderer.render(job, silent))
            await see(farm.list_jobs, "the job is queued")
            farm.share.rename(farm.folder / "elsewhere")
            farm.ask("PUT", f"/jobs/{farm.list_jobs()[0]['uid']}", {"state": "finished"})
            with pytest.raises(NoCapacity, match="the farm's folder is missing on"):
                await rendering

    run(case())


def test_many_jobs_are_in_flight_in_one_process(farm: Farm, job_factory: JobFactory) -> None:
    jobs = [job_factory() for _ in range(choose(30, long=120))]

    async def case() -> None:
        async with renderer_at(farm) as renderer:
            rendering = [asyncio.create_task(renderer.render(job, silent)) for job in jobs]
            await see(lambda: len(farm.list_jobs()) == len(jobs), "all are queued")
            farm.start_worker()
            await asyncio.gather(*rendering)

    run(case())

    assert all(job.target.stat().st_size > 1024 for job in jobs)
    assert len(farm.calls()) == len(jobs)
    assert_nothing_is_left(farm)


def test_the_renderer_keeps_to_the_protocol(farm: Farm) -> None:
    async def case() -> None:
        async with renderer_at(farm) as made:
            renderer: Renderer = made
            assert renderer.name == "nexrender"
            assert await made.check_server() == []

    run(case())


def test_what_killed_processes_left_is_swept_when_it_is_old(farm: Farm, job_factory: JobFactory) -> None:
    old, new = (name_job(uuid.uuid4(), 1) for _ in range(2))
    job = {"template": {"src": "file:///a.aep", "composition": "main"}}
    farm.ask("POST", "/jobs", {**job, "uid": "ours", "tags": old})
    farm.ask("POST", "/jobs", {**job, "uid": "other", "tags": "promo"})
    for name in (old, new, "holiday"):
        (farm.share / f"{name}.mov").touch()
    for name in (old, "holiday"):
        os.utime(farm.share / f"{name}.mov", (0, 0))
    settings = NexrenderSettings(url=farm.url, folder=farm.share)
    client = NexrenderClient(farm.url, farm.secret, answer_seconds=10)

    async def case() -> None:
        async with renderer_at(farm) as renderer:
            assert await renderer.sweep() == [f"file {old}.mov"]
        later = datetime.now(UTC) + timedelta(days=3)
        os.utime(farm.share / f"{new}.mov", (later.timestamp(), later.timestamp()))
        assert await sweep(client, find_farm(settings), now=later) == ["job ours (queued)"]
        await client.close()

    run(case())

    assert [job["uid"] for job in farm.list_jobs()] == ["other"]
    assert {path.stem for path in farm.share.iterdir()} == {new, "holiday"}
