"""Compose a graphic from sprites: small images with a place, a cue to enter, and the text or card they show."""

from collections.abc import Iterable
from dataclasses import dataclass

from PIL import Image


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Locate a text or card while the graphic is still: its rectangle in pixels, and what it shows.

    ``layer`` is its layer, for rows as ``rows 3 player``; ``shows`` the text as drawn (shortened with ``…`` if it did
    not fit) or the card such as ``As``. ``right`` and ``bottom`` are one past the last pixel.
    """

    layer: str
    shows: str
    left: int
    top: int
    right: int
    bottom: int

    @property
    def bounds(self) -> tuple[int, int, int, int]:
        """Return left, top, right, bottom, as ``PIL.Image.crop`` takes them."""
        return self.left, self.top, self.right, self.bottom

    def overlaps(self, other: "Box") -> bool:
        """Return whether the two share a pixel."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sprite:
    """Hold an image with alpha and the position of its upper left corner.

    ``cue`` is when it enters, 0 with the first and 1 with the last; ``drift`` from how many pixels away.
    """

    image: Image.Image
    left: int
    top: int
    cue: float = 0.0
    drift: tuple[float, float] = (0.0, 0.0)
    box: Box | None = None


CUE_SHARE = 0.45
"""Share of the entrance in which sprites start; the rest belongs to the last one."""


def compose(sprites: Iterable[Sprite], size: tuple[int, int], visibility: float, *, leaves: bool) -> Image.Image:
    """Return the graphic at this visibility: complete at 1, else on its way in or out."""
    frame = empty = Image.new("RGBA", size, (0, 0, 0, 0))
    for sprite in sprites:
        share = 1.0 if visibility >= 1 else _find_opacity(sprite, visibility, leaves=leaves)
        if share <= 0:
            continue
        away = 0.0 if leaves else 1 - share
        left = sprite.left + round(sprite.drift[0] * away)
        top = sprite.top + round(sprite.drift[1] * away)
        image = sprite.image if share >= 1 else _fade(sprite.image, share)
        if image.size == size and (left, top) == (0, 0) and frame is empty:
            frame = image.copy()
        else:
            _lay(frame, image, left, top)
    return frame


def _find_opacity(sprite: Sprite, visibility: float, *, leaves: bool) -> float:
    """Return the opacity of one sprite: eased, and later for a later cue; all leave together."""
    start = 0.0 if leaves else sprite.cue * CUE_SHARE
    part = min(1.0, max(0.0, (visibility - start) / (1 - start if leaves else 1 - CUE_SHARE)))
    return 1 - (1 - part) ** 3


def _fade(image: Image.Image, share: float) -> Image.Image:
    faded = image.copy()
    faded.putalpha(image.getchannel("A").point([round(value * share) for value in range(256)]))
    return faded


def _lay(frame: Image.Image, image: Image.Image, left: int, top: int) -> None:
    """Draw the image onto the frame; parts outside are cropped."""
    right, bottom = min(left + image.width, frame.width), min(top + image.height, frame.height)
    if right <= max(left, 0) or bottom <= max(top, 0):
        return
    source = (max(0, -left), max(0, -top), right - left, bottom - top)
    frame.alpha_composite(image, dest=(max(left, 0), max(top, 0)), source=source)
