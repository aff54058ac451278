"""Recognise hands played to test the table, by the names in the seats and the title of the event.

One odd name is a nickname or an empty label; a hand is a test when most of its seats have such names.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from pokervod_pipelines.hands.hand import HandSeat
from pokervod_pipelines.hands.records import Seat

NUMBER_WORD = r"\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten"
PLACEHOLDER = re.compile(rf"(?:seat|player|plyr|p|test(?:er)?|name|dummy)?[\s_#-]*(?:{NUMBER_WORD})?", re.IGNORECASE)
TEST_TITLE = re.compile(r"\b(?:test(?:s|ing)?|rehearsal|테스트|리허설)\b", re.IGNORECASE)
KEY_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
MAX_MASH = 12
MIN_NAME = 2


def is_test_hand(seats: Sequence[Seat] | Sequence[HandSeat], event_title: str = "") -> bool:
    """Return whether a hand was played to test the table."""
    if TEST_TITLE.search(event_title):
        return True
    seated = [seat for seat in seats if not seat.is_sitting_out] or list(seats)
    placeholders = sum(is_placeholder_name(seat.name, seat.long_name) for seat in seated)
    return bool(seated) and 2 * placeholders > len(seated)


@lru_cache(maxsize=4096)
def is_placeholder_name(name: str, long_name: str = "") -> bool:
    """Return whether a seat's label is a placeholder, typed along one row of keys, or a single letter.

    >>> [is_placeholder_name(name) for name in ("SEAT 1", "asd", "J", "Cohen")]
    [True, True, True, False]
    >>> is_placeholder_name("Pop", "Catalin Pop"), is_placeholder_name("ONE", "PLAYER ONE")
    (False, True)
    """
    short, full = name.strip(), (long_name or name).strip()
    if PLACEHOLDER.fullmatch(full):
        return True
    is_one_word = full.casefold() == short.casefold() and " " not in full
    return is_one_word and (len(short) < MIN_NAME or _is_key_mash(short))


def _is_key_mash(word: str) -> bool:
    letters = word.casefold()
    return len(letters) <= MAX_MASH and any(set(letters) <= set(row) for row in KEY_ROWS)
