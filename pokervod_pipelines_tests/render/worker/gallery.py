"""Real graphics, small or long, and the processes that draw them."""

import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pokervod_pipelines.render.outputs.paths import UNFINISHED
from pokervod_pipelines.render.outputs.verifier import Verifier
from pokervod_pipelines.render.renderers.job import Renderer
from pokervod_pipelines.render.renderers.local.renderer import LocalRenderer
from pokervod_pipelines.render.templates import TemplateFiles, load_templates
from pokervod_pipelines.render.worker.shelf import Look
from pokervod_pipelines.render.worker.studio import Studio
from pokervod_pipelines_tests.render.queue_desk import QueueDesk

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
"""Nobody draws that in the time of a test."""

ELIMINATION = {"player": "Ana Ruiz", "place": "9th", "prize": 43_000}
CHILDREN = (b"local renderer", b"output verifier")
PATIENCE_SECONDS = 60.0


def ask_graphic(
    desk: QueueDesk, template: str = "elimination", layers: Mapping[str, Any] = ELIMINATION, **output: Any
) -> int:
    """A small graphic is asked for, with these changes of how it comes out; returns its id."""
    return ask_whole(desk, template, layers, SMALL | output)


def ask_whole(desk: QueueDesk, template: str, layers: Mapping[str, Any], output: Mapping[str, Any]) -> int:
    """Exactly this is asked for; returns its id."""
    rows = desk.execute(
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


def open_small_studio(
    root: Path,
    renderer: Renderer | None = None,
    look: Look | None = None,
    slots: int = 1,
) -> Studio:
    """A studio below the root, with the real local renderer unless another is given; to be called in the loop."""
    root.mkdir(exist_ok=True)
    shipped = TemplateFiles(sound=load_templates())
    return Studio(
        root=root,
        look=look or (lambda: shipped),
        renderers=[renderer or LocalRenderer("animation", slots)],
        slots={"local": slots},
        verifier=Verifier(slots),
        check_seconds=60,
    )


def list_unfinished(root: Path) -> list[str]:
    """What lies where graphics are made."""
    folder = root / UNFINISHED
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def list_finished(root: Path) -> list[str]:
    """The graphics at their final places."""
    return sorted(path.name for path in (root / DAY).iterdir()) if (root / DAY).is_dir() else []


def list_children(parent: int | None = None) -> set[int]:
    """The processes that draw or check for this process, or for another one."""
    lists = Path(f"/proc/{parent or os.getpid()}/task").glob("*/children")
    numbers = [number for path in lists for number in path.read_text().split()]
    return {int(number) for number in numbers if any(name in _read_command(number) for name in CHILDREN)}


def _read_command(number: str) -> bytes:
    try:
        return Path(f"/proc/{number}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def wait_until(condition: Callable[[], object]) -> float:
    """Return after how many seconds the condition held; fails when it does not come to that."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < PATIENCE_SECONDS, "it did not come to that"
        time.sleep(0.02)
    return time.monotonic() - began
