"""What each frame of a graphic looks like: the same for the same input on every machine. Pure.

The child that makes a file draws with this, and so does the verifier that judges it.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from PIL import Image

from pokervod_pipelines.render.failures import BadInstruction
from pokervod_pipelines.render.renderers.job import Picture
from pokervod_pipelines.render.renderers.local.boxes import Box
from pokervod_pipelines.render.renderers.local.content import read_content
from pokervod_pipelines.render.renderers.local.palette import SCREEN
from pokervod_pipelines.render.renderers.local.pen import Pen
from pokervod_pipelines.render.renderers.local.scenes import COMPOSITIONS
from pokervod_pipelines.render.renderers.local.sprites import compose
from pokervod_pipelines.render.renderers.local.timing import hold_frames, presence_at
from pokervod_pipelines.render.templates import Template

__all__ = ["Box", "Drawing", "hold_frames"]

OPAQUE_FORMATS = ("mp4",)
"""Formats without alpha: what is drawn lies on a black screen."""


class Drawing:
    """One graphic, laid out once for all of its frames. Raises ``BadInstruction`` for an unknown composition."""

    def __init__(self, template: Template, layers: Mapping[str, Any], picture: Picture) -> None:
        if template.composition not in COMPOSITIONS:
            raise BadInstruction(describe_unknown(template))
        self._picture = picture
        pen = Pen.over(picture.width, picture.height)
        COMPOSITIONS[template.composition].draw(pen, read_content(template, layers))
        self._sprites = pen.sprites

    @property
    def hold(self) -> range:
        """The frames in which it stands whole and still."""
        return hold_frames(self._picture)

    @property
    def boxes(self) -> list[Box]:
        """Every text and card that is drawn, while the graphic stands."""
        return [sprite.box for sprite in self._sprites if sprite.box is not None]

    def draw(self, frame_index: int) -> Image.Image:
        """Return the frame as RGBA, on black for a format without alpha; all of ``hold`` are one picture."""
        if frame_index in self.hold:
            return self._standing
        return self._compose(frame_index)

    @cached_property
    def _standing(self) -> Image.Image:
        return self._compose(self.hold.start)

    def _compose(self, frame_index: int) -> Image.Image:
        presence, leaves = presence_at(self._picture, frame_index)
        size = (self._picture.width, self._picture.height)
        frame = compose(self._sprites, size, presence, leaves=leaves)
        if self._picture.format not in OPAQUE_FORMATS:
            return frame
        screen = Image.new("RGBA", size, SCREEN)
        screen.alpha_composite(frame)
        return screen


def describe_unknown(template: Template) -> str:
    """Return the sentence for a composition that is not known."""
    known = ", ".join(sorted(COMPOSITIONS))
    return f"template {template.name}: there is no composition {template.composition!r}; write one of {known}"
