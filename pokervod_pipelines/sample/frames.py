"""Draw frames with their number: for a person in large digits, for a program in black and white cells.

``read_frame_number`` proves which frame a cut begins with. Encoding belongs in ``videos``.
"""

from functools import cache
from typing import cast

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 640, 360
FELT, LETTERS, SWEEP = (18, 78, 56), (240, 236, 220), (214, 166, 58)

CODE_BITS = 16
CODE_TOP = HEIGHT - 24
CELL_WIDTH = WIDTH // CODE_BITS
"""The strip at the lower edge: one cell a bit, highest bit at the left, white for 1."""

COUNTER_AT = (200, 130)
COUNTER_DIGITS = 5
SWEEP_TOP, SWEEP_HEIGHT, SWEEP_WIDTH = 290, 12, 24

FELT_LUMA, LETTERS_LUMA, BLACK_LUMA, WHITE_LUMA = 65, 218, 16, 235
"""Brightness in broadcast range (BT.601)."""

Pixels = NDArray[np.uint8]
"""RGB: height × width × 3. Planes (YUV 4:2:0): one and a half heights × width, the first height being brightness."""


def draw_background(title: str, caption: str) -> Pixels:
    """Return, as YUV planes, what stays the same in every frame of a video: its title and its caption."""
    image = Image.new("RGB", (WIDTH, HEIGHT), FELT)
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((12, 12, WIDTH - 13, CODE_TOP - 12), radius=28, outline=LETTERS, width=2)
    pen.text((32, 34), _shorten(title), fill=LETTERS, font=ImageFont.load_default(22))
    pen.text((32, 66), caption, fill=SWEEP, font=ImageFont.load_default(18))
    pen.rectangle((0, CODE_TOP, WIDTH, HEIGHT), fill=(0, 0, 0))
    picture = av.VideoFrame.from_ndarray(np.array(image), format="rgb24")
    return cast("Pixels", picture.reformat(format="yuv420p").to_ndarray())


def draw_frame(background: Pixels, number: int, total: int) -> Pixels:
    """Return the planes of the frame with its number (from 0) on it and a mark that moves with time.

    Only brightness is drawn, since converting whole pictures would take longer than encoding them.
    """
    planes = background.copy()
    for place, digit in enumerate(f"{number:0{COUNTER_DIGITS}d}"):
        glyph = _draw_digit(digit)
        left = COUNTER_AT[0] + place * glyph.shape[1]
        planes[COUNTER_AT[1] : COUNTER_AT[1] + glyph.shape[0], left : left + glyph.shape[1]] = glyph
    left = 32 + (WIDTH - 64 - SWEEP_WIDTH) * number // max(total - 1, 1)
    planes[SWEEP_TOP : SWEEP_TOP + SWEEP_HEIGHT, left : left + SWEEP_WIDTH] = LETTERS_LUMA
    cells = [WHITE_LUMA if number >> bit & 1 else BLACK_LUMA for bit in reversed(range(CODE_BITS))]
    planes[CODE_TOP:HEIGHT] = np.repeat(np.array(cells, dtype=np.uint8), CELL_WIDTH)
    return planes


def read_frame_number(pixels: Pixels) -> int:
    """Return the number written into an RGB frame, also after lossy encoding at the same picture size."""
    cells = pixels[CODE_TOP + 6 : HEIGHT - 6].mean(axis=(0, 2)).reshape(CODE_BITS, CELL_WIDTH)
    bits = cells[:, CELL_WIDTH // 4 : -CELL_WIDTH // 4].mean(axis=1) > 127
    return int("".join("1" if bit else "0" for bit in bits), 2)


@cache
def _draw_digit(digit: str) -> Pixels:
    image = Image.new("L", (48, 90), FELT_LUMA)
    ImageDraw.Draw(image).text((0, 0), digit, fill=LETTERS_LUMA, font=ImageFont.load_default(80))
    return np.array(image)


def _shorten(title: str) -> str:
    """Shorten the title to one line; the built-in font has no other than Latin letters."""
    latin = title.encode("latin-1", "replace").decode("latin-1")
    return latin if len(latin) <= 52 else f"{latin[:49]}..."
