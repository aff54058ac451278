"""Check what a worker does when it starts, whatever the farm answers."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from pokervod_pipelines.render.templates import TemplateFiles
from pokervod_pipelines.render.worker.pipeline import open_pipeline
from pokervod_pipelines.settings import Settings


def test_a_farm_that_does_not_answer_stops_no_worker(settings_factory: Callable[..., Settings], tmp_path: Path) -> None:
    farm = {"url": "http://127.0.0.1:9", "folder": tmp_path, "farm_folder": "farm"}
    settings = settings_factory(render={"nexrender": farm})

    async def tidy() -> None:
        pipeline = open_pipeline(settings, TemplateFiles)
        await pipeline.tidy()
        await pipeline.close()

    asyncio.run(tidy())
