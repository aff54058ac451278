"""Draw shapes without letters: plates with rounded corners, gradients, shadows, and the four suits as curves. Pure."""

from collections.abc import Sequence
from functools import cache
from math import cos, pi, sin

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from pokervod_pipelines.render.renderers.local.theme import Colour

OVERSAMPLING = 4
"""Edges are drawn this many times larger and reduced, which makes them smooth."""

GLOW_CENTRE, GLOW_RADIUS = 1 / 6, 0.25
"""Of a glow, in heights and widths."""

THRESHOLDS = [(int(f"{row:04b}"[::-1], 2) + 0.5) / 16 for row in range(16)]
"""Thresholds of 16 rows in bit-reversed order: neighbours differ much, and any few rows have all of them."""

GOLDEN_RATIO = 0.618034

Point = tuple[float, float]
Pixels = NDArray[np.float32]


def draw_gradient(width: int, height: int, top: Colour, foot: Colour) -> Image.Image:
    """Return a plate whose colour changes from top to foot."""
    column = Image.fromarray(dither(_interpolate(height, top, foot)))
    return column.resize((width, height), Image.Resampling.NEAREST)  # others round colours by opacity


def draw_backdrop(width: int, height: int, top: Colour, foot: Colour, glow: Colour) -> Image.Image:
    """Return a gradient with a wide soft light in the upper middle."""
    image = draw_gradient(width, height, top, foot)
    lit_rows = min(height, round(0.9 * height * (GLOW_CENTRE + GLOW_RADIUS)) + 1)
    back = _interpolate(height, top, foot)[:lit_rows]
    y, x = np.ogrid[:lit_rows, :width]
    distance = np.hypot((x + 0.5) / width - 0.5, (y + 0.5) / (0.9 * height) - GLOW_CENTRE, dtype=np.float32)
    share = np.maximum(0, 1 - distance / GLOW_RADIUS)[..., None] * np.float32(glow[3] / 255)
    below = back[..., 3:] / 255 * (1 - share)
    opacity = share + below
    colours = (share * np.array(glow[:3], np.float32) + below * back[..., :3]) / opacity
    image.paste(Image.fromarray(dither(np.concatenate([colours, 255 * opacity], axis=2))), (0, 0))
    return image


def _interpolate(height: int, top: Colour, foot: Colour) -> Pixels:
    share = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    return np.array(top, np.float32) * (1 - share) + np.array(foot, np.float32) * share


def lay_on_black(image: Image.Image) -> Image.Image:
    """Return the image on black, opaque, without bands in dark gradients; integers, since it is done for each frame.

    The thresholds differ from those of ``dither``, whose rows would be rounded alike a second time.
    """
    pixels = np.asarray(image)
    thresholds = (np.arange(image.height) * GOLDEN_RATIO % 1 * 255).astype(np.uint16)[:, None, None]
    flat = np.full_like(pixels, 255)
    flat[..., :3] = (pixels[..., :3].astype(np.uint16) * pixels[..., 3:] + thresholds) // 255
    return Image.fromarray(flat)


def dither(pixels: Pixels) -> NDArray[np.uint8]:
    """Round the pixels, each row at another threshold, so that a slow change of a dark colour shows no bands.

    Rows of one colour stay of one colour, which keeps lossless files small.
    """
    thresholds = np.resize(THRESHOLDS, len(pixels)).astype(np.float32)[:, None, None]
    return (pixels + thresholds).astype(np.uint8)


def draw_plate(width: int, height: int, top: Colour, foot: Colour, radius: float) -> Image.Image:
    """Return a gradient with rounded corners."""
    plate = draw_gradient(width, height, top, foot)
    plate.putalpha(_multiply(plate.getchannel("A"), draw_rounded(width, height, radius)))
    return plate


