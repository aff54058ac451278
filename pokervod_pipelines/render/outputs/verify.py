"""Verify that an output is what its instruction asks for: decode it to its end and compare it with a new drawing.

Nothing the file claims is trusted. Runs in a child process, since a broken file may crash or hang its reader.
"""

import hashlib
import io
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from PIL import Image

from pokervod_pipelines.render.outputs.comparison import (
    COARSE,
    EXACT,
    FINE,
    Tolerance,
    compare_animated,
    compare_images,
    composite_over,
)
from pokervod_pipelines.render.outputs.digest import hash_output, stat_output
from pokervod_pipelines.render.outputs.frame_inspector import FrameInspector, find_min_opacity
from pokervod_pipelines.render.outputs.inspection import (
    MAX_PROBLEMS,
    ExpectedOutput,
    Inspection,
    MakeDrawing,
    ReferenceDrawing,
)
from pokervod_pipelines.render.outputs.png_sequence import read_sequence
from pokervod_pipelines.render.outputs.video_file import FileProperties, read_video
from pokervod_pipelines.render.renderers.job import OutputSpec

MIN_BYTES = 1_024
"""A smaller file cannot be a graphic."""

LOCAL_DRAWING = "pokervod_pipelines.render.renderers.local.drawing"
OUR_COLOURS, OUR_PIXELS = (1, 1, 1, 1), "yuv420p"
"""BT.709 in every field and broadcast range; and the pixel format of an MP4 that every player shows."""

RATE_TOLERANCE = 0.0002
"""Relative difference of two rates; 29.97 is 0.001 away from 30."""

PREVIEW_WIDTH = 480
NEUTRAL, BLACK = (96, 96, 96), (0, 0, 0)


def inspect_output(path: Path, expected: ExpectedOutput, *, draw: MakeDrawing | None = None) -> Inspection:
    """Return the properties of the output, and every problem that makes it unusable.

    Outputs of ``local`` are compared with what ``draw`` draws (by default the local renderer); those of others cannot
    be drawn again. Raises ``OSError`` only if the file system does not respond, never for the content of the file.
    """
    try:
        before = stat_output(path)
    except (FileNotFoundError, NotADirectoryError):
        return Inspection(problems=(f"{path}: is missing",))
    if problem := _find_first_problem(path, before.size_bytes, expected.spec):
        return Inspection(problems=(f"{path}: {problem}",), size_bytes=before.size_bytes, mtime_ns=before.mtime_ns)
    sha256 = hash_output(path)
    if draw is None and expected.renderer == "local":
        draw = import_module(LOCAL_DRAWING).Drawing
    drawing = None if draw is None else draw(expected.template, expected.layers, expected.spec)
    inspector = _make_inspector(expected.spec, drawing)
    is_sequence = expected.spec.format == "png_sequence"
    properties = (read_sequence if is_sequence else read_video)(path, expected.spec, inspector.inspect)
    problems = [*_compare_properties(properties, expected), *_compare_frames(inspector, properties, expected, drawing)]
    if stat_output(path) != before:
        problems.append("changed while it was read: another process is writing it")
    found = Inspection(problems=(), sha256=sha256, size_bytes=before.size_bytes, mtime_ns=before.mtime_ns)
    return _describe(path, properties, inspector, problems, found)


def _find_first_problem(path: Path, size: int, spec: OutputSpec) -> str | None:
    """Return why the file need not even be opened, or None."""
    if path.is_symlink():
        return "is a symbolic link, expected a file"
    kind, expected = ("folder" if is_folder else "file" for is_folder in (path.is_dir(), spec.format == "png_sequence"))
    if kind != expected:
        return f"is a {kind}, expected a {expected} ({spec.format})"
    return f"has {size} bytes, expected at least {MIN_BYTES:,}" if size < MIN_BYTES else None


