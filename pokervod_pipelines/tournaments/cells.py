"""One cell of an export as a value: amounts, percentages, yes and no, dates, times, status words.

Each reader raises ``BadCell`` with what it expected; where the cell stands is added by ``rows``. Words are data here.
"""

import re
import unicodedata
from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.tournaments.records import Status

LARGEST = 10**15
"""More chips or money than any event has seen; a larger number is a slip, such as two cells run together."""

STATUS_WORDS = {
    Status.UPCOMING: (
        *("upcoming", "scheduled", "planned", "pending", "announced", "not started", "registering"),
        *("registration", "registration open", "open", "예정"),
    ),
    Status.RUNNING: (
        *("running", "active", "in progress", "started", "live", "playing", "late registration", "paused", "break"),
        *("on break", "suspended", "진행", "진행중"),
    ),
    Status.COMPLETED: ("completed", "complete", "finished", "done", "ended", "closed", "over", "final", "종료", "완료"),
    Status.CANCELLED: ("cancelled", "canceled", "aborted", "void", "취소"),
}
YES = frozenset({"true", "t", "1", "1.0", "yes", "y", "✓", "예"})
NO = frozenset({"", "false", "f", "0", "0.0", "no", "n", "-", "아니오"})
EMPTY = frozenset({"", "-", "--", "–", "—", "n/a", "na", "null", "none"})

CURRENCY = re.compile(r"^(?:[A-Z]{2,3}\$|[A-Za-z]{3}|[$€£¥₩])|(?:[A-Za-z]{3}|[$€£¥₩])$")
BLANKS = re.compile(r"[\s'’_]+")
NUMBER = re.compile(r"(\d+(?:[.,]\d+)*)([kKmM]?)", re.ASCII)
GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+|\d{1,3}(?:\.\d{3})+")
POWERS = {"": 1, "k": 1_000, "m": 1_000_000}
DATE = re.compile(r"(\d{4})[-/.]?(\d{1,2})[-/.]?(\d{1,2})\.?(?:[ T]0{1,2}:00(?::00)?)?", re.ASCII)
DAY_OR_MONTH_FIRST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})", re.ASCII)
TIME = re.compile(r"(\d{1,2})[:.h](\d{2})(?::(\d{2}))?\s*([ap])?\.?m?\.?", re.ASCII | re.IGNORECASE)


class BadCell(BadInput):
    """A cell is not what its column holds; the text says what was expected."""


def clean_text(cell: str) -> str:
    """Return the text without control characters and outer blanks, in NFC, inner blanks as one.

    >>> clean_text(" Ana   Ruiz ")
    'Ana Ruiz'
    """
    if cell.isascii() and cell.isprintable() and "  " not in cell:
        return cell.strip()
    return " ".join(unicodedata.normalize("NFC", cell).replace("\x00", "").split())


def read_text(cell: str) -> str:
    """Return the text; a cell without any is refused."""
    if cell in EMPTY:
        raise BadCell("expected a text, found nothing; fill it in")
    return cell


def make_player_key(name: str) -> str:
    """Return the form in which two spellings of one name meet: case and kinds of character do not count.

    >>> make_player_key("ANA Ruiz") == make_player_key("Ana Ruiz")
    True
    """
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def read_tournament_number(cell: str) -> str:
    """Return the number as everybody writes it: no ``#``, no leading zeros, no ``.0`` of a spreadsheet.

    >>> read_tournament_number("#021"), read_tournament_number("21.0"), read_tournament_number("ME-1")
    ('21', '21', 'ME-1')
    """
    text = re.sub(r"^(?:#|no\.?\s*(?=\d))\s*", "", cell, flags=re.IGNORECASE)
    text = re.sub(r"^(\d+)\.0+$", r"\1", text)
    if text in EMPTY:
        raise BadCell("expected the number of a tournament, found nothing; fill it in")
    return text.lstrip("0") or "0" if text.isdecimal() else text


def read_money(cell: str) -> Decimal:
    """Return an amount, never negative, with at most two decimals.

    >>> read_money("$1,234"), read_money("1 234"), read_money("1.234,50 €"), read_money("25k")
    (Decimal('1234'), Decimal('1234'), Decimal('1234.50'), Decimal('25000'))
    """
    text = CURRENCY.sub("", BLANKS.sub("", unicodedata.normalize("NFKC", cell)))
    found = NUMBER.fullmatch(text)
    value = _read_digits(found[1], is_short=bool(found[2])) if found else None
    if found is None or value is None:
        raise BadCell("expected an amount such as 1234, 1,234 or $1,234.50; write it so")
    value *= POWERS[found[2].lower()]
    if value > LARGEST:
        raise BadCell("is larger than any event has seen; look whether two cells ran together")
    if value != round(value, 2):
        raise BadCell("has more than two decimals; write 1234 or 1234.50")
    return value


