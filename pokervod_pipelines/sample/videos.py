"""Encode the few files of the archive that play: seconds long, at the usual frame rates, frames numbered.

A rate or container to try out is one entry in ``PLAYABLE``. What a frame looks like belongs in ``frames``.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import av.container
import numpy as np

from pokervod_pipelines.sample.entries import SampleFile
from pokervod_pipelines.sample.families import bracelet_clips, branches, hand_clips, web_titles
from pokervod_pipelines.sample.frames import HEIGHT, WIDTH, draw_background, draw_frame

AUDIO_RATE = 48_000
BEEP_HERTZ, BEEP_SECONDS = 880, 0.1

ENCODERS = {"h264": ("libx264", {"preset": "ultrafast", "crf": "28"}), "mpeg4": ("mpeg4", {"qscale": "6"})}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayableVideo:
    """Describe a video to encode; ``timecode`` is that of the first frame or "", ``rate`` is in frames a second."""

    path: str
    rate: Fraction
    frames: int
    codec: str = "mpeg4"
    timecode: str = ""
    has_audio: bool = False
    title: str = ""
    about: dict[str, str] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """Return the duration."""
        return float(self.frames / self.rate)

    @property
    def entry(self) -> SampleFile:
        """Return the file as an entry of the archive, without its size, which is unknown before it is encoded."""
        return SampleFile(path=self.path, size=0, title=self.title or Path(self.path).stem, about=self.about)


PLAYABLE = (
    PlayableVideo(
        path=f"{bracelet_clips.ROOT}/Clean/63-wsop-2023-me-ft-day2-Castellan-hero-calls-with-A-high-clean.mp4",
        rate=Fraction(25),
        frames=150,
        about={"project": "WSOP", "year": "2023", "location": "LAS VEGAS", "players": "Mira Castellan; Hugo Delacourt"},
    ),
    PlayableVideo(
        path=f"{web_titles.ROOT}/2025/The Clock Runs Down On Captain Nit @HustlerCasinoLive [4kTq0vX_bzQ].mp4",
        title="The Clock Runs Down On Captain Nit? @HustlerCasinoLive",
        rate=Fraction(30_000, 1001),
        frames=180,
        codec="h264",
        has_audio=True,
        about={"project": "HCL", "location": "LOS ANGELES", "players": "Captain Nit"},
    ),
    PlayableVideo(
        path="ARCHIVE/PAD/PAD S13/PAD_S13_EP20_FinalLook_HiRes-054.mov",
        rate=Fraction(24_000, 1001),
        frames=144,
        timecode="01:00:00:00",
        about={"project": "PAD", "location": "LAS VEGAS", "players": "Otto Grünfeldt; Amara Okonjo"},
    ),
    PlayableVideo(
        path=f"{hand_clips.ROOT}/Day 3/1217_Hand_99_Marsh AhKh vs Oakley QdQc_Clean.mp4",
        rate=Fraction(50),
        frames=250,
        codec="h264",
        about={"project": "WSOP", "year": "2024", "location": "BAHAMAS", "players": "Gideon Marsh; Tamsin Oakley"},
    ),
    PlayableVideo(
        path=f"{branches.CIRCUIT}/WSOP-Circuit/2025 WSOP Circuit LA/2025 WSOP-C LA SUBCLIP/WCLA25-27.mov",
        rate=Fraction(30_000, 1001),
        frames=180,
        timecode="00:59:58;00",
        about={
            "project": "WSOP",
            "year": "2025",
            "location": "LOS ANGELES",
            "players": "Wanda Pickering; Rufus Tilbury",
        },
    ),
    PlayableVideo(
        path="ARCHIVE/GGMillions/250612_Super High Roller Poker FINAL TABLE with Theo Underhill.mp4",
        rate=Fraction(60_000, 1001),
        frames=300,
        codec="h264",
        about={"project": "GGMILLIONS", "year": "2025", "players": "Theo Underhill; Lena Sommerfeld"},
    ),
)


def encode_video(video: PlayableVideo, target: Path) -> None:
    """Write the video to ``target``, which appears only when it is whole; the same bytes for the same libraries."""
    unfinished = target.with_name(f".{os.getpid()}-{target.name}")
    try:
        with av.open(str(unfinished), "w", format=target.suffix.removeprefix(".")) as container:
            _mux(video, container)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def _mux(video: PlayableVideo, container: av.container.OutputContainer) -> None:
    encoder, options = ENCODERS[video.codec]
    stream = cast("av.VideoStream", container.add_stream(encoder, rate=video.rate, options={**options, "g": "12"}))
    stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    # Several threads would divide a picture by the number of processors, and the bytes with it.
    stream.codec_context.thread_count = 1
    if video.timecode:
        stream.metadata["timecode"] = video.timecode
    sound = container.add_stream("aac", rate=AUDIO_RATE, layout="mono") if video.has_audio else None
    for frame in _draw_frames(video):
        container.mux(stream.encode(frame))
    container.mux(stream.encode())
    if sound is not None:
        for block in _make_beeps(video.seconds):
            container.mux(sound.encode(block))
        container.mux(sound.encode())


def _draw_frames(video: PlayableVideo) -> Iterator[av.VideoFrame]:
    rate = f"{float(video.rate):.3f}".rstrip("0").rstrip(".")
    background = draw_background(video.entry.stem, f"{rate} fps  {video.codec}  {video.timecode or 'no timecode'}")
    for number in range(video.frames):
        frame = av.VideoFrame.from_ndarray(draw_frame(background, number, video.frames), format="yuv420p")
        frame.pts = number
        yield frame


def _make_beeps(seconds: float) -> Iterator[av.AudioFrame]:
    """Yield a short tone at every full second, silence between."""
    times = np.arange(round(seconds * AUDIO_RATE)) / AUDIO_RATE
    samples = np.where(times % 1 < BEEP_SECONDS, 0.2 * np.sin(2 * np.pi * BEEP_HERTZ * times), 0).astype(np.float32)
    for start in range(0, len(samples), 1024):
        block = av.AudioFrame.from_ndarray(samples[None, start : start + 1024], format="fltp", layout="mono")
        block.sample_rate, block.pts = AUDIO_RATE, start
        yield block
