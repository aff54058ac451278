"""What is done at the beginning of a shift, whatever the farm says."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from pokervod_pipelines.render.templates import TemplateFiles
from pokervod_pipelines.render.worker.studio import open_studio
from pokervod_pipelines.settings import Settings


def test_a_farm_that_does_not_answer_keeps_no_worker_from_its_work(
    settings_factory: Callable[..., Settings], tmp_path: Path
) -> None:
    farm = {"url": "http://127.0.0.1:9", "folder": tmp_path, "farm_folder": "farm"}
    settings = settings_factory(render={"nexrender": farm})

    async def tidy() -> None:
        studio = open_studio(settings, TemplateFiles)
        await studio.tidy()
        await studio.close()

    asyncio.run(tidy())
