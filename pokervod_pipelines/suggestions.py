"""Suggest the name that was meant where a person gives one that nobody knows."""

from collections.abc import Iterable
from difflib import get_close_matches

MAX_NAMES_LISTED = 12


def suggest_name(name: str, known: Iterable[str]) -> str:
    """Return a question for the nearest known name, by the whole or a word of it, or else the known names.

    >>> suggest_name("Ivvey", ["Phil Ivey", "Tom Dwan"]), suggest_name("x", ["wsop", "pad"]), suggest_name("x", [])
    ('did you mean `Phil Ivey`?', 'known: wsop, pad', 'known: none')
    """
    names = list(dict.fromkeys(known))
    meant: dict[str, str] = {}
    for each in names:
        for text in (each, *each.split()):
            meant.setdefault(text.casefold(), each)
    if near := get_close_matches(name.casefold(), meant, n=1):
        return f"did you mean `{meant[near[0]]}`?"
    more = f" and {len(names) - MAX_NAMES_LISTED:,} more" if len(names) > MAX_NAMES_LISTED else ""
    return f"known: {', '.join(names[:MAX_NAMES_LISTED]) or 'none'}{more}"
