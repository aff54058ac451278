"""Clean text for storage and fold names for comparison."""

import re
import unicodedata

UNSTORABLE = re.compile("[\0\ud800-\udfff]")
"""NUL and lone surrogates, which no PostgreSQL text holds."""


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


def fold_name(text: str) -> str:
    """Return a form in which spellings of one name are equal: words in lower case, no punctuation.

    >>> fold_name("Event #46: $250,000 Super High-Roller")
    'event 46 250 000 super high roller'
    """
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))
