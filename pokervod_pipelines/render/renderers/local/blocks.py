"""The parts that compositions are stacked from: a heading, a table, values with labels, cards, lines of text.

A block says how high it is at a width and draws itself. A stack that is too high for its place is drawn smaller.
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
"""Between two blocks."""

SMALLEST = 0.02
"""A stack is drawn no smaller than this part of its size."""


class Block(Protocol):
    """A part of a composition."""

    def height(self, canvas: Canvas, width: float) -> float:
        """Return how high it is at that width."""

    def draw(self, canvas: Canvas, left: float, top: float, width: float) -> None:
        """It stands there."""


@dataclass(frozen=True, slots=True)
class Stack:
    """Blocks one below the other, where they stand, and how much smaller than planned they are drawn, at most 1."""

    blocks: Sequence[Block]
    place: Rectangle
    share: float

    def draw(self, canvas: Canvas) -> None:
        """Each block comes in a little later than the one above."""
        small = canvas.shrink(self.share, self.place.left, self.place.top)
        width, top = self.place.width / self.share, 0.0
        for number, block in enumerate(self.blocks):
            with small.entering((number + 1) / len(self.blocks), (0, 18)):
                block.draw(small, 0, top, width)
            top += block.height(small, width) + GAP


def plan_stack(canvas: Canvas, blocks: Sequence[Block], room: Rectangle) -> Stack:
    """Return the stack as wide as the room and in the middle of its height, smaller where it would be too high."""
    share = 1.0
    height = _measure_height(canvas, blocks, room.width, share)
    while height > room.height and share > SMALLEST:
        share = max(SMALLEST, share * min(0.98, room.height / height))
        height = _measure_height(canvas, blocks, room.width, share)
    top = room.top + max(0.0, room.height - height) / 2
    return Stack(blocks, Rectangle(room.left, top, room.width, height), share)


def _measure_height(canvas: Canvas, blocks: Sequence[Block], width: float, share: float) -> float:
    small = canvas.shrink(share, 0, 0)
    heights = [block.height(small, width / share) for block in blocks]
    return share * (sum(heights) + GAP * max(0, len(blocks) - 1))


def centre_base(top: float, height: float, style: Style) -> float:
    """Return where the baseline lies so that capitals stand in the middle."""
    return top + (height + style.capitals) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadingBlock:
    """The title of the graphic, the heading in at most so many lines, and what stands small below it."""

    title: str
    heading: TextLine | None
    below: Sequence[TextLine]
    style: Style
    lines: int = 1
    align: Align = "left"

    def height(self, canvas: Canvas, width: float) -> float:
        """Its rows one below the other."""
        return 42 + len(self._broken(canvas, width)) * self.style.size * 1.2 + len(self.below) * 46

    def draw(self, canvas: Canvas, left: float, top: float, width: float) -> None:
        """The title in gold, the heading white, the rest silver."""
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
    """Values below their labels, side by side, at most four in a row."""

    details: Sequence[LabelledValue]
    align: Align = "left"
    style: Style = VALUE

    def height(self, canvas: Canvas, width: float) -> float:
        """Its rows."""
        return 92.0 * -(-len(self.details) // 4)

    def draw(self, canvas: Canvas, left: float, top: float, width: float) -> None:
        """Each in a column of the same width."""
        columns = min(4, len(self.details))
        for number, detail in enumerate(self.details):
            row, column = divmod(number, 4)
            x, y = left + column * width / columns, top + row * 92
            place = Rectangle(x, y, width / columns - (16 if columns > 1 else 0), 92)
            draw_value(canvas, detail, place, align=self.align, value=self.style)


def draw_value(canvas: Canvas, detail: LabelledValue, place: Rectangle, *, align: Align, value: Style = VALUE) -> None:
    """The label in small capitals, the value below it, in the middle of the place's height."""
    top = place.top + (place.height - 72) / 2
    canvas.draw_text(detail.layer, detail.label, LABEL, x=place.left, base=top + 18, width=place.width, align=align)
    canvas.draw_text(detail.layer, detail.text, value, x=place.left, base=top + 68, width=place.width, align=align)


@dataclass(frozen=True, slots=True)
class CardsBlock:
    """Cards in a row."""

    hands: Sequence[CardRow]
    align: Align = "left"
    largest: float = 104.0

    def height(self, canvas: Canvas, width: float) -> float:
        """A card, as large as all fit in."""
        return fit_width(self.hands, width, self.largest) * SHAPE

    def draw(self, canvas: Canvas, left: float, top: float, width: float) -> None:
        """One hand beside the other."""
        card = fit_width(self.hands, width, self.largest)
        whole = sum(measure_cards(len(hand.cards), card) for hand in self.hands) + card * (len(self.hands) - 1)
        x = left + {"left": 0.0, "centre": 0.5, "right": 1.0}[self.align] * (width - whole)
        for hand in self.hands:
            draw_card_row(canvas, hand, x, top, card)
            x += measure_cards(len(hand.cards), card) + card


@dataclass(frozen=True, slots=True)
class LinesBlock:
    """Texts one below the other."""

    lines: Sequence[TextLine]
    style: Style = TEXT
    align: Align = "left"
    leading: float = 1.4

    def height(self, canvas: Canvas, width: float) -> float:
        """Its lines."""
        return len(self.lines) * self.style.size * self.leading

    def draw(self, canvas: Canvas, left: float, top: float, width: float) -> None:
        """Each in a line of its own."""
        step = self.style.size * self.leading
        for number, line in enumerate(self.lines):
            base = centre_base(top + number * step, step, self.style)
            canvas.draw_text(line.layer, line.text, self.style, x=left, base=base, width=width, align=self.align)
