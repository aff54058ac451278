"""Read what a graphic shows, whatever its composition: the layers of an instruction by their names and kinds.

A layer of a known name has its place (``HEADINGS``, ``EYEBROWS``, ``DETAILS``). Every other one is shown by its kind:
a text as a line, a number or amount with its name as label, cards as a row, rows as a table. No layer is left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pokervod_pipelines.render.layers import Layer, RowColumn
from pokervod_pipelines.render.renderers.local.fonts import clean_text
from pokervod_pipelines.render.templates import Template

HEADINGS = ("heading", "player", "title", "name")
"""Text layers that may be the heading, in this order; without any, the first text layer is."""

EYEBROWS = ("event", "subheading")
"""Shown small beside the heading."""

DETAILS = ("place", "prize", "pot", "prize_pool", "players_left", "blinds")
"""Text layers that are shown with a label, as numbers are."""

LABELS: Mapping[str, str] = {"position": "#", "big_blinds": "BB", "amount": "PRIZE"}
"""Labels of layers and columns whose name in capitals would not do."""


@dataclass(frozen=True, slots=True)
class TextLine:
    """Hold a text of one layer."""

    layer: str
    text: str


@dataclass(frozen=True, slots=True)
class LabelledValue:
    """Hold a value with its label."""

    layer: str
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class CardRow:
    """Hold the cards of one layer; ``is_bright`` tells which of them are not dimmed."""

    layer: str
    cards: tuple[str, ...]
    is_bright: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class RowTable:
    """Hold the rows of one layer: the names and labels of its columns, which of them are numbers, and the cells."""

    layer: str
    names: tuple[str, ...]
    labels: tuple[str, ...]
    is_number: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphicContent:
    """Hold everything that a graphic shows; missing values are left out."""

    title: str
    heading: TextLine | None
    eyebrow: TextLine | None
    lines: Sequence[TextLine]
    details: Sequence[LabelledValue]
    hands: Sequence[CardRow]
    tables: Sequence[RowTable]

    def find_line(self, layer: str) -> TextLine | None:
        """Return the line of that layer, None if there is none."""
        return next((line for line in self.lines if line.layer == layer), None)


def read_content(template: Template, layers: Mapping[str, Any]) -> GraphicContent:
    """Return what the values show in the template; values of unknown layers are ignored."""
    given = {name: layer for name, layer in template.layers.items() if layers.get(name) is not None}
    texts = [name for name, layer in given.items() if layer.kind == "text"]
    heading = _choose_heading(template, texts)
    eyebrow = next((name for name in EYEBROWS if name in texts and name != heading), None)
    others = [name for name in texts if name not in {heading, eyebrow}]
    return GraphicContent(
        title=clean_text(template.title),
        heading=_read_line(heading, layers),
        eyebrow=_read_line(eyebrow, layers),
        lines=[TextLine(name, clean_text(layers[name])) for name in others if name not in DETAILS],
        details=[
            LabelledValue(name, make_label(name), write_value(layers[name]))
            for name, layer in given.items()
            if layer.kind in {"number", "chips"} or (name in others and name in DETAILS)
        ],
        hands=_read_hands(given, layers),
        tables=[
            _read_table(name, layer.columns, layers[name]) for name, layer in given.items() if layer.kind == "rows"
        ],
    )


def _choose_heading(template: Template, texts: Sequence[str]) -> str | None:
    named = [name for name in HEADINGS if name in template.layers and template.layers[name].kind == "text"]
    if named:
        return named[0] if named[0] in texts else None
    return next((name for name in texts if name not in {*EYEBROWS, *DETAILS}), None)


def _read_line(name: str | None, layers: Mapping[str, Any]) -> TextLine | None:
    return None if name is None else TextLine(name, clean_text(layers[name]))


def make_label(name: str) -> str:
    """Return the label of a value or a column.

    >>> make_label("prize_pool"), make_label("big_blinds")
    ('PRIZE POOL', 'BB')
    """
    return LABELS.get(name, clean_text(name.replace("_", " ").upper()))


def write_value(value: Any) -> str:
    """Return the value as it is drawn: a number with separators and at most two decimals, a text as it is.

    >>> write_value(1250000), write_value(-37.5), write_value(0.004)
    ('1,250,000', '-37.5', '0.004')
    """
    return _format_number(value, _count_decimals(value)) if isinstance(value, int | float) else clean_text(value)


def write_column(values: Sequence[Any]) -> list[str]:
    """Return the values as they are drawn below each other: every number with the decimals of the most exact one.

    >>> write_column([52.5, None, 31.25, 7, "-"])
    ['52.50', '', '31.25', '7.00', '-']
    """
    decimals = max((_count_decimals(value) for value in values if isinstance(value, int | float)), default=0)
    return [
        ""
        if value is None
        else _format_number(value, decimals)
        if isinstance(value, int | float)
        else clean_text(value)
        for value in values
    ]


def _format_number(value: float, decimals: int) -> str:
    if isinstance(value, int):  # as a float, a large one would lose digits
        return f"{value:,}" + (f".{0:0{decimals}}" if decimals else "")
    return f"{value:,.{decimals}f}"


def _count_decimals(value: float) -> int:
    """Return the decimals that the number needs, at most two, or six for one that two would round to zero."""
    if isinstance(value, int):
        return 0
    written = f"{value:.{2 if abs(value) >= 0.01 else 6}f}".rstrip("0")
    return len(written.partition(".")[2])


def _read_hands(given: Mapping[str, Layer], layers: Mapping[str, Any]) -> list[CardRow]:
    """Return the cards; the best five are highlighted in the hole cards and board instead of drawn again."""
    hands = {
        name: tuple([layers[name]] if layer.kind == "card" else layers[name])
        for name, layer in given.items()
        if layer.kind in {"card", "cards"}
    }
    best = hands.get("cards", ())
    dealt = [card for name in ("hole_cards", "board") for card in hands.get(name, ())]
    if not best or not {*best} <= {*dealt}:
        return [CardRow(name, cards, (True,) * len(cards)) for name, cards in hands.items()]
    return [
        CardRow(name, cards, tuple(name not in {"hole_cards", "board"} or card in best for card in cards))
        for name, cards in hands.items()
        if name != "cards"
    ]


def _read_table(layer: str, columns: Mapping[str, RowColumn], rows: Sequence[Mapping[str, Any]]) -> RowTable:
    """Return the rows; a column without any value is left out."""
    names = tuple(name for name in columns if any(row.get(name) is not None for row in rows))
    drawn = [write_column([row.get(name) for row in rows]) for name in names]
    return RowTable(
        layer=layer,
        names=names,
        labels=tuple(make_label(name) for name in names),
        is_number=tuple(columns[name].kind != "text" for name in names),
        rows=tuple(zip(*drawn, strict=True)),
    )
