"""Load the fonts from packages, the same on every machine, and choose the font of each character.

Latin, Greek and Cyrillic are Roboto Condensed, Hangul, Kana and Hanja are NanumGothic. No font of the system is used.
Pillow's basic layout is used too: the better one needs a library that not every system has. It neither shapes nor
orders right-to-left scripts.
"""

import struct
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from itertools import chain, groupby
from pathlib import Path
from typing import Literal

from PIL import ImageFont

from pokervod_pipelines.render.failures import BadWorker

Weight = Literal["regular", "medium", "bold"]

LATIN, HANGUL = "fontpkg-roboto-condensed", "koreanize-matplotlib"
REPLACEMENT = "□"
"""Drawn for a character that no font has, so that the text is visibly incomplete."""

SIMILAR = {"♦": "◆", "♢": "◇", "\N{MINUS SIGN}": "-"}
"""Characters drawn instead of others that no font has and that look nearly the same."""

UNSEEN, MARKS = {"Cf", "Cc"}, {"Mn", "Me", "Sk"}
"""Categories of characters without ink, and of combining marks; a mark that no font has is left out."""

LATIN_WEIGHTS = {"regular": 400, "medium": 500, "bold": 700}
HANGUL_FILES = {"regular": "NanumGothic.ttf", "medium": "NanumGothicBold.ttf", "bold": "NanumGothicExtraBold.ttf"}
HANGUL_SIZE = 0.92
"""Scale of Hangul, which fills its square and looks larger beside Latin of the same size."""

UNICODE_TABLES = {(0, 3), (0, 4), (0, 6), (3, 1), (3, 10)}
"""Platform and encoding of Unicode tables."""

CAPITALS = 0.711
"""Height of a capital, relative to the font size."""


@dataclass(frozen=True, slots=True)
class TextRun:
    """Hold neighbouring characters that one font draws."""

    text: str
    font: ImageFont.FreeTypeFont


def find_missing_fonts() -> list[str]:
    """Return what is wrong with the font packages, one sentence each."""
    faults = []
    for package, path in ((LATIN, _find_latin()), (HANGUL, _find_hangul("bold"))):
        if not path.is_file():
            faults.append(f"the font {path.name} is missing; install the package {package}")
    return faults


def clean_text(text: str) -> str:
    r"""Return the text in one line, of characters that can be drawn; ``□`` replaces each that no font has.

    >>> clean_text("Zoë\n 김 \N{TROPHY}")
    'Zoë 김 □'
    """
    plain = " ".join(unicodedata.normalize("NFC", text).split())
    return "".join(piece for character in plain for piece in _replace(character))


def find_undrawable(text: str) -> list[str]:
    """Return the characters that cannot be drawn as they are, each once: no font has them, or they need shaping.

    >>> find_undrawable("Zoë 김 Ｋim \N{TROPHY} שלום")
    ['ו', 'ל', 'ם', 'ש', '\N{TROPHY}']
    """
    plain = " ".join(unicodedata.normalize("NFC", text).split())
    return sorted({character for character in plain if not _is_kept(character)})


def split_runs(text: str, weight: Weight, size: int) -> Sequence[TextRun]:
    """Return the cleaned text in runs of one font each."""
    return [
        TextRun("".join(characters), load_font(is_latin, weight, size))
        for is_latin, characters in groupby(text, key=lambda character: ord(character) in _latin_characters())
    ]


@cache
def load_font(is_latin: bool, weight: Weight, size: int) -> ImageFont.FreeTypeFont:  # noqa: FBT001 - one of two
    """Return the font. Raises ``BadWorker`` if its package is missing."""
    path = _find_latin() if is_latin else _find_hangul(weight)
    pixels = size if is_latin else max(1, round(size * HANGUL_SIZE))
    try:
        font = ImageFont.truetype(path, pixels, layout_engine=ImageFont.Layout.BASIC)
    except OSError:
        package = LATIN if is_latin else HANGUL
        raise BadWorker(f"{path}: the font cannot be opened; install the package {package} again") from None
    if is_latin:
        font.set_variation_by_axes([LATIN_WEIGHTS[weight]])
    return font


def _find_latin() -> Path:
    return _folder_of("fontpkg_roboto_condensed") / "files" / "RobotoCondensed[wght].ttf"


def _find_hangul(weight: Weight) -> Path:
    return _folder_of("koreanize_matplotlib") / "fonts" / HANGUL_FILES[weight]


