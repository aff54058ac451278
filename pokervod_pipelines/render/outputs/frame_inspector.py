"""Watches an output frame by frame: is there something to on_frame, does it let the picture below through, does it stand?"""

from collections.abc import Collection, Iterator

import numpy as np
from PIL import Image

from pokervod_pipelines.render.outputs.comparison import StillReference
from pokervod_pipelines.render.outputs.decoded_frame import DecodedFrame, is_blank

SHORT_HOLE = 2
"""So few blank frames amid others are a flash that nobody designs; more of them may be a cut through black."""


class FrameInspector:
    """Is shown every frame, and keeps a few: the middle one of ``hold``, in which the graphic stands, and ``kept``."""

    def __init__(self, hold: range, kept: Collection[int] = ()) -> None:
        self.hold = hold
        self.middle = hold[len(hold) // 2]
        self.images: dict[int, Image.Image] = {}
        self._kept = {self.middle, *kept}
        self.seen = 0
        self.blank = 0
        self.blank_in_hold = 0
        self.min_opacity, self.max_opacity = 255, 0
        self.restless: int | None = None
        self.holes: list[tuple[int, int]] = []
        self._hole = 0
        self._last: DecodedFrame | None = None
        self._last_is_blank = False
        self._standing: StillReference | None = None

    @property
    def image(self) -> Image.Image | None:
        """The frame in the middle of those in which the graphic stands, once it was shown."""
        return self.images.get(self.middle)

    def on_frame(self, shown: DecodedFrame) -> None:
        """The frame is counted and compared, and kept where it is one of those."""
        self.seen += 1
        is_news = self._last is None or not shown.is_same_as(self._last)
        if is_news:
            self._judge(shown)
        self._last = shown
        self.blank += self._last_is_blank
        self._follow_holes(shown.number)
        if shown.number in self.hold:
            self.blank_in_hold += self._last_is_blank
            self._compare_standing(shown, is_news=is_news)
        if shown.number in self._kept:
            self.images[shown.number] = shown.draw()

    def _judge(self, shown: DecodedFrame) -> None:
        sample = shown.take_sample()
        self._last_is_blank = is_blank(sample, shown.has_alpha)
        if shown.has_alpha:
            opacity = sample[:, :, -1]
            self.min_opacity = min(self.min_opacity, int(opacity.min()))
            self.max_opacity = max(self.max_opacity, int(opacity.max()))

    def _follow_holes(self, number: int) -> None:
        """Keep first frame and length of each run of blank frames between others."""
        if self._last_is_blank:
            self._hole += self.blank < self.seen
        elif self._hole:
            self.holes.append((number - self._hole + 1, self._hole))
            self._hole = 0

    def _compare_standing(self, shown: DecodedFrame, *, is_news: bool) -> None:
        """The first frame in which the graphic stands is the measure of the others."""
        if self._standing is None:
            self._standing = StillReference(shown)
        elif is_news and self.restless is None and not self._standing.is_shown_by(shown):
            self.restless = shown.number + 1

    def find_problems(self, *, expects_alpha: bool, longest_hole: int = SHORT_HOLE) -> Iterator[str]:
        """Yield what no film of any graphic may be: blank, all transparent, nowhere transparent though it has to be.

        Blank frames between others are a problem when there are at most ``longest_hole`` of them.
        """
        if self.seen == 0:
            return
        if expects_alpha and self.max_opacity == 0:
            yield f"shows nothing: all of its {self.seen} frames are transparent"
        elif self.blank == self.seen:
            yield f"shows nothing: each of its {self.seen} frames is of one colour"
        elif self.blank_in_hold:
            yield f"shows nothing in {self.blank_in_hold} of the {len(self.hold)} frames in which it should stand"
        if expects_alpha and self.max_opacity > 0 and self._is_opaque():
            yield (
                f"is opaque in all of its {self.seen} frames, so nothing of the picture below is seen; "
                "let the template be rendered with transparency, or ask for mp4"
            )
        for start, length in self.holes:
            if length <= longest_hole:
                yield f"shows nothing in {length} frames from frame {start} on, amid others that do"
        if self.restless is not None:
            yield f"does not stand still: frame {self.restless} differs from frame {self.hold.start + 1}"

    def _is_opaque(self) -> bool:
        whole = self.image is None or find_min_opacity(self.image) == 255
        return self.min_opacity == 255 and whole


def find_min_opacity(image: Image.Image) -> int:
    """Return the opacity of the most transparent pixel, 255 where nothing shines through."""
    return int(np.asarray(image.getchannel("A")).min())
