"""Show a cell's value as the text that a person sees in it, or means by it.

Numbers stay exact ("136600", never "136600.0", "136,600" or "1.37E+05"), and a time keeps the shape its cell shows:
"12:47" typed into Excel is stored as 12 hours, but the person meant, and sees, 12:47.
"""

import re
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

GROUPED = re.compile(r"\W{0,3}\d{1,3}([.,'’\s]\d{3})+([.,]\d+)?\W{0,3}")
SCIENTIFIC = re.compile(r"(-?\d)(?:[.,](\d+))?[eE]([+-]?\d+)")
TOO_NARROW = re.compile(r"#{2,}")
LARGEST_EXACT_FLOAT = 2**53
MAX_DECIMALS = 6
SCALES = (0, 3, 6, 9)
"""Powers of ten by which a format divides: "136,600" may show thousands."""

SIGNIFICANT_DIGITS = 15
"""A spreadsheet rounds the digits that it knows, not the binary fraction: 1.005 shows as 1.01."""

StoredValue = str | int | float | bool | None


def show_duration(value: timedelta, number_format: str) -> str:
    """Return a time as its cell shows it: h:mm where the format has no seconds, m:ss without hours, else h:mm:ss.

    >>> show_duration(timedelta(hours=6, minutes=58, seconds=55), "h:mm:ss")
    '6:58:55'
    >>> show_duration(timedelta(hours=12, minutes=47), "h:mm")
    '12:47'
    """
    milliseconds = round(value / timedelta(milliseconds=1))
    seconds, fraction = divmod(milliseconds, 1000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    shape = number_format.lower()
    tail = f".{fraction:03d}" if fraction else ""
    if "s" not in shape and "h" in shape:
        return f"{hours}:{minute:02d}"
    if "h" not in shape and "s" in shape:
        return f"{minutes}:{second:02d}{tail}"
    return f"{hours}:{minute:02d}:{second:02d}{tail}"


def _format_exactly(value: float) -> str:
    is_whole = isinstance(value, float) and value.is_integer() and abs(value) < LARGEST_EXACT_FLOAT
    return f"{value:.0f}" if is_whole else repr(value)


def may_hide_number(shown: str) -> bool:
    """Return whether the text may show a number inexactly, so that the stored number must be asked for.

    >>> [may_hide_number(text) for text in ("1,234,567", "1.37E+05", "###", "12:47", "Hands, 3", "136600")]
    [True, True, True, False, False, False]
    """
    return any(pattern.fullmatch(shown) for pattern in (GROUPED, SCIENTIFIC, TOO_NARROW))


def show_number(shown: str, value: StoredValue) -> str | None:
    """Return the exact number behind the text, or the text itself where text was typed; None where the two disagree.

    They disagree where somebody edited the cell between the two calls.

    >>> show_number("136,600", 136600), show_number("1,235", 1234.5), show_number("136,600", 7)
    ('136600', '1234.5', None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return shown if value == shown else None
    if TOO_NARROW.fullmatch(shown) or _rounds_to(shown, value):
        return _format_exactly(value)
    return None


def _rounds_to(shown: str, value: float) -> bool:
    number = abs(Decimal(value if isinstance(value, int) else f"{value:.{SIGNIFICANT_DIGITS}g}"))
    if scientific := SCIENTIFIC.fullmatch(shown):
        digits = scientific[2] or ""
        has_sign = shown.startswith("-") == (value < 0)
        mantissa = int(scientific[1].lstrip("-") + digits)
        return has_sign and _round_half_away(number, len(digits) - int(scientific[3])) == mantissa
    digits = re.sub(r"\D", "", shown)
    roundings = (_round_half_away(number, places - scale) for scale in SCALES for places in range(MAX_DECIMALS + 1))
    return any(int(digits) == rounded for rounded in roundings)


def _round_half_away(number: Decimal, places: int) -> int:
    """Return the digits of the number when it is rounded to so many decimal places, as Google and Excel round."""
    return int(number.scaleb(places).to_integral_value(ROUND_HALF_UP))
