"""Draw the still picture of a graphic that is not enqueued yet, in a child process with limits of time and memory."""

import io
import threading
from collections.abc import Mapping
from functools import partial
from typing import Any

from pokervod_pipelines.errors import Unavailable
from pokervod_pipelines.processes.failures import ChildFailure
from pokervod_pipelines.processes.supervised import ChildProgram, SupervisedChild
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
        self._lock = threading.Lock()
        self._child: SupervisedChild | None = None
        self._timer: threading.Timer | None = None

    def draw(self, template: Template, layers: Mapping[str, Any], spec: OutputSpec) -> bytes:
        """Return the picture as a PNG. Raises ``BadInstruction`` for bad layers, ``Unavailable`` when it takes long."""
        if template.renderer != "local":
            raise BadInstruction(f"template {template.name}: {template.renderer} draws it, so it has no preview")
        checked = check_layers(template, layers)
        if not self._lock.acquire(timeout=WAIT_SECONDS):
            raise Unavailable("another preview is being drawn; ask again in a moment")
        try:
            return self._ask(partial(draw_still, template, checked, spec))
        except ChildFailure as error:
            raise Unavailable(f"the preview was not drawn: its renderer {error}; make the graphic smaller") from None
        finally:
            self._lock.release()

    def _ask(self, call: "partial[bytes]") -> bytes:
        if self._timer is not None:
            self._timer.cancel()
        child = self._child = self._child or SupervisedChild(PROGRAM)
        try:
            return child.ask(call, seconds=DRAW_SECONDS)
        finally:
            self._timer = threading.Timer(IDLE_SECONDS, self._end_idle, (child,))
            self._timer.daemon = True
            self._timer.start()

    def _end_idle(self, child: SupervisedChild) -> None:
        with self._lock:
            if self._child is child:
                self.close()

    def close(self) -> None:
        """End the child."""
        if self._timer is not None:
            self._timer.cancel()
        child, self._child = self._child, None
        if child is not None:
            child.close()


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
