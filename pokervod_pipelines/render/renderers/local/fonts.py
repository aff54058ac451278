"""The letters: fonts out of packages, the same on every machine, and which of them draws which character.

Latin, Greek and Cyrillic are Roboto Condensed, Hangul, Kana and Hanja are NanumGothic. No font of the system is used.
The plain layout of Pillow is used too: the better one is there only where the system brings a library for it.
"""

import struct
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import Literal

from PIL import ImageFont

from pokervod_pipelines.render.failures import BadWorker
from pokervod_pipelines.render.renderers.local.charmap import read_characters

Weight = Literal["regular", "medium", "bold"]

LATIN, HANGUL = "fontpkg-roboto-condensed", "koreanize-matplotlib"
STAND_IN = "□"
"""What is drawn for a character that no font has, so that nobody takes the text for whole."""

ALIKE = {"♦": "◆", "♢": "◇", "\N{MINUS SIGN}": "-"}
"""What is drawn for a character that no font has and that looks nearly the same."""

UNSEEN, MARKS = {"Cf", "Cc"}, {"Mn", "Me", "Sk"}
"""Kinds of characters that have no ink, and those that only change another; a mark that no font has is left out."""

LATIN_WEIGHTS = {"regular": 400, "medium": 500, "bold": 700}
HANGUL_FILES = {"regular": "NanumGothic.ttf", "medium": "NanumGothicBold.ttf", "bold": "NanumGothicExtraBold.ttf"}
HANGUL_SIZE = 0.92
"""Hangul fills its square; beside Latin of the same size it looks larger."""

CAPITALS = 0.711
"""Height of a capital, in sizes."""


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring characters that one font draws."""

    text: str
    font: ImageFont.FreeTypeFont


def find_missing_fonts() -> list[str]:
    """Return what is wrong with the packages of fonts, one sentence each."""
    faults = []
    for package, path in ((LATIN, _find_latin()), (HANGUL, _find_hangul("bold"))):
        if not path.is_file():
            faults.append(f"the font {path.name} is missing; install the package {package}")
    return faults


def clean_text(text: str) -> str:
    r"""Return the text in one line, of characters that can be drawn; ``□`` stands for each that no font has.

    >>> clean_text("Zoë\n 김 \N{TROPHY}")
    'Zoë 김 □'
    """
    plain = " ".join(unicodedata.normalize("NFC", text).split())
    return "".join(piece for character in plain for piece in _replace(character))


def find_undrawable(text: str) -> list[str]:
    """Return the characters of the text that no font has, each once."""
    return sorted({character for character in text if STAND_IN in _replace(character) and character != STAND_IN})


def split_runs(text: str, weight: Weight, size: int) -> Sequence[Run]:
    """Return the text, cleaned before, in runs of one font each."""
    return [
        Run("".join(characters), load_font(is_latin, weight, size))
        for is_latin, characters in groupby(text, key=lambda character: ord(character) in _latin_characters())
    ]


@cache
def load_font(is_latin: bool, weight: Weight, size: int) -> ImageFont.FreeTypeFont:  # noqa: FBT001 - one of two
    """Return the font. Raises ``BadWorker`` where its package is missing."""
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
    """Where the package lies. It is not imported: one of them would load matplotlib."""
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
    plain = ALIKE.get(character) or unicodedata.normalize("NFKD", character)
    kept = "".join(piece for piece in plain if _is_drawable(piece))
    return kept.strip() or STAND_IN


def _is_drawable(character: str) -> bool:
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
