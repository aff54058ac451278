"""Draw a table over the whole screen: heading and values above, the rows on a panel below."""

from pokervod_pipelines.render.renderers.local import theme
from pokervod_pipelines.render.renderers.local.blocks import (
    LABEL,
    Block,
    CardsBlock,
    HeadingBlock,
    LinesBlock,
    ValuesBlock,
    draw_value,
    plan_stack,
)
from pokervod_pipelines.render.renderers.local.canvas import Canvas, Rectangle
from pokervod_pipelines.render.renderers.local.content import GraphicContent
from pokervod_pipelines.render.renderers.local.tables import TableBlock
from pokervod_pipelines.render.renderers.local.theme import Style

HEADING = Style(64, "bold", theme.WHITE)
FIGURE = Style(50, "bold", theme.GOLD)
ASIDE = 2
"""Values beside the heading; more of them get a row of their own."""

FULL, NARROW = 1400.0, 1180.0


def draw_full_screen_table(canvas: Canvas, content: GraphicContent) -> None:
    """Draw the heading with up to two values to its right, then all else, the tables last."""
    canvas.draw_backdrop()
    widest = max((len(table.names) for table in content.tables), default=0)
    width = min(canvas.safe.width, FULL if widest > 2 else NARROW)
    room = Rectangle((canvas.page.width - width) / 2, canvas.safe.top, width, canvas.safe.height)
    plan_stack(canvas, [_HeaderBlock(content), *_stack_rest(content)], room).draw(canvas)


def _stack_rest(content: GraphicContent) -> list[Block]:
    blocks: list[Block] = []
    if content.details[ASIDE:]:
        blocks.append(ValuesBlock(content.details[ASIDE:]))
    if content.lines:
        blocks.append(LinesBlock(content.lines))
    if content.hands:
        blocks.append(CardsBlock(content.hands))
    return [*blocks, *(TableBlock(table, has_panel=True) for table in content.tables)]


class _HeaderBlock:
    """Draw the heading, with values to its right."""

    def __init__(self, content: GraphicContent) -> None:
        below = [content.eyebrow] if content.eyebrow else []
        self._heading = HeadingBlock(title=content.title, heading=content.heading, below=below, style=HEADING, lines=2)
        self._aside = content.details[:ASIDE]

    def height(self, canvas: Canvas, width: float) -> float:
        """Return the height of the heading."""
        return max(self._heading.height(canvas, self._heading_width(canvas, width)), 92.0 if self._aside else 0.0)

    def draw(self, canvas: Canvas, left: float, top: float, width: float) -> None:
        """Draw the heading, and the values on its last line."""
        self._heading.draw(canvas, left, top, self._heading_width(canvas, width))
        x, height = left + width, self.height(canvas, width)
        for detail, wide in reversed([*zip(self._aside, self._widths(canvas, width), strict=True)]):
            x -= wide
            draw_value(canvas, detail, Rectangle(x, top + height - 96, wide, 92), align="right", value=FIGURE)
            x -= 60

    def _heading_width(self, canvas: Canvas, width: float) -> float:
        return width - sum(wide + 60 for wide in self._widths(canvas, width))

    def _widths(self, canvas: Canvas, width: float) -> list[float]:
        return [min(width * 0.24, _measure_value(canvas, detail.label, detail.text)) for detail in self._aside]


def _measure_value(canvas: Canvas, label: str, text: str) -> float:
    return max(canvas.measure(label, LABEL), canvas.measure(text, FIGURE)) + 4
