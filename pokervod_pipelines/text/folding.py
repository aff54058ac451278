"""Clean text for storage and fold names for comparison."""

import re
import unicodedata

UNSTORABLE = re.compile("[\0\ud800-\udfff]")
"""NUL and lone surrogates, which no PostgreSQL text holds."""

_COLON_LIKE = str.maketrans(dict.fromkeys("\u2236\u02d0\ua789\u0589", ":"))
"""Characters that look like a colon and that NFKC keeps."""

_PRIVATE_CHARACTERS = {
    **{0xF000 + code: chr(code) for code in range(1, 0x80)},
    **{0xF020 + place: character for place, character in enumerate('"*:<>?\\| .')},
}
"""Characters that macOS (and Cygwin) write on a Windows share for those that it forbids in a name."""

_PRIVATE = re.compile("[\uf001-\uf07f]")


def make_storable(text: str, replacement: str = "") -> str:
    r"""Return the text with ``replacement`` for each character that the database refuses.

    >>> make_storable("no\x00 licence\ud800", "?")
    'no? licence?'
    """
    return UNSTORABLE.sub(replacement, text)


def join_blanks(text: str) -> str:
    r"""Return the text in NFC, each run of white space as one blank, none at the ends, without NUL.

    >>> join_blanks(" Ana \n  Ruiz ")
    'Ana Ruiz'
    """
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    return " ".join(unicodedata.normalize("NFC", text).replace("\x00", "").split())


def fold_width(text: str) -> str:
    r"""Return digits and punctuation as a keyboard for English writes them, without characters that nobody sees.

    >>> fold_width("\uff10\uff1a12\u200b")
    '0:12'
    """
    if text.isascii():
        return text
    folded = unicodedata.normalize("NFKC", text).translate(_COLON_LIKE)
    return "".join(character for character in folded if unicodedata.category(character) != "Cf")


def fold_name(text: str) -> str:
    """Return a form in which spellings of one name are equal: words in lower case, no punctuation.

    >>> fold_name("Event #46: $250,000 Super High-Roller")
    'event 46 250 000 super high roller'
    """
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


def restore_file_name(name: str) -> str:
    r"""Return the file or folder name as its author typed it, without blanks and dots at its end.

    Windows forbids some characters in names and a blank or dot at their end; macOS writes private ones instead.

    >>> restore_file_name("Day 1\uf022 Part 2.mp4\uf028"), restore_file_name("show.mp4. ")
    ('Day 1: Part 2.mp4', 'show.mp4')
    """
    if not name.isascii() and _PRIVATE.search(name):
        name = name.translate(_PRIVATE_CHARACTERS)
    return name.rstrip(" .") or name if name.endswith((" ", ".")) else name