@cache
def draw_rounded(width: int, height: int, radius: float) -> Image.Image:
    """Return the mask of a rectangle with rounded corners; only the corners are oversampled."""
    mask = Image.new("L", (width, height), 255)
    side = min(round(radius), width // 2, height // 2)
    if side < 1:
        return mask
    corner = Image.new("L", (side * OVERSAMPLING, side * OVERSAMPLING), 0)
    ImageDraw.Draw(corner).ellipse((0, 0, 2 * side * OVERSAMPLING - 1, 2 * side * OVERSAMPLING - 1), fill=255)
    corner = corner.resize((side, side), Image.Resampling.BOX)
    mirror, flip = Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.FLIP_TOP_BOTTOM
    mask.paste(corner, (0, 0))
    mask.paste(corner.transpose(mirror), (width - side, 0))
    mask.paste(corner.transpose(flip), (0, height - side))
    mask.paste(corner.transpose(mirror).transpose(flip), (width - side, height - side))
    return mask


def draw_shadow(width: int, height: int, blur: float, colour: Colour, radius: float) -> Image.Image:
    """Return the soft shadow of a plate, larger than it by three times ``blur`` on each side."""
    margin = max(1, round(3 * blur))
    mask = Image.new("L", (width + 2 * margin, height + 2 * margin), 0)
    mask.paste(draw_rounded(width, height, radius), (margin, margin))
    mask = mask.filter(ImageFilter.GaussianBlur(blur))
    return _tint(mask, colour)


@cache
def draw_suit(suit: str, size: int, colour: Colour) -> Image.Image:
    """Return the symbol of the suit in a square of this size in pixels."""
    fine = max(1, size) * OVERSAMPLING
    mask = Image.new("L", (fine, fine), 0)
    pen = ImageDraw.Draw(mask)
    for outline in OUTLINES[suit]:
        pen.polygon([(x * fine, y * fine) for x, y in outline], fill=255)
    return _tint(mask.resize((max(1, size), max(1, size)), Image.Resampling.BOX), colour)


def _tint(mask: Image.Image, colour: Colour) -> Image.Image:
    image = Image.new("RGBA", mask.size, colour[:3])
    image.putalpha(mask if colour[3] == 255 else mask.point([round(value * colour[3] / 255) for value in range(256)]))
    return image


def _multiply(first: Image.Image, second: Image.Image) -> Image.Image:
    black = Image.new("L", first.size, 0)
    black.paste(first, (0, 0), second)
    return black


def _curve(start: Point, *pieces: tuple[Point, Point, Point]) -> list[Point]:
    """Return the points of joined Bézier curves, each with two handles and its end."""
    points = [start]
    for first, second, end in pieces:
        begin = points[-1]
        for step in range(1, 25):
            t = step / 24
            weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
            corners = (begin, first, second, end)
            points.append(
                (
                    sum(weight * corner[0] for weight, corner in zip(weights, corners, strict=True)),
                    sum(weight * corner[1] for weight, corner in zip(weights, corners, strict=True)),
                )
            )
    return points


def _circle(x: float, y: float, radius: float) -> list[Point]:
    return [(x + radius * cos(2 * pi * step / 72), y + radius * sin(2 * pi * step / 72)) for step in range(72)]


def _heart() -> list[Point]:
    return _curve(
        (0.5, 0.94),
        ((0.40, 0.82), (0.05, 0.60), (0.05, 0.33)),
        ((0.05, 0.17), (0.16, 0.07), (0.28, 0.07)),
        ((0.38, 0.07), (0.46, 0.13), (0.5, 0.22)),
        ((0.54, 0.13), (0.62, 0.07), (0.72, 0.07)),
        ((0.84, 0.07), (0.95, 0.17), (0.95, 0.33)),
        ((0.95, 0.60), (0.60, 0.82), (0.5, 0.94)),
    )


def _spade() -> list[Point]:
    return _curve(
        (0.5, 0.04),
        ((0.60, 0.18), (0.95, 0.36), (0.95, 0.60)),
        ((0.95, 0.74), (0.85, 0.81), (0.75, 0.81)),
        ((0.66, 0.81), (0.58, 0.77), (0.5, 0.68)),
        ((0.42, 0.77), (0.34, 0.81), (0.25, 0.81)),
        ((0.15, 0.81), (0.05, 0.74), (0.05, 0.60)),
        ((0.05, 0.36), (0.40, 0.18), (0.5, 0.04)),
    )


def _diamond() -> list[Point]:
    return _curve(
        (0.5, 0.03),
        ((0.60, 0.22), (0.72, 0.36), (0.88, 0.5)),
        ((0.72, 0.64), (0.60, 0.78), (0.5, 0.97)),
        ((0.40, 0.78), (0.28, 0.64), (0.12, 0.5)),
        ((0.28, 0.36), (0.40, 0.22), (0.5, 0.03)),
    )


def _stem(top: float) -> list[Point]:
    return _curve(
        (0.5, top),
        ((0.51, 0.80), (0.56, 0.90), (0.68, 0.95)),
        ((0.60, 0.95), (0.40, 0.95), (0.32, 0.95)),
        ((0.44, 0.90), (0.49, 0.80), (0.5, top)),
    )


OUTLINES: dict[str, Sequence[Sequence[Point]]] = {
    "h": [_heart()],
    "d": [_diamond()],
    "s": [_spade(), _stem(0.55)],
    "c": [
        _circle(0.5, 0.26, 0.215),
        _circle(0.255, 0.595, 0.215),
        _circle(0.745, 0.595, 0.215),
        [(0.38, 0.36), (0.62, 0.36), (0.66, 0.62), (0.34, 0.62)],
        _stem(0.50),
    ],
}
"""Outlines of each suit, in a square of side one."""
