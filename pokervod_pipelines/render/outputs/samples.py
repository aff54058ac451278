"""A few pixels of every frame, taken without converting the frame: enough to see that it is blank or has changed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from av import VideoFormat, VideoFrame
from numpy.typing import NDArray
from PIL import Image

Pixels: TypeAlias = NDArray[np.uint8]
"""Height × width × channels, the last one the opacity where there is one."""

SAMPLES_ACROSS = 480


@dataclass(frozen=True, slots=True)
class Shown:
    """One frame: every so many pixels of it, whether the last channel is its opacity, and how to get all of it."""

    number: int
    sample: Pixels
    has_alpha: bool
    draw: Callable[[], Image.Image]


def find_step(width: int) -> int:
    """Every so many pixels, in both directions, one is taken."""
    return max(1, width // SAMPLES_ACROSS)


def find_alpha(form: VideoFormat) -> int | None:
    """The plane that holds the opacity, None where pictures of this form have none."""
    return next((each.plane for each in form.components if each.is_alpha), None)


def take_sample(frame: VideoFrame) -> Pixels:
    """The sample of a decoded frame: its brightness or colours, and its opacity, in eight bits."""
    form, step = frame.format, find_step(frame.width)
    alpha = find_alpha(form)
    bits = max(each.bits for each in form.components)
    wide = 2 if bits > 8 else 1
    is_packed = not form.is_planar and form.padded_bits_per_pixel == len(form.components) * wide * 8
    if form.has_palette or form.is_bit_stream or not (form.is_planar or is_packed):
        frame, form, alpha, bits, wide, is_packed = _convert(frame, alpha)
    if is_packed:
        pixels = _read_plane(frame, 0, len(form.components), bits)[::step, ::step]
        return np.roll(pixels, -1, axis=2) if form.name.startswith("a") else np.ascontiguousarray(pixels)
    planes = [0] if alpha is None else [0, alpha]
    return np.concatenate([_read_plane(frame, plane, 1, bits)[::step, ::step] for plane in planes], axis=2)


def _convert(frame: VideoFrame, alpha: int | None) -> tuple[VideoFrame, VideoFormat, int | None, int, int, bool]:
    plain = frame.reformat(format="rgb24" if alpha is None else "rgba")
    return plain, plain.format, None if alpha is None else 0, 8, 1, True


def _read_plane(frame: VideoFrame, number: int, channels: int, bits: int) -> Pixels:
    plane = frame.planes[number]
    kind = np.dtype(np.uint8) if bits <= 8 else np.dtype(">u2" if frame.format.is_big_endian else "<u2")
    lines: NDArray[Any] = np.frombuffer(memoryview(plane), dtype=kind).reshape(
        plane.height, plane.line_size // kind.itemsize
    )
    pixels = lines[:, : plane.width * channels].reshape(plane.height, plane.width, channels)
    return pixels if bits <= 8 else (pixels >> (bits - 8)).astype(np.uint8)


def to_image(frame: VideoFrame) -> Image.Image:
    """The whole frame in RGBA."""
    return Image.fromarray(frame.to_ndarray(format="rgba"))


def is_blank(sample: Pixels, has_alpha: bool) -> bool:  # noqa: FBT001 - belongs to the sample
    """Nothing is to be seen: the picture is transparent, or of one colour and one opacity all over."""
    least_contrast = 6
    if not has_alpha:
        return int(np.ptp(sample)) <= least_contrast if sample.shape[2] == 1 else _is_flat(sample, least_contrast)
    opacity = sample[:, :, -1:]
    if int(opacity.max()) <= least_contrast:
        return True
    if int(np.ptp(opacity)) > least_contrast:
        return False
    return _is_flat(sample[:, :, :-1], least_contrast)


def _is_flat(colours: Pixels, least_contrast: int) -> bool:
    return bool((np.ptp(colours, axis=(0, 1)) <= least_contrast).all())
