"""Read a folder of PNG frames from the first to the last: ``00001.png`` onward, and nothing else. Runs in the child."""

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
"""A larger file (plus 1 MiB) is no PNG of this size."""


def read_sequence(folder: Path, spec: OutputSpec, on_frame: OnFrame) -> FileProperties:
    """Return the properties of the sequence; ``on_frame`` gets every frame.

    Frames with the same bytes are decoded once. Raises ``OSError`` if a file cannot be read.
    """
    properties = FileProperties(is_lossless=True, fps=Fraction(spec.fps))
    found = {each.name for each in folder.iterdir()}
    properties.frames = sum(1 for name in found if name.endswith(".png"))
    properties.seconds = Fraction(properties.frames, spec.fps)
    names = [f"{number:05}.png" for number in range(1, max(spec.frames, properties.frames) + 1)]
    properties.problems.extend(f"{name}: is missing" for name in names[: spec.frames] if name not in found)
    properties.problems.extend(f"{name}: is unexpected; delete it" for name in sorted(found - set(names)))
    _SequenceReader(spec, properties, on_frame).read(
        [(number, folder / name) for number, name in enumerate(names) if name in found]
    )
    return properties


class _SequenceReader:
    """Read the frames one after the other; keep the last one, since the next may be the same."""

    def __init__(self, spec: OutputSpec, properties: FileProperties, on_frame: OnFrame) -> None:
        self._spec, self._properties, self._on_frame = spec, properties, on_frame
        self._bytes, self._image, self._pixels = b"", Image.new("RGBA", (1, 1)), np.empty((1, 1, 4), np.uint8)

    def read(self, files: list[tuple[int, Path]]) -> None:
        step = find_step(self._spec.width)
        for number, path in files:
            problem = self._load(path)
            if problem is not None:
                self._properties.problems.append(f"{path.name}: {problem}")
                continue
            self._on_frame(self._show(number, step))

    def _show(self, number: int, step: int) -> DecodedFrame:
        pixels, image = self._pixels, self._image
        return DecodedFrame(
            number=number,
            planes=[pixels],
            bits=8,
            has_alpha=self._properties.has_alpha,
            is_lossless=True,
            take_sample=lambda: pixels[::step, ::step],
            draw=image.copy,
        )

    def _load(self, path: Path) -> str | None:
        """Load the frame; return None, or what is wrong with it."""
        found = path.lstat()
        most = self._spec.width * self._spec.height * MAX_BYTES_PER_PIXEL + (1 << 20)
        if not stat.S_ISREG(found.st_mode) or found.st_size > most:
            return f"expected a file of at most {most:,} bytes"
        data = path.read_bytes()
        if data == self._bytes:
            return None
        problem = find_png_problem(data)
        return problem if problem is not None else self._decode(data)

    def _decode(self, data: bytes) -> str | None:
        expected = (self._spec.width, self._spec.height)
        try:
            with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
                self._read_header(image)
                if image.size != expected:
                    return f"has {image.width}×{image.height} pixels, expected {expected[0]}×{expected[1]}"
                if image.mode != "RGBA":
                    return f"expected RGBA, got {image.mode}"
                image.load()
                self._bytes, self._image, self._pixels = data, image.copy(), np.asarray(image)
        except (OSError, SyntaxError, ValueError, zlib.error, Image.DecompressionBombError) as error:
            return f"cannot be decoded: {error}"
        return None

    def _read_header(self, image: Image.Image) -> None:
        """Take the properties of the sequence from its first frame."""
        if not self._properties.pixel_format:
            self._properties.width, self._properties.height = image.size
            self._properties.pixel_format, self._properties.has_alpha = image.mode.lower(), image.mode == "RGBA"


def find_png_problem(data: bytes) -> str | None:
    """Return what is wrong with the chunks of a PNG (§5): cut off, a wrong checksum, or bytes behind the end."""
    if not data.startswith(SIGNATURE):
        return "expected a PNG"
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
