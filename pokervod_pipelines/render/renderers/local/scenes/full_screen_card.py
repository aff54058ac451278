"""An announcement over the whole screen: what, when and where, in the middle."""

from dataclasses import dataclass

from pokervod_pipelines.render.renderers.local import palette
from pokervod_pipelines.render.renderers.local.blocks import (
    Block,
    DetailsBlock,
    HandsBlock,
    HeadingBlock,
    LinesBlock,
    plan_stack,
)
from pokervod_pipelines.render.renderers.local.content import Content, Line
from pokervod_pipelines.render.renderers.local.lettering import Style
from pokervod_pipelines.render.renderers.local.pen import Pen, Rectangle
from pokervod_pipelines.render.renderers.local.scenes.backdrop import draw_backdrop
from pokervod_pipelines.render.renderers.local.tables import TableBlock

HEADING = Style(92, "bold", palette.WHITE)
DATE = Style(46, "medium", palette.WHITE)
TIME = Style(148, "bold", palette.GOLD)
ZONE = Style(36, "regular", palette.SILVER)
CHANNEL = Style(34, "bold", palette.INK)
WIDTH = 1500.0
WHEN = {"date": DATE, "time": TIME, "zone": ZONE}
"""Layers that say when, in their order from above, and how each is set."""


def draw_full_screen_card(pen: Pen, content: Content) -> None:
    """The heading, a gold rule, date, time and zone, then all else, the channel last."""
    draw_backdrop(pen)
    width = min(pen.safe.width, WIDTH)
    room = Rectangle((pen.page.width - width) / 2, pen.safe.top, width, pen.safe.height)
    plan_stack(pen, _stack(content), room).draw(pen)


def _stack(content: Content) -> list[Block]:
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
        blocks.append(HandsBlock(content.hands, "centre"))
    if content.details:
        blocks.append(DetailsBlock(content.details, "centre"))
    return [*blocks, _Badge(channel)] if channel else blocks


@dataclass(frozen=True, slots=True)
class _Rule:
    """A short gold line."""

    def height(self, pen: Pen, width: float) -> float:
        return 5.0

    def draw(self, pen: Pen, left: float, top: float, width: float) -> None:
        pen.plate(Rectangle(left + width / 2 - 90, top, 180, 5), palette.GOLD_TOP, palette.GOLD_FOOT, radius=2)


@dataclass(frozen=True, slots=True)
class _Badge:
    """A text in dark letters on gold."""

    line: Line

    def height(self, pen: Pen, width: float) -> float:
        return 74.0

    def draw(self, pen: Pen, left: float, top: float, width: float) -> None:
        inner = min(width - 88, pen.measure(self.line.text, CHANNEL) + 2)
        x = left + (width - inner) / 2
        pen.plate(Rectangle(x - 44, top + 8, inner + 88, 66), palette.GOLD_TOP, palette.GOLD_FOOT, radius=33)
        base = top + 41 + CHANNEL.capitals / 2
        pen.write(self.line.layer, self.line.text, CHANNEL, x=x, base=base, width=inner, align="centre")
