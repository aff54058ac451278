"""Is the output what its instruction asks for? It is decoded to its end, measured, and laid over a new drawing.

Whatever made the file, nothing it says of itself is believed. Meant to run in the child process of ``child``: a hostile
file may crash or hang who decodes it.
"""

import hashlib
import io
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from PIL import Image

from pokervod_pipelines.render.outputs.digest import hash_output, measure_output
from pokervod_pipelines.render.outputs.film import Facts, read_film
from pokervod_pipelines.render.outputs.likeness import (
    COARSE,
    EXACT,
    FINE,
    Tolerance,
    compare_moving,
    compare_pictures,
    lay_over,
)
from pokervod_pipelines.render.outputs.pictures import read_pictures
from pokervod_pipelines.render.outputs.wanted import MOST_FAULTS, Draw, Drawing, Inspection, Wanted
from pokervod_pipelines.render.outputs.watch import Watch, find_least_opacity
from pokervod_pipelines.render.renderers.job import Picture

LEAST_BYTES = 1_024
"""What is smaller is no graphic, whatever it says of itself."""

LOCAL_DRAWING = "pokervod_pipelines.render.renderers.local.drawing"
OUR_COLOURS, OUR_PIXELS = (1, 1, 1, 1), "yuv420p"
"""BT.709 in every field, and the range of broadcast; and the pixels of an MP4 that every player shows."""

RATE_TOLERANCE = 0.0002
"""Part of a rate; 29.97 is 0.001 away from 30."""

PREVIEW_WIDTH = 480
NEUTRAL, BLACK = (96, 96, 96), (0, 0, 0)


def inspect_output(path: Path, wanted: Wanted, *, draw: Draw | None = None) -> Inspection:
    """Return what the output is, and every fault for which it must not be used.

    What ``local`` made is compared with what ``draw`` draws (by default the local renderer's own); what others made
    cannot be drawn again. Raises ``OSError`` only where the file system does not answer, never for what is in the file.
    """
    try:
        before = measure_output(path)
    except (FileNotFoundError, NotADirectoryError):
        return Inspection(faults=(f"{path}: is not there",))
    if fault := _find_first_fault(path, before.size_bytes, wanted.picture):
        return Inspection(faults=(f"{path}: {fault}",), size_bytes=before.size_bytes, mtime_ns=before.mtime_ns)
    sha256 = hash_output(path)
    if draw is None and wanted.renderer == "local":
        draw = import_module(LOCAL_DRAWING).Drawing
    drawing = None if draw is None else draw(wanted.template, wanted.layers, wanted.picture)
    watch = _open_watch(wanted.picture, drawing)
    is_sequence = wanted.picture.format == "png_sequence"
    facts = (read_pictures if is_sequence else read_film)(path, wanted.picture, watch.see)
    faults = [*_compare_facts(facts, wanted), *_compare_shown(watch, facts, wanted, drawing)]
    if measure_output(path) != before:
        faults.append("changed while it was read, so somebody still writes it")
    found = Inspection(faults=(), sha256=sha256, size_bytes=before.size_bytes, mtime_ns=before.mtime_ns)
    return _describe(path, facts, watch, faults, found)


def _find_first_fault(path: Path, size: int, picture: Picture) -> str | None:
    """Why it need not even be opened."""
    if path.is_symlink():
        return "is a link, wanted is a file of its own"
    if path.is_dir() != (picture.format == "png_sequence"):
        return f"is a {'folder' if path.is_dir() else 'file'}, which {picture.format} is not"
    return f"has {size} bytes, so there is no graphic in it" if size < LEAST_BYTES else None


