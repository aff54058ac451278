"""A panel at the right side: heading, table, and at its foot what goes with them."""

from pokervod_pipelines.render.renderers.local import palette
from pokervod_pipelines.render.renderers.local.blocks import (
    Block,
    DetailsBlock,
    HandsBlock,
    HeadingBlock,
    LinesBlock,
    plan_stack,
)
from pokervod_pipelines.render.renderers.local.content import Content
from pokervod_pipelines.render.renderers.local.lettering import Style
from pokervod_pipelines.render.renderers.local.pen import Pen, Rectangle
from pokervod_pipelines.render.renderers.local.tables import TableBlock

WIDTH, MARGIN = 600.0, 30.0
HEADING = Style(46, "bold", palette.WHITE)
FIGURE = Style(36, "bold", palette.WHITE)


def draw_side_panel(pen: Pen, content: Content) -> None:
    """The panel is as high as what it holds, in the middle of the height."""
    width = min(WIDTH, pen.safe.width)
    left = pen.safe.right - width
    room = Rectangle(left, pen.safe.top, width, pen.safe.height).inset(MARGIN, MARGIN)
    stack = plan_stack(pen, _stack(content), room)
    top, height = stack.place.top - MARGIN, stack.place.height + 2 * MARGIN
    with pen.coming(0, (60, 0)):
        pen.panel(Rectangle(left, top, width, height))
        pen.plate(Rectangle(left, top + 14, 5, height - 28), palette.GOLD_TOP, palette.GOLD_FOOT)
    stack.draw(pen)


def _stack(content: Content) -> list[Block]:
    below = [content.eyebrow] if content.eyebrow else []
    blocks: list[Block] = [
        HeadingBlock(title=content.title, heading=content.heading, below=below, style=HEADING, lines=2)
    ]
    blocks += [TableBlock(table, row=58, side=12) for table in content.tables]
    if content.lines:
        blocks.append(LinesBlock(content.lines, Style(28, "regular", palette.WHITE)))
    if content.hands:
        blocks.append(HandsBlock(content.hands))
    pairs = [content.details[first : first + 2] for first in range(0, len(content.details), 2)]
    blocks += [DetailsBlock(pair, style=FIGURE) for pair in pairs]
    return blocks
