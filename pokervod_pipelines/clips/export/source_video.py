"""Open a video to be cut: number its frames, and seek to the key frame before one of them."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias, cast

import av
from av.container import InputContainer
from av.stream import Stream

from pokervod_pipelines.errors import BadInput, Unavailable
from pokervod_pipelines.video_tracks import choose_video, find_delay, find_turn

Packet: TypeAlias = "av.Packet[Any]"

RUN_UPS = (1, 10, 60)
"""Seconds before a frame at which to look for a key frame, before reading from the start.

One second is more than decoders reorder frames by; containers that seek by decoding time would otherwise be too late.
"""

LATE_SECONDS = 5
"""Seconds by which a container may store sound later than the picture of the same moment."""


class BadSourceVideo(BadInput):
    """Report that the video cannot be read, or does not have the frames to cut."""


class MissingFrame(BadSourceVideo):
    """Report that the video ends before the clip begins, or has no frames where the clip is."""

    def __init__(self, source_video: "SourceVideo", frame: int) -> None:
        super().__init__(f"{source_video.container.name} has no frame {frame}; correct the timecode or the file name")


class SourceVideoUnavailable(Unavailable):
    """Report that the video cannot be opened, or the cut cannot be written; the share may answer later."""


@dataclass(frozen=True, slots=True)
class SourceVideo:
    """Hold an open video; ``rate`` numbers its frames.

    ``origin`` is the time of frame 0, in seconds of the container, which need not start at 0. It is that of the first
    picture, unless sound precedes it: then a player counts from there, and ``delay`` frames are missing.
    """

    container: InputContainer
    video: av.VideoStream
    rate: Fraction
    origin: Fraction
    delay: int

    @property
    def sounds(self) -> tuple[av.AudioStream, ...]:
        """Return the audio streams."""
        return self.container.streams.audio

    def number_frame(self, pts: int) -> int:
        """Return which frame is shown at this time of the video stream; containers round times, hence the rounding."""
        return round((pts * cast("Fraction", self.video.time_base) - self.origin) * self.rate)

    def find_time(self, frame: int) -> Fraction:
        """Return when a frame begins, in seconds of the container."""
        return self.origin + frame / self.rate

    def is_sideways(self) -> bool:
        """Return whether its frames are turned by a quarter to be shown; read one, so seek after it."""
        with suppress(av.FFmpegError):  # a damaged start need not be in the cut
            return any(find_turn(frame) in {90, 270} for frame in islice(self.container.decode(self.video), 1))
        return False

    def rewind(self, frame: int) -> None:
        """Seek to where reading gives a key frame at or before the frame, if there is one.

        Before the picture the sound leads, since other tracks go where the one does that is seeked.
        """
        if frame < self.delay:
            sound = self.sounds[0]
            self.container.seek(int(self.find_time(frame) / cast("Fraction", sound.time_base)), stream=sound)
            return
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
    """Copy the language of the old stream to the new one."""
    if language := old.metadata.get("language"):
        new.metadata["language"] = language


@contextmanager
def open_source_video(path: Path, rate: Fraction) -> Iterator[SourceVideo]:
    """Yield the open video; translate errors of its reader, or of a writer inside the block, into our own.

    Raises:
        BadSourceVideo: it is damaged, or not a video.
        SourceVideoUnavailable: the system refuses to read it, or to write its cut.
    """
    try:
        with av.open(str(path)) as container:
            video = choose_video(container)
            if video is None or video.codec_context is None:
                raise BadSourceVideo(f"{path} has no video that can be decoded; correct the file name in the sheet")
            video.thread_type = "AUTO"
            delay = round(find_delay(container, video) * rate)
            yield SourceVideo(container, video, rate, _find_first(container, video) - delay / rate, delay)
    except OSError as error:
        message = f"{path} could not be cut: {error}; check the share and the free space, then retry"
        raise SourceVideoUnavailable(message) from error
    except av.FFmpegError as error:
        message = f"{path} could not be cut: {error}; check whether it plays, or use another --mode"
        raise BadSourceVideo(message) from error


def _find_first(container: InputContainer, video: av.VideoStream) -> Fraction:
    """Return the time of the first frame; AVI stores no times, so there it has to be decoded."""
    first = video.start_time
    if container.format.name == "avi":
        first = next((frame.pts for frame in container.decode(video)), first)
    return (first or 0) * cast("Fraction", video.time_base)