def _open_watch(picture: Picture, drawing: Drawing | None) -> Watch:
    """Of a graphic that cannot be drawn again, only the frame in its middle is known to be one in which it stands."""
    if drawing is None:
        middle = picture.frames // 2
        return Watch(range(middle, middle + 1))
    hold, last = drawing.hold, picture.frames - 1
    moving = {0, hold.start // 2, (hold.stop + last) // 2, last}
    return Watch(hold, kept=[number for number in sorted(moving) if number not in hold])


def _compare_facts(facts: Facts, wanted: Wanted) -> Iterator[str]:
    """Yield what differs from what is wanted, with both figures."""
    picture = wanted.picture
    yield from facts.faults
    if wanted.renderer == "local":
        yield from _compare_coding(facts, picture)
    if facts.width and (facts.width, facts.height) != (picture.width, picture.height):
        yield f"has {facts.width}×{facts.height} pixels, wanted are {picture.width}×{picture.height}"
        return
    if abs(facts.fps - picture.fps) > picture.fps * RATE_TOLERANCE:
        yield f"runs at {float(facts.fps):.6g} frames a second, wanted are {picture.fps}"
    if facts.frames != picture.frames:
        yield f"has {facts.frames} frames, wanted are {picture.frames}"
    if abs(facts.seconds * picture.fps - picture.frames) >= 0.5:
        yield f"lasts {float(facts.seconds):.3f} s, wanted are {picture.frames / picture.fps:.3f} s"
    if facts.frames and facts.has_alpha != (picture.format != "mp4"):
        which = "without" if picture.format == "mp4" else "with"
        yield f"is {facts.pixel_format}, wanted is a picture {which} transparency"


def _compare_coding(facts: Facts, picture: Picture) -> Iterator[str]:
    """Yield what our own encoder never writes; After Effects may add sound and a time code, and means other colours."""
    if others := facts.tracks[1:]:
        yield f"has tracks beside its picture ({', '.join(others)}), of which none was asked for"
    if facts.pixel_format.startswith("yuv") and facts.colours != OUR_COLOURS:
        said = "matrix {}, primaries {}, transfer {}, range {}".format(*facts.colours)
        yield f"says of its colours: {said}, so they would be shown otherwise than as BT.709 (1, 1, 1, 1)"
    if picture.format == "mp4" and facts.frames and facts.pixel_format != OUR_PIXELS:
        yield f"is {facts.pixel_format}, which not every player shows; wanted is {OUR_PIXELS}"


def _compare_shown(watch: Watch, facts: Facts, wanted: Wanted, drawing: Drawing | None) -> Iterator[str]:
    """Yield what is to be seen and is not."""
    wants_alpha = wanted.picture.format != "mp4"
    if drawing is None or watch.image is None:
        yield from watch.find_faults(wants_alpha=wants_alpha and facts.has_alpha)
        return
    drawn = drawing.draw(watch.middle).convert("RGBA")
    is_translucent = wants_alpha and find_least_opacity(drawn) < 255
    yield from watch.find_faults(wants_alpha=is_translucent and facts.has_alpha, longest_hole=watch.seen)
    for number, image in watch.images.items():
        shown = drawn if number == watch.middle else drawing.draw(number).convert("RGBA")
        shown = shown if wants_alpha else lay_over(shown, BLACK)
        if image.size != shown.size:
            continue
        if number == watch.middle:
            yield from compare_pictures(image, shown, drawing.boxes, _choose_tolerance(facts))
        elif where := compare_moving(image, shown, _choose_tolerance(facts)):
            does = "come in" if number < watch.middle else "go out"
            yield f"does not {does} as it should: frame {number + 1} differs from its drawing at {where[0]},{where[1]}"


def _choose_tolerance(facts: Facts) -> Tolerance:
    """By what the decoder found, not by what was asked for."""
    if facts.is_lossless:
        return EXACT
    return FINE if facts.has_alpha else COARSE


def _describe(path: Path, facts: Facts, watch: Watch, faults: list[str], found: Inspection) -> Inspection:
    told = [f"{path}: {fault}" for fault in faults[:MOST_FAULTS]]
    if len(faults) > MOST_FAULTS:
        told.append(f"{path}: and {len(faults) - MOST_FAULTS} faults more")
    return replace(
        found,
        faults=tuple(told),
        frames=facts.frames,
        width=facts.width,
        height=facts.height,
        fps=float(facts.fps),
        duration=float(facts.seconds),
        pixel_format=facts.pixel_format,
        has_alpha=facts.has_alpha,
        picture_hash="" if watch.image is None else hash_picture(watch.image),
        preview=None if watch.image is None else draw_preview(watch.image),
    )


def hash_picture(image: Image.Image) -> str:
    """SHA-256 of the size and of what can be seen: colours weighed by opacity, so hidden ones do not count."""
    size = image.width.to_bytes(4) + image.height.to_bytes(4)
    return hashlib.sha256(size + image.convert("RGBa").tobytes()).hexdigest()


def draw_preview(image: Image.Image) -> bytes:
    """A JPEG of the picture over a neutral grey, at most ``PREVIEW_WIDTH`` across."""
    small = lay_over(image, NEUTRAL).convert("RGB")
    small.thumbnail((PREVIEW_WIDTH, PREVIEW_WIDTH * 4), Image.Resampling.BOX, reducing_gap=2.0)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()
