"""Where a graphic shows what: the rectangles of its texts and cards."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A drawn text or card while the graphic stands: its rectangle in pixels, and what it shows.

    ``layer`` is the layer it comes of, for rows as ``rows 3 player``; ``shows`` the text as drawn (shortened with
    ``…`` where it did not fit) or the card such as ``As``. ``right`` and ``bottom`` are one past the last pixel.
    """

    layer: str
    shows: str
    left: int
    top: int
    right: int
    bottom: int

    @property
    def bounds(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom, as ``PIL.Image.crop`` takes them."""
        return self.left, self.top, self.right, self.bottom

    def overlaps(self, other: "Box") -> bool:
        """Whether the two share a pixel."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )
