"""Collect the sprites of a graphic; lengths are those of an image of 1080 lines, converted to pixels only here."""

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
"""Share of the image on each side that a television set may hide."""

Align = Literal["left", "centre", "right"]


@dataclass(frozen=True, slots=True)
class Rectangle:
    """Describe an area, in lengths of the canvas."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Return the right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Return the lower edge."""
        return self.top + self.height

    def inset(self, x: float, y: float) -> "Rectangle":
        """Return the area inside, this far from the edges."""
        return Rectangle(self.left + x, self.top + y, max(1.0, self.width - 2 * x), max(1.0, self.height - 2 * y))


@dataclass(slots=True)
class Canvas:
    """Collect sprites. ``unit`` is pixels per length, the origin is at pixels ``left`` and ``top``.

    ``cue`` and ``drift`` are those of the next sprite.
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
        """Return a canvas for an image of this size in pixels."""
        return cls(width, height, min(width / LINE_PIXELS, height / LINES))

    @property
    def page(self) -> Rectangle:
        """Return the whole image."""
        return Rectangle(0, 0, self.width / self.unit, self.height / self.unit)

    @property
    def safe(self) -> Rectangle:
        """Return the title-safe area, which every television set shows."""
        return self.page.inset(self.page.width * SAFE, self.page.height * SAFE)

    def shrink(self, share: float, left: float, top: float) -> "Canvas":
        """Return a canvas with a smaller scale and its origin at that place; it adds to the same sprites."""
        return replace(self, unit=self.unit * share, left=self._x(left), top=self._y(top))

    @contextmanager
    def entering(self, cue: float, drift: tuple[float, float] = (0.0, 0.0)) -> Iterator[None]:
        """Let the sprites drawn inside the block enter at this cue, from this far away."""
        before = self.cue, self.drift
        self.cue, self.drift = cue, drift
        try:
            yield
        finally:
            self.cue, self.drift = before

    def measure(self, text: str, style: Style) -> float:
        """Return the width of the text."""
        return measure(text, style.scale(self.unit)) / self.unit

    def fit_together(
        self, texts: Sequence[tuple[str, Style]], width: float, *, min_scale: float = SMALLEST
    ) -> list[tuple[str, Style]]:
        """Return the texts and their styles so that none is wider, all in the size that the widest needs."""
        fitted = fit_together(
            [(text, style.scale(self.unit)) for text, style in texts], width * self.unit, min_scale=min_scale
        )
        return [
            (text, replace(style, size=style.size / self.unit, spacing=style.spacing / self.unit))
            for text, style in fitted
        ]

    def draw_text(
        self, layer: str, text: str, style: Style, *, x: float, base: float, width: float, align: Align = "left"
    ) -> float:
        """Draw the text on the baseline ``base``, within ``width`` from ``x`` on; return its final width."""
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
        """Draw a plate with rounded corners, and a shadow below it if asked for."""
        width, height, left, upper = self._pixels(place)
        if shadow:
            blur = max(0.5, shadow * self.unit)
            shade = shapes.draw_shadow(width, height, blur, theme.SHADOW, radius * self.unit)
            edge = (shade.width - width) // 2
            self._add(shade, left - edge, upper - edge + round(shadow * self.unit * 0.5))
        self._add(shapes.draw_plate(width, height, top, foot or top, radius * self.unit), left, upper)

    def draw_panel(self, place: Rectangle, *, radius: float = 14) -> None:
        """Draw the dark plate behind texts."""
        self.draw_plate(place, theme.PANEL_TOP, theme.PANEL_FOOT, radius=radius, shadow=16)

    def draw_backdrop(self) -> None:
        """Darken the whole screen, with a soft light above and a gold line at the bottom."""
        backdrop = shapes.draw_backdrop(self.width, self.height, theme.VEIL_TOP, theme.VEIL_FOOT, theme.GLOW)
        line = self.pixels(6)
        gold = shapes.draw_gradient(self.width, line, theme.GOLD_TOP, theme.GOLD_FOOT)
        backdrop.alpha_composite(gold, (0, max(0, self.height - line)))
        self.draw_image(backdrop, 0, 0)

    def draw_image(self, image: Image.Image, x: float, y: float, box: Box | None = None) -> None:
        """Draw the image there, in its own pixels."""
        self._add(image, round(self._x(x)), round(self._y(y)), box)

    def pixels(self, length: float) -> int:
        """Return the length in whole pixels, at least one."""
        return max(1, round(length * self.unit))

    def make_box(self, layer: str, shows: str, image: Image.Image, x: float, y: float) -> Box:
        """Return the box of the image at that place for the layer."""
        left, top = round(self._x(x)), round(self._y(y))
        whole = Box(layer=layer, shows=shows, left=left, top=top, right=left + image.width, bottom=top + image.height)
        return self._clip(whole) or whole

    def _clip(self, box: Box) -> Box | None:
        """Return the part of the box inside the image, None for one outside of it."""
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
