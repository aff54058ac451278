"""Evaluate formulas of a small language, and move their references with rows and columns.

Evaluated are text, numbers, cell references, ``+ - * / & =``, brackets, IF, IFERROR, ISERROR, NA, UPPER and NOW.
Another name shows #NAME?, and what is no formula #ERROR!.
Arguments are set apart by commas or semicolons.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from pokervod_pipelines_tests.google.cells import Value, serial_of, show_value
from pokervod_pipelines_tests.google.ranges import column_index, column_letters

TOKEN = re.compile(
    r'\s*(?:(?P<text>"(?:[^"]|"")*")|(?P<number>\d+(?:\.\d+)?)|(?P<error>#REF!)'
    r"|(?P<cell>\$?[A-Za-z]{1,3}\$?[1-9]\d*(?![\w(!]))|(?P<name>[A-Za-z][A-Za-z.]*)|(?P<sign><>|[-+*/&=(),;:]))"
)
REFERENCE = re.compile(r'"(?:[^"]|"")*"|(?<![\w!])(\$?)([A-Za-z]{1,3})(\$?)([1-9]\d*)(?![\w(!])')

ERROR = re.compile(r"#(?:NULL!|DIV/0!|VALUE!|REF!|NAME\?|NUM!|N/A|ERROR!)|Loading\.\.\.")
"""What a cell without a value shows; formulas that refer to it show the same."""

Lookup = Callable[[int, int], Value | None]
"""Row and column from 0 to the evaluated value there; None is blank."""


class FormulaError(Exception):
    """Report that the formula has no value; the argument is what its cell shows, for example ``#REF!``."""


def evaluate(text: str, lookup: Lookup, now: datetime) -> Value:
    """Return a formula's value, an error such as ``#REF!`` as its text."""
    try:
        reader = _Reader(_tokens(text), lookup, now)
        value = reader.whole()
    except FormulaError as error:
        return str(error)
    return 0 if value is None else value


@lru_cache(maxsize=20_000)
def _tokens(text: str) -> tuple[tuple[str, str], ...]:
    tokens, place = [], 1
    while place < len(text.rstrip()):
        found = TOKEN.match(text, place)
        if found is None:
            return (("unknown", text),)
        tokens.append((str(found.lastgroup), found[str(found.lastgroup)]))
        place = found.end()
    return tuple(tokens)


