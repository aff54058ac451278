"""Draw each frame of a graphic: the same pixels for the same input on every machine. Pure.

The child that writes a file draws with this, and so does the verifier that checks it.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from PIL import Image

from pokervod_pipelines.render.failures import BadInstruction
from pokervod_pipelines.render.renderers.job import OutputSpec
from pokervod_pipelines.render.renderers.local.canvas import Canvas
from pokervod_pipelines.render.renderers.local.compositions import COMPOSITIONS
from pokervod_pipelines.render.renderers.local.content import read_content
from pokervod_pipelines.render.renderers.local.shapes import lay_on_black
from pokervod_pipelines.render.renderers.local.sprites import Box, compose
from pokervod_pipelines.render.templates import Template

ENTER_SECONDS, LEAVE_SECONDS = 0.6, 0.4

OPAQUE_FORMATS = ("mp4",)
"""Formats without alpha: the graphic is drawn on black."""


class Drawing:
    """Lay out one graphic once for all of its frames. Raises ``BadInstruction`` for an unknown composition."""

    def __init__(self, template: Template, layers: Mapping[str, Any], spec: OutputSpec) -> None:
        if template.composition not in COMPOSITIONS:
            raise BadInstruction(describe_unknown(template))
        self._spec = spec
        canvas = Canvas.over(spec.width, spec.height)
        COMPOSITIONS[template.composition].draw(canvas, read_content(template, layers))
        self._sprites = canvas.sprites

    @property
    def hold(self) -> range:
        """Return the frames in which it is complete and still."""
        return find_hold_frames(self._spec)

    @property
    def boxes(self) -> list[Box]:
        """Return the boxes of every text and card while the graphic is still."""
        return [sprite.box for sprite in self._sprites if sprite.box is not None]

    def draw(self, frame_index: int) -> Image.Image:
        """Return the frame as RGBA, on black for a format without alpha; all frames of ``hold`` are one image."""
        if frame_index in self.hold:
            return self._still
        return self._compose(frame_index)

    @cached_property
    def _still(self) -> Image.Image:
        return self._compose(self.hold.start)

    def _compose(self, frame_index: int) -> Image.Image:
        visibility, leaves = find_visibility(self._spec, frame_index)
        size = (self._spec.width, self._spec.height)
        frame = compose(self._sprites, size, visibility, leaves=leaves)
        if self._spec.format not in OPAQUE_FORMATS:
            return frame
        return lay_on_black(frame)


def describe_unknown(template: Template) -> str:
    """Return the sentence for an unknown composition."""
    known = ", ".join(sorted(COMPOSITIONS))
    return f"template {template.name}: unknown composition {template.composition!r}; the compositions are {known}"


def find_hold_frames(spec: OutputSpec) -> range:
    """Return the frames in which the graphic is complete and still; never empty, at any length.

    >>> find_hold_frames(OutputSpec(format="mp4", width=1920, height=1080, fps=30, seconds=8))
    range(18, 228)
    """
    most = (spec.frames - 1) // 2
    entering = min(round(ENTER_SECONDS * spec.fps), most)
    leaving = min(round(LEAVE_SECONDS * spec.fps), most)
    return range(entering, spec.frames - leaving)


def find_visibility(spec: OutputSpec, frame_index: int) -> tuple[float, bool]:
    """Return how much of the graphic is visible, above 0 to 1, and whether it is on its way out."""
    hold = find_hold_frames(spec)
    if frame_index < hold.start:
        return (frame_index + 1) / (hold.start + 1), False
    if frame_index >= hold.stop:
        return (spec.frames - frame_index) / (spec.frames - hold.stop + 1), True
    return 1.0, False
