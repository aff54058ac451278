"""A table over the whole screen: the heading and what goes with it above, the rows on a panel below."""

from pokervod_pipelines.render.renderers.local import palette
from pokervod_pipelines.render.renderers.local.blocks import (
    LABEL,
    Block,
    DetailsBlock,
    HandsBlock,
    HeadingBlock,
    LinesBlock,
    draw_detail,
    plan_stack,
)
from pokervod_pipelines.render.renderers.local.content import Content
from pokervod_pipelines.render.renderers.local.lettering import Style
from pokervod_pipelines.render.renderers.local.pen import Pen, Rectangle
from pokervod_pipelines.render.renderers.local.scenes.backdrop import draw_backdrop
from pokervod_pipelines.render.renderers.local.tables import TableBlock

HEADING = Style(64, "bold", palette.WHITE)
FIGURE = Style(50, "bold", palette.GOLD)
ASIDE = 2
"""So many values stand beside the heading; more of them get a row of their own."""

FULL, NARROW = 1400.0, 1180.0


def draw_full_screen_table(pen: Pen, content: Content) -> None:
    """The heading to the left with up to two values to its right, then all else, the tables last."""
    draw_backdrop(pen)
    widest = max((len(table.names) for table in content.tables), default=0)
    width = min(pen.safe.width, FULL if widest > 2 else NARROW)
    room = Rectangle((pen.page.width - width) / 2, pen.safe.top, width, pen.safe.height)
    plan_stack(pen, [_Head(content), *_stack_rest(content)], room).draw(pen)


def _stack_rest(content: Content) -> list[Block]:
    blocks: list[Block] = []
    if content.details[ASIDE:]:
        blocks.append(DetailsBlock(content.details[ASIDE:]))
    if content.lines:
        blocks.append(LinesBlock(content.lines))
    if content.hands:
        blocks.append(HandsBlock(content.hands))
    return [*blocks, *(TableBlock(table, has_panel=True) for table in content.tables)]


class _Head:
    """The heading, with values to its right."""

    def __init__(self, content: Content) -> None:
        below = [content.eyebrow] if content.eyebrow else []
        self._heading = HeadingBlock(title=content.title, heading=content.heading, below=below, style=HEADING, lines=2)
        self._aside = content.details[:ASIDE]

    def height(self, pen: Pen, width: float) -> float:
        """That of the heading."""
        return max(self._heading.height(pen, self._heading_width(pen, width)), 92.0 if self._aside else 0.0)

    def draw(self, pen: Pen, left: float, top: float, width: float) -> None:
        """The values stand on the heading's last line."""
        self._heading.draw(pen, left, top, self._heading_width(pen, width))
        x, height = left + width, self.height(pen, width)
        for detail, wide in reversed([*zip(self._aside, self._widths(pen, width), strict=True)]):
            x -= wide
            draw_detail(pen, detail, Rectangle(x, top + height - 96, wide, 92), align="right", value=FIGURE)
            x -= 60

    def _heading_width(self, pen: Pen, width: float) -> float:
        return width - sum(wide + 60 for wide in self._widths(pen, width))

    def _widths(self, pen: Pen, width: float) -> list[float]:
        return [min(width * 0.24, _width_of(pen, detail.label, detail.text)) for detail in self._aside]


def _width_of(pen: Pen, label: str, text: str) -> float:
    return max(pen.measure(label, LABEL), pen.measure(text, FIGURE)) + 4
