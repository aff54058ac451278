"""File names that every system of the house takes: Windows, macOS, and a NAS that counts in bytes.

The rules are Windows' (learn.microsoft.com, "Naming Files, Paths, and Namespaces"), the strictest of the three.
"""

import re
import unicodedata
from collections.abc import Iterable
from itertools import count

FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
INVISIBLE = ("Cc", "Cs", "Zl", "Zp")
TEXT_DIRECTION = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Marks that make a name look other than it is."""

RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\.|$)", re.IGNORECASE)
"""Names of devices, whatever suffix follows."""

LONGEST_CHARACTERS = 120
"""In UTF-16, as Windows counts; a path of 260 has room for the folder too."""

LONGEST_BYTES = 143
"""In UTF-8: what an encrypted folder of a Synology NAS takes; others take 255."""

NAMELESS = "clip"


def make_file_names(titles: Iterable[str], suffix: str, *, taken: Iterable[str] = ()) -> list[str]:
    """Return one file name for each title, in order: no two alike in any system's eyes, nor like one in ``taken``.

    The second of two alike is numbered: ``Name (2).mov``.

    >>> make_file_names(["A vs B?", "a VS b:", "con"], ".mov")
    ['A vs B_.mov', 'a VS b_ (2).mov', '_con.mov']

    """
    used = {_fold(name) for name in taken}
    names = []
    for title in titles:
        tries = (make_file_name(title, f" ({number}){suffix}" if number > 1 else suffix) for number in count(1))
        name = next(name for name in tries if _fold(name) not in used)
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


def _trim(name: str) -> str:
    """Windows drops dots and blanks at the end by itself, and a dot in front hides the file elsewhere."""
    return name.strip().rstrip(". ").lstrip(". ")


def _is_long(name: str) -> bool:
    return len(name.encode("utf-16-le")) // 2 > LONGEST_CHARACTERS or len(name.encode()) > LONGEST_BYTES


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
