"""Make the path of a graphic from the pattern in the settings and the unchecked values of its instruction.

The outputs folder is a share, so a name has to be valid on SMB as well, whatever a trigger's key contains.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from string import Formatter
from uuid import UUID

from pokervod_pipelines.errors import BadSettings
from pokervod_pipelines.render.outputs.marker import check_marker
from pokervod_pipelines.render.renderers.job import SUFFIXES
from pokervod_pipelines.settings.render import OUTPUT_NAMES, RenderFormat

UNFINISHED = ".unfinished"
"""Folder below the root where graphics are rendered before they are published."""

MAX_BYTES = 195
"""Limit of one part of a path without suffix; file systems end at 255, and temporary names are longer."""

MIN_BYTES = 8
"""Minimum of one value, however many are in one part."""

_WHOLE = frozenset({"day", "id", "version"})
"""Values that are never cut: without them two graphics would have one path."""

_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*\u2028\u2029\ud800-\udfff]')
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\..*)?", re.IGNORECASE)
"""Names that Windows reserves for devices, with and without a suffix."""


class PathOutsideRoot(BadSettings):
    """Report a path outside of the outputs folder."""


def fill_path(
    pattern: str,
    *,
    day: object,
    template: str,
    kind: str,
    key: str,
    id: int,  # noqa: A002 - as in the settings
    version: int,
) -> PurePosixPath:
    """Return the path below the outputs folder, without its suffix; every part is a valid name on any file system.

    Long values are cut, ``id``, ``version`` and ``day`` never. Raises ``BadSettings`` for a pattern that makes no path.

    >>> str(fill_path("{day}/{key}_{id}", day="2026-11-21", template="t", kind="hand", key="../a:b", id=7, version=1))
    '2026-11-21/_a_b_7'
    """
    values = {"day": str(day), "template": template, "kind": kind, "key": key, "id": str(id), "version": str(version)}
    safe = {name: make_name_part(value) for name, value in values.items()}
    parts = [_fill_part(part, safe, pattern) for part in pattern.split("/") if part not in {"", "."}]
    if not parts or ".." in pattern.split("/"):
        raise BadSettings(f"render.path: {pattern!r} must be a relative path without '..'")
    return PurePosixPath(*parts)


def make_name_part(value: str) -> str:
    r"""Return the text as a valid part of a file name, never empty.

    >>> make_name_part("Ä/B:c\n"), make_name_part("..."), make_name_part("핸드 7")
    ('Ä_B_c', '_', '핸드 7')
    """
    text = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", value))
    shown = "".join(letter for letter in text if unicodedata.category(letter) not in {"Cf", "Cn", "Co"})
    plain = re.sub(r"_+", "_", re.sub(r"\s+", " ", shown))
    return plain.lstrip(". ").rstrip("_. ") or "_"


def _fill_part(part: str, values: Mapping[str, str], pattern: str) -> str:
    try:
        pieces = list(Formatter().parse(part))
        written = "".join(literal for literal, *_ in pieces)
        names = [name for _, name, *_ in pieces if name is not None]
        cut = _share_room(names, values, MAX_BYTES - len(written.encode()))
    except (KeyError, ValueError) as error:
        raise BadSettings(f"render.path: {part!r} of {pattern!r} makes no file name: {error}") from None
    filled = "".join(literal + (cut[name] if name is not None else "") for literal, name, *_ in pieces)
    return _make_valid_name(filled)


def _share_room(names: list[str], values: Mapping[str, str], room: int) -> dict[str, str]:
    """Cut the values so that they fit together; the long ones get what the short ones do not need."""
    if unknown := [name for name in names if name not in OUTPUT_NAMES]:
        raise ValueError(f"unknown name {unknown[0]!r}; the names are {', '.join(OUTPUT_NAMES)}")
    kept = {name: values[name] for name in names if name in _WHOLE}
    room -= sum(len(kept[name].encode()) for name in names if name in kept)
    elastic = sorted((name for name in names if name not in kept), key=lambda name: len(values[name].encode()))
    if room < MIN_BYTES * len(elastic):
        raise ValueError(f"the name is longer than {MAX_BYTES} bytes; shorten it")
    for place, name in enumerate(elastic):
        kept[name] = _cut(values[name], room // (len(elastic) - place))
        room -= len(kept[name].encode())
    return kept


def _cut(text: str, most_bytes: int) -> str:
    """Return as many whole characters as fit, without the mark of a character that was cut."""
    if len(text.encode()) <= most_bytes:
        return text
    return text.encode()[:most_bytes].decode(errors="ignore").rstrip("\u200d. ")


def _make_valid_name(filled: str) -> str:
    """Make the joined values a valid name: they may compose anew, end in a dot, or spell a device."""
    name = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", filled)).lstrip(". ").rstrip(". ") or "_"
    return f"_{name}" if _RESERVED.fullmatch(name) else name


def find_output_path(root: Path, relative: PurePosixPath, format: RenderFormat) -> Path:  # noqa: A002 - the format
    """Return the final path of a graphic below the root; the suffix is appended, so a dot in the name is kept.

    Raises ``PathOutsideRoot`` for a path that leads out of the root, by its parts or through a link.
    """
    parts = relative.parts
    if relative.is_absolute() or ".." in parts or not parts or parts[0].casefold() == UNFINISHED:
        raise PathOutsideRoot(f"{relative}: not a path below {root}; correct render.path")
    final = root.joinpath(*parts[:-1], parts[-1] + SUFFIXES[format])
    for place in _list_below(root, final):
        if place.is_symlink() and not place.resolve().is_relative_to(root.resolve()):
            raise PathOutsideRoot(
                f"{place}: leads out of {root} to {place.resolve()}; remove the link or correct render.path"
            )
    if final.is_symlink():
        raise PathOutsideRoot(f"{final}: is a link, expected a graphic; remove the link")
    return final


def _list_below(root: Path, place: Path) -> Iterator[Path]:
    yield place
    for parent in place.parents:
        if parent == root:
            return
        yield parent


def prepare_target(root: Path, claim_id: UUID, format: RenderFormat) -> Path:  # noqa: A002 - the format
    """Return the path where this claim renders, on the file system of the root; create the folder, not the file.

    The root itself is not created: where a share is not mounted, its empty folder would fill the disk. Raises
    ``BadWorker`` if the root or its marker is missing, and ``OSError``.
    """
    check_marker(root)
    folder = root / UNFINISHED
    if folder.is_symlink():
        raise PathOutsideRoot(f"{folder}: is a link, expected a folder on the file system of {root}; remove the link")
    folder.mkdir(exist_ok=True)
    return folder / f"{claim_id}{SUFFIXES[format]}"
