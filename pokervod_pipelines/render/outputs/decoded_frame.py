"""Read the pixels of a frame without converting it: all of them as decoded, or a sample."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from av import VideoFormat, VideoFrame
from numpy.typing import NDArray
from PIL import Image

Pixels: TypeAlias = NDArray[np.uint8]
"""Height × width × channels, the last one the opacity where there is one."""

Plane: TypeAlias = NDArray[Any]
"""All of a plane as it was decoded, height × width × channels; not copied, so nobody writes to it."""

SAMPLES_ACROSS = 480


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedFrame:
    """Hold one frame: its planes and their bit depth, a sample of its pixels, and a function that makes it an image.

    The last channel of the sample is the opacity where ``has_alpha``; ``is_lossless`` describes the codec.
    """

    number: int
    planes: Sequence[Plane]
    bits: int
    has_alpha: bool
    is_lossless: bool
    take_sample: Callable[[], Pixels]
    draw: Callable[[], Image.Image]

    def is_same_as(self, other: "DecodedFrame") -> bool:
        """Return whether the two frames are identical, to the last bit."""
        pairs = list(zip(self.planes, other.planes, strict=False))
        few = all(np.array_equal(one[::16], another[::16]) for one, another in pairs)
        return (
            few
            and len(self.planes) == len(other.planes)
            and all(one is another or np.array_equal(one, another) for one, another in pairs)
        )


def find_step(width: int) -> int:
    """Return the step between sampled pixels, in both directions."""
    return max(1, width // SAMPLES_ACROSS)


def find_alpha(form: VideoFormat) -> int | None:
    """Return the plane with the opacity, None for formats without one."""
    return next((each.plane for each in form.components if each.is_alpha), None)


def take_sample(frame: VideoFrame) -> Pixels:
    """Return sampled pixels of the frame in eight bits: brightness or colours, and opacity."""
    frame, step = simplify(frame), find_step(frame.width)
    form, bits, planes = frame.format, find_bits(frame.format), read_planes(frame)
    if not form.is_planar:
        pixels = reduce_bits(planes[0][::step, ::step], bits)
        return np.roll(pixels, -1, axis=2) if form.name.startswith("a") else np.ascontiguousarray(pixels)
    alpha = find_alpha(form)
    used = [planes[0]] if alpha is None else [planes[0], planes[alpha]]
    return np.concatenate([reduce_bits(plane[::step, ::step], bits) for plane in used], axis=2)


def simplify(frame: VideoFrame) -> VideoFrame:
    """Return the frame in a format whose planes are plain numbers: itself, unless it has a palette or splits bytes."""
    form = frame.format
    if form.has_palette or form.is_bit_stream or not (form.is_planar or _is_packed(form)):
        return frame.reformat(format="rgb24" if find_alpha(form) is None else "rgba")
    return frame


def _is_packed(form: VideoFormat) -> bool:
    return form.padded_bits_per_pixel == len(form.components) * (16 if find_bits(form) > 8 else 8)


def find_bits(form: VideoFormat) -> int:
    """Return the bits per number."""
    return max(each.bits for each in form.components)


def read_planes(frame: VideoFrame) -> list[Plane]:
    """Return all planes of a simplified frame."""
    channels = 1 if frame.format.is_planar else len(frame.format.components)
    return [_read_plane(frame, number, channels) for number in range(len(frame.planes))]


def _read_plane(frame: VideoFrame, number: int, channels: int) -> Plane:
    plane = frame.planes[number]
    wide = np.dtype(">u2" if frame.format.is_big_endian else "<u2")
    kind = wide if find_bits(frame.format) > 8 else np.dtype(np.uint8)
    lines: Plane = np.frombuffer(memoryview(plane), dtype=kind).reshape(plane.height, plane.line_size // kind.itemsize)
    return lines[:, : plane.width * channels].reshape(plane.height, plane.width, channels)


def reduce_bits(pixels: Plane, bits: int) -> Pixels:
    """Return the pixels in eight bits."""
    return pixels if bits <= 8 else (pixels >> (bits - 8)).astype(np.uint8)


def to_image(frame: VideoFrame) -> Image.Image:
    """Return the whole frame in RGBA."""
    return Image.fromarray(frame.to_ndarray(format="rgba"))


def is_blank(sample: Pixels, has_alpha: bool) -> bool:  # noqa: FBT001 - belongs to the sample
    """Return whether nothing is visible: the frame is transparent, or of one colour and one opacity."""
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
