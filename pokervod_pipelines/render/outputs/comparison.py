"""Compare a decoded frame with one drawn anew, and two decoded frames of one output with each other.

A lossy codec blurs; a wrong letter moves light from one place to another. So the means of small windows are compared:
a coding error averages out, a missing or extra stroke does not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from pokervod_pipelines.render.outputs.decoded_frame import DecodedFrame, Pixels, reduce_bits
from pokervod_pipelines.render.renderers.local.sprites import Box

WINDOW, COLOUR_WINDOW = 3, 7
"""Width of a window in pixels; video keeps colours at half of the resolution."""

CELL, MOVING_CELL = 8, 4
"""Width of the squares that are compared beyond the texts; smaller ones while the graphic moves."""

MARGIN = 8
"""Pixels around a text that its windows need."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Limit the differences (0 to 255) of two windows of a text (brightness, colour, opacity) and of two cells.

    Measured on all templates: a good H.264 (CRF 18 and 23) differs by up to 24, ProRes by up to 4, one changed digit
    by 85 and more at 1080 lines, by 41 and more in letters 9 pixels high.
    """

    text: int
    cell: int


EXACT = Tolerance(text=3, cell=3)
"""Lossless: what rounding leaves when colours are premultiplied."""

FINE, COARSE = Tolerance(text=14, cell=14), Tolerance(text=36, cell=26)
"""For codecs made for editing, and for those made to be small."""


def compare_images(found: Image.Image, drawn: Image.Image, boxes: Sequence[Box], tolerance: Tolerance) -> Iterator[str]:
    """Yield a sentence for each text, and one place beyond the texts, where the RGBA images differ."""
    ours, theirs = premultiply(drawn), premultiply(found)
    for box in boxes:
        if not _is_similar(theirs, ours, box, tolerance):
            place = f"{box.left},{box.top} to {box.right},{box.bottom}"
            yield f"does not show {box.shows!r} (layer {box.layer}) at {place}: another or a stale graphic"
    where = _find_difference(theirs, ours, boxes, tolerance.cell, CELL)
    if where is not None:
        yield f"differs from its drawing at {where[0]},{where[1]}, beyond its texts"


def compare_animated(found: Image.Image, drawn: Image.Image, tolerance: Tolerance) -> tuple[int, int] | None:
    """Return where a frame of the entrance or exit differs most from its drawing, or None.

    Its texts are moving, so the whole frame is compared as closely as a text. Measured: a good H.264 differs by up to
    16 at CRF 16 and 32 at 23, one changed letter of a text half-way in by 140 and more at 1080 lines.
    """
    return _find_difference(premultiply(found), premultiply(drawn), (), tolerance.text, MOVING_CELL)


def composite_over(image: Image.Image, colour: tuple[int, int, int]) -> Image.Image:
    """Return the image over a plain colour, in RGBA and opaque."""
    below = Image.new("RGBA", image.size, (*colour, 255))
    below.alpha_composite(image)
    return below


def premultiply(image: Image.Image) -> Image.Image:
    """Return the colours multiplied by opacity, so that invisible pixels do not differ."""
    weighed = image.convert("RGBa")
    return Image.frombuffer("RGBA", image.size, weighed.tobytes(), "raw", "RGBA", 0, 1)


def _is_similar(found: Image.Image, drawn: Image.Image, box: Box, tolerance: Tolerance) -> bool:
    area = (
        max(0, box.left - MARGIN),
        max(0, box.top - MARGIN),
        min(drawn.width, box.right + MARGIN),
        min(drawn.height, box.bottom + MARGIN),
    )
    if area[0] >= area[2] or area[1] >= area[3]:
        return True
    theirs, ours = found.crop(area), drawn.crop(area)
    if tolerance is EXACT:
        return _find_max(theirs, ours) <= tolerance.text
    brightness, colours = _differ_in_colour(theirs, ours)
    opacity = _find_max(_blur(theirs.getchannel("A"), WINDOW), _blur(ours.getchannel("A"), WINDOW))
    return max(brightness, colours, opacity) <= tolerance.text


def _differ_in_colour(found: Image.Image, drawn: Image.Image) -> tuple[int, int]:
    pairs = zip(
        found.convert("RGB").convert("YCbCr").split(), drawn.convert("RGB").convert("YCbCr").split(), strict=True
    )
    windows = (WINDOW, COLOUR_WINDOW, COLOUR_WINDOW)
    most = [
        _find_max(_blur(one, window), _blur(other, window)) for (one, other), window in zip(pairs, windows, strict=True)
    ]
    return most[0], max(most[1:])


def _blur(image: Image.Image, window: int) -> Image.Image:
    return image.filter(ImageFilter.BoxBlur((window - 1) / 2))


def _find_max(one: Image.Image, other: Image.Image) -> int:
    return int(np.asarray(ImageChops.difference(one, other)).max())


def _find_difference(
    found: Image.Image, drawn: Image.Image, boxes: Sequence[Box], limit: int, cell: int
) -> tuple[int, int] | None:
    """Return where the images differ most beyond the texts, or None if no two cells differ by more than ``limit``."""
    cells = ImageChops.difference(found.reduce(cell), drawn.reduce(cell))
    worst = np.asarray(cells).max(axis=2).copy()
    for box in boxes:
        worst[box.top // cell : -(-box.bottom // cell), box.left // cell : -(-box.right // cell)] = 0
    if int(worst.max()) <= limit:
        return None
    row, column = np.unravel_index(int(worst.argmax()), worst.shape)
    return int(column) * cell, int(row) * cell


SQUARE = 4
"""Width of a square in pixels."""

LINES = 4
"""With a lossy codec, pixels are compared on every fourth line, on others in the next frame."""


@dataclass(frozen=True, slots=True)
class JitterLimit:
    """Limit the differences (0 to 255) of two frames of a still graphic: of a pixel, and of a square's mean.

    Measured on all templates in H.264 at CRF 16 and 23: brightness by up to 58 and 15, colours by up to 23 and 6.
    """

    pixel: int
    square: int


LOSSLESS_JITTER = JitterLimit(pixel=3, square=3)
"""What rounding leaves when colours are premultiplied."""

OF_BRIGHTNESS, OF_COLOURS = JitterLimit(pixel=80, square=24), JitterLimit(pixel=40, square=12)


class StillReference:
    """Hold one frame of a still graphic, to compare the others with it."""

    def __init__(self, shown: DecodedFrame) -> None:
        self._shown = shown
        self._planes = _read_visible(shown)
        self._squares = [_reduce(plane) for plane in self._planes]

    def matches(self, other: DecodedFrame) -> bool:
        """Return whether the other frame shows the same, as far as its coding can keep it."""
        if other.is_lossless and other.is_same_as(self._shown):
            return True
        planes = _read_visible(other)
        lines = slice(None) if other.is_lossless else slice(other.number % LINES, None, LINES)
        return len(planes) == len(self._planes) and all(
            self._is_near(number, plane, _choose_jitter(other, number), lines) for number, plane in enumerate(planes)
        )

    def _is_near(self, number: int, plane: Pixels, limit: JitterLimit, lines: slice) -> bool:
        ours = self._planes[number]
        if plane.shape != ours.shape:
            return False
        squares = ImageChops.difference(_reduce(plane), self._squares[number])
        if _find_channel_max(squares) > limit.square:
            return False
        one, other = plane[lines], ours[lines]
        return one.size == 0 or int((np.maximum(one, other) - np.minimum(one, other)).max()) <= limit.pixel


def _choose_jitter(shown: DecodedFrame, plane: int) -> JitterLimit:
    if shown.is_lossless:
        return LOSSLESS_JITTER
    return OF_COLOURS if plane else OF_BRIGHTNESS


def _read_visible(shown: DecodedFrame) -> list[Pixels]:
    """Return the planes in eight bits; with opacity, the premultiplied colours, since hidden pixels may differ."""
    if shown.has_alpha:
        return [np.asarray(premultiply(shown.draw()))]
    return [reduce_bits(plane, shown.bits) for plane in shown.planes]


def _find_channel_max(image: Image.Image) -> int:
    """Return the greatest number in any channel, without the copy that numpy makes."""
    return int(np.max(image.getextrema()))


def _reduce(pixels: Pixels) -> Image.Image:
    """Return the means of squares; a plane of one channel is a grey image."""
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).reduce(SQUARE)
