"""Name output files for every system (Windows, macOS, a NAS that counts in bytes), and write them whole.

The rules are Windows' (learn.microsoft.com, "Naming Files, Paths, and Namespaces"), the strictest of the three.
"""

import os
import re
import secrets
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
INVISIBLE = ("Cc", "Cs", "Zl", "Zp")
TEXT_DIRECTION = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Marks that make a name look different from what it is."""

RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\.|$)", re.IGNORECASE)
"""Names of devices, whatever suffix follows."""

MAX_CHARACTERS = 120
"""In UTF-16, as Windows counts; a path of 260 has room for the folder too."""

MAX_BYTES = 143
"""In UTF-8, for an encrypted folder of a Synology NAS; others take 255."""

NAMELESS = "clip"


def make_file_names(titles: Iterable[str], suffix: str, *, taken: Iterable[str] = ()) -> list[str]:
    """Return one file name for each title, in order: no two equal on any system, nor equal to one in ``taken``.

    The second of two equal ones is numbered: ``Name (2).mov``.

    >>> make_file_names(["A vs B?", "a VS b:", "con"], ".mov")
    ['A vs B_.mov', 'a VS b_ (2).mov', '_con.mov']

    """
    used = {_fold(name) for name in taken}
    names = []
    for title in titles:
        candidates = (make_file_name(title, f" ({number}){suffix}" if number > 1 else suffix) for number in count(1))
        name = next(name for name in candidates if _fold(name) not in used)
        used.add(_fold(name))
        names.append(name)
    return names


def make_file_name(title: str, ending: str) -> str:
    """Return the title as a file name with this ending, shortened to fit; letters of any language stay (NFC).

    >>> make_file_name("E11 찐최종: Ivey | Dwan...", ".mp4")
    'E11 찐최종_ Ivey _ Dwan.mp4'

    """
    composed = unicodedata.normalize("NFC", title)
    visible = "".join(" " if unicodedata.category(char) in INVISIBLE else char for char in composed)
    plain = _trim(FORBIDDEN.sub("_", TEXT_DIRECTION.sub("", visible))) or NAMELESS
    safe = f"_{plain}" if RESERVED.match(plain) else plain
    while _is_long(safe + ending):
        safe = _trim(safe[:-1])
    return safe + ending


@contextmanager
def replace_when_whole(target: Path) -> Iterator[Path]:
    """Yield a temporary path beside the target; without an error it becomes the target, else it is deleted.

    The temporary name keeps the suffix, which programs use to find the format.
    """
    unfinished = target.with_name(f".{os.getpid()}-{secrets.token_hex(3)}{target.suffix}")
    try:
        yield unfinished
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def save_list(text: str, target: Path) -> None:
    """Write a list as UTF-8, its line ends as they are."""
    with replace_when_whole(target) as unfinished:
        unfinished.write_text(text, encoding="utf-8", newline="")


def _trim(name: str) -> str:
    """Trim dots and blanks: Windows drops them at the end by itself, and a dot in front hides the file elsewhere."""
    return name.strip().rstrip(". ").lstrip(". ")


def _is_long(name: str) -> bool:
    return len(name.encode("utf-16-le")) // 2 > MAX_CHARACTERS or len(name.encode()) > MAX_BYTES


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
