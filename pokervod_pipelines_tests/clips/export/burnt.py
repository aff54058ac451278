"""Make videos with the number of each frame in black and white blocks, and of each moment in their sound.

What is read back does not depend on any timestamp, so it proves which frames a cut has.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import OutputContainer

WIDTH, HEIGHT, BITS = 192, 64, 12
BLOCK = WIDTH // BITS
AUDIO_RATE = 48_000
SAMPLES_A_STEP = 8
"""The sound is a staircase: each step so many samples long, one higher than the last."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Describe a test video; ``key_every`` and ``b_frames`` make it hard to cut."""

    rate: Fraction = Fraction(30_000, 1001)
    frames: int = 150
    suffix: str = ".mov"
    codec: str = "libx264"
    key_every: int = 48
    b_frames: int = 3
    has_audio: bool = False
    sound_codec: str = "pcm_s16le"
    sound_seconds: float | None = None
    click_at: float | None = None
    languages: tuple[str, ...] = ("eng",)
    pixels: str = "yuv420p"
    left_out: frozenset[int] = frozenset()
    options: dict[str, str] = field(default_factory=dict)


def burn_video(path: Path, shape: Shape) -> Path:
    """Write the video."""
    with av.open(str(path), "w") as container:
        options = {"g": str(shape.key_every), "bf": str(shape.b_frames), **shape.options}
        stream = container.add_stream(shape.codec, rate=shape.rate, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, shape.pixels
        stream.codec_context.time_base = 1 / shape.rate
        sounds = [_add_sound(container, shape, language) for language in shape.languages if shape.has_audio]
        for number in range(shape.frames):
            if number not in shape.left_out:
                container.mux(stream.encode(burn_frame(number)))
        container.mux(stream.encode(None))
        for sound in sounds:
            for block in make_sound(shape.sound_seconds or float(shape.frames / shape.rate), shape.click_at):
                container.mux(sound.encode(block))
            container.mux(sound.encode(None))
    return path


def _add_sound(container: OutputContainer, shape: Shape, language: str) -> av.AudioStream:
    sound = container.add_stream(shape.sound_codec, rate=AUDIO_RATE, layout="mono")
    sound.metadata["language"] = language
    return sound


def burn_frame(number: int) -> av.VideoFrame:
    """Return a frame with its number in binary, highest bit at the left, white for 1."""
    bits = [235 if number >> bit & 1 else 16 for bit in reversed(range(BITS))]
    planes = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
    planes[:HEIGHT] = np.repeat(np.array(bits, np.uint8), BLOCK)
    frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
    frame.pts = number
    return frame


def read_numbers(path: Path) -> list[int]:
    """Return the numbers burnt into the frames, in the order in which they are shown."""
    with av.open(str(path)) as container:
        return [read_number(frame) for frame in container.decode(video=0)]


def read_number(frame: av.VideoFrame) -> int:
    """Return the number burnt into the frame."""
    luma = frame.to_ndarray(format="yuv420p")[8 : HEIGHT - 8].mean(axis=0).reshape(BITS, BLOCK)
    return int("".join("1" if bit > 127 else "0" for bit in luma[:, 4:-4].mean(axis=1)), 2)


def make_sound(seconds: float, click_at: float | None = None) -> list[av.AudioFrame]:
    """Return mono sound with the time in every sample; or silence with one click, which survives compression."""
    sound = np.arange(round(seconds * AUDIO_RATE)) // SAMPLES_A_STEP
    if click_at is not None:
        sound[:] = 0
        sound[round(click_at * AUDIO_RATE)] = 30_000
    blocks = []
    for start in range(0, len(sound), 1024):
        samples = sound[None, start : start + 1024].astype(np.int16)
        block = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="s16", layout="mono")
        block.sample_rate, block.pts, block.time_base = AUDIO_RATE, start, Fraction(1, AUDIO_RATE)
        blocks.append(block)
    return blocks


def read_steps(path: Path) -> np.ndarray:
    """Return the samples of the first audio track."""
    with av.open(str(path)) as container:
        return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])


def find_click(path: Path) -> float:
    """Return when the click is heard, in seconds from the first frame of the picture."""
    with av.open(str(path)) as container:
        video, sound = container.streams.video[0], container.streams.audio[0]
        origin = video.start_time * video.time_base
        loudest, at = max(
            (
                float(np.abs(samples).max()),
                frame.pts * frame.time_base + Fraction(int(np.abs(samples).argmax()), AUDIO_RATE),
            )
            for frame in container.decode(sound)
            for samples in frame.to_ndarray()[:1].astype(np.float64)
        )
        assert loudest
        return float(at - origin)
