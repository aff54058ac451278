"""A video opened to be cut: where its frames are, and where reading has to begin to get at one of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias, cast

import av
from av.container import InputContainer
from av.stream import Stream

from pokervod_pipelines.errors import BadInput, Unavailable

Packet: TypeAlias = "av.Packet[Any]"

RUN_UPS = (1, 10, 60)
"""Seconds before the wanted frame at which to look for a key frame, before reading from the start.

One second is more than decoders reorder frames by; containers that seek by decoding time would else land too late.
"""

LATE_SECONDS = 5
"""How much later than its picture a container may hold the sound of the same moment."""


class BadFootage(BadInput):
    """The video cannot be read, or does not hold what was to be cut from it."""


class MissingFrame(BadFootage):
    """The video ends before the clip begins, or has a hole where the clip is."""

    def __init__(self, footage: "Footage", frame: int) -> None:
        super().__init__(f"{footage.container.name} has no frame {frame}; mend the timecode or name the right file")


class FootageUnavailable(Unavailable):
    """The video could not be opened, or the cut not be written; the disk or the share may answer later."""


@dataclass(frozen=True, slots=True)
class Footage:
    """An open video; ``rate`` is what its frames are numbered by.

    ``origin`` is the time of its first frame, in seconds of the container, which need not start at 0.
    """

    container: InputContainer
    rate: Fraction
    origin: Fraction

    @property
    def video(self) -> av.VideoStream:
        """Its picture."""
        return self.container.streams.video[0]

    @property
    def sounds(self) -> tuple[av.AudioStream, ...]:
        """Its audio tracks."""
        return self.container.streams.audio

    def number_frame(self, pts: int) -> int:
        """Return which frame is shown at this time of the video stream; containers round times, hence the rounding."""
        return round((pts * cast("Fraction", self.video.time_base) - self.origin) * self.rate)

    def find_time(self, frame: int) -> Fraction:
        """Return when a frame begins, in seconds of the container."""
        return self.origin + frame / self.rate

    def rewind(self, frame: int) -> None:
        """Go to where reading gives a key frame at or before the frame, if there is one at all."""
        for seconds in RUN_UPS:
            self._seek(self.find_time(frame) - seconds)
            if self._begins_by(frame):
                self._seek(self.find_time(frame) - seconds)
                return
        self._seek(Fraction(0))

    def _seek(self, seconds: Fraction) -> None:
        time_base = cast("Fraction", self.video.time_base)
        self.container.seek(int(max(seconds, self.origin) / time_base), stream=self.video)

    def _begins_by(self, frame: int) -> bool:
        for packet in self.container.demux(self.video):
            if packet.is_keyframe and packet.pts is not None:
                return self.number_frame(packet.pts) <= frame
        return False


def find_packet_time(packet: Packet) -> Fraction:
    """Return when the packet is to be shown or heard, in seconds of its container."""
    return cast("int", packet.pts) * packet.time_base


def keep_language(old: Stream, new: Stream) -> None:
    """The new stream says what language is spoken, if the old one does."""
    if language := old.metadata.get("language"):
        new.metadata["language"] = language


@contextmanager
def open_footage(path: Path, rate: Fraction) -> Iterator[Footage]:
    """Yield the open video; what its reader or a writer inside the block cannot do is told in our own errors.

    Raises:
        BadFootage: it is damaged or no video.
        FootageUnavailable: the system does not let it be read, or its cut be written.
    """
    try:
        with av.open(str(path)) as container:
            if not container.streams.video or container.streams.video[0].codec_context is None:
                message = f"{path} has no picture that can be read; name the right file in the sheet"
                raise BadFootage(message)
            container.streams.video[0].thread_type = "AUTO"
            yield Footage(container, rate, _find_origin(container))
    except OSError as error:
        message = f"{path} could not be cut: {error}; check the share and the free space, then try again"
        raise FootageUnavailable(message) from error
    except av.FFmpegError as error:
        message = f"{path} could not be cut: {error}; see whether it plays, or cut it in another mode"
        raise BadFootage(message) from error


def _find_origin(container: InputContainer) -> Fraction:
    """AVI stores no times, so there the first frame has to be decoded to know what its time is taken to be."""
    video = container.streams.video[0]
    first = video.start_time
    if container.format.name == "avi":
        first = next((frame.pts for frame in container.decode(video)), first)
    return (first or 0) * cast("Fraction", video.time_base)
