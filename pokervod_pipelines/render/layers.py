"""The places of a graphic that data fill: what a layer holds, and whether a value fits into it.

Pure. Which layers a template has is ``templates``'; how a layer looks is the renderer's.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pokervod_pipelines.errors import BadInput

LayerKind = Literal["text", "number", "chips", "card", "cards", "image", "rows"]
"""What a layer holds: ``chips`` is an amount, ``card`` is written ``As``, ``image`` a path or address of a picture."""

Value = str | int | float | list[Any]
"""What fills a layer: a text, a number, a list of cards, or a list of rows."""

MOST_CARDS = 7
LONGEST_TEXT = 500
LONGEST_NUMBER = 24
CARD = re.compile(r"(10|[2-9TJQKA])([cdhs])", re.IGNORECASE)
SUITS = str.maketrans("♣♦♥♠♧♢♡♤", "cdhscdhs")
NUMBER = re.compile(r"[-+]?\d[\d,\s]*(\.\d+)?")
UNDRAWABLE = re.compile("[\x00-\x09\x0b-\x1f\x7f\ud800-\udfff]")
MULTIPLES = {"": 1, "k": 1_000, "m": 1_000_000, "b": 1_000_000_000}
CURRENCIES = "$€£₩"


class BadValue(BadInput):
    """A value does not fit its layer; the text says what the layer takes."""


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Column(_Declared):
    """A column of a layer of rows; a row that lacks a required one cannot be drawn."""

    kind: Literal["text", "number", "chips"] = Field(alias="type")
    required: bool = True
    characters: int | None = Field(default=None, ge=1, le=LONGEST_TEXT)
    description: str = Field(default="", max_length=LONGEST_TEXT)

    @model_validator(mode="after")
    def _only_text_has_characters(self) -> Self:
        _refuse_unless(self.kind == "text" or self.characters is None, "characters are for text columns")
        return self


class Layer(_Declared):
    """A layer: its kind, whether the graphic needs it, and how much fits in.

    ``characters`` limits a text, ``most`` the cards or rows; ``columns`` are those of a layer of rows.
    """

    kind: LayerKind = Field(alias="type")
    required: bool
    description: str = Field(min_length=1, max_length=LONGEST_TEXT)
    characters: int | None = Field(default=None, ge=1, le=LONGEST_TEXT)
    most: int | None = Field(default=None, ge=1, le=50)
    columns: Mapping[str, Column] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _limits_suit_the_kind(self) -> Self:
        _refuse_unless(self.kind == "text" or self.characters is None, "characters are for text layers")
        _refuse_unless(self.kind in {"cards", "rows"} or self.most is None, "most is for layers of cards or rows")
        _refuse_unless(
            (self.kind == "rows") == bool(self.columns), "columns are needed by layers of rows, and no other"
        )
        _refuse_unless(self.kind != "rows" or self.most is not None, "a layer of rows needs most, how many fit in")
        return self


def _refuse_unless(is_sound: bool, message: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not is_sound:
        raise ValueError(message)


def fit_value(layer: Layer, value: Any) -> Value:
    """Return the value as the layer holds it; text too long is cut with ``…``, cards and rows too many are left out.

    For values that no person can shorten. Raises ``BadValue`` for one of another kind.
    """
    if layer.kind in {"cards", "rows"} and isinstance(value, list):
        value = value[: layer.most]
    if layer.kind == "rows" and isinstance(value, list):
        value = [_fit_row(layer.columns, row) for row in value]
    elif layer.kind == "text":
        value = _cut(str(value), layer.characters)
    return check_value(layer, value)


def _fit_row(columns: Mapping[str, Column], row: Any) -> Any:
    if not isinstance(row, dict):
        return row
    kept = {name: value for name, value in row.items() if name in columns and value is not None}
    return {
        name: _cut(str(value), columns[name].characters) if columns[name].kind == "text" else value
        for name, value in kept.items()
    }


def _cut(text: str, characters: int | None) -> str:
    limit = characters or LONGEST_TEXT
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def check_value(layer: Layer, value: Any) -> Value:
    """Return the value as it is stored in an instruction.

    Raises ``BadValue`` where it is of another kind, empty, too long or too many.
    """
    match layer.kind:
        case "text" | "image":
            return _check_text(value, layer.characters)
        case "number" | "chips":
            return _check_number(value)
        case "card":
            return _check_card(value)
        case "cards":
            return _check_cards(value, layer.most or MOST_CARDS)
        case "rows":
            return _check_rows(layer, value)


def _check_text(value: Any, characters: int | None) -> str:
    if not isinstance(value, str):
        raise BadValue(f"{value!r} is no text")
    text = value.strip()
    if not text:
        raise BadValue("an empty text would leave the layer blank")
    if UNDRAWABLE.search(text):
        raise BadValue("a text with control characters or broken letters cannot be drawn")
    if len(text) > (characters or LONGEST_TEXT):
        raise BadValue(f"{len(text)} characters are too long; at most {characters or LONGEST_TEXT} fit")
    return text


def _check_number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadValue(f"{value!r} is no number")
    if abs(value) >= 1e18 or value != value:  # noqa: PLR0124 - not a number
        raise BadValue(f"{value} is no number that can be drawn")
    return int(value) if value == int(value) else value


def _check_card(value: Any) -> str:
    found = CARD.fullmatch(value.strip().translate(SUITS)) if isinstance(value, str) else None
    if found is None:
        raise BadValue(f"{value!r} is no card; write rank and suit, such as As or Td")
    return ("T" if found[1] == "10" else found[1].upper()) + found[2].lower()


def _check_cards(value: Any, most: int) -> list[str]:
    if not isinstance(value, list | tuple) or not value:
        raise BadValue(f"{value!r} are no cards; write them such as As Kd")
    cards = [_check_card(card) for card in value]
    if len(cards) > most:
        raise BadValue(f"{len(cards)} cards are too many; at most {most} fit")
    if repeated := sorted({card for card in cards if cards.count(card) > 1}):
        raise BadValue(f"{', '.join(repeated)} stands there twice")
    return cards


def _check_rows(layer: Layer, value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not value:
        raise BadValue("there are no rows")
    if layer.most is not None and len(value) > layer.most:
        raise BadValue(f"{len(value)} rows are too many; at most {layer.most} fit")
    return [_check_row(layer.columns, number, row) for number, row in enumerate(value, 1)]


def _check_row(columns: Mapping[str, Column], number: int, row: Any) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise BadValue(f"row {number} is no row of {', '.join(columns)}")
    if unknown := sorted(row.keys() - columns.keys()):
        raise BadValue(f"row {number}: there is no column {unknown[0]!r}; the columns are {', '.join(columns)}")
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
    """Return the value that a person wrote into a cell: numbers with separators or ``1.2M``, cards, rows line by line.

    A row is a line (or ends with ``;``) of cells separated by ``|``, in the order of the columns. Raises ``BadValue``.

    >>> read_text(Layer(type="chips", required=True, description="pot"), "$1.25M")
    1250000
    >>> read_text(Layer(type="cards", required=True, description="hand"), "10d 9♦")
    ['Td', '9d']
    """
    match layer.kind:
        case "number" | "chips":
            return check_value(layer, _read_number(text))
        case "cards":
            return check_value(layer, _split_cards(text))
        case "rows":
            return check_value(layer, _read_rows(layer.columns, text))
        case _:
            return check_value(layer, text)


def _read_number(text: str) -> int | float:
    plain = text.strip().strip(CURRENCIES).strip()
    multiple = MULTIPLES[plain[-1].lower()] if plain and plain[-1].lower() in MULTIPLES else 1
    digits = plain[:-1].strip() if multiple > 1 else plain
    if not NUMBER.fullmatch(digits):
        raise BadValue(f"{text.strip()[:40]!r} is no number such as 1,250,000 or 1.25M")
    number = re.sub(r"[,\s]", "", digits)
    if len(number) > LONGEST_NUMBER:
        raise BadValue(f"{text.strip()[:40]!r} is too large a number")
    return round(float(number) * multiple, 6) if "." in number else int(number) * multiple


def _split_cards(text: str) -> Sequence[str]:
    cards: list[str] = []
    for word in re.split(r"[\s,]+", text.strip().translate(SUITS)):
        pieces = [found[0] for found in CARD.finditer(word)]
        cards.extend(pieces if "".join(pieces) == word else [word])
    return cards


def _read_rows(columns: Mapping[str, Column], text: str) -> list[dict[str, Any]]:
    lines = [line for line in re.split(r"[\n;]", text) if line.strip()]
    return [_read_row(columns, number, line) for number, line in enumerate(lines, 1)]


def _read_row(columns: Mapping[str, Column], number: int, line: str) -> dict[str, Any]:
    cells = [cell.strip() for cell in line.split("|")]
    if len(cells) > len(columns):
        raise BadValue(f"row {number}: {len(cells)} cells for {len(columns)} columns: {' | '.join(columns)}")
    try:
        return {
            name: cell if column.kind == "text" else _read_number(cell)
            for (name, column), cell in zip(columns.items(), cells, strict=False)
            if cell
        }
    except BadValue as error:
        raise BadValue(f"row {number}: {error}") from None
