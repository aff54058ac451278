"""Model one cell: its value, its number format, and how Google reads typed text."""

import math
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal

from pokervod_pipelines_tests.google.locales import ENGLISH, Locale

Value = str | int | float | bool

EPOCH = datetime(1899, 12, 30, tzinfo=UTC)
"""Day 0 of a sheet's serial dates."""

DATE_LETTERS = re.compile(r"\[h+\]|y+|m+|d+|h+|s+|am/pm|.", re.IGNORECASE | re.DOTALL)
BRACKET = re.compile(r"\[(?!h+\])[^]]*\]", re.IGNORECASE)
"""A colour or a locale in a number format, of which nothing is seen here."""

DURATION = re.compile(r"(\d{1,4}):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?")
ISO_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")


@dataclass(frozen=True, slots=True)
class Formula:
    """Hold a formula as written, with its equals sign."""

    text: str


@dataclass(frozen=True, slots=True)
class Cell:
    """Hold a cell that is not blank, or blank with a format (``content`` None)."""

    content: Value | Formula | None
    number_format: str = ""


def make_cell(given: object, number_format: str = "") -> Cell | None:
    """Return the cell that holds what a workbook or test gives: text, numbers, dates, and ``=`` for formulas."""
    if given is None or given == "":
        return Cell(None, number_format) if number_format else None
    if isinstance(given, str):
        return Cell(Formula(given) if len(given) > 1 and given[0] == "=" else given, number_format)
    if isinstance(given, bool | int | float):
        return Cell(given, number_format)
    serial, natural = _serial(given)
    return Cell(serial, number_format or natural)


def _serial(given: object) -> tuple[float, str]:
    if isinstance(given, datetime):
        return (given.replace(tzinfo=UTC) - EPOCH) / timedelta(days=1), "yyyy-mm-dd h:mm:ss"
    if isinstance(given, date):
        return (datetime(given.year, given.month, given.day, tzinfo=UTC) - EPOCH).days, "yyyy-mm-dd"
    if isinstance(given, time):
        return (given.hour * 3600 + given.minute * 60 + given.second + given.microsecond / 1e6) / 86400, "h:mm:ss"
    if isinstance(given, timedelta):
        return given / timedelta(days=1), "[h]:mm:ss"
    message = f"no cell can hold {given!r}"
    raise TypeError(message)


def serial_of(moment: datetime) -> float:
    """Return a moment as a sheet's serial number of days."""
    return (moment - EPOCH) / timedelta(days=1)


PLAIN_TEXT = "@"


def parse_entry(text: str, locale: Locale = ENGLISH) -> Cell | None:
    """Return the cell that typing the text makes: formula, number, TRUE, time, day, or text (after ' always text)."""
    if text.startswith("'"):
        return Cell(text[1:])
    entry = text.strip()
    if entry.upper() in {locale.true, locale.false, "TRUE", "FALSE"}:
        return Cell(entry.upper() in {locale.true, "TRUE"})
    return _parse_number(locale.read_number(entry)) or _parse_time(entry, locale) or make_cell(text)


def _parse_number(stripped: str) -> Cell | None:
    if re.fullmatch(r"[+-]?\d+", stripped):
        return Cell(int(stripped))
    if re.fullmatch(r"[+-]?(\d+\.\d*|\.\d+|\d+)([eE][+-]?\d+)?", stripped):
        return Cell(float(stripped))
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+", stripped):
        return Cell(int(stripped.replace(",", "")), "#,##0")
    if re.fullmatch(r"\d+(\.\d+)?%", stripped):
        return Cell(float(stripped[:-1]) / 100, "0.00%" if "." in stripped else "0%")
    return None


def _parse_time(text: str, locale: Locale) -> Cell | None:
    halves = f"({locale.am}|{locale.pm})"
    half = re.fullmatch(rf"(?:{halves} )?(\d\d?):(\d\d):(\d\d)(?: {halves})?", text)
    if half and (half[1] or half[5]):
        hours = int(half[2]) % 12 + 12 * (locale.pm in {half[1], half[5]})
        return Cell((hours * 3600 + int(half[3]) * 60 + int(half[4])) / 86400, locale.time)
    if clock := DURATION.fullmatch(text):
        seconds = int(clock[1]) * 3600 + int(clock[2]) * 60 + float(clock[3] or 0)
        pattern = "h:mm:ss" if clock[3] else "h:mm"
        return Cell(seconds / 86400, pattern if int(clock[1]) < 24 else f"[h]{pattern[1:]}")
    if ISO_DAY.fullmatch(text):
        try:
            return Cell(_serial(date.fromisoformat(text))[0], "yyyy-mm-dd")
        except ValueError:
            return None
    return None


def is_date_format(number_format: str) -> bool:
    """Return whether numbers of this format are moments or durations."""
    code = re.sub(r'"[^"]*"', "", BRACKET.sub("", number_format.lower()))
    return bool(re.search(r"[ymdhs]", code)) and not re.search(r"#|(?<!s)(?<!s[.,])(?<!s[.,]0)(?<!s[.,]00)0", code)