def _make_inspector(spec: OutputSpec, drawing: ReferenceDrawing | None) -> FrameInspector:
    """Choose the frames to keep; without a drawing, only the middle frame is known to show the graphic still."""
    if drawing is None:
        middle = spec.frames // 2
        return FrameInspector(range(middle, middle + 1))
    hold, last = drawing.hold, spec.frames - 1
    moving = {0, hold.start // 2, (hold.stop + last) // 2, last}
    return FrameInspector(hold, kept=[number for number in sorted(moving) if number not in hold])


def _compare_properties(properties: FileProperties, expected: ExpectedOutput) -> Iterator[str]:
    """Yield what differs from what is expected, with both figures."""
    spec = expected.spec
    yield from properties.problems
    if expected.renderer == "local":
        yield from _compare_coding(properties, spec)
    if properties.width and (properties.width, properties.height) != (spec.width, spec.height):
        yield f"has {properties.width}×{properties.height} pixels, expected {spec.width}×{spec.height}"
        return
    if abs(properties.fps - spec.fps) > spec.fps * RATE_TOLERANCE:
        yield f"runs at {float(properties.fps):.6g} frames a second, expected {spec.fps}"
    if properties.frames != spec.frames:
        yield f"has {properties.frames} frames, expected {spec.frames}"
    if abs(properties.seconds * spec.fps - spec.frames) >= 0.5:
        yield f"lasts {float(properties.seconds):.3f} s, expected {spec.frames / spec.fps:.3f} s"
    if properties.frames and properties.has_alpha != (spec.format != "mp4"):
        which = "without" if spec.format == "mp4" else "with"
        yield f"is {properties.pixel_format}, expected a pixel format {which} transparency"


def _compare_coding(properties: FileProperties, spec: OutputSpec) -> Iterator[str]:
    """Yield what our own encoder never writes; After Effects may add sound and a timecode, and other colours."""
    if others := properties.tracks[1:]:
        yield f"has extra tracks ({', '.join(others)}), expected video only"
    if properties.pixel_format.startswith("yuv") and properties.colours != OUR_COLOURS:
        colours = "matrix {}, primaries {}, transfer {}, range {}".format(*properties.colours)
        yield f"has the colours {colours}, expected BT.709 (1, 1, 1, 1)"
    if spec.format == "mp4" and properties.frames and properties.pixel_format != OUR_PIXELS:
        yield f"is {properties.pixel_format}, which not every player shows, expected {OUR_PIXELS}"


def _compare_frames(
    inspector: FrameInspector, properties: FileProperties, expected: ExpectedOutput, drawing: ReferenceDrawing | None
) -> Iterator[str]:
    """Yield what should be visible and is not."""
    expects_alpha = expected.spec.format != "mp4"
    if drawing is None or inspector.image is None:
        yield from inspector.find_problems(expects_alpha=expects_alpha and properties.has_alpha)
        return
    drawn = drawing.draw(inspector.middle).convert("RGBA")
    is_translucent = expects_alpha and find_min_opacity(drawn) < 255
    yield from inspector.find_problems(expects_alpha=is_translucent and properties.has_alpha, max_hole=inspector.seen)
    for number, image in inspector.images.items():
        shown = drawn if number == inspector.middle else drawing.draw(number).convert("RGBA")
        shown = shown if expects_alpha else composite_over(shown, BLACK)
        if image.size != shown.size:
            continue
        if number == inspector.middle:
            yield from compare_images(image, shown, drawing.boxes, _choose_tolerance(properties))
        elif where := compare_animated(image, shown, _choose_tolerance(properties)):
            does = "enter" if number < inspector.middle else "leave"
            yield f"does not {does} as expected: frame {number + 1} differs from its drawing at {where[0]},{where[1]}"


def _choose_tolerance(properties: FileProperties) -> Tolerance:
    """Return the tolerance for the codec that was found, not for the one that was asked for."""
    if properties.is_lossless:
        return EXACT
    return FINE if properties.has_alpha else COARSE


def _describe(
    path: Path, properties: FileProperties, inspector: FrameInspector, problems: list[str], found: Inspection
) -> Inspection:
    sentences = [f"{path}: {problem}" for problem in problems[:MAX_PROBLEMS]]
    if len(problems) > MAX_PROBLEMS:
        sentences.append(f"{path}: and {len(problems) - MAX_PROBLEMS} more problems")
    return replace(
        found,
        problems=tuple(sentences),
        frames=properties.frames,
        width=properties.width,
        height=properties.height,
        fps=float(properties.fps),
        duration=float(properties.seconds),
        pixel_format=properties.pixel_format,
        has_alpha=properties.has_alpha,
        picture_hash="" if inspector.image is None else hash_image(inspector.image),
        preview=None if inspector.image is None else draw_preview(inspector.image),
    )


def hash_image(image: Image.Image) -> str:
    """Return the SHA-256 of the size and the premultiplied colours, so that hidden colours do not count."""
    size = image.width.to_bytes(4) + image.height.to_bytes(4)
    return hashlib.sha256(size + image.convert("RGBa").tobytes()).hexdigest()


def draw_preview(image: Image.Image) -> bytes:
    """Return a JPEG of the image over a neutral grey, at most ``PREVIEW_WIDTH`` across."""
    small = composite_over(image, NEUTRAL).convert("RGB")
    small.thumbnail((PREVIEW_WIDTH, PREVIEW_WIDTH * 4), Image.Resampling.BOX, reducing_gap=2.0)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()
