"""Make small real videos, each frame with its number, at any rate and in any container."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

WIDTH, HEIGHT, BITS = 160, 90, 8
OLD_NS = 1_600_000_000_000_000_000
"""A modification time long ago: such a file is not expected to be growing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """Describe what to encode: ``sounds`` are (language, channels), ``key_every`` is the distance of key frames."""

    rate: Fraction = Fraction(25)
    frames: int = 25
    codec: str = "mpeg4"
    timecode: str = ""
    sounds: Sequence[tuple[str, int]] = ()
    key_every: int = 12
    options: tuple[tuple[str, str], ...] = ()
    pixels: str = "yuv420p"
    size: tuple[int, int] = (WIDTH, HEIGHT)


def make_film(path: Path, film: Film = Film(), *, age: bool = True) -> Path:
    """Write the film in the container that the suffix names, old unless ``age`` is false; return the path."""
    with av.open(str(path), "w", options=dict(film.options)) as container:
        picture: Any = container.add_stream(film.codec, rate=film.rate)
        picture.width, picture.height = film.size
        picture.pix_fmt, picture.gop_size = film.pixels, film.key_every
        picture.codec_context.thread_count = 1
        if film.timecode:
            picture.metadata["timecode"] = film.timecode
            container.metadata["timecode"] = film.timecode
        sounds = [_add_sound(container, *each) for each in film.sounds]
        for number in range(film.frames):
            frame = av.VideoFrame.from_ndarray(draw_number(number, film.size), format="rgb24")
            frame.pts = number
            container.mux(picture.encode(frame.reformat(format=film.pixels)))
        container.mux(picture.encode())
        for sound, channels in sounds:
            _write_silence(container, sound, channels)
    return make_old(path) if age else path


def make_sound(path: Path) -> Path:
    """Write a file without a video track; return the path."""
    with av.open(str(path), "w") as container:
        _write_silence(container, *_add_sound(container, "eng", 1))
    return make_old(path)


def make_old(path: Path) -> Path:
    """Set a modification time of years ago; return the path."""
    os.utime(path, ns=(OLD_NS, OLD_NS))
    return path


def make_young(path: Path) -> Path:
    """Set a modification time so recent that its reader watches it for a second, even on a slow machine."""
    young = time.time() + 1.5
    os.utime(path, (young, young))
    return path


def draw_number(number: int, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Any:
    """Return an image of vertical bars, the highest bit at the left, white for 1."""
    bits = [255 if number >> bit & 1 else 0 for bit in reversed(range(BITS))]
    row = np.repeat(np.array(bits, dtype=np.uint8), size[0] // BITS)
    return np.broadcast_to(row[None, :, None], (size[1], size[0], 3)).copy()


def read_number(pixels: Any) -> int:
    """Return the number drawn, whatever the size of the image."""
    middle = pixels[pixels.shape[0] // 4 : -pixels.shape[0] // 4].mean(axis=(0, 2))
    cells = middle.reshape(BITS, -1)
    width = cells.shape[1]
    return int("".join("1" if cell[width // 4 : -width // 4].mean() > 127 else "0" for cell in cells), 2)


def _add_sound(container: Any, language: str, channels: int) -> tuple[Any, int]:
    sound = container.add_stream("aac", rate=48_000, layout={1: "mono", 2: "stereo", 6: "5.1"}[channels])
    if language:
        sound.metadata["language"] = language
    return sound, channels


def _write_silence(container: Any, sound: Any, channels: int) -> None:
    for start in range(0, 10_240, 1_024):
        block = av.AudioFrame.from_ndarray(
            np.zeros((channels, 1_024), dtype=np.float32), format="fltp", layout=sound.codec_context.layout.name
        )
        block.sample_rate, block.pts = 48_000, start
        container.mux(sound.encode(block))
    container.mux(sound.encode())
