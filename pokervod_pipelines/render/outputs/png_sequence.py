"""Reads a folder of PNG files from the first to the last: ``00001.png`` onward, and nothing else. Runs in the child."""

import io
import stat
import zlib
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from pokervod_pipelines.render.outputs.decoded_frame import DecodedFrame, find_step
from pokervod_pipelines.render.outputs.video_file import FileProperties, OnFrame
from pokervod_pipelines.render.renderers.job import OutputSpec

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_BYTES_PER_PIXEL = 16
"""A PNG of our size that is larger than so many bytes a pixel, and some, is none."""


def read_sequence(folder: Path, spec: OutputSpec, on_frame: OnFrame) -> FileProperties:
    """Return what the sequence is; ``see`` is shown every spec. Pictures with the same bytes are decoded once.

    Raises ``OSError`` where a file cannot be read.
    """
    properties = FileProperties(is_lossless=True, fps=Fraction(spec.fps))
    found = {each.name for each in folder.iterdir()}
    properties.frames = sum(1 for name in found if name.endswith(".png"))
    properties.seconds = Fraction(properties.frames, spec.fps)
    names = [f"{number:05}.png" for number in range(1, max(spec.frames, properties.frames) + 1)]
    properties.problems.extend(f"{name}: is missing" for name in names[: spec.frames] if name not in found)
    properties.problems.extend(f"{name}: does not belong there" for name in sorted(found - set(names)))
    _Sequence(spec, properties, on_frame).read(
        [(number, folder / name) for number, name in enumerate(names) if name in found]
    )
    return properties


class _Sequence:
    """The pictures one after the other; the last one is kept, for the next may be the same."""

    def __init__(self, spec: OutputSpec, properties: FileProperties, on_frame: OnFrame) -> None:
        self._picture, self._facts, self._see = spec, properties, on_frame
        self._bytes, self._image, self._pixels = b"", Image.new("RGBA", (1, 1)), np.empty((1, 1, 4), np.uint8)

    def read(self, files: list[tuple[int, Path]]) -> None:
        step = find_step(self._picture.width)
        for number, path in files:
            problem = self._load(path)
            if problem is not None:
                self._facts.problems.append(f"{path.name}: {problem}")
                continue
            self._see(self._show(number, step))

    def _show(self, number: int, step: int) -> DecodedFrame:
        pixels, image = self._pixels, self._image
        return DecodedFrame(
            number=number,
            planes=[pixels],
            bits=8,
            has_alpha=self._facts.has_alpha,
            is_lossless=True,
            take_sample=lambda: pixels[::step, ::step],
            draw=image.copy,
        )

    def _load(self, path: Path) -> str | None:
        """None when the picture is there, or what is wrong with it."""
        found = path.lstat()
        most = self._picture.width * self._picture.height * MAX_BYTES_PER_PIXEL + (1 << 20)
        if not stat.S_ISREG(found.st_mode) or found.st_size > most:
            return f"is no file of at most {most:,} bytes"
        data = path.read_bytes()
        if data == self._bytes:
            return None
        problem = find_png_problem(data)
        return problem if problem is not None else self._decode(data)

    def _decode(self, data: bytes) -> str | None:
        expected = (self._picture.width, self._picture.height)
        try:
            with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
                self._note(image)
                if image.size != expected:
                    return f"has {image.width}×{image.height} pixels, expected {expected[0]}×{expected[1]}"
                if image.mode != "RGBA":
                    return f"has no transparency in full colour: it is {image.mode}, expected RGBA"
                image.load()
                self._bytes, self._image, self._pixels = data, image.copy(), np.asarray(image)
        except (OSError, SyntaxError, ValueError, zlib.error, Image.DecompressionBombError) as error:
            return f"cannot be decoded: {error}"
        return None

    def _note(self, image: Image.Image) -> None:
        """The first picture says what the sequence is."""
        if not self._facts.pixel_format:
            self._facts.width, self._facts.height = image.size
            self._facts.pixel_format, self._facts.has_alpha = image.mode.lower(), image.mode == "RGBA"


def find_png_problem(data: bytes) -> str | None:
    """What is wrong with the chunks of a PNG (its §5): none, cut off, a wrong checksum, or something behind the end."""
    if not data.startswith(SIGNATURE):
        return "is no PNG"
    position = len(SIGNATURE)
    while position + 12 <= len(data):
        length, kind = int.from_bytes(data[position : position + 4]), data[position + 4 : position + 8]
        end = position + 12 + length
        if end > len(data):
            break
        if zlib.crc32(memoryview(data)[position + 4 : end - 4]) != int.from_bytes(data[end - 4 : end]):
            return f"is damaged: the checksum at byte {end - 4:,} is wrong"
        if kind == b"IEND":
            return None if end == len(data) else f"has {len(data) - end:,} bytes behind its end"
        position = end
    return f"is cut off after {len(data):,} bytes"