def show_value(value: Value | None, number_format: str = "", locale: Locale = ENGLISH) -> str:
    """Return the text that people see in a cell with this value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return locale.true if value else locale.false
    if isinstance(value, str):
        return value
    number_format = BRACKET.sub("", number_format)
    if number_format in {"", "General", "@"}:
        return locale.write_number(_show_automatic(value))
    if is_date_format(number_format):
        return _show_moment(float(value), number_format, locale)
    return _show_number(float(value), number_format, locale)


def _show_automatic(value: float) -> str:
    if value == 0:
        return "0"
    if isinstance(value, int) and abs(value) < 10**15:
        return str(value)
    if 1e-5 <= abs(value) < 1e15:
        text = f"{_round(value, max(0, 9 - math.floor(math.log10(abs(value))))):f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    mantissa, _, exponent = f"{value:.5E}".partition("E")
    return f"{mantissa.rstrip('0').rstrip('.')}E{exponent[0]}{exponent[1:].zfill(2)}"


def _show_number(value: float, number_format: str, locale: Locale) -> str:
    pattern = number_format.split(";", maxsplit=1)[0]
    found = re.search(r"[#0][#0,]*(?:\.(0+))?(E[+-]?0+)?", pattern)
    if found is None:
        return locale.write_number(_show_automatic(value))
    decimals = len(found[1] or "")
    if found[2]:
        body = _show_scientific(abs(value), decimals, exponent_digits=found[2].count("0"))
    else:
        whole = found[0].partition(".")[0]
        thousands = len(whole) - len(whole.rstrip(","))
        scaled = abs(_known(value)).scaleb(2 * ("%" in pattern) - 3 * thousands)
        body = f"{_round(scaled, decimals):{',' if ',' in whole.rstrip(',') else ''}f}"
    around = (pattern[: found.start()], pattern[found.end() :])
    return (
        ("-" if value < 0 else "") + around[0].replace('"', "") + locale.write_number(body) + around[1].replace('"', "")
    )


def _show_scientific(value: float, decimals: int, *, exponent_digits: int) -> str:
    number = _known(value)
    exponent = number.adjusted() if number else 0
    mantissa = _round(number.scaleb(-exponent), decimals)
    if mantissa >= 10:
        mantissa, exponent = _round(mantissa / 10, decimals), exponent + 1
    return f"{mantissa:f}E{'-' if exponent < 0 else '+'}{str(abs(exponent)).zfill(exponent_digits)}"


def _known(value: float | Decimal) -> Decimal:
    """Return the number with the 15 digits that a sheet knows of it."""
    return value if isinstance(value, Decimal) else Decimal(f"{value:.15g}")


def _round(value: float | Decimal, places: int) -> Decimal:
    """Return the number rounded half away from zero."""
    return _known(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def _show_moment(value: float, number_format: str, locale: Locale) -> str:
    places = len(fraction[1]) if (fraction := re.search(r"s[.,](0+)", number_format.lower())) else 0
    thousandths = int(_round(value * 86400, places) * 1000)
    seconds, rest = divmod(thousandths, 1000)
    moment = EPOCH + timedelta(seconds=seconds)
    tokens = DATE_LETTERS.findall(re.sub(r"(?<=s)[.,]0+", "", number_format.lower()))
    half = "am/pm" in tokens
    shown = []
    for place, token in enumerate(tokens):
        near = {t[0] for t in [*[t for t in tokens[:place] if t[0] in "[hyd"][-1:]]}
        after = {t[0] for t in [t for t in tokens[place + 1 :] if t[0] in "sydh"][:1]}
        minute = token[0] == "m" and (near & {"h", "["} or "s" in after)
        shown.append(_show_token(token, moment, seconds, minute=bool(minute), half=half, locale=locale))
        if token[0] == "s" and places:
            shown.append(f"{locale.decimal}{rest:03d}"[: places + 1])
    return "".join(shown)


def _show_token(token: str, moment: datetime, seconds: int, *, minute: bool, half: bool, locale: Locale) -> str:
    width = len(token)
    if token == "am/pm":
        return locale.am if moment.hour < 12 else locale.pm
    if token[0] == "[":
        return str(seconds // 3600).zfill(width - 2)
    if token[0] == "h":
        return str((moment.hour + 11) % 12 + 1 if half else moment.hour).zfill(min(width, 2))
    if token[0] == "y":
        return str(moment.year) if width > 2 else f"{moment.year % 100:02d}"
    if token[0] == "m" and width > 2 and not minute:
        return moment.strftime("%b" if width == 3 else "%B")
    numbers = {"m": moment.minute if minute else moment.month, "d": moment.day, "s": moment.second}
    return str(numbers[token[0]]).zfill(min(width, 2)) if token[0] in numbers else token
