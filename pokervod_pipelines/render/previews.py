"""Draw the still picture of a graphic that is not enqueued yet, in a child process with limits of time and memory."""

import io
from collections.abc import Mapping
from functools import partial
from typing import Any

from pokervod_pipelines.errors import Unavailable
from pokervod_pipelines.processes.failures import ChildFailure
from pokervod_pipelines.processes.resting import RestingChild
from pokervod_pipelines.processes.supervised import ChildProgram
from pokervod_pipelines.render.failures import BadInstruction
from pokervod_pipelines.render.renderers.job import OutputSpec, check_layers
from pokervod_pipelines.render.templates import Template

PROGRAM = ChildProgram(
    name="preview renderer",
    memory_bytes=2 << 30,
    modules=("pokervod_pipelines.render.renderers.local.check", "pokervod_pipelines.render.renderers.local.drawing"),
)

WIDTH = 1280
"""Pixels across, at most."""

DRAW_SECONDS, WAIT_SECONDS = 6.0, 2.0
"""Limits of drawing one, and of waiting for the one before."""

IDLE_SECONDS = 60.0
"""The child ends when nobody has asked for so long."""


class PreviewRenderer:
    """Draw one preview after the other, from any thread, with a child that ends when it is idle."""

    def __init__(self) -> None:
        self._child = RestingChild(PROGRAM, idle_seconds=IDLE_SECONDS)

    def draw(self, template: Template, layers: Mapping[str, Any], spec: OutputSpec) -> bytes:
        """Return the picture as a PNG. Raises ``BadInstruction`` for bad layers, ``Unavailable`` when it takes long."""
        if template.renderer != "local":
            raise BadInstruction(f"template {template.name}: {template.renderer} draws it, so it has no preview")
        call = partial(draw_still, template, check_layers(template, layers), spec)
        try:
            return self._child.ask(call, seconds=DRAW_SECONDS, wait_seconds=WAIT_SECONDS)
        except ChildFailure as error:
            raise Unavailable(f"the preview was not drawn: its renderer {error}; make the graphic smaller") from None

    def close(self) -> None:
        """End the child."""
        self._child.close()


def draw_still(template: Template, layers: Mapping[str, Any], spec: OutputSpec) -> bytes:
    """Return the graphic when it is complete as a PNG; only a child loads what draws it."""
    from PIL import Image  # noqa: PLC0415 - as said above

    from pokervod_pipelines.render.renderers.local.check import find_undrawable_values  # noqa: PLC0415
    from pokervod_pipelines.render.renderers.local.drawing import Drawing  # noqa: PLC0415

    if undrawable := find_undrawable_values(layers):
        raise BadInstruction("; ".join(f"{name}: {text}" for name, text in undrawable.items()))
    drawing = Drawing(template, layers, spec)
    picture = drawing.draw(drawing.hold.start)
    picture.thumbnail((WIDTH, WIDTH * 4), Image.Resampling.BOX, reducing_gap=2.0)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
