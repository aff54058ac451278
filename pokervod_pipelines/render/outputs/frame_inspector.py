"""Inspect an output frame by frame: blank frames, transparency, and whether the graphic is still."""

from collections.abc import Collection, Iterator

import numpy as np
from PIL import Image

from pokervod_pipelines.render.outputs.comparison import StillReference
from pokervod_pipelines.render.outputs.decoded_frame import DecodedFrame, is_blank

SHORT_HOLE = 2
"""So few blank frames amid others are a flash that nobody designs; more of them may be a cut through black."""


class FrameInspector:
    """Inspect every frame, and keep a few: the middle one of ``hold``, in which the graphic is still, and ``kept``."""

    def __init__(self, hold: range, kept: Collection[int] = ()) -> None:
        self.hold = hold
        self.middle = hold[len(hold) // 2]
        self.images: dict[int, Image.Image] = {}
        self._kept = {self.middle, *kept}
        self.seen = 0
        self.blank = 0
        self.blank_in_hold = 0
        self.min_opacity, self.max_opacity = 255, 0
        self.moving_frame: int | None = None
        self.holes: list[tuple[int, int]] = []
        self._hole = 0
        self._last: DecodedFrame | None = None
        self._last_is_blank = False
        self._still: StillReference | None = None

    @property
    def image(self) -> Image.Image | None:
        """Return the frame in the middle of ``hold``, None until it was inspected."""
        return self.images.get(self.middle)

    def inspect(self, frame: DecodedFrame) -> None:
        """Count and compare the frame, and keep it if it is one of ``kept``."""
        self.seen += 1
        is_new = self._last is None or not frame.is_same_as(self._last)
        if is_new:
            self._measure(frame)
        self._last = frame
        self.blank += self._last_is_blank
        self._follow_holes(frame.number)
        if frame.number in self.hold:
            self.blank_in_hold += self._last_is_blank
            self._compare_still(frame, is_new=is_new)
        if frame.number in self._kept:
            self.images[frame.number] = frame.draw()

    def _measure(self, frame: DecodedFrame) -> None:
        sample = frame.take_sample()
        self._last_is_blank = is_blank(sample, frame.has_alpha)
        if frame.has_alpha:
            opacity = sample[:, :, -1]
            self.min_opacity = min(self.min_opacity, int(opacity.min()))
            self.max_opacity = max(self.max_opacity, int(opacity.max()))

    def _follow_holes(self, number: int) -> None:
        """Record first frame and length of each run of blank frames between others."""
        if self._last_is_blank:
            self._hole += self.blank < self.seen
        elif self._hole:
            self.holes.append((number - self._hole + 1, self._hole))
            self._hole = 0

    def _compare_still(self, frame: DecodedFrame, *, is_new: bool) -> None:
        """Compare with the first frame in which the graphic is still."""
        if self._still is None:
            self._still = StillReference(frame)
        elif is_new and self.moving_frame is None and not self._still.matches(frame):
            self.moving_frame = frame.number + 1

    def find_problems(self, *, expects_alpha: bool, max_hole: int = SHORT_HOLE) -> Iterator[str]:
        """Yield what is wrong for any graphic: blank, fully transparent, or opaque although it must be transparent.

        Blank frames between others are a problem when there are at most ``max_hole`` of them.
        """
        if self.seen == 0:
            return
        if expects_alpha and self.max_opacity == 0:
            yield f"shows nothing: all of its {self.seen} frames are transparent"
        elif self.blank == self.seen:
            yield f"shows nothing: each of its {self.seen} frames is of one colour"
        elif self.blank_in_hold:
            yield f"shows nothing in {self.blank_in_hold} of the {len(self.hold)} frames in which it should be still"
        if expects_alpha and self.max_opacity > 0 and self._is_opaque():
            yield (
                f"is opaque in all of its {self.seen} frames, which hides the video below; "
                "render the template with transparency, or request mp4"
            )
        for start, length in self.holes:
            if length <= max_hole:
                yield f"shows nothing in {length} frames from frame {start} on, between frames that do"
        if self.moving_frame is not None:
            yield f"is not still: frame {self.moving_frame} differs from frame {self.hold.start + 1}"

    def _is_opaque(self) -> bool:
        whole = self.image is None or find_min_opacity(self.image) == 255
        return self.min_opacity == 255 and whole


def find_min_opacity(image: Image.Image) -> int:
    """Return the opacity of the most transparent pixel, 255 for an opaque image."""
    return int(np.asarray(image.getchannel("A")).min())
