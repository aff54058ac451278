"""Read one cell of an export as a value: amounts, percentages, yes and no, dates, times, status words.

Each reader raises ``BadExportCell`` with what it expected; ``rows`` adds the place of the cell. Words are data here.
"""

import re
import unicodedata
from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.tournaments.records import TournamentStatus

LARGEST = 10**15
"""More chips or money than any event has seen; a larger number is a mistake, such as two cells joined."""

STATUS_WORDS = {
    TournamentStatus.UPCOMING: (
        *("upcoming", "scheduled", "planned", "pending", "announced", "not started", "registering"),
        *("registration", "registration open", "open", "예정"),
    ),
    TournamentStatus.RUNNING: (
        *("running", "active", "in progress", "started", "live", "playing", "late registration", "paused", "break"),
        *("on break", "suspended", "진행", "진행중"),
    ),
    TournamentStatus.COMPLETED: (
        "completed",
        "complete",
        "finished",
        "done",
        "ended",
        "closed",
        "over",
        "final",
        "종료",
        "완료",
    ),
    TournamentStatus.CANCELLED: ("cancelled", "canceled", "aborted", "void", "취소"),
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


class BadExportCell(BadInput):
    """Raised when a cell does not fit its column; the text says what was expected."""


def read_text(cell: str) -> str:
    """Return the text; refuse an empty cell."""
    if cell in EMPTY:
        raise BadExportCell("expected a text, got an empty cell; fill it in")
    return cell


def fold_player_name(name: str) -> str:
    """Return the key of a player within a tournament: case, width of characters and blanks do not count.

    Stored keys identify players of running tournaments, and two players of one event may differ in an accent only, so
    this is stricter than the key by which clips find players.

    >>> fold_player_name("ANA Ruiz") == fold_player_name("Ana Ruiz")
    True
    """
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def read_tournament_number(cell: str) -> str:
    """Return the number in its plain form: no ``#``, no leading zeros, no ``.0`` of a spreadsheet.

    >>> read_tournament_number("#021"), read_tournament_number("21.0"), read_tournament_number("ME-1")
    ('21', '21', 'ME-1')
    """
    text = re.sub(r"^(?:#|no\.?\s*(?=\d))\s*", "", cell, flags=re.IGNORECASE)
    text = re.sub(r"^(\d+)\.0+$", r"\1", text)
    if text in EMPTY:
        raise BadExportCell("expected a tournament number, got an empty cell; fill it in")
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
        raise BadExportCell("expected an amount such as 1234, 1,234 or $1,234.50")
    value *= POWERS[found[2].lower()]
    if value > LARGEST:
        raise BadExportCell(f"is larger than {LARGEST:,}; check whether two cells were joined")
    if value != round(value, 2):
        raise BadExportCell("has more than two decimals; write 1234 or 1234.50")
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
        raise BadExportCell("expected a whole number; write it without decimals")
    return int(value)


def read_ordinal(cell: str) -> int:
    """Return a whole number from 1: a level, a place, a seat, also as ``1st`` or ``#1``."""
    text = re.sub(r"^#|(?<=\d)(?:st|nd|rd|th|위)$", "", cell, flags=re.IGNORECASE)
    value = read_count(text)
    if value < 1:
        raise BadExportCell("expected a number from 1; correct it")
    return value


def read_percentage(cell: str) -> Decimal:
    """Return percent, 0 to 100; a number without the sign is percent too.

    >>> read_percentage("12.5%"), read_percentage("12,5")
    (Decimal('12.5'), Decimal('12.5'))
    """
    found = re.fullmatch(r"(\d{1,3})(?:[.,](\d{1,12}))?\s*%?", cell, re.ASCII)
    value = Decimal(f"{found[1]}.{found[2] or 0}") if found else None
    if value is None or value > 100:
        raise BadExportCell("expected a percentage from 0 to 100, such as 12.5%; correct it")
    return round(value, 4)


def read_flag(cell: str) -> bool:
    """Return yes or no; an empty cell is no."""
    word = cell.casefold()
    if word in YES or word in NO:
        return word in YES
    raise BadExportCell("expected TRUE or FALSE, yes or no, 1 or 0; write one of them")


def read_status(cell: str) -> TournamentStatus:
    """Return the status that the word means, whatever its case and separators."""
    word = re.sub(r"[\s_-]+", " ", cell).strip().casefold()
    for status, words in STATUS_WORDS.items():
        if word in words or word.replace(" ", "") in {each.replace(" ", "") for each in words}:
            return status
    raise BadExportCell(
        f"expected a status such as {', '.join(words[0] for words in STATUS_WORDS.values())}; write one"
    )


def read_date(cell: str) -> date:
    """Return a day; refuse one that may be read as day-month or month-day.

    >>> read_date("2025-07-15"), read_date("7/15/2025")
    (datetime.date(2025, 7, 15), datetime.date(2025, 7, 15))
    """
    if found := DATE.fullmatch(cell):
        year, month, day = map(int, found.groups())
    elif found := DAY_OR_MONTH_FIRST.fullmatch(cell):
        first, second, year = map(int, found.groups())
        month, day = (second, first) if first > 12 else (first, second)
        if first <= 12 and second <= 12 and first != second:
            raise BadExportCell("may be day-month or month-day; write the date as 2025-07-15")
    else:
        raise BadExportCell("expected a date such as 2025-07-15")
    try:
        return date(year, month, day)
    except ValueError:
        raise BadExportCell("is not a day of the calendar; write the date as 2025-07-15") from None


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
        raise BadExportCell("expected a time of day such as 19:30")
    return time(hour, minute, second)


def place_in_zone(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the moment in UTC; refuse a time that a change of clocks skips."""
    try:
        moment = datetime.combine(day, at, zone).astimezone(UTC)
        back = moment.astimezone(zone)
    except OverflowError:
        raise BadExportCell("is not between the years 1 and 9999; correct the date") from None
    if back.replace(tzinfo=None) != datetime.combine(day, at):
        raise BadExportCell(f"does not exist on {day} in {zone.key}, where clocks go forward; correct it")
    return moment
