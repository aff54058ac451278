"""Read the small language of rules: ``{best.player}``, ``Level {level}``, ``{pot|short}``, and comparisons. Pure.

Every error in an expression is found when it is read, against the facts that the trigger declares.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pokervod_pipelines.render.facts import Fact

BRACES = re.compile(r"\{([^{}]*)\}")
INSIDE = re.compile(r"\s*([a-z_]+(?:\.[a-z_]+)*)\s*(?:\|\s*([a-z_]+)\s*)?")
COMPARISONS = ("_at_least", "_at_most", "_contains", "_not")
SIGNS = {"c": "♣", "d": "♦", "h": "♥", "s": "♠"}
UNITS = ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "K"))


def show_chips(amount: float) -> str:
    """Return an amount with separators.

    >>> show_chips(1250000)
    '1,250,000'
    """
    return f"{amount:,.0f}" if amount == int(amount) else f"{amount:,.2f}"


def show_short(amount: float) -> str:
    """Return an amount in the largest unit, cut to three figures; never rounded up to chips that do not exist.

    >>> show_short(1_259_999), show_short(900), show_short(-45_000)
    ('1.25M', '900', '-45K')
    """
    for size, unit in UNITS:
        if abs(amount) >= size:
            hundredths = int(abs(amount) * 100 // size)
            figures = f"{hundredths // 100}.{hundredths % 100:02d}" if hundredths < 10_000 else str(hundredths // 100)
            return ("-" if amount < 0 else "") + (figures.rstrip("0").rstrip(".") if "." in figures else figures) + unit
    return show_chips(amount)


def show_ordinal(number: float) -> str:
    """Return a place as an ordinal.

    >>> [show_ordinal(place) for place in (1, 2, 3, 11, 22, 113)]
    ['1st', '2nd', '3rd', '11th', '22nd', '113th']
    """
    whole = int(number)
    ending = "th" if 10 <= whole % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(whole % 10, "th")
    return f"{whole}{ending}"


def show_cards(cards: list[str]) -> str:
    """Return cards with suit signs.

    >>> show_cards(["As", "Td"])
    'A♠ T♦'
    """
    return " ".join(card[0] + SIGNS[card[1]] for card in cards)


def show_title(text: str) -> str:
    """Return words in title case.

    >>> show_title("four_of_a_kind")
    'Four of a Kind'
    """
    words = text.replace("_", " ").split()
    return " ".join(word if word in {"of", "a"} else word[:1].upper() + word[1:] for word in words)


FORMATS: Mapping[str, tuple[frozenset[str], Callable[[Any], str]]] = {
    "chips": (frozenset({"chips", "number"}), show_chips),
    "short": (frozenset({"chips", "number"}), show_short),
    "ordinal": (frozenset({"number"}), show_ordinal),
    "cards": (frozenset({"cards"}), show_cards),
    "title": (frozenset({"text"}), show_title),
    "upper": (frozenset({"text"}), str.upper),
}
"""Formats of facts: the kinds of facts that each is for, and its function."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Hold a part of an expression: the fact of that name in the format ``form``, or a constant ``value``."""

    value: str | int | float = ""
    fact: str = ""
    form: str = ""


@dataclass(frozen=True, slots=True)
class Expression:
    """Hold what fills a layer; ``kind`` and ``columns`` are those of its value."""

    pieces: tuple[Piece, ...]
    kind: str
    columns: Mapping[str, str]

    def evaluate(self, facts: Mapping[str, Any]) -> Any:
        """Return the value, None where a fact that it needs is unknown."""
        values = [piece.value if not piece.fact else _format(piece, facts.get(piece.fact)) for piece in self.pieces]
        if any(value is None for value in values):
            return None
        return values[0] if len(values) == 1 else "".join(_show(value) for value in values)


def _format(piece: Piece, value: Any) -> Any:
    if value is None or value in ("", []):
        return None
    return FORMATS[piece.form][1](value) if piece.form else value


def _show(value: Any) -> str:
    return value if isinstance(value, str) else show_chips(value)


