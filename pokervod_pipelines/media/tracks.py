"""Read a container and its tracks with PyAV, without decoding a frame. Runs in a child process."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from pokervod_pipelines.media.facts import AudioTrack, Unplayable
from pokervod_pipelines.media.movie_atoms import MovieTrack, read_movie_tracks
from pokervod_pipelines.media.mxf_timecode import read_timecode_rate
from pokervod_pipelines.video_tracks import choose_video, find_delay

CONTAINERS = "mov,matroska,mxf,avi,mpegts,mpeg,asf,flv,dv,gxf,ogg"
"""Formats with video in them. Playlists and scripts are left out: the reader would open the files they name."""

STANDARD_RATES = (
    *(Fraction(whole) for whole in (24, 25, 30, 48, 50, 60, 100, 120)),
    *(Fraction(whole * 1000, 1001) for whole in (24, 30, 48, 60, 120)),
)
_TOLERANCE = Fraction(1, 10_000)
"""A tenth of the distance between 30 and 29.97; a container that stores milliseconds or 2997/100 is within it."""

_TIMECODE = re.compile(r"\d\d:[0-5]\d:[0-5]\d[:;.]\d{2,3}")


@contextmanager
def open_video(path: str) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open the file; yield its container and its video track. Raises ``Unplayable``."""
    options = {"protocol_whitelist": "file", "format_whitelist": CONTAINERS}
    try:
        with av.open(path, container_options=options, metadata_errors="replace") as container:
            yield container, _choose_video(container)
    except av.FFmpegError as error:
        raise Unplayable(f"not a readable video: {error.strerror or error}") from error


def read_tracks(path: str, size: int) -> dict[str, Any]:
    """Return the facts of a container and its tracks, by the names of ``MediaFacts``. Raises ``Unplayable``."""
    with open_video(path) as (container, video):
        delay = find_delay(container, video)
        seconds = _find_seconds(container, video, delay)
        movie = _read_movie(path, size, container)
        timecode, timecode_rate = _find_timecode(container, movie)
        if timecode and container.format.name == "mxf":
            with Path(path).open("rb", buffering=0) as file:
                timecode_rate = read_timecode_rate(file)
        rate = find_rate(video)
        width, height = _find_size(video, movie)
        return {
            "duration_ms": None if seconds is None else round(seconds * 1000),
            "video_start_ms": round(delay * 1000),
            "frames": video.frames or None,
            "container": container.format.name.split(",")[0],
            "video_codec": _name_codec(video),
            "width": width,
            "height": height,
            "rate_num": rate.numerator if rate else None,
            "rate_den": rate.denominator if rate else None,
            "start_timecode": timecode,
            "timecode_rate": timecode_rate,
            "drop_frame": None if timecode is None else timecode[8] in ";.",
            "bit_rate": container.bit_rate or (int(size * 8 / seconds) if seconds else None),
            "audio": tuple(_read_audio(container)),
        }


def find_rate(video: VideoStream) -> Fraction | None:
    """Return the rate at which frames follow each other: frames that were lost lower only the average."""
    measured = video.average_rate or video.guessed_rate
    if not measured:
        return None
    average, base = snap_rate(Fraction(measured)), snap_rate(Fraction(video.base_rate or measured))
    candidates = (base / 4, base / 2, base)  # the base of interlaced video counts fields
    full = next((rate for rate in candidates if rate in STANDARD_RATES and rate / 2 < average <= rate), average)
    return full if average not in STANDARD_RATES or _has_whole_steps(video, full) else average


def _has_whole_steps(video: VideoStream, rate: Fraction) -> bool:
    """Return whether the container has a time for every frame, all of them whole frames of this rate apart."""
    entries = video.index_entries
    if not video.frames or len(entries) != video.frames or not video.time_base:
        return False
    step = 1 / (rate * video.time_base)
    times = [entry.timestamp for entry in entries]
    return step.denominator == 1 and all((later - time) % step.numerator == 0 for time, later in pairwise(times))


def snap_rate(rate: Fraction) -> Fraction:
    """Return the standard frame rate that a container rounded to this one, or the rate itself where there is none.

    >>> snap_rate(Fraction(2997, 100))
    Fraction(30000, 1001)
    >>> snap_rate(Fraction(15))
    Fraction(15, 1)
    """
    nearest = min(STANDARD_RATES, key=lambda known: abs(known - rate))
    return nearest if abs(nearest - rate) <= nearest * _TOLERANCE else rate


def _choose_video(container: InputContainer) -> VideoStream:
    video = choose_video(container)
    if video is None:
        sounds = len(container.streams.audio)
        tracks = "1 audio track" if sounds == 1 else f"{sounds} audio tracks"
        raise Unplayable(f"audio only: {tracks}, no video track" if sounds else "no video track")
    if video.codec_context is None:
        raise Unplayable("unknown video codec")
    return video


def _find_seconds(container: InputContainer, video: VideoStream, delay: Fraction) -> Fraction | None:
    """Return the video track's own duration; the container's, which audio may extend, only where that is missing."""
    if video.duration and video.time_base:
        return video.duration * video.time_base
    return Fraction(container.duration, av.time_base) - delay if container.duration else None


def _find_size(video: VideoStream, movie: list[MovieTrack]) -> tuple[int, int]:
    """Return width and height as shown: a film that was recorded sideways has its sides swapped."""
    width, height = video.codec_context.width, video.codec_context.height
    is_sideways = any(track.is_sideways for track in movie if track.number == video.id)
    return (height, width) if is_sideways else (width, height)


def _read_movie(path: str, size: int, container: InputContainer) -> list[MovieTrack]:
    if not container.format.name.startswith("mov"):
        return []
    with Path(path).open("rb", buffering=0) as file:
        return read_movie_tracks(file, size)


def _find_timecode(container: InputContainer, movie: list[MovieTrack]) -> tuple[str | None, int | None]:
    """Return the start timecode and the rate it counts at, which only a track of its own tells.

    It is that of a timecode track, of a video track or of the file, whichever comes first.
    """
    rates = {track.number: track.timecode_rate for track in movie}
    for each in (*container.streams.data, *container.streams.video):
        if _TIMECODE.fullmatch(text := each.metadata.get("timecode", "")):
            return text, rates.get(each.id)
    text = container.metadata.get("timecode", "")
    return (text if _TIMECODE.fullmatch(text) else None), None


def _read_audio(container: InputContainer) -> Iterator[AudioTrack]:
    for each in container.streams.audio:
        language = each.metadata.get("language", "")
        channels = each.codec_context.channels if each.codec_context else 0
        yield AudioTrack(_name_codec(each), channels, "" if language == "und" else language)


def _name_codec(stream: Any) -> str:
    """Return the codec's own name, such as ``h264``, not that of the library that reads it."""
    return stream.codec_context.codec.canonical_name if stream.codec_context else "unknown"
