"""Run a worker with a nexrender farm from npm: check what problems of the farm cost jobs and worker."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pokervod_pipelines.policies.blocks import NEXRENDER
from pokervod_pipelines.policies.breakers import Breaker
from pokervod_pipelines.render.outputs.marker import FIRST_USE, write_marker
from pokervod_pipelines.render.outputs.verifier import Verifier
from pokervod_pipelines.render.renderers.local.renderer import LocalRenderer
from pokervod_pipelines.render.renderers.nexrender.renderer import NexrenderRenderer
from pokervod_pipelines.render.renderers.nexrender.timeouts import NexrenderTimeouts
from pokervod_pipelines.render.templates import Template, TemplateFiles, load_templates
from pokervod_pipelines.render.worker.pipeline import RenderPipeline
from pokervod_pipelines.settings.render import NexrenderSettings, RenderQueueSettings
from pokervod_pipelines_tests.policies.breaker_harness import BreakerHarness
from pokervod_pipelines_tests.render.nexrender.farm import T_FPS, T_FRAMES, T_HEIGHT, T_WIDTH, Farm, kill
from pokervod_pipelines_tests.render.nexrender.nexrender_factory import make_template
from pokervod_pipelines_tests.render.queue_database import QueueDatabase
from pokervod_pipelines_tests.render.worker.graphics import request_graphic, request_whole
from pokervod_pipelines_tests.render.worker.running_worker import run_case, running_worker, wait_for

OUTPUT = {
    "format": "mov_alpha",
    "width": T_WIDTH,
    "height": T_HEIGHT,
    "fps": T_FPS,
    "seconds": T_FRAMES / T_FPS,
    "path": "{day}/{template}_{id}",
}
"""The output of the stub, whatever is requested."""

LAYERS = {
    "player": {"type": "text", "required": True, "description": "who"},
    "share": {"type": "number", "required": False, "description": "percent"},
}


@pytest.fixture
def at_farm(tmp_path: Path) -> Template:
    """Return a template of the farm."""
    project = tmp_path / "graphics.aep"
    project.write_text("a project")
    return make_template(name="after_effects", source=str(project), composition="plain", layers=LAYERS)


def open_pipeline(
    root: Path,
    farm: Farm,
    template: Template,
    *,
    secret: str | None = None,
    jobs: int = 4,
    breaker: Breaker | None = None,
) -> RenderPipeline:
    """Return a pipeline of both renderers, with short time limits for the farm."""
    root.mkdir()
    write_marker(root, FIRST_USE)
    settings = NexrenderSettings(url=farm.url, folder=farm.share, poll_seconds=0.1)
    timeouts = NexrenderTimeouts(outage=0.5, share=5.0)
    files = TemplateFiles(valid={**load_templates(), template.name: template})
    return RenderPipeline(
        root=root,
        read_templates=lambda: files,
        renderers=[
            LocalRenderer("animation", 1),
            NexrenderRenderer(settings, secret or farm.secret, timeouts=timeouts, breaker=breaker),
        ],
        slots={"local": 1, "nexrender": jobs},
        verifier=Verifier(1),
        check_seconds=60,
    )


def request_at_farm(desk: QueueDatabase, template: Template, layers: Mapping[str, Any]) -> int:
    """Request a graphic from the farm; to be called while no worker is running."""
    asked = request_whole(desk, template.name, layers, OUTPUT)
    desk.execute("update render_instructions set renderer = 'nexrender' where id = :id", id=asked)
    return asked


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("down", "%start it, or repair%"),
        ("secret", "%POKERVOD_NEXRENDER_SECRET%"),
        ("unmounted", "%mount it, or%"),
    ],
)
def test_a_problem_of_the_farm_pauses_it_and_costs_neither_a_retry_nor_a_strike(
    farm: Farm, queue_database: QueueDatabase, tmp_path: Path, at_farm: Template, fault: str, reason: str
) -> None:
    asked = [request_at_farm(queue_database, at_farm, {"player": f"Kim {number}"}) for number in range(4)]
    if fault == "down":
        assert farm.server is not None
        kill(farm.server)
    if fault == "unmounted":
        farm.share.rmdir()
    paused = "select 1 from render_pauses where scope = 'renderer:nexrender' and reason like :reason"
    waiting = "select 1 from render_instructions where renderer = 'nexrender' and failure_kind = 'capacity'"

    async def case() -> None:
        pipeline = open_pipeline(tmp_path / "out", farm, at_farm, secret="wrong" if fault == "secret" else None)
        async with running_worker(queue_database, pipeline):
            await wait_for(lambda: len(queue_database.execute(waiting)) == len(asked))
            local = request_graphic(queue_database)
            await wait_for(lambda: queue_database.states()[local] == "completed")

    run_case(case())

    assert queue_database.execute(paused, reason=reason)
    assert {(row.state, row.retry_count) for row in map(queue_database.row, asked)} == {("pending", 0)}
    assert queue_database.execute("select strikes, quarantine_reason from render_workers") == [(0, None)]


def test_a_farm_that_is_away_is_left_alone_and_its_jobs_are_rendered_later_with_all_their_retries(
    farm: Farm, queue_database: QueueDatabase, tmp_path: Path, at_farm: Template
) -> None:
    harness = BreakerHarness(queue_database.engine, service=NEXRENDER)
    shares = [37.501 + number / 10_000 for number in range(6)]  # which look the same
    asked = [request_at_farm(queue_database, at_farm, {"player": "Kim", "share": share}) for share in shares]
    assert farm.server is not None
    kill(farm.server)
    refusal = "nexrender does not answer: 5 failures in a row, %"
    refused = "select 1 from render_instructions where reason like :refusal"

    def are_refused() -> bool:
        """Let those that the breaker has not refused yet be claimed again."""
        queue_database.execute("delete from render_pauses")
        queue_database.execute(
            "update render_instructions set due_at = now() where state = 'pending' and reason not like :refusal",
            refusal=refusal,
        )
        return len(queue_database.execute(refused, refusal=refusal)) == len(asked)

    def are_completed() -> bool:
        """Let those that came while one of them found out be claimed again."""
        queue_database.execute("delete from render_pauses")
        queue_database.execute("update render_instructions set due_at = now() where state = 'pending'")
        return set(queue_database.states().values()) == {"completed"}

    async def case() -> None:
        pipeline = open_pipeline(tmp_path / "out", farm, at_farm, jobs=6, breaker=harness.make())
        async with running_worker(queue_database, pipeline, RenderQueueSettings(retry_seconds=0, poll_seconds=0.1)):
            await wait_for(are_refused)
            assert harness.read().failures == 5
            await asyncio.to_thread(farm.start_server)
            farm.start_worker()
            harness.wait(60)
            await wait_for(are_completed)

    run_case(case())

    assert {row.retry_count for row in map(queue_database.row, asked)} == {0}
    assert harness.list_changes() == [("system.breaker.opened", 5), ("system.breaker.closed", 5)]


def test_graphics_that_look_the_same_are_completed_unless_their_content_differs(
    farm: Farm, queue_database: QueueDatabase, tmp_path: Path, at_farm: Template
) -> None:
    farm.start_worker()
    shares = [37.501, 37.502, 41.0]
    one, same, other = (request_at_farm(queue_database, at_farm, {"player": "Kim", "share": share}) for share in shares)
    ended = {one: "completed", same: "completed", other: "failed"}

    async def case() -> None:
        async with running_worker(queue_database, open_pipeline(tmp_path / "out", farm, at_farm, jobs=1)):
            await wait_for(lambda: queue_database.states() == ended)

    run_case(case())

    assert f"it shows exactly what instruction {one} shows" in queue_database.row(other).reason
