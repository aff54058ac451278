"""What compositions draw with: lengths as on a picture of 1080 lines, turned into pixels here and nowhere else."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Literal

from PIL import Image

from pokervod_pipelines.render.renderers.local import shapes, theme
from pokervod_pipelines.render.renderers.local.lettering import SMALLEST, fit, fit_together, measure, render_text
from pokervod_pipelines.render.renderers.local.sprites import Box, Sprite
from pokervod_pipelines.render.renderers.local.theme import Colour, Style

LINES, LINE_PIXELS = 1080, 1920
SAFE = 0.05
"""The part of the picture on each side that a set may hide."""

Align = Literal["left", "centre", "right"]


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A place, in lengths of the canvas."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.top + self.height

    def inset(self, x: float, y: float) -> "Rectangle":
        """The place within, so far from the sides."""
        return Rectangle(self.left + x, self.top + y, max(1.0, self.width - 2 * x), max(1.0, self.height - 2 * y))


@dataclass(slots=True)
class Canvas:
    """Puts sprites onto a picture. ``unit`` is pixels a length, the origin lies at pixels ``left`` and ``top``.

    ``cue`` and ``drift`` are those of what is drawn next.
    """

    width: int
    height: int
    unit: float
    left: float = 0.0
    top: float = 0.0
    cue: float = 0.0
    drift: tuple[float, float] = (0.0, 0.0)
    sprites: list[Sprite] = field(default_factory=list)

    @classmethod
    def over(cls, width: int, height: int) -> "Canvas":
        """A canvas for a picture of so many pixels."""
        return cls(width, height, min(width / LINE_PIXELS, height / LINES))

    @property
    def page(self) -> Rectangle:
        """The whole picture."""
        return Rectangle(0, 0, self.width / self.unit, self.height / self.unit)

    @property
    def safe(self) -> Rectangle:
        """The part of the picture that every set shows."""
        return self.page.inset(self.page.width * SAFE, self.page.height * SAFE)

    def shrink(self, share: float, left: float, top: float) -> "Canvas":
        """A canvas that draws smaller, with its origin at that place; it draws onto the same picture."""
        return replace(self, unit=self.unit * share, left=self._x(left), top=self._y(top))

    @contextmanager
    def entering(self, cue: float, drift: tuple[float, float] = (0.0, 0.0)) -> Iterator[None]:
        """What is drawn within comes in at that cue, from so far away."""
        before = self.cue, self.drift
        self.cue, self.drift = cue, drift
        try:
            yield
        finally:
            self.cue, self.drift = before

    def measure(self, text: str, style: Style) -> float:
        """Return how wide the text is."""
        return measure(text, style.scale(self.unit)) / self.unit

    def fit_together(
        self, texts: Sequence[tuple[str, Style]], width: float, *, least: float = SMALLEST
    ) -> list[tuple[str, Style]]:
        """Return the texts and their styles so that none is wider, all of the size that the widest takes."""
        fitted = fit_together([(text, style.scale(self.unit)) for text, style in texts], width * self.unit, least=least)
        return [
            (text, replace(style, size=style.size / self.unit, spacing=style.spacing / self.unit))
            for text, style in fitted
        ]

    def draw_text(
        self, layer: str, text: str, style: Style, *, x: float, base: float, width: float, align: Align = "left"
    ) -> float:
        """The text stands on the line ``base``, within ``width`` from ``x`` on; returns how wide it came out."""
        text, scaled = fit(text, style.scale(self.unit), width * self.unit)
        drawn = render_text(text, scaled)
        wide = measure(text, scaled)
        if drawn is None:
            return wide / self.unit
        image, ink_left, ink_top = drawn
        start = self._x(x) + {"left": 0.0, "centre": 0.5, "right": 1.0}[align] * (width * self.unit - wide)
        left, top = round(start) + ink_left, round(self._y(base)) + ink_top
        box = Box(layer=layer, shows=text, left=left, top=top, right=left + image.width, bottom=top + image.height)
        self._add(image, left, top, self._clip(box))
        return wide / self.unit

    def draw_plate(
        self, place: Rectangle, top: Colour, foot: Colour | None = None, *, radius: float = 0, shadow: float = 0
    ) -> None:
        """A plate lies there, with round corners, and with a shadow below it if asked for."""
        width, height, left, upper = self._pixels(place)
        if shadow:
            blur = max(0.5, shadow * self.unit)
            shade = shapes.draw_shadow(width, height, blur, theme.SHADOW, radius * self.unit)
            edge = (shade.width - width) // 2
            self._add(shade, left - edge, upper - edge + round(shadow * self.unit * 0.5))
        self._add(shapes.draw_plate(width, height, top, foot or top, radius * self.unit), left, upper)

    def draw_panel(self, place: Rectangle, *, radius: float = 14) -> None:
        """The dark plate that texts stand on."""
        self.draw_plate(place, theme.PANEL_TOP, theme.PANEL_FOOT, radius=radius, shadow=16)

    def draw_backdrop(self) -> None:
        """Darken the whole screen, with a soft light above and a gold line at the bottom."""
        backdrop = shapes.draw_gradient(self.width, self.height, theme.VEIL_TOP, theme.VEIL_FOOT)
        height = max(1, round(self.height * 0.9))
        glow = shapes.draw_glow(self.width, height, theme.GLOW)
        backdrop.alpha_composite(glow.crop((0, height // 3, self.width, height)))
        line = self.pixels(6)
        gold = shapes.draw_gradient(self.width, line, theme.GOLD_TOP, theme.GOLD_FOOT)
        backdrop.alpha_composite(gold, (0, max(0, self.height - line)))
        self.draw_image(backdrop, 0, 0)

    def draw_image(self, image: Image.Image, x: float, y: float, box: Box | None = None) -> None:
        """The picture lies there, in its own pixels."""
        self._add(image, round(self._x(x)), round(self._y(y)), box)

    def pixels(self, length: float) -> int:
        """Return how many whole pixels that is, at least one."""
        return max(1, round(length * self.unit))

    def make_box(self, layer: str, shows: str, image: Image.Image, x: float, y: float) -> Box:
        """Where the spec, put at that place, shows the layer."""
        left, top = round(self._x(x)), round(self._y(y))
        whole = Box(layer=layer, shows=shows, left=left, top=top, right=left + image.width, bottom=top + image.height)
        return self._clip(whole) or whole

    def _clip(self, box: Box) -> Box | None:
        """What of the box is in the picture; nothing, for one outside of it."""
        left, top = max(0, box.left), max(0, box.top)
        right, bottom = min(self.width, box.right), min(self.height, box.bottom)
        if right <= left or bottom <= top:
            return None
        return Box(layer=box.layer, shows=box.shows, left=left, top=top, right=right, bottom=bottom)

    def _add(self, image: Image.Image, left: int, top: int, box: Box | None = None) -> None:
        drift = (self.drift[0] * self.unit, self.drift[1] * self.unit)
        self.sprites.append(Sprite(image=image, left=left, top=top, cue=self.cue, drift=drift, box=box))

    def _pixels(self, place: Rectangle) -> tuple[int, int, int, int]:
        left, top = round(self._x(place.left)), round(self._y(place.top))
        right, bottom = round(self._x(place.right)), round(self._y(place.bottom))
        return max(1, right - left), max(1, bottom - top), left, top

    def _x(self, length: float) -> float:
        return self.left + length * self.unit

    def _y(self, length: float) -> float:
        return self.top + length * self.unit