def _folder_of(package: str) -> Path:
    """Return the folder of the package without importing it: one of them would load matplotlib."""
    spec = find_spec(package)
    return Path(spec.origin).parent if spec is not None and spec.origin else Path(package)


@cache
def _replace(character: str) -> str:
    if unicodedata.category(character) in UNSEEN:
        return ""
    if _is_drawable(character):
        return character
    if unicodedata.category(character) in MARKS:
        return ""
    plain = SIMILAR.get(character) or unicodedata.normalize("NFKD", character)
    kept = "".join(piece for piece in plain if _is_drawable(piece))
    return kept.strip() or REPLACEMENT


def _is_kept(character: str) -> bool:
    """Return whether the drawn text shows the character, or one that reads the same."""
    if character in SIMILAR or character == REPLACEMENT or "\ufe00" <= character <= "\ufe0f":
        return True
    if unicodedata.category(character) in UNSEEN or _is_drawable(character):
        return True
    pieces = unicodedata.normalize("NFKD", character)
    return pieces != character and all(_is_drawable(piece) or piece == " " for piece in pieces)


def _is_drawable(character: str) -> bool:
    if "\u1100" <= character <= "\u11ff":  # letters that the basic layout cannot join to a syllable
        return False
    return ord(character) in _latin_characters() or ord(character) in _hangul_characters()


@cache
def _latin_characters() -> frozenset[int]:
    return _read_font(_find_latin(), LATIN)


@cache
def _hangul_characters() -> frozenset[int]:
    return _read_font(_find_hangul("bold"), HANGUL)


def _read_font(path: Path, package: str) -> frozenset[int]:
    try:
        return read_characters(path)
    except (OSError, struct.error):
        raise BadWorker(f"{path}: the font cannot be read; install the package {package} again") from None


def read_characters(path: Path) -> frozenset[int]:
    """Return the code points for which the font has a glyph, from its ``cmap`` table; Pillow does not tell.

    Only formats 4 and 12 are read, which today's fonts have. Raises ``OSError`` or ``struct.error`` if it is no font.
    """
    font = path.read_bytes()
    start = _find_table(font, b"cmap")
    count = struct.unpack_from(">H", font, start + 2)[0]
    records = (struct.unpack_from(">HHI", font, start + 4 + 8 * number) for number in range(count))
    places = {start + offset for platform, encoding, offset in records if (platform, encoding) in UNICODE_TABLES}
    return frozenset(chain.from_iterable(_read_table(font, place) for place in sorted(places)))


def _find_table(font: bytes, tag: bytes) -> int:
    count = struct.unpack_from(">H", font, 4)[0]
    for number in range(count):
        name, _, offset, _ = struct.unpack_from(">4sIII", font, 12 + 16 * number)
        if name == tag:
            return int(offset)
    message = f"the font has no table {tag.decode()}"
    raise OSError(message)


def _read_table(font: bytes, place: int) -> set[int]:
    layout = struct.unpack_from(">H", font, place)[0]
    if layout == 12:
        return _read_groups(font, place)
    return _read_segments(font, place) if layout == 4 else set()


def _read_groups(font: bytes, place: int) -> set[int]:
    count = struct.unpack_from(">I", font, place + 12)[0]
    groups = (struct.unpack_from(">III", font, place + 16 + 12 * number) for number in range(count))
    return {code for first, last, glyph in groups for code in range(first + (glyph == 0), last + 1)}


def _read_segments(font: bytes, place: int) -> set[int]:
    count = struct.unpack_from(">H", font, place + 6)[0] // 2
    words = struct.Struct(f">{count}H")
    lasts = words.unpack_from(font, place + 14)
    firsts = words.unpack_from(font, place + 16 + 2 * count)
    deltas = words.unpack_from(font, place + 16 + 4 * count)
    ranges_at = place + 16 + 6 * count
    ranges = words.unpack_from(font, ranges_at)
    codes = set()
    for number, (first, last, delta, offset) in enumerate(zip(firsts, lasts, deltas, ranges, strict=True)):
        for code in range(first, min(last, 0xFFFE) + 1):
            glyph = code
            if offset:
                glyph = struct.unpack_from(">H", font, ranges_at + 2 * number + offset + 2 * (code - first))[0]
            if (glyph + delta) % 0x10000 if not offset or glyph else 0:
                codes.add(code)
    return codes
