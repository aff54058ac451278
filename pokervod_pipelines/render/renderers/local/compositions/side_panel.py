"""Draw a panel at the right side: heading, table, and the rest at its foot."""

from pokervod_pipelines.render.renderers.local import theme
from pokervod_pipelines.render.renderers.local.blocks import (
    Block,
    CardsBlock,
    HeadingBlock,
    LinesBlock,
    ValuesBlock,
    plan_stack,
)
from pokervod_pipelines.render.renderers.local.canvas import Canvas, Rectangle
from pokervod_pipelines.render.renderers.local.content import GraphicContent
from pokervod_pipelines.render.renderers.local.tables import TableBlock
from pokervod_pipelines.render.renderers.local.theme import Style

WIDTH, MARGIN = 600.0, 30.0
HEADING = Style(46, "bold", theme.WHITE)
FIGURE = Style(36, "bold", theme.WHITE)


def draw_side_panel(canvas: Canvas, content: GraphicContent) -> None:
    """Draw the panel as high as its content, centred in the height."""
    width = min(WIDTH, canvas.safe.width)
    left = canvas.safe.right - width
    room = Rectangle(left, canvas.safe.top, width, canvas.safe.height).inset(MARGIN, MARGIN)
    stack = plan_stack(canvas, _stack(content), room)
    top, height = stack.area.top - MARGIN, stack.area.height + 2 * MARGIN
    with canvas.entering(0, (60, 0)):
        canvas.draw_panel(Rectangle(left, top, width, height))
        canvas.draw_plate(Rectangle(left, top + 14, 5, height - 28), theme.GOLD_TOP, theme.GOLD_FOOT)
    stack.draw(canvas)


def _stack(content: GraphicContent) -> list[Block]:
    below = [content.eyebrow] if content.eyebrow else []
    blocks: list[Block] = [
        HeadingBlock(title=content.title, heading=content.heading, below=below, style=HEADING, lines=2)
    ]
    blocks += [TableBlock(table, row=58, side=12) for table in content.tables]
    if content.lines:
        blocks.append(LinesBlock(content.lines, Style(28, "regular", theme.WHITE)))
    if content.hands:
        blocks.append(CardsBlock(content.hands))
    pairs = [content.details[first : first + 2] for first in range(0, len(content.details), 2)]
    blocks += [ValuesBlock(pair, style=FIGURE) for pair in pairs]
    return blocks
