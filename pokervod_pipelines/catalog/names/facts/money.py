"""Read buy-in and guarantee: ``$10,000``, ``€1.5K``, ``$5M GTD``; without a currency sign only ``5k`` and ``1500 NLH``.

Not buy-ins: prizes and pots (``for $10,000,000``, ``$15M Prize``, ``€1,140,000 for 1st``), years, card ranks.
"""

import re

from pokervod_pipelines.catalog.names.facts.event_name import EVENT_BOOK
from pokervod_pipelines.catalog.names.facts.game import GAME_BOOK
from pokervod_pipelines.catalog.names.name_fields import NameFields

_SIGNED = re.compile(
    r"[$€£] ?(\d[\d,]*(?:\.\d+)?)(?: ?([km])(?!\w))?( ?gtd| guaranteed)?(\+| pot limit| \w+)?", re.ASCII
)
_BLINDS = re.compile(
    r"[$€£](\d[\d,]*)(k?)(?: ?/ ?| )[$€£]?(\d[\d,]*)(k?)(?:(?: ?/ ?| )[$€£]\d[\d,]*k?)*(?![\w,]|\.\d)(?! gtd)", re.ASCII
)
_BARE_BLINDS = re.compile(r"(?<![\w.,$€£#])(\d[\d,]*)(k?) ?/ ?(\d[\d,]+)(k?)(?![\w,])", re.ASCII)
_WIDEST_BLINDS = 3
_THOUSANDS = re.compile(r"(\d{1,3}(?:\.\d)?)k", re.ASCII)
_SHORTEST_BARE, _LONGEST_BARE = 3, 5

_UNITS = {"k": 1_000, "m": 1_000_000, None: 1}
_HIGHEST_BUY_IN = 1_000_000
_PRIZE_BEFORE = ("for ", "wins ", "won ", "in ", "over ", "of ")
_PRIZE_AFTER = frozenset(
    {"+", " prize", " prizepool", " first", " 1st", " for", " up", " in", " pot", " bluff", " winner"}
)


def whole_amount(digits: str, unit: str | None = None) -> int:
    """Return the amount in whole units of its currency.

    >>> whole_amount("1.5", "k"), whole_amount("10,000")
    (1500, 10000)
    """
    plain = digits.replace(",", "")
    return round(float(plain) * _UNITS[unit]) if "." in plain else int(plain) * _UNITS[unit]


def find_blinds(text: str) -> re.Match[str] | None:
    """Return the blinds of a cash game: two signed or joined amounts, the big one up to three times the small one.

    >>> [bool(find_blinds(text)) for text in ("$500 $1,000 no limit", "€25/50 plo", "$5m gtd $5k", "day 1 2")]
    [True, True, False, False]
    """
    matches: list[re.Match[str]] = []
    if "$" in text or "€" in text or "£" in text:
        matches += _BLINDS.finditer(text)
    if "/" in text:
        matches += _BARE_BLINDS.finditer(text)
    return next((match for match in matches if _are_blinds(match)), None)


def _are_blinds(match: re.Match[str]) -> bool:
    small, unit, big, big_unit = match.groups()
    least = whole_amount(small, unit or (big_unit or None))
    return least < whole_amount(big, big_unit or None) <= _WIDEST_BLINDS * least


def read_signed_money(fields: NameFields) -> None:
    """Set guarantee and buy-in where the amounts carry a currency sign; the blinds of a cash game are neither."""
    text = fields.name.text
    if not ("$" in text or "€" in text or "£" in text):
        return
    blinds = find_blinds(text) if "event_number" not in fields.found else None
    for match in _SIGNED.finditer(text, blinds.end() if blinds else 0):
        amount = whole_amount(match[1], match[2])
        if match[3]:
            fields.set("gtd", amount, "guarantee", match[0])
        elif (
            amount <= _HIGHEST_BUY_IN and match[4] not in _PRIZE_AFTER and not _follows_prize_word(text, match.start())
        ):
            fields.set("buy_in", amount, "signed_buy_in", text[match.start() : match.end(1)])


def read_plain_money(fields: NameFields) -> None:
    """Set the buy-in of names without currency signs: ``50K HIGH ROLLER``, ``1500 7CS``, not ``500-1000 NLH``."""
    text = fields.name.text
    if "buy_in" in fields.found or find_blinds(text):
        return
    place, before = 0, ""
    for word in text.split(" "):
        if word.endswith("k") and (match := _THOUSANDS.fullmatch(word)):
            fields.set("buy_in", whole_amount(match[1], "k"), "buy_in_in_thousands", word)
            return
        if word.isdecimal() and not _doubles(word, before) and _is_bare_buy_in(fields, word, place + len(word) + 1):
            fields.set("buy_in", int(word), "bare_buy_in", word)
            return
        place, before = place + len(word) + 1, word


def _doubles(big: str, small: str) -> bool:
    return small.isdecimal() and int(big) == 2 * int(small)


def _is_bare_buy_in(fields: NameFields, digits: str, place: int) -> bool:
    if not _SHORTEST_BARE <= len(digits) <= _LONGEST_BARE or int(digits) == fields.value("year"):
        return False
    text = fields.name.text
    return GAME_BOOK.match_at(text, place) is not None or EVENT_BOOK.match_at(text, place) is not None


def _follows_prize_word(text: str, place: int) -> bool:
    return text.endswith(_PRIZE_BEFORE, 0, place)
