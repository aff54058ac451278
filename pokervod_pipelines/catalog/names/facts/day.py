"""Read day and flight of play: ``Day 3``, ``Day Three``, ``Day 1A``, ``day2abc``, ``Day 2A_B_C``, a folder ``Day 1 A``.

A letter after the day is a flight only if nothing else can be meant: "Day 3 A brutal river" has none. "The day I won"
is not a day, and a number behind ("Day 1-2") may be a part or the next day: it is left unread.
"""

import re
from itertools import pairwise

from pokervod_pipelines.catalog.names.facts.count import COUNTS, read_count
from pokervod_pipelines.catalog.names.name_fields import NameFields

_WORDS = "|".join(sorted(COUNTS.keys() - {"i", "v", "x"}, key=len, reverse=True))
_DAY = re.compile(
    rf"(?<![a-z])day ?(\d{{1,2}}|{_WORDS})"
    r"(?: ([a-h])(?=$| (?:part|final|session)| [a-h](?!\w))|([a-h]{1,8}))?"  # "1 a" only where nothing can follow, "1a"
    r"((?: [a-h](?!\w))*)(?!(?!p(?:ar)?t)\w)",  # further flights of "2a b c"
    re.ASCII,
)


def read_day(fields: NameFields) -> None:
    """Set the day, and the flight or flights that played on it."""
    text = fields.name.text
    if "day" not in text:
        return
    match = _DAY.search(text)
    if match is None:
        return
    fields.set("day", read_count(match[1]), "day", match[0])
    flights = match[3] or match[2]
    if flights:
        together = flights + match[4].replace(" ", "")
        fields.set("flight", (together if _ascends(together) else flights).upper(), "flight", match[0])


def _ascends(letters: str) -> bool:
    return all(before < after for before, after in pairwise(letters))
