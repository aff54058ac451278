"""Show a stored number as its cell shows it: times, dates, and masks such as ``0":"00`` or ``"WSOP_2004_"0``.

A format that only groups, rounds or adds a currency hides digits that people mean; such numbers stay exact.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from pokervod_pipelines.sheets.cell_text import show_duration

BUILTIN_FORMATS = {
    **{9: "0%", 10: "0.00%", 14: "mm-dd-yy", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM"},
    **{19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 22: "m/d/yy h:mm", 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0"},
    **dict.fromkeys((*range(27, 32), *range(34, 37), *range(50, 59)), "yyyy-mm-dd"),
    **{32: "h:mm", 33: "h:mm:ss"},
}
"""The formats that a workbook uses by number alone; 27 and above are those of Korean, Chinese and Japanese Excel."""

TOKEN = re.compile(
    r"""
    "(?P<quoted>[^"]*)"? | \\(?P<escaped>.) | \[(?P<bracket>[^\]]*)\]? | (?P<unseen>[_*].)
    | (?P<clock>AM/PM|A/P) | (?P<general>General) | (?P<code>.)
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?)")
ELAPSED = re.compile(r"h+|m+|s+", re.IGNORECASE)
PLACEHOLDERS = frozenset("0#?")
SIGNIFICANT_DIGITS = 15
LAST_DATE = 2_958_466
FALSE_LEAP_DAY = 60
"""The serial number of 29 February 1900, a day that spreadsheets count and no calendar has."""


@dataclass(frozen=True, slots=True)
class FormatSection:
    """Hold one of the up to four parts of a format: ``tokens`` are (kind, text), ``condition`` is (operator, number).

    Kinds are ``code``, ``literal``, ``currency`` and ``general``; ``elapsed`` is set by ``[h]``, ``[m]`` or ``[s]``.
    """

    tokens: tuple[tuple[str, str], ...]
    condition: tuple[str, float] | None = None
    elapsed: str = ""

    @property
    def codes(self) -> str:
        """Return the letters and placeholders that are not literal text."""
        return self.elapsed + "".join(text for kind, text in self.tokens if kind == "code").lower()

    @property
    def is_time(self) -> bool:
        """Return whether it shows a date or a time."""
        return bool(self.elapsed) or (bool(re.search("[ymdhs]", self.codes)) and not PLACEHOLDERS & {*self.codes[:1]})

    @property
    def is_date(self) -> bool:
        """Return whether it shows a day or a month, not only a time of day."""
        return bool(re.search("[yd]", self.codes)) or not re.search("[hs]", self.codes)


def show_stored_number(value: float, code: str, *, is_1904: bool = False) -> str:
    """Return the number as a person sees it in a cell with this format.

    >>> show_stored_number(210, '0":"00'), show_stored_number(28, "0000"), show_stored_number(136600.0, "#,##0")
    ('2:10', '0028', '136600')
    >>> show_stored_number(0.53263888888, "[$-en-US]h:mm;@"), show_stored_number(1.0438, "h:mm")
    ('12:47', '1:03')
    """
    sections = parse_format(code)
    section = _choose_section(sections, value)
    if section.is_time:
        return _show_time(value, section, is_1904=is_1904)
    if not _is_mask(section):
        return _format_exact(value)
    has_own_sign = len(sections) > 1 and section is sections[1] and not any(each.condition for each in sections)
    return _show_masked(value, section, is_signed=not has_own_sign)


def show_stored_text(text: str, code: str) -> str:
    """Return a text as its cell shows it: only a format with ``@`` changes it.

    >>> show_stored_text("2004_1", '"WSOP_"@'), show_stored_text("2004_1", "h:mm;@")
    ('WSOP_2004_1', '2004_1')
    """
    if "@" not in code:
        return text
    section = next((each for each in parse_format(code) if "@" in each.codes), None)
    if section is None:
        return text
    return "".join(text if piece == ("code", "@") else piece[1] for piece in section.tokens)


@cache
def parse_format(code: str) -> tuple[FormatSection, ...]:
    """Return the sections of a format."""
    parts: list[list[re.Match[str]]] = [[]]
    for token in TOKEN.finditer(code):
        if token["code"] == ";":
            parts.append([])
        else:
            parts[-1].append(token)
    return tuple(map(_read_section, parts))


def _read_section(found: Sequence[re.Match[str]]) -> FormatSection:
    tokens: list[tuple[str, str]] = []
    condition, elapsed = None, ""
    for token in found:
        kind, text = token.lastgroup or "", token[token.lastgroup or 0]
        if kind == "bracket":
            if comparison := CONDITION.fullmatch(text.strip()):
                condition = (comparison[1], float(comparison[2]))
            elif ELAPSED.fullmatch(text):
                elapsed = text.lower()
            elif text.startswith("$"):
                tokens.append(("currency", text[1:].partition("-")[0]))
        elif kind in {"quoted", "escaped"}:
            tokens.append(("literal", text))
        elif kind in {"code", "general"}:
            tokens.append((kind, text))
    return FormatSection(tuple(tokens), condition, elapsed)


