"""Draw a bar in the lower third: cards, who it is about, texts and figures, from left to right."""

from collections.abc import Sequence
from dataclasses import dataclass

from pokervod_pipelines.render.renderers.local import theme
from pokervod_pipelines.render.renderers.local.blocks import LABEL, VALUE, centre_base, draw_value
from pokervod_pipelines.render.renderers.local.canvas import Canvas, Rectangle
from pokervod_pipelines.render.renderers.local.cards import SHAPE, draw_card_row, fit_width, measure_cards
from pokervod_pipelines.render.renderers.local.content import CardRow, GraphicContent, LabelledValue, TextLine
from pokervod_pipelines.render.renderers.local.tables import FOOT, TableBlock
from pokervod_pipelines.render.renderers.local.theme import Style

BAR, TAB, SIDE, APART = 180.0, 48.0, 34.0, 44.0
"""Height of the bar and of its tab, space at its sides, and between its parts."""

NARROWEST, CARD, CARDS_SHARE, DETAILS_SHARE = 820.0, 98.0, 0.46, 0.36
NAME = Style(58, "bold", theme.WHITE)
RANK = Style(36, "medium", theme.GOLD)
TAB_TITLE = Style(25, "bold", theme.INK, 2.5)
TAB_TEXT = Style(25, "medium", theme.WHITE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _BarLayout:
    """Hold the widths of the parts of the bar; none has more than its share, the texts get what is left."""

    width: float
    card: float
    left: Sequence[CardRow]
    right: Sequence[CardRow]
    details: Sequence[float]
    text: float


def draw_lower_third(canvas: Canvas, content: GraphicContent) -> None:
    """Draw the bar as wide as its content, with a tab above for title and event; rows are below the names."""
    layout = _plan_bar(canvas, content)
    tables = [TableBlock(table, row=50, side=SIDE) for table in content.tables]
    rows = [line for line in (content.heading, *content.lines) if line]
    bar = max(BAR, _text_height(rows) + 44)
    height = TAB + bar + sum(table.height(canvas, layout.width) for table in tables) + (FOOT if tables else 0)
    share = min(1.0, canvas.safe.height / height)
    small = canvas.shrink(share, canvas.safe.left, canvas.safe.bottom - height * share)
    with small.entering(0, (-70, 0)):
        small.draw_panel(Rectangle(0, TAB, layout.width, height - TAB))
        small.draw_plate(Rectangle(0, TAB, 8, height - TAB), theme.GOLD_TOP, theme.GOLD_FOOT)
    _draw_tab(small, content, layout.width)
    _draw_bar(small, content, layout, Rectangle(0, TAB, layout.width, bar))
    top = TAB + bar
    for table in tables:
        table.draw(small, 0, top, layout.width)
        top += table.height(small, layout.width)


def _plan_bar(canvas: Canvas, content: GraphicContent) -> _BarLayout:
    room = canvas.safe.width
    left = [hand for hand in content.hands if hand.layer == "hole_cards"]
    right = [hand for hand in content.hands if hand.layer != "hole_cards"]
    card = fit_width(content.hands, room * CARDS_SHARE, CARD)
    lines = [(content.heading, NAME)] + [(line, RANK) for line in content.lines]
    natural = max((canvas.measure(line.text, style) for line, style in lines if line), default=0.0) + 4
    details = _share_details(canvas, content.details, room * DETAILS_SHARE)
    fixed = 2 * SIDE + sum(wide + APART for wide in details)
    fixed += sum(measure_cards(len(hand.cards), card) + APART for hand in content.hands)
    width = min(room, max(NARROWEST, fixed + natural))
    return _BarLayout(width=width, card=card, left=left, right=right, details=details, text=max(1.0, width - fixed))


def _share_details(canvas: Canvas, details: Sequence[LabelledValue], room: float) -> list[float]:
    natural = [max(canvas.measure(detail.label, LABEL), canvas.measure(detail.text, VALUE)) + 4 for detail in details]
    share = min(1.0, room / sum(natural)) if natural else 1.0
    return [wide * share for wide in natural]


def _draw_tab(canvas: Canvas, content: GraphicContent, width: float) -> None:
    title = min(width * 0.5, canvas.measure(content.title.upper(), TAB_TITLE) + 2)
    with canvas.entering(0.3, (-40, 0)):
        canvas.draw_plate(Rectangle(0, 0, title + 2 * SIDE, TAB), theme.GOLD_TOP, theme.GOLD_FOOT)
        base = centre_base(0, TAB, TAB_TITLE)
        canvas.draw_text("", content.title.upper(), TAB_TITLE, x=SIDE, base=base, width=title)
        if content.eyebrow:
            start = title + 2 * SIDE
            text = min(width - start - 48, canvas.measure(content.eyebrow.text, TAB_TEXT) + 2)
            canvas.draw_plate(Rectangle(start, 0, text + 48, TAB), theme.PANEL_FOOT, theme.PANEL_FOOT)
            base = centre_base(0, TAB, TAB_TEXT)
            canvas.draw_text(content.eyebrow.layer, content.eyebrow.text, TAB_TEXT, x=start + 24, base=base, width=text)


def _draw_bar(canvas: Canvas, content: GraphicContent, layout: _BarLayout, place: Rectangle) -> None:
    x = SIDE
    with canvas.entering(0.5, (0, 24)):
        x = _draw_hands(canvas, layout.left, layout.card, x, place)
    with canvas.entering(0.6, (-24, 0)):
        _draw_texts(canvas, content, x, layout.text, place)
    x += layout.text + APART
    with canvas.entering(0.8, (0, 24)):
        x = _draw_hands(canvas, layout.right, layout.card, x, place)
    with canvas.entering(1.0, (24, 0)):
        for detail, wide in zip(content.details, layout.details, strict=True):
            canvas.draw_plate(Rectangle(x - APART / 2, place.top + 34, 2, place.height - 68), theme.RULE)
            draw_value(canvas, detail, Rectangle(x, place.top, wide, place.height), align="right")
            x += wide + APART


def _draw_hands(canvas: Canvas, hands: Sequence[CardRow], card: float, x: float, place: Rectangle) -> float:
    for hand in hands:
        draw_card_row(canvas, hand, x, place.top + (place.height - card * SHAPE) / 2, card)
        x += measure_cards(len(hand.cards), card) + APART
    return x


def _text_height(rows: Sequence[TextLine]) -> float:
    return 74.0 * min(1, len(rows)) + 50.0 * max(0, len(rows) - 1)


def _draw_texts(canvas: Canvas, content: GraphicContent, x: float, width: float, place: Rectangle) -> None:
    """Draw the heading and the lines below it, together centred in the height."""
    rows = [(content.heading, NAME, 74.0)] if content.heading else []
    rows += [(line, RANK, 50.0) for line in content.lines]
    top = place.top + (place.height - sum(height for *_, height in rows)) / 2
    for line, style, height in rows:
        base = centre_base(top, height, style)
        canvas.draw_text(line.layer, line.text, style, x=x, base=base, width=width)
        top += height
