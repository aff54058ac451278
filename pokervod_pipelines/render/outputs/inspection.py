"""Define what an output must be and what was found in it: records that are sent to the child process and back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from PIL import Image

from pokervod_pipelines.render.renderers.job import OutputSpec
from pokervod_pipelines.render.renderers.local.sprites import Box
from pokervod_pipelines.render.templates import Template

MAX_PROBLEMS = 12
"""Sentences of one inspection; what is wrong everywhere need not be said of every frame."""


class ReferenceDrawing(Protocol):
    """Draw a graphic as its renderer should have drawn it; ``renderers.local.drawing.Drawing`` does."""

    @property
    def hold(self) -> range:
        """Return the frames in which the graphic is still and complete; never empty."""

    @property
    def boxes(self) -> list[Box]:
        """Return the boxes of the texts and cards in those frames."""

    def draw(self, frame_index: int) -> Image.Image:
        """Return the frame in RGBA."""


MakeDrawing = Callable[[Template, Mapping[str, Any], OutputSpec], ReferenceDrawing]
"""Lays the graphic out anew; raises a failure of ``render.failures`` where that cannot be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedOutput:
    """Hold what the instruction asks for: the template, its values, the output, and the renderer that made it."""

    template: Template
    layers: Mapping[str, Any]
    spec: OutputSpec
    renderer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """Report what was found. The output is valid when there are no ``problems``, sentences with their figures.

    ``mtime_ns`` and ``size_bytes`` are kept for ``audit``. ``picture_hash`` is that of the visible pixels of the middle
    frame: two instructions with different values that share it look the same, so one of them is stale. ``preview`` is a
    JPEG of that frame, None if no frame was found.
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
        """Return whether the output is what the instruction asks for."""
        return not self.problems
