"""Watches an output frame by frame: is there something to see, does it let the picture below through, does it stand?"""

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pokervod_pipelines.render.outputs.samples import Pixels, Shown, is_blank

Visible: TypeAlias = NDArray[np.int16]

SHORT_HOLE = 2
"""So few blank frames amid others are a flash that nobody designs; more of them may be a cut through black."""

MOST_JITTER = 64
"""A frame in which the graphic stands differs from another such frame by less than this, at every sample, of 255."""


class Watch:
    """Is shown every frame, and keeps one: that in the middle of ``hold``, the frames in which the graphic stands."""

    def __init__(self, hold: range) -> None:
        self.hold = hold
        self.image: Image.Image | None = None
        self.seen = 0
        self.blank = 0
        self.blank_in_hold = 0
        self.least_opacity, self.most_opacity = 255, 0
        self.restless: int | None = None
        self.holes: list[tuple[int, int]] = []
        self._hole = 0
        self._last: Pixels | None = None
        self._last_is_blank = False
        self._standing: Visible | None = None

    def see(self, shown: Shown) -> None:
        """The frame is counted, and the one in the middle kept."""
        self.seen += 1
        if self._last is None or not np.array_equal(self._last, shown.sample):
            self._judge(shown)
        self.blank += self._last_is_blank
        self._follow_holes(shown.number)
        if shown.number in self.hold:
            self.blank_in_hold += self._last_is_blank
            self._compare_standing(shown)
        if shown.number == self.hold[len(self.hold) // 2]:
            self.image = shown.draw()

    def _judge(self, shown: Shown) -> None:
        self._last, self._last_is_blank = shown.sample, is_blank(shown.sample, shown.has_alpha)
        if shown.has_alpha:
            opacity = shown.sample[:, :, -1]
            self.least_opacity = min(self.least_opacity, int(opacity.min()))
            self.most_opacity = max(self.most_opacity, int(opacity.max()))

    def _follow_holes(self, number: int) -> None:
        """Keep first frame and length of each run of blank frames between others."""
        if self._last_is_blank:
            self._hole += self.blank < self.seen
        elif self._hole:
            self.holes.append((number - self._hole + 1, self._hole))
            self._hole = 0

    def _compare_standing(self, shown: Shown) -> None:
        if self._standing is None:
            self._standing = _make_visible(shown)
        elif self.restless is None:
            now = _make_visible(shown)
            if now.shape != self._standing.shape or int(np.abs(now - self._standing).max()) > MOST_JITTER:
                self.restless = shown.number + 1

    def find_faults(self, *, wants_alpha: bool, longest_hole: int = SHORT_HOLE) -> Iterator[str]:
        """Yield what no film of any graphic may be: blank, all transparent, nowhere transparent though it has to be.

        Blank frames between others are a fault when there are at most ``longest_hole`` of them.
        """
        if self.seen == 0:
            return
        if wants_alpha and self.most_opacity == 0:
            yield f"shows nothing: all of its {self.seen} frames are transparent"
        elif self.blank == self.seen:
            yield f"shows nothing: each of its {self.seen} frames is of one colour"
        elif self.blank_in_hold:
            yield f"shows nothing in {self.blank_in_hold} of the {len(self.hold)} frames in which it should stand"
        if wants_alpha and self.most_opacity > 0 and self._is_opaque():
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
        whole = self.image is None or find_least_opacity(self.image) == 255
        return self.least_opacity == 255 and whole


def find_least_opacity(image: Image.Image) -> int:
    """Return the opacity of the most transparent pixel, 255 where nothing shines through."""
    return int(np.asarray(image.getchannel("A")).min())


def _make_visible(shown: Shown) -> Visible:
    """The sample with its colours weighed by its opacity: what cannot be seen may differ."""
    wide = shown.sample.astype(np.int16)
    if shown.has_alpha:
        wide[:, :, :-1] = wide[:, :, :-1] * (wide[:, :, -1:] / 255)
    return wide
