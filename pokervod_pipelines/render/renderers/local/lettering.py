"""Measure texts, make them smaller or shorten them to fit, and render them in one colour. Pure."""

import re
from collections.abc import Sequence
from functools import lru_cache

from PIL import Image, ImageDraw

from pokervod_pipelines.render.renderers.local.fonts import Weight, split_runs
from pokervod_pipelines.render.renderers.local.theme import Style

SMALLEST, SMALLEST_NUMBER = 0.62, 0.1
"""Smallest scale of a text that is too long, before it is shortened; a number is never shortened before that."""

NUMBER = re.compile(r"-?(?:[A-Z]{0,3}[^\w\s.,-]?\s?)?\d[\d.,]*\s?(?:[A-Z]{3}|[^\w\s])?|[-\d.,]+")

ELLIPSIS = "…"


def measure(text: str, style: Style) -> float:
    """Return the advance of the text in pixels."""
    return _measure(text, style.weight, round(style.size)) + style.spacing * max(0, len(text) - 1)


@lru_cache(maxsize=4096)
def _measure(text: str, weight: Weight, size: int) -> float:
    return sum(run.font.getlength(run.text) for run in split_runs(text, weight, max(1, size)))


def fit(text: str, style: Style, width: float, *, min_scale: float = SMALLEST) -> tuple[str, Style]:
    """Return the text and its style so that it is no wider: smaller first, then shortened with ``…``."""
    natural = measure(text, style)
    if natural <= width:
        return text, style
    min_scale = SMALLEST_NUMBER if NUMBER.fullmatch(text) else min_scale
    share = max(min_scale, width / natural)
    smaller = Style(max(1.0, style.size * share), style.weight, style.colour, style.spacing * share)
    while measure(text, smaller) > width and smaller.size > max(1.0, style.size * min_scale):
        smaller = Style(smaller.size - 1, style.weight, style.colour, smaller.spacing)
    return shorten(text, smaller, width), smaller


def fit_together(
    texts: Sequence[tuple[str, Style]], width: float, *, min_scale: float = SMALLEST
) -> list[tuple[str, Style]]:
    """Return the texts and their styles so that none is wider, all in the smallest size that one of them needs."""
    size = min((round(fit(text, style, width, min_scale=min_scale)[1].size) for text, style in texts), default=0)
    smaller = [(text, style.scale(min(1.0, size / style.size))) for text, style in texts]
    return [(shorten(text, style, width), style) for text, style in smaller]


def shorten(text: str, style: Style, width: float) -> str:
    """Return as much of the text as fits, with ``…`` at its end if letters were left out."""
    if measure(text, style) <= width:
        return text
    few, many = 0, len(text)
    while few < many:
        middle = (few + many + 1) // 2
        if measure(text[:middle].rstrip() + ELLIPSIS, style) <= width:
            few = middle
        else:
            many = middle - 1
    return text[:few].rstrip() + ELLIPSIS if few or measure(ELLIPSIS, style) <= width else ""


def wrap(text: str, style: Style, width: float, lines: int) -> list[str]:
    """Return the text in at most ``lines`` lines, broken between words; the last one may be too wide."""
    words, broken = text.split(), [""]
    for word in words:
        longer = f"{broken[-1]} {word}".strip()
        if broken[-1] and measure(longer, style) > width and len(broken) < lines:
            broken.append(word)
        else:
            broken[-1] = longer
    return broken


def render_text(text: str, style: Style) -> tuple[Image.Image, int, int] | None:
    """Return the text cropped to its ink, and the offset of the ink from the start of the baseline; None for no ink."""
    margin = round(style.size) + 2
    canvas = Image.new("L", (round(measure(text, style)) + 2 * margin, 3 * margin), 0)
    pen, left = ImageDraw.Draw(canvas), float(margin)
    for run in split_runs(text, style.weight, max(1, round(style.size))):
        for piece in run.text if style.spacing else (run.text,):
            pen.text((left, 2 * margin), piece, font=run.font, fill=255, anchor="ls")
            left += run.font.getlength(piece) + style.spacing
    ink = canvas.getbbox()
    if ink is None:
        return None
    image = Image.new("RGBA", (ink[2] - ink[0], ink[3] - ink[1]), style.colour[:3])
    image.putalpha(canvas.crop(ink))
    return image, ink[0] - margin, ink[1] - 2 * margin