def _read_digits(text: str, *, is_short: bool) -> Decimal | None:
    """Return the number that the digits and separators mean, None where they may mean two."""
    if text.isdecimal():
        return Decimal(text)
    if GROUPED.fullmatch(text) and not is_short:
        return Decimal(text.replace(",", "").replace(".", ""))
    mark = "," if text.rfind(",") > text.rfind(".") else "."
    whole, _, decimals = text.rpartition(mark)
    if not (whole.isdecimal() or GROUPED.fullmatch(whole)) or mark in whole:
        return None
    if len(decimals) > 2 and not is_short:
        return None
    return Decimal(f"{whole.replace(',', '').replace('.', '')}.{decimals}")


def read_count(cell: str) -> int:
    """Return a whole number from 0: chips, players, places, minutes.

    >>> read_count("1,250,000"), read_count("12.0"), read_count("1.5M")
    (1250000, 12, 1500000)
    """
    value = read_money(cell)
    if value != int(value):
        raise BadCell("expected a whole number; write it without decimals")
    return int(value)


def read_ordinal(cell: str) -> int:
    """Return a whole number from 1: a level, a place, a seat, also as ``1st`` or ``#1``."""
    text = re.sub(r"^#|(?<=\d)(?:st|nd|rd|th|위)$", "", cell, flags=re.IGNORECASE)
    value = read_count(text)
    if value < 1:
        raise BadCell("expected a number from 1; mend it")
    return value


def read_percentage(cell: str) -> Decimal:
    """Return percent, 0 to 100; a number without the sign is percent too.

    >>> read_percentage("12.5%"), read_percentage("12,5")
    (Decimal('12.5'), Decimal('12.5'))
    """
    found = re.fullmatch(r"(\d{1,3})(?:[.,](\d{1,12}))?\s*%?", cell, re.ASCII)
    value = Decimal(f"{found[1]}.{found[2] or 0}") if found else None
    if value is None or value > 100:
        raise BadCell("expected percent from 0 to 100, such as 12.5%; mend it")
    return round(value, 4)


def read_flag(cell: str) -> bool:
    """Return yes or no; an empty cell is no."""
    word = cell.casefold()
    if word in YES or word in NO:
        return word in YES
    raise BadCell("expected TRUE or FALSE, yes or no, 1 or 0; write one of them")


def read_status(cell: str) -> Status:
    """Return the state that the word means, whatever its case and separators."""
    word = re.sub(r"[\s_-]+", " ", cell).strip().casefold()
    for status, words in STATUS_WORDS.items():
        if word in words or word.replace(" ", "") in {each.replace(" ", "") for each in words}:
            return status
    raise BadCell(f"expected a state such as {', '.join(words[0] for words in STATUS_WORDS.values())}; write one")


def read_date(cell: str) -> date:
    """Return a day; one that may be read as day-month or month-day is refused.

    >>> read_date("2025-07-15"), read_date("7/15/2025")
    (datetime.date(2025, 7, 15), datetime.date(2025, 7, 15))
    """
    if found := DATE.fullmatch(cell):
        year, month, day = map(int, found.groups())
    elif found := DAY_OR_MONTH_FIRST.fullmatch(cell):
        first, second, year = map(int, found.groups())
        month, day = (second, first) if first > 12 else (first, second)
        if first <= 12 and second <= 12 and first != second:
            raise BadCell("may be day-month or month-day; write the date as 2025-07-15")
    else:
        raise BadCell("expected a date such as 2025-07-15; write it so")
    try:
        return date(year, month, day)
    except ValueError:
        raise BadCell("is no day of the calendar; write the date as 2025-07-15") from None


def read_time(cell: str) -> time:
    """Return a time of day; 24:00 is midnight.

    >>> read_time("7:30 PM"), read_time("19:30:00")
    (datetime.time(19, 30), datetime.time(19, 30))
    """
    found = TIME.fullmatch(cell)
    hour, minute, second = (int(found[1]), int(found[2]), int(found[3] or 0)) if found else (99, 0, 0)
    if found and found[4]:
        hour = hour % 12 + (12 if found[4].lower() == "p" else 0) if 1 <= hour <= 12 else 99
    if (hour, minute, second) == (24, 0, 0):
        return time(0)
    if hour > 23 or minute > 59 or second > 59:
        raise BadCell("expected a time of day such as 19:30; write it so")
    return time(hour, minute, second)


def place_in_zone(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the moment in UTC; a time that a change of clocks leaves out is refused."""
    try:
        moment = datetime.combine(day, at, zone).astimezone(UTC)
        back = moment.astimezone(zone)
    except OverflowError:
        raise BadCell("is beyond the calendar; mend the date") from None
    if back.replace(tzinfo=None) != datetime.combine(day, at):
        raise BadCell(f"does not exist on {day} in {zone.key}, where clocks go forward; mend it")
    return moment
