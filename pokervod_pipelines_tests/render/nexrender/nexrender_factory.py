"""Share what tests need besides fixtures: a template, a renderer that is not patient, and waiting without sleeping."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from pokervod_pipelines.render.renderers.nexrender.renderer import NexrenderRenderer
from pokervod_pipelines.render.renderers.nexrender.timeouts import NexrenderTimeouts
from pokervod_pipelines.render.templates import Template
from pokervod_pipelines.settings.render import NexrenderSettings
from pokervod_pipelines_tests.render.nexrender import farm as farms
from pokervod_pipelines_tests.render.nexrender.farm import Farm

LIMIT_SECONDS = 180.0
"""No case lasts so long unless something hangs."""

LAYERS = {"player": {"type": "text", "required": True, "description": "who"}}


def make_template(**overrides: Any) -> Template:
    """Return a template that nexrender takes."""
    facts = {
        "name": "lower_third",
        "title": "Lower third",
        "renderer": "nexrender",
        "source": "/projects/a.aep",
        "composition": "main",
        "width": farms.T_WIDTH,
        "height": farms.T_HEIGHT,
        "fps": farms.T_FPS,
        "formats": ["mov_alpha"],
        "seconds": 0.4,
        "output_module": "Lossless with Alpha",
        "layers": LAYERS,
    }
    return Template.model_validate(facts | overrides)


@asynccontextmanager
async def renderer_at(farm: Farm, *, url: str | None = None, **timeouts: float) -> AsyncIterator[NexrenderRenderer]:
    """Yield a renderer that asks ten times a second, closed at the end."""
    settings = NexrenderSettings(url=url or farm.url, folder=farm.share, poll_seconds=0.1)
    limits = NexrenderTimeouts(**{"outage": 20.0, "share": 5.0, "unclaimed": 20.0, **timeouts})
    renderer = NexrenderRenderer(settings, farm.secret, timeouts=limits)
    try:
        yield renderer
    finally:
        await renderer.close()


def run(case: Coroutine[Any, Any, None]) -> None:
    """Run the case within the time limit."""
    asyncio.run(asyncio.wait_for(case, LIMIT_SECONDS))


async def see(is_so: Callable[[], object], what: str) -> None:
    """Wait as ``until`` does, while the loop runs on."""
    await asyncio.to_thread(farms.until, is_so, what)


def silent(_: float) -> None:
    """Ignore the progress."""


def assert_nothing_is_left(farm: Farm) -> None:
    assert farm.list_jobs() == []
    assert list(farm.share.iterdir()) == []
