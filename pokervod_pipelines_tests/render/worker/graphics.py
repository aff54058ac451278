"""Request real graphics, small or long, and find the processes that draw them."""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pokervod_pipelines.render.outputs.marker import FIRST_USE, write_marker
from pokervod_pipelines.render.outputs.paths import UNFINISHED
from pokervod_pipelines.render.outputs.verifier import Verifier
from pokervod_pipelines.render.renderers.job import Renderer
from pokervod_pipelines.render.renderers.local.renderer import LocalRenderer
from pokervod_pipelines.render.templates import ReadTemplates, TemplateFiles, load_templates
from pokervod_pipelines.render.worker.pipeline import RenderPipeline
from pokervod_pipelines_tests.processes import system
from pokervod_pipelines_tests.render.queue_database import QueueDatabase

DAY = "2031-05-04"
SMALL: dict[str, Any] = {
    "format": "mov_alpha",
    "width": 384,
    "height": 216,
    "fps": 30,
    "seconds": 0.34,
    "path": "{day}/{template}_{id}",
}
"""Ten frames."""

LONG: Mapping[str, Any] = {"width": 1920, "height": 1080, "fps": 60, "seconds": 600}
"""It takes longer to draw than any test runs."""

ELIMINATION = {"player": "Ana Ruiz", "place": "9th", "prize": 43_000}
CHILDREN = ("local renderer", "output verifier")
MAX_SECONDS = 60.0


def request_graphic(
    database: QueueDatabase, template: str = "elimination", layers: Mapping[str, Any] = ELIMINATION, **output: Any
) -> int:
    """Request a small graphic, with these changes of its output, and return its id."""
    return request_whole(database, template, layers, SMALL | output)


def request_whole(database: QueueDatabase, template: str, layers: Mapping[str, Any], output: Mapping[str, Any]) -> int:
    """Request exactly this, and return its id."""
    rows = database.execute(
        """
        insert into render_instructions (template, layers, output, digest, trigger_kind, trigger_key, broadcast_day, by)
        values (:template, cast(:layers as jsonb), cast(:output as jsonb), '', 'person', gen_random_uuid()::text, :day,
            'eva') returning id
        """,
        template=template,
        layers=json.dumps(dict(layers)),
        output=json.dumps(dict(output)),
        day=DAY,
    )
    return int(rows[0][0])


def open_small_pipeline(
    root: Path,
    renderer: Renderer | None = None,
    read_templates: ReadTemplates | None = None,
    slots: int = 1,
) -> RenderPipeline:
    """Return a pipeline below the root, by default with the real local renderer; to be called in the loop."""
    root.mkdir(exist_ok=True)
    write_marker(root, FIRST_USE)
    shipped = TemplateFiles(valid=load_templates())
    return RenderPipeline(
        root=root,
        read_templates=read_templates or (lambda: shipped),
        renderers=[renderer or LocalRenderer("animation", slots)],
        slots={"local": slots},
        verifier=Verifier(slots),
        check_seconds=60,
    )


def list_unfinished(root: Path) -> list[str]:
    """Return the unfinished files."""
    folder = root / UNFINISHED
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def list_finished(root: Path) -> list[str]:
    """Return the published files."""
    return sorted(path.name for path in (root / DAY).iterdir()) if (root / DAY).is_dir() else []


def list_children(parent: int | None = None) -> set[int]:
    """Return the processes that draw or verify for this process, or for another one."""
    return system.list_children(*CHILDREN, parent=parent)


def wait_until(condition: Callable[[], object]) -> float:
    """Wait until the condition is true and return after how many seconds; fail if it never is."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < MAX_SECONDS, "the condition never became true"
        time.sleep(0.02)
    return time.monotonic() - started