@dataclass(slots=True)
class _Reader:
    """Walk through the tokens and compute the value."""

    tokens: tuple[tuple[str, str], ...]
    lookup: Lookup
    now: datetime
    place: int = 0

    @property
    def kind(self) -> str | None:
        return self.tokens[self.place][0] if self.place < len(self.tokens) else None

    def sign(self, *signs: str) -> str | None:
        if self.kind == "sign" and self.tokens[self.place][1] in signs:
            self.place += 1
            return self.tokens[self.place - 1][1]
        return None

    def expect(self, sign: str) -> None:
        if not self.sign(sign):
            self.unknown()

    def whole(self) -> Value | None:
        value = self.comparison()
        return value if self.kind is None else self.unknown()

    def comparison(self) -> Value | None:
        left = self.joined()
        while sign := self.sign("=", "<>"):
            left = _same(left, self.joined()) == (sign == "=")
        return left

    def joined(self) -> Value | None:
        left = self.summed()
        while self.sign("&"):
            left = show_value(left) + show_value(self.summed())
        return left

    def summed(self) -> Value | None:
        left = self.multiplied()
        while sign := self.sign("+", "-"):
            right = _number(self.multiplied())
            left = _number(left) + (right if sign == "+" else -right)
        return left

    def multiplied(self) -> Value | None:
        left = self.single()
        while sign := self.sign("*", "/"):
            right = _number(self.single())
            if sign == "/" and right == 0:
                raise FormulaError("#DIV/0!")
            left = _number(left) * right if sign == "*" else _number(left) / right
        return left

    def single(self) -> Value | None:
        if self.sign("-"):
            return -_number(self.single())
        if self.sign("("):
            inner = self.comparison()
            self.expect(")")
            return inner
        kind, text = self.tokens[self.place] if self.kind else ("end", "")
        self.place += 1
        if kind == "text":
            return text[1:-1].replace('""', '"')
        if kind == "number":
            return float(text) if "." in text else int(text)
        if kind == "cell":
            return self.cell(text)
        if kind == "error":
            raise FormulaError(text)
        return self.named(text.upper()) if kind == "name" else self.unknown()

    def unknown(self) -> Value:
        raise FormulaError("#ERROR!")

    def cell(self, text: str) -> Value | None:
        found = REFERENCE.fullmatch(text)
        assert found is not None
        value = self.lookup(int(found[4]) - 1, column_index(found[2]))
        if isinstance(value, str) and ERROR.fullmatch(value):
            raise FormulaError(value)
        return value

    def named(self, name: str) -> Value | None:
        if name in {"TRUE", "FALSE"} and not (self.kind == "sign" and self.tokens[self.place][1] == "("):
            return name == "TRUE"
        if name not in {"IF", "IFERROR", "ISERROR", "NA", "UPPER", "NOW"}:
            raise FormulaError("#NAME?")
        self.expect("(")
        if name in {"NOW", "NA"}:
            self.expect(")")
            if name == "NA":
                raise FormulaError("#N/A")
            return serial_of(self.now)
        if name in {"IFERROR", "ISERROR"}:
            return self.caught(name)
        arguments = [self.comparison()]
        while self.sign(",", ";"):
            arguments.append(self.comparison())
        self.expect(")")
        if name == "UPPER":
            return show_value(arguments[0]).upper()
        if len(arguments) not in {2, 3}:
            raise FormulaError("#N/A")
        return arguments[1] if arguments[0] else (arguments[2] if len(arguments) == 3 else False)

    def caught(self, name: str) -> Value | None:
        """Return IFERROR's or ISERROR's value; the first argument ends where its brackets do, whatever fails in it."""
        start, depth, end = self.place, 0, self.place
        while end < len(self.tokens) and (depth or self.tokens[end][1] not in {",", ";", ")"}):
            depth += {"(": 1, ")": -1}.get(self.tokens[end][1], 0)
            end += 1
        try:
            value, failed = _Reader(self.tokens[start:end], self.lookup, self.now).whole(), False
        except FormulaError:
            value, failed = "", True
        self.place = end
        other = self.comparison() if self.sign(",", ";") else ""
        self.expect(")")
        return failed if name == "ISERROR" else other if failed else value


def _number(value: Value | None) -> float:
    if value is None:
        return 0
    if isinstance(value, str):
        try:
            return float(value) if "." in value else int(value)
        except ValueError:
            raise FormulaError("#VALUE!") from None
    return value


def _same(left: Value | None, right: Value | None) -> bool:
    if left is None or right is None:
        return (left or "") == (right or "") or (left or 0) == (right or 0)
    if isinstance(left, str) and isinstance(right, str):
        return left.casefold() == right.casefold()
    return left == right and isinstance(left, str) == isinstance(right, str)


def move_references(text: str, moved: Callable[[int, int], tuple[int, int] | None]) -> str:
    """Return the formula after its sheet moved cells: each row and column (from 0) goes where ``moved`` says.

    A reference that ``moved`` answers with None becomes ``#REF!``; text in quotes is left alone.
    """

    def replace(found: re.Match[str]) -> str:
        if found[4] is None:
            return found[0]
        place = moved(int(found[4]) - 1, column_index(found[2]))
        return "#REF!" if place is None else f"{found[1]}{column_letters(place[1])}{found[3]}{place[0] + 1}"

    return REFERENCE.sub(replace, text)


def shift_relative(text: str, rows: int) -> str:
    """Return the formula as a copy of it reads ``rows`` further down: references without $ before the row follow."""

    def replace(found: re.Match[str]) -> str:
        if found[4] is None or found[3]:
            return found[0]
        row = int(found[4]) + rows
        return "#REF!" if row < 1 else f"{found[1]}{found[2]}{row}"

    return REFERENCE.sub(replace, text)
