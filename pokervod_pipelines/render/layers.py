"""Define the layers of a graphic that data fill, and check whether a value fits a layer.

Pure. ``templates`` say which layers a graphic has, its renderer how a layer looks.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pokervod_pipelines.errors import BadInput

LayerKind = Literal["text", "number", "chips", "card", "cards", "image", "rows"]
"""The kinds of values: ``chips`` is an amount, ``card`` is written ``As``, ``image`` is a path or URL of a picture."""

Value = str | int | float | list[Any]
"""The value of a layer: a text, a number (a text with its currency, as ``€850,000``), a list of cards or of rows."""

MAX_CARDS = 7
MAX_CHARACTERS = 500
MAX_DIGITS = 24
CARD = re.compile(r"(10|[2-9TJQKA])([cdhs])", re.IGNORECASE)
SUITS = str.maketrans("♣♦♥♠♧♢♡♤", "cdhscdhs")
AMOUNT = re.compile(
    r"""
    (?P<minus>[-+]?) (?P<before>[^\d+-]*?) \s* (?P<inner_minus>[-+]?)
    (?P<digits>\d{1,3}(?:[,\s]\d{2,3})*[,\s]\d{3}|\d+) (?P<fraction>\.\d+)?
    (?: \s* (?P<multiple>[kmb]) (?![a-z]{2}$) )? (?P<after>\s*[^\d]*)
    """,
    re.IGNORECASE | re.VERBOSE,
)
CURRENCY_CODE = re.compile(r"[A-Z]{3}|[원円元圓]")
AMBIGUOUS = re.compile(r"[1-9]\d{0,2}\.\d{3}")
"""Half of Europe writes 850.000 for 850,000."""
UNDRAWABLE = re.compile("[\x00-\x09\x0b-\x1f\x7f\ud800-\udfff]")
MULTIPLES = {"": 1, "k": 1_000, "m": 1_000_000, "b": 1_000_000_000}


class BadValue(BadInput):
    """Report a value that does not fit its layer; the text says what the layer expects."""


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class RowColumn(_Declared):
    """Declare a column of a layer of rows; a row without a required one cannot be drawn."""

    kind: Literal["text", "number", "chips"] = Field(alias="type")
    required: bool = True
    characters: int | None = Field(default=None, ge=1, le=MAX_CHARACTERS)
    description: str = Field(default="", max_length=MAX_CHARACTERS)

    @model_validator(mode="after")
    def _check_characters(self) -> Self:
        _refuse_unless(self.kind == "text" or self.characters is None, "characters are for text columns")
        return self


class Layer(_Declared):
    """Declare a layer: its kind, whether the graphic needs it, and how much fits in.

    ``characters`` limits a text, ``limit`` the cards or rows; ``columns`` are those of a layer of rows.
    """

    kind: LayerKind = Field(alias="type")
    required: bool
    description: str = Field(min_length=1, max_length=MAX_CHARACTERS)
    characters: int | None = Field(default=None, ge=1, le=MAX_CHARACTERS)
    limit: int | None = Field(default=None, ge=1, le=50)
    columns: Mapping[str, RowColumn] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check_limits(self) -> Self:
        _refuse_unless(self.kind == "text" or self.characters is None, "characters are for text layers")
        _refuse_unless(self.kind in {"cards", "rows"} or self.limit is None, "limit is for layers of cards or rows")
        _refuse_unless(
            (self.kind == "rows") == bool(self.columns),
            "columns are required for layers of rows, and not allowed for others",
        )
        _refuse_unless(
            self.kind != "rows" or self.limit is not None, "limit is required for layers of rows: how many fit in"
        )
        return self


def _refuse_unless(is_valid: bool, message: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not is_valid:
        raise ValueError(message)


def fit_value(layer: Layer, value: Any) -> Value:
    """Return the value cut to the layer's limits: a long text ends in ``…``, extra cards and rows are left out.

    For values that no person can shorten. Raises ``BadValue`` for one of another kind.
    """
    if layer.kind in {"cards", "rows"} and isinstance(value, list):
        value = value[: layer.limit]
    if layer.kind == "rows" and isinstance(value, list):
        value = [_fit_row(layer.columns, row) for row in value]
    elif layer.kind == "text":
        value = _cut(str(value), layer.characters)
    return check_value(layer, value)


def _fit_row(columns: Mapping[str, RowColumn], row: Any) -> Any:
    if not isinstance(row, dict):
        return row
    kept = {name: value for name, value in row.items() if name in columns and value is not None}
    return {
        name: _cut(str(value), columns[name].characters) if columns[name].kind == "text" else value
        for name, value in kept.items()
    }


def _cut(text: str, characters: int | None) -> str:
    limit = characters or MAX_CHARACTERS
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def check_value(layer: Layer, value: Any) -> Value:
    """Return the value as an instruction stores it. Raises ``BadValue`` for another kind, or if empty or too long."""
    match layer.kind:
        case "text" | "image":
            return _check_text(value, layer.characters)
        case "number" | "chips":
            return _check_number(value)
        case "card":
            return _check_card(value)
        case "cards":
            return _check_cards(value, layer.limit or MAX_CARDS)
        case "rows":
            return _check_rows(layer, value)


def _check_text(value: Any, characters: int | None) -> str:
    if not isinstance(value, str):
        raise BadValue(f"expected a text, got {value!r}")
    text = value.strip()
    if not text:
        raise BadValue("the text is empty, which leaves the layer blank")
    if UNDRAWABLE.search(text):
        raise BadValue("the text has control characters or broken letters, which cannot be drawn")
    if len(text) > (characters or MAX_CHARACTERS):
        raise BadValue(f"the text has {len(text)} characters; at most {characters or MAX_CHARACTERS} fit")
    return text


def _check_number(value: Any) -> int | float | str:
    if isinstance(value, str) and _is_amount(value):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadValue(f"expected a number, got {value!r}")
    return _check_size(value)


def _check_size(value: float) -> int | float:
    if abs(value) >= 1e18 or value != value:  # noqa: PLR0124 - not a number
        raise BadValue(f"the number {value} is too large or not a number; expected one below 10^18")
    return int(value) if value == int(value) else value


def _check_card(value: Any) -> str:
    found = CARD.fullmatch(value.strip().translate(SUITS)) if isinstance(value, str) else None
    if found is None:
        raise BadValue(f"expected a card such as As or Td, got {value!r}")
    return ("T" if found[1] == "10" else found[1].upper()) + found[2].lower()


def _check_cards(value: Any, limit: int) -> list[str]:
    if not isinstance(value, list | tuple) or not value:
        raise BadValue(f"expected cards such as As Kd, got {value!r}")
    cards = [_check_card(card) for card in value]
    if len(cards) > limit:
        raise BadValue(f"got {len(cards)} cards; at most {limit} fit")
    if repeated := sorted({card for card in cards if cards.count(card) > 1}):
        raise BadValue(f"duplicate cards: {', '.join(repeated)}; list each card once")
    return cards


def _check_rows(layer: Layer, value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not value:
        raise BadValue("expected rows, got none")
    if layer.limit is not None and len(value) > layer.limit:
        raise BadValue(f"got {len(value)} rows; at most {layer.limit} fit")
    return [_check_row(layer.columns, number, row) for number, row in enumerate(value, 1)]


def _check_row(columns: Mapping[str, RowColumn], number: int, row: Any) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise BadValue(f"row {number}: expected {', '.join(columns)}, got {row!r}")
    if unknown := sorted(row.keys() - columns.keys()):
        raise BadValue(f"row {number}: unknown column {unknown[0]!r}; the columns are {', '.join(columns)}")
    checked = {}
    for name, column in columns.items():
        if row.get(name) is None:
            if column.required:
                raise BadValue(f"row {number}: {name} is missing")
            continue
        try:
            is_text = column.kind == "text"
            checked[name] = _check_text(row[name], column.characters) if is_text else _check_number(row[name])
        except BadValue as error:
            raise BadValue(f"row {number}: {name}: {error}") from None
    return checked


def read_text(layer: Layer, text: str) -> Value:
    """Return the value of a cell written by a person: numbers with separators or ``1.2M``, cards, rows line by line.

    A row is a line (or ends with ``;``) of cells separated by ``|``, in the order of the columns. Raises ``BadValue``.

    >>> read_text(Layer(type="chips", required=True, description="pot"), "1.25M")
    1250000
    >>> read_text(Layer(type="chips", required=True, description="pot"), "€850k")
    '€850,000'
    >>> read_text(Layer(type="cards", required=True, description="hand"), "10d 9♦")
    ['Td', '9d']
    """
    match layer.kind:
        case "number" | "chips":
            return check_value(layer, _read_number(text, layer.kind))
        case "cards":
            return check_value(layer, _split_cards(text))
        case "rows":
            return check_value(layer, _read_rows(layer.columns, text))
        case _:
            return check_value(layer, text)


def _read_number(text: str, kind: str) -> int | float | str:
    """Return the number; with a currency, the text as it is drawn, since an amount must not lose its currency."""
    shown = text.strip()[:40]
    found = AMOUNT.fullmatch(unicodedata.normalize("NFKC", text.strip()))
    before, after = (found["before"].strip(), found["after"].strip()) if found else ("", "")
    has_currency = bool(before or after)
    if found is None or (has_currency and not _is_currency(before, after)) or (found["minus"] and found["inner_minus"]):
        raise BadValue(f"expected a number such as 1,250,000 or 1.25M, got {shown!r}")
    digits = re.sub(r"[,\s]", "", found["digits"])
    written = digits + (found["fraction"] or "")
    if len(written) > MAX_DIGITS:
        raise BadValue(f"the number {shown!r} is too large")
    if (kind == "chips" or has_currency) and not found["multiple"] and AMBIGUOUS.fullmatch(written):
        raise BadValue(f"{shown!r} may mean {written.replace('.', ',')} or {float(written):g}; write one of them")
    multiple = MULTIPLES[(found["multiple"] or "").lower()]
    number = round(float(written) * multiple, 6) if found["fraction"] else int(digits) * multiple
    if found["minus"] == "-" or found["inner_minus"] == "-":
        number = -number
    return _write_amount(_check_size(number), before, found["after"]) if has_currency else number


def _is_amount(text: str) -> bool:
    """Return whether the text is a number with a currency, as ``read_text`` writes it."""
    try:
        return _read_number(text, "chips") == text
    except BadValue:
        return False


def _is_currency(before: str, after: str) -> bool:
    """Return whether one of the two is a currency: a sign such as € or HK$, or a code such as KRW."""
    mark, other = (before, after) if before else (after, before)
    if other:
        return False
    is_sign = unicodedata.category(mark[-1]) == "Sc" and re.fullmatch("[A-Z]{0,3}", mark[:-1]) is not None
    return is_sign or CURRENCY_CODE.fullmatch(mark) is not None


def _write_amount(number: float, before: str, after: str) -> str:
    figures = f"{abs(number):,}" if isinstance(number, int) else f"{abs(number):,.2f}"
    if 0 < abs(number) < 0.01:
        figures = f"{abs(number):.6f}".rstrip("0")
    space = " " if CURRENCY_CODE.fullmatch(before) else ""
    return f"{'-' if number < 0 else ''}{before}{space}{figures}{' ' if after[:1].isspace() else ''}{after.strip()}"


def _split_cards(text: str) -> Sequence[str]:
    cards: list[str] = []
    for word in re.split(r"[\s,]+", text.strip().translate(SUITS)):
        pieces = [found[0] for found in CARD.finditer(word)]
        cards.extend(pieces if "".join(pieces) == word else [word])
    return cards


def _read_rows(columns: Mapping[str, RowColumn], text: str) -> list[dict[str, Any]]:
    lines = [line for line in re.split(r"[\n;]", text) if line.strip()]
    return [_read_row(columns, number, line) for number, line in enumerate(lines, 1)]


def _read_row(columns: Mapping[str, RowColumn], number: int, line: str) -> dict[str, Any]:
    cells = [cell.strip() for cell in line.split("|")]
    if len(cells) > len(columns):
        expected = f"expected at most {len(columns)}: {' | '.join(columns)}"
        raise BadValue(f"row {number}: got {len(cells)} cells, {expected}; delete the others")
    given = {name: cell for name, cell in zip(columns, cells, strict=False) if cell}
    if missing := [name for name, column in columns.items() if column.required and name not in given]:
        expected = f"expected {' | '.join(columns)}, got {line.strip()[:40]!r}"
        raise BadValue(f"row {number}: {missing[0]} is missing; {expected}")
    try:
        return {
            name: cell if columns[name].kind == "text" else _read_number(cell, columns[name].kind)
            for name, cell in given.items()
        }
    except BadValue as error:
        raise BadValue(f"row {number}: {error}") from None
