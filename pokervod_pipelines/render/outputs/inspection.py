"""What an output has to be, and what was found when it was looked at: records that go to the child process and back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from PIL import Image

from pokervod_pipelines.render.renderers.job import OutputSpec
from pokervod_pipelines.render.renderers.local.sprites import Box
from pokervod_pipelines.render.templates import Template

MAX_PROBLEMS = 12
"""Sentences of one inspection; what is wrong everywhere need not be said of every frame."""


class Drawing(Protocol):
    """A graphic as its renderer should have drawn it; ``renderers.local.drawing.Drawing`` is one."""

    @property
    def hold(self) -> range:
        """The frames in which the graphic stands still and whole; never none."""

    @property
    def boxes(self) -> list[Box]:
        """Where which text and card is in those frames."""

    def draw(self, frame_index: int) -> Image.Image:
        """The frame in RGBA."""


Draw = Callable[[Template, Mapping[str, Any], OutputSpec], Drawing]
"""Lays the graphic out anew; raises a failure of ``render.failures`` where that cannot be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedOutput:
    """The instruction's side: the template, its values, how it comes out, and the renderer that made it."""

    template: Template
    layers: Mapping[str, Any]
    spec: OutputSpec
    renderer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What was found. The output is what was asked for when there are no ``problems``, sentences with their figures.

    ``mtime_ns`` and ``size_bytes`` are those that ``audit`` compares with later. ``picture_hash`` is that of the pixels
    shown in the middle: two instructions with different values that share it show the same, so one of them is stale.
    ``preview`` is a JPEG of that spec, None where no picture was found.
    """

    problems: tuple[str, ...]
    sha256: str = ""
    size_bytes: int = 0
    mtime_ns: int = 0
    frames: int = 0
    width: int = 0
    height: int = 0
    fps: float = 0.0
    duration: float = 0.0
    pixel_format: str = ""
    has_alpha: bool = False
    picture_hash: str = ""
    preview: bytes | None = None

    @property
    def is_valid(self) -> bool:
        """It is what was asked for."""
        return not self.problems
