"""Draw playing cards for any size. Pure."""

from collections.abc import Sequence
from functools import lru_cache

from PIL import Image

from pokervod_pipelines.render.renderers.local import shapes, theme
from pokervod_pipelines.render.renderers.local.canvas import Canvas
from pokervod_pipelines.render.renderers.local.content import CardRow
from pokervod_pipelines.render.renderers.local.lettering import render_text
from pokervod_pipelines.render.renderers.local.theme import Style

SHAPE = 1.4
"""Height of a card, in widths."""

GAP = 0.09
"""Space between two cards, in widths."""


def measure_cards(cards: int, card_width: float) -> float:
    """Return the width of so many cards side by side."""
    return cards * card_width + max(0, cards - 1) * card_width * GAP


def draw_card_row(canvas: Canvas, hand: CardRow, x: float, y: float, card_width: float) -> None:
    """Draw the cards in a row from there on."""
    for number, (card, is_bright) in enumerate(zip(hand.cards, hand.is_bright, strict=True)):
        left = x + number * card_width * (1 + GAP)
        image = draw_card(card, canvas.pixels(card_width), is_bright=is_bright)
        shadow = shapes.draw_shadow(*image.size, max(0.5, image.width * 0.05), theme.SHADOW, image.width * 0.1)
        edge = (shadow.width - image.width) / 2 / canvas.unit
        canvas.draw_image(shadow, left - edge, y - edge + card_width * 0.03)
        canvas.draw_image(image, left, y, canvas.make_box(hand.layer, card, image, left, y))


def fit_width(hands: Sequence[CardRow], width: float, most: float) -> float:
    """Return the greatest width of a card so that the rows, one card apart, fit side by side."""
    count = sum(len(hand.cards) for hand in hands)
    widths = sum(measure_cards(len(hand.cards), 1.0) for hand in hands) + max(0, len(hands) - 1)
    return min(most, width / widths) if count else most


@lru_cache(maxsize=128)
def draw_card(card: str, width: int, *, is_bright: bool) -> Image.Image:
    """Return the card, such as ``As``, in this width in pixels."""
    height, radius = max(1, round(width * SHAPE)), width * 0.1
    image = shapes.draw_plate(width, height, theme.CARD_EDGE, theme.CARD_EDGE, radius)
    rim = max(1, round(width * 0.012)) if width > 16 else 0
    inner = (max(1, width - 2 * rim), max(1, height - 2 * rim))
    image.alpha_composite(shapes.draw_plate(*inner, theme.CARD_TOP, theme.CARD_FOOT, radius - rim), (rim, rim))
    _draw_face(image, card[0], card[1])
    if not is_bright:
        image.alpha_composite(shapes.draw_plate(width, height, theme.DIMMED, theme.DIMMED, radius))
    return image


def _draw_face(image: Image.Image, rank: str, suit: str) -> None:
    """Draw rank and small suit in the upper corner, and the large suit below."""
    width, height = image.size
    colour = theme.SUITS[suit]
    text = "10" if rank == "T" else rank
    letters = render_text(text, Style(width * 0.58, "bold", colour))
    if letters is not None:
        drawn = _squeeze(letters[0], width * 0.44)
        _put(image, drawn, width * 0.29 - drawn.width / 2, width * 0.12)
    small = round(width * 0.27)
    _put(image, shapes.draw_suit(suit, small, colour), width * 0.29 - small / 2, width * 0.61)
    large = round(width * 0.54)
    _put(image, shapes.draw_suit(suit, large, colour), width * 0.935 - large, height - large - width * 0.09)


def _squeeze(image: Image.Image, width: float) -> Image.Image:
    """Return a rank of two letters as wide as the others."""
    if image.width <= width or width < 1:
        return image
    return image.resize((round(width), image.height), Image.Resampling.LANCZOS)


def _put(image: Image.Image, piece: Image.Image, left: float, top: float) -> None:
    place = (min(max(0, round(left)), image.width - 1), min(max(0, round(top)), image.height - 1))
    image.alpha_composite(piece.crop((0, 0, image.width - place[0], image.height - place[1])), place)
