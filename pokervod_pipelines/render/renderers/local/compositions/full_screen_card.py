"""Draw an announcement over the whole screen: what, when and where, in the middle."""

from dataclasses import dataclass

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
from pokervod_pipelines.render.renderers.local.content import GraphicContent, TextLine
from pokervod_pipelines.render.renderers.local.tables import TableBlock
from pokervod_pipelines.render.renderers.local.theme import Style

HEADING = Style(92, "bold", theme.WHITE)
DATE = Style(46, "medium", theme.WHITE)
TIME = Style(148, "bold", theme.GOLD)
ZONE = Style(36, "regular", theme.SILVER)
CHANNEL = Style(34, "bold", theme.INK)
WIDTH = 1500.0
WHEN = {"date": DATE, "time": TIME, "zone": ZONE}
"""Layers with date and time, in their order from above, with their styles."""


def draw_full_screen_card(canvas: Canvas, content: GraphicContent) -> None:
    """Draw the heading, a gold rule, date, time and zone, then all else, the channel last."""
    canvas.draw_backdrop()
    width = min(canvas.safe.width, WIDTH)
    room = Rectangle((canvas.page.width - width) / 2, canvas.safe.top, width, canvas.safe.height)
    plan_stack(canvas, _stack(content), room).draw(canvas)


def _stack(content: GraphicContent) -> list[Block]:
    below = [content.eyebrow] if content.eyebrow else []
    blocks: list[Block] = [
        HeadingBlock(title=content.title, heading=content.heading, below=below, style=HEADING, lines=2, align="centre"),
        _Rule(),
    ]
    when = [(line, style) for name, style in WHEN.items() if (line := content.find_line(name))]
    channel = content.find_line("channel")
    others = [line for line in content.lines if line not in {line for line, _ in when} and line != channel]
    blocks += [LinesBlock([line], style, "centre", 1.0) for line, style in when]
    if others:
        blocks.append(LinesBlock(others, align="centre"))
    blocks += [TableBlock(table, has_panel=True) for table in content.tables]
    if content.hands:
        blocks.append(CardsBlock(content.hands, "centre"))
    if content.details:
        blocks.append(ValuesBlock(content.details, "centre"))
    return [*blocks, _Badge(channel)] if channel else blocks


@dataclass(frozen=True, slots=True)
class _Rule:
    """Draw a short gold line."""

    def height(self, canvas: Canvas, width: float) -> float:
        return 5.0

    def draw(self, canvas: Canvas, left: float, top: float, width: float) -> None:
        canvas.draw_plate(Rectangle(left + width / 2 - 90, top, 180, 5), theme.GOLD_TOP, theme.GOLD_FOOT, radius=2)


@dataclass(frozen=True, slots=True)
class _Badge:
    """Draw a text in dark letters on gold."""

    line: TextLine

    def height(self, canvas: Canvas, width: float) -> float:
        return 74.0

    def draw(self, canvas: Canvas, left: float, top: float, width: float) -> None:
        inner = min(width - 88, canvas.measure(self.line.text, CHANNEL) + 2)
        x = left + (width - inner) / 2
        canvas.draw_plate(Rectangle(x - 44, top + 8, inner + 88, 66), theme.GOLD_TOP, theme.GOLD_FOOT, radius=33)
        base = top + 41 + CHANNEL.capitals / 2
        canvas.draw_text(self.line.layer, self.line.text, CHANNEL, x=x, base=base, width=inner, align="centre")