def _choose_section(sections: Sequence[FormatSection], value: float) -> FormatSection:
    """Return the section for the number: by its conditions, otherwise by its sign."""
    numeric = [each for each in sections[:3] if "@" not in each.codes] or [FormatSection((("general", ""),))]
    if any(each.condition for each in numeric):
        return next((each for each in numeric if each.condition is None or _holds(each.condition, value)), numeric[-1])
    place = 0 if value > 0 else 1 if value < 0 else 2
    return numeric[place] if place < len(numeric) else numeric[0]


def _holds(condition: tuple[str, float], value: float) -> bool:
    operator, limit = condition
    if operator == "<>":
        return value != limit
    return ("=" in operator and value == limit) or (value < limit if "<" in operator else value > limit)


def _show_time(value: float, section: FormatSection, *, is_1904: bool) -> str:
    if not section.is_date or (0 <= value < 1 and not is_1904):
        return show_duration(timedelta(days=value if section.elapsed or value < 0 else value % 1), section.codes)
    if not 0 <= value < LAST_DATE:
        return _format_exact(value)
    days = value + 1462 if is_1904 else value + 1 if value < FALSE_LEAP_DAY else value
    moment = datetime(1899, 12, 30) + timedelta(milliseconds=round(days * 86_400_000))  # noqa: DTZ001 - cells have no zone
    return str(moment if moment.microsecond else moment.replace(microsecond=0)).removesuffix(" 00:00:00")


def _format_exact(value: float) -> str:
    """Return every digit that a spreadsheet knows; its files have two more, of binary fractions."""
    if isinstance(value, int):
        return str(value)
    if value.is_integer() and abs(value) < 2**53:
        return f"{value:.0f}"
    return repr(float(f"{value:.{SIGNIFICANT_DIGITS}g}"))


def _is_mask(section: FormatSection) -> bool:
    """Return whether the format adds text or zeros that people mean, rather than separators and a currency."""
    codes = section.codes
    if re.search(r"e[+-]|[0#?] */ *[0#?\d]", codes):
        return False
    drawn = "".join(_draw(kind, text) for kind, text in section.tokens)
    zeros = codes.partition(".")[0].count("0")
    return not drawn or zeros > 1 or bool(re.search(r"[%T]|0[.,]*t[t.,]*0", drawn))


def _draw(kind: str, text: str) -> str:
    """Return ``0`` for a digit, ``T`` for text that people mean, ``t`` for other text."""
    if kind == "general" or (kind == "code" and text in PLACEHOLDERS):
        return "0"
    if kind == "currency" or (kind == "code" and text in ".,%"):
        return text if kind == "code" else ""
    is_meant = any(not (char in " ()+-\u00a0" or unicodedata.category(char) == "Sc") for char in text)
    return "T" if is_meant else "t" * bool(text)


def _show_masked(value: float, section: FormatSection, *, is_signed: bool) -> str:
    codes = section.codes
    number = Decimal(_format_exact(abs(value))) * (100 if "%" in codes else 1)
    if scale := re.search(r"[0#?](,+)(?:\.|[^0#?,.]*$)", codes):
        number = number.scaleb(-3 * len(scale[1]))
    point = section.tokens.index(("code", ".")) if ("code", ".") in section.tokens else len(section.tokens)
    before, after = section.tokens[:point], section.tokens[point:]
    places = sum(kind == "code" and text in PLACEHOLDERS for kind, text in after)
    whole, _, fraction = f"{number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):f}".partition(".")
    grouping = 3 if re.search(r"[0#?],+[0#?]", codes) else 0
    general = f"{number.normalize():f}"
    shown = _fill_whole(before, whole.lstrip("0"), grouping, general) + _fill_fraction(after, fraction)
    return ("-" if value < 0 and is_signed else "") + shown.strip()


def _fill_whole(tokens: Sequence[tuple[str, str]], digits: str, grouping: int, general: str) -> str:
    """Return the tokens with the digits in the placeholders, from the right; the first takes all that are left."""
    first = next((place for place, (kind, text) in enumerate(tokens) if kind == "code" and text in PLACEHOLDERS), -1)
    shown, placed = "", 0
    for place, (kind, text) in reversed([*enumerate(tokens)]):
        if kind == "general":
            shown = general + shown
        elif kind != "code" or text not in PLACEHOLDERS | {","}:
            shown = text + shown
        elif text in PLACEHOLDERS:
            taken = digits if place == first else digits[-1:]
            digits = digits[: len(digits) - len(taken)]
            for digit in reversed(taken or text.replace("#", "").replace("?", "")):
                separator = "," if grouping and placed and placed % grouping == 0 else ""
                shown, placed = digit + separator + shown, placed + 1
    return shown


def _fill_fraction(tokens: Sequence[tuple[str, str]], digits: str) -> str:
    """Return the tokens with the digits in the placeholders; ``#`` leaves zeros at the end out."""
    shown = ""
    for kind, text in tokens:
        if kind == "code" and text in PLACEHOLDERS:
            shown += digits[0] if text == "0" or digits.strip("0") else ""
            digits = digits[1:]
        elif (kind, text) != ("code", ","):
            shown += text
    return shown