def read_expression(text: str, facts: Mapping[str, Fact]) -> Expression:
    """Return the expression. Raises ``ValueError`` that names an unknown fact or format."""
    pieces: list[Piece] = []
    end = 0
    for found in BRACES.finditer(text):
        pieces += [Piece(value=text[end : found.start()])] if found.start() > end else []
        pieces.append(_read_braces(found[1], facts))
        end = found.end()
    rest = text[end:]
    if "{" in rest or "}" in rest or any({*"{}"} & {*str(piece.value)} for piece in pieces):
        message = f"{text!r}: a brace is not closed; write a fact as {{name}}"
        raise ValueError(message)
    pieces += [Piece(value=rest)] if rest or not pieces else []
    if len(pieces) == 1 and pieces[0].fact and not pieces[0].form:
        fact = facts[pieces[0].fact]
        return Expression(tuple(pieces), fact.kind, fact.columns)
    for piece in pieces:
        if piece.fact and not piece.form and facts[piece.fact].kind in {"cards", "rows", "flag"}:
            message = f"{{{piece.fact}}} is {facts[piece.fact].kind}, which needs a format within a text"
            raise ValueError(message)
    return Expression(tuple(pieces), "text", {})


def _read_braces(inside: str, facts: Mapping[str, Fact]) -> Piece:
    found = INSIDE.fullmatch(inside)
    if found is None:
        message = f"expected a fact such as {{pot}} or {{pot|short}}, got {{{inside}}}"
        raise ValueError(message)
    name, form = found[1], found[2] or ""
    if name not in facts:
        message = f"unknown fact {name!r}; the facts are {', '.join(facts)}"
        raise ValueError(message)
    if form and (form not in FORMATS or facts[name].kind not in FORMATS[form][0]):
        fitting = [each for each, (kinds, _) in FORMATS.items() if facts[name].kind in kinds]
        message = f"{name!r} has no format {form!r}; its formats are {', '.join(fitting) or 'none'}"
        raise ValueError(message)
    return Piece(fact=name, form=form)


@dataclass(frozen=True, slots=True)
class Condition:
    """Compare a fact with one value, or with several of which one has to fit."""

    fact: str
    comparison: str
    values: tuple[Any, ...]

    def is_met(self, facts: Mapping[str, Any]) -> bool:
        """Return whether it is true; an unknown fact fits nothing, and so differs from any value of ``_not``."""
        known = facts.get(self.fact)
        match self.comparison:
            case "_not":
                return _fold(known) not in self.values
            case "_at_least":
                return known is not None and known >= self.values[0]
            case "_at_most":
                return known is not None and known <= self.values[0]
            case "_contains":
                return any(value in str(_fold(known) or "") for value in self.values)
            case _:
                return _fold(known) in self.values


def read_condition(key: str, value: Any, facts: Mapping[str, Fact]) -> Condition:
    """Return the comparison ``key: value`` of a rule. Raises ``ValueError`` for an unknown fact or a wrong value."""
    comparison = next((each for each in COMPARISONS if key.endswith(each) and key not in facts), "")
    name = key.removesuffix(comparison) if comparison else key
    if name not in facts or facts[name].kind in {"cards", "rows"}:
        comparable = ", ".join(each for each, fact in facts.items() if fact.kind not in {"cards", "rows"})
        message = f"unknown fact {key!r}; facts to compare are {comparable}, also with {', '.join(COMPARISONS)}"
        raise ValueError(message)
    values = value if isinstance(value, list | tuple) else [value]
    _check_compared(key, comparison, facts[name].kind, values)
    return Condition(name, comparison, tuple(_fold(each) for each in values))


def _check_compared(key: str, comparison: str, kind: str, values: Any) -> None:
    is_size = comparison in {"_at_least", "_at_most"}
    allowed: Any = {"flag": bool, "text": str}.get(kind, (int, float))
    if is_size and (kind not in {"number", "chips"} or len(values) != 1):
        message = f"{key}: expected one number as the limit of a number"
        raise ValueError(message)
    if comparison == "_contains" and kind != "text":
        message = f"{key}: only a text can contain something"
        raise ValueError(message)
    if not values or not all(isinstance(v, allowed) and isinstance(v, bool) == (kind == "flag") for v in values):
        expected = {"flag": "true or false", "text": "a text"}.get(kind, "a number")
        message = f"{key}: expected {expected}"
        raise ValueError(message)


def _fold(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value
