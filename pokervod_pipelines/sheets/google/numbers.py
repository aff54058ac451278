"""Cells whose shown text hides their number: a file no. of 136600 may be shown as "136,600" or "1.37E+05".

People mean the number. It is asked for only where some text looks like this, and it is believed only where the text
may indeed show it: otherwise somebody edited between the two readings.
"""

import re

GROUPED = re.compile(r"\W{0,3}\d{1,3}([.,'’\s]\d{3})+([.,]\d+)?\W{0,3}")
SCIENTIFIC = re.compile(r"(-?\d)(?:[.,](\d+))?[eE]([+-]?\d+)")
TOO_NARROW = re.compile(r"#{2,}")
LARGEST_EXACT_FLOAT = 2**53
MOST_DECIMALS = 6

Value = str | int | float | bool | None


def may_hide_number(shown: str) -> bool:
    """Whether the text may be that of a number which it does not show exactly.

    >>> [may_hide_number(text) for text in ("1,234,567", "1.37E+05", "###", "12:47", "Hands, 3", "136600")]
    [True, True, True, False, False, False]
    """
    return any(pattern.fullmatch(shown) for pattern in (GROUPED, SCIENTIFIC, TOO_NARROW))


def show_number(shown: str, value: Value) -> str | None:
    """The exact number that the text stands for; the text itself where text was typed; None where they disagree.

    >>> show_number("136,600", 136600), show_number("136,600", "136,600"), show_number("136,600", 7)
    ('136600', '136,600', None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return shown if value == shown else None
    if TOO_NARROW.fullmatch(shown) or _rounds_to(shown, value):
        is_whole = isinstance(value, float) and value.is_integer() and abs(value) < LARGEST_EXACT_FLOAT
        return f"{value:.0f}" if is_whole else repr(value)
    return None


def _rounds_to(shown: str, value: float) -> bool:
    if scientific := SCIENTIFIC.fullmatch(shown):
        digits = scientific[2] or ""
        return float(f"{value:.{len(digits)}e}") == float(f"{scientific[1]}.{digits or 0}e{scientific[3]}")
    digits = re.sub(r"\D", "", shown)
    return any(digits == re.sub(r"\D", "", f"{value:.{places}f}") for places in range(MOST_DECIMALS + 1))
