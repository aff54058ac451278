"""Does a graphic stand still? Two frames of one output are compared whole, as they were decoded.

What is coded without loss has to be the same wherever it can be seen. What loses something trembles: single pixels by
much, small squares of them by little, whereas another colour or another text moves whole squares.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops

from pokervod_pipelines.render.outputs.likeness import weigh
from pokervod_pipelines.render.outputs.samples import Pixels, Shown, reduce_bits

SQUARE = 4
"""Pixels of a square, across."""

LINES = 4
"""Of what loses something, single pixels are compared on every so many lines, on others in the next frame."""


@dataclass(frozen=True, slots=True)
class Jitter:
    """Greatest differences of two frames in which a graphic stands, of 255: of a pixel, and of a square's mean.

    Measured on all templates in H.264 at CRF 16 and 23: brightness by up to 58 and 15, colours by up to 23 and 6.
    """

    pixel: int
    square: int


NONE = Jitter(pixel=3, square=3)
"""What rounding leaves when colours are weighed by opacity."""

OF_BRIGHTNESS, OF_COLOURS = Jitter(pixel=80, square=24), Jitter(pixel=40, square=12)


class Standing:
    """A frame in which the graphic stands: the measure of the others."""

    def __init__(self, shown: Shown) -> None:
        self._shown = shown
        self._planes = _read_visible(shown)
        self._squares = [_reduce(plane) for plane in self._planes]

    def is_shown_by(self, other: Shown) -> bool:
        """Whether the other frame shows the same, as far as its coding can keep it."""
        if other.is_lossless and other.is_same_as(self._shown):
            return True
        planes = _read_visible(other)
        lines = slice(None) if other.is_lossless else slice(other.number % LINES, None, LINES)
        return len(planes) == len(self._planes) and all(
            self._is_near(number, plane, _choose_jitter(other, number), lines) for number, plane in enumerate(planes)
        )

    def _is_near(self, number: int, plane: Pixels, most: Jitter, lines: slice) -> bool:
        ours = self._planes[number]
        if plane.shape != ours.shape:
            return False
        squares = ImageChops.difference(_reduce(plane), self._squares[number])
        if _find_most(squares) > most.square:
            return False
        one, other = plane[lines], ours[lines]
        return one.size == 0 or int((np.maximum(one, other) - np.minimum(one, other)).max()) <= most.pixel


def _choose_jitter(shown: Shown, plane: int) -> Jitter:
    if shown.is_lossless:
        return NONE
    return OF_COLOURS if plane else OF_BRIGHTNESS


def _read_visible(shown: Shown) -> list[Pixels]:
    """Its planes in eight bits; where there is opacity, its colours weighed by it, for what is hidden may differ."""
    if shown.has_alpha:
        return [np.asarray(weigh(shown.draw()))]
    return [reduce_bits(plane, shown.bits) for plane in shown.planes]


def _find_most(picture: Image.Image) -> int:
    """The greatest number in any of its channels; numpy would copy it first."""
    return int(np.max(picture.getextrema()))


def _reduce(pixels: Pixels) -> Image.Image:
    """Squares by their means; a plane of one channel is a grey picture."""
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).reduce(SQUARE)
