"""Draw the blocks that compositions are stacked from: a heading, a table, labelled values, cards, lines of text.

A block returns its height at a width and draws itself. A stack that is too high for its area is drawn smaller.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pokervod_pipelines.render.renderers.local import theme
from pokervod_pipelines.render.renderers.local.canvas import Align, Canvas, Rectangle
from pokervod_pipelines.render.renderers.local.cards import SHAPE, draw_card_row, fit_width, measure_cards
from pokervod_pipelines.render.renderers.local.content import CardRow, LabelledValue, TextLine
from pokervod_pipelines.render.renderers.local.lettering import wrap
from pokervod_pipelines.render.renderers.local.theme import Style

LABEL = Style(21, "medium", theme.SILVER, 2.0)
VALUE = Style(44, "bold", theme.WHITE)
TITLE = Style(26, "bold", theme.GOLD, 5.0)
TEXT = Style(32, "regular", theme.WHITE)

GAP = 26.0
"""Space between two blocks."""

SMALLEST = 0.02
"""Smallest scale of a stack."""


class Block(Protocol):
    """Draw one part of a composition."""

    def height(self, canvas: Canvas, width: float) -> float:
        """Return its height at that width."""

    def draw(self, canvas: Canvas, left: float, top: float, width: float) -> None:
        """Draw it at that place."""


@dataclass(frozen=True, slots=True)
class Stack:
    """Stack blocks one below the other in ``area``, scaled by ``scale``, at most 1."""

    blocks: Sequence[Block]
    area: Rectangle
    scale: float

    def draw(self, canvas: Canvas) -> None:
        """Draw the blocks; each enters a little later than the one above."""
        small = canvas.shrink(self.scale, self.area.left, self.area.top)
        width, top = self.area.width / self.scale, 0.0
        for number, block in enumerate(self.blocks):
            with small.entering((number + 1) / len(self.blocks), (0, 18)):
                block.draw(small, 0, top, width)
            top += block.height(small, width) + GAP


def plan_stack(canvas: Canvas, blocks: Sequence[Block], area: Rectangle) -> Stack:
    """Return the stack as wide as the area and centred in its height, scaled down if it would be too high."""
    share = 1.0
    height = _measure_height(canvas, blocks, area.width, share)
    while height > area.height and share > SMALLEST:
        share = max(SMALLEST, share * min(0.98, area.height / height))
        height = _measure_height(canvas, blocks, area.width, share)
    top = area.top + max(0.0, area.height - height) / 2
    return Stack(blocks, Rectangle(area.left, top, area.width, height), share)


def _measure_height(canvas: Canvas, blocks: Sequence[Block], width: float, share: float) -> float:
    small = canvas.shrink(share, 0, 0)
    heights = [block.height(small, width / share) for block in blocks]
    return share * (sum(heights) + GAP * max(0, len(blocks) - 1))


def centre_base(top: float, height: float, style: Style) -> float:
    """Return the baseline at which capitals are centred in the height."""
    return top + (height + style.capitals) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadingBlock:
    """Draw the title of the graphic, the heading in at most ``lines`` lines, and small texts below it."""

    title: str
    heading: TextLine | None
    below: Sequence[TextLine]
    style: Style
    lines: int = 1
    align: Align = "left"

    def height(self, canvas: Canvas, width: float) -> float:
        """Return the height of its lines."""
        return 42 + len(self._broken(canvas, width)) * self.style.size * 1.2 + len(self.below) * 46

    def draw(self, canvas: Canvas, left: float, top: float, width: float) -> None:
        """Draw the title in gold, the heading in white, the rest in silver."""
        canvas.draw_text("", self.title.upper(), TITLE, x=left, base=top + 24, width=width, align=self.align)
        base = top + 42
        for text in self._broken(canvas, width):
            base += self.style.size * 1.2
            layer, line = self.heading.layer if self.heading else "", base - self.style.size * 0.32
            canvas.draw_text(layer, text, self.style, x=left, base=line, width=width, align=self.align)
        for line_below in self.below:
            base += 46
            style = Style(30, "regular", theme.SILVER)
            canvas.draw_text(
                line_below.layer, line_below.text, style, x=left, base=base - 14, width=width, align=self.align
            )

    def _broken(self, canvas: Canvas, width: float) -> list[str]:
        if self.heading is None:
            return []
        return wrap(self.heading.text, self.style.scale(canvas.unit), width * canvas.unit, self.lines)


@dataclass(frozen=True, slots=True)
class ValuesBlock:
    """Draw values below their labels, side by side, at most four in a row."""

    details: Sequence[LabelledValue]
    align: Align = "left"
    style: Style = VALUE

    def height(self, canvas: Canvas, width: float) -> float:
        """Return the height of its rows."""
        return 92.0 * -(-len(self.details) // 4)

    def draw(self, canvas: Canvas, left: float, top: float, width: float) -> None:
        """Draw each value in a column of the same width."""
        columns = min(4, len(self.details))
        for number, detail in enumerate(self.details):
            row, column = divmod(number, 4)
            x, y = left + column * width / columns, top + row * 92
            area = Rectangle(x, y, width / columns - (16 if columns > 1 else 0), 92)
            draw_value(canvas, detail, area, align=self.align, value=self.style)


def draw_value(canvas: Canvas, detail: LabelledValue, area: Rectangle, *, align: Align, value: Style = VALUE) -> None:
    """Draw the label in small capitals and the value below it, centred in the height of the area."""
    top = area.top + (area.height - 72) / 2
    canvas.draw_text(detail.layer, detail.label, LABEL, x=area.left, base=top + 18, width=area.width, align=align)
    canvas.draw_text(detail.layer, detail.text, value, x=area.left, base=top + 68, width=area.width, align=align)


@dataclass(frozen=True, slots=True)
class CardsBlock:
    """Draw cards in a row."""

    hands: Sequence[CardRow]
    align: Align = "left"
    largest: float = 104.0

    def height(self, canvas: Canvas, width: float) -> float:
        """Return the height of a card, as large as all of them fit."""
        return fit_width(self.hands, width, self.largest) * SHAPE

    def draw(self, canvas: Canvas, left: float, top: float, width: float) -> None:
        """Draw the rows of cards side by side."""
        card = fit_width(self.hands, width, self.largest)
        whole = sum(measure_cards(len(hand.cards), card) for hand in self.hands) + card * (len(self.hands) - 1)
        x = left + {"left": 0.0, "centre": 0.5, "right": 1.0}[self.align] * (width - whole)
        for hand in self.hands:
            draw_card_row(canvas, hand, x, top, card)
            x += measure_cards(len(hand.cards), card) + card


@dataclass(frozen=True, slots=True)
class LinesBlock:
    """Draw texts one below the other."""

    lines: Sequence[TextLine]
    style: Style = TEXT
    align: Align = "left"
    leading: float = 1.4

    def height(self, canvas: Canvas, width: float) -> float:
        """Return the height of its lines."""
        return len(self.lines) * self.style.size * self.leading

    def draw(self, canvas: Canvas, left: float, top: float, width: float) -> None:
        """Draw each text in its own line."""
        step = self.style.size * self.leading
        for number, line in enumerate(self.lines):
            base = centre_base(top + number * step, step, self.style)
            canvas.draw_text(line.layer, line.text, self.style, x=left, base=base, width=width, align=self.align)
