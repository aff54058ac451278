"""Define the look that all graphics share: colours (red, green, blue, opacity) and text styles."""

from dataclasses import dataclass

from pokervod_pipelines.render.renderers.local.fonts import CAPITALS, Weight

Colour = tuple[int, int, int, int]

WHITE: Colour = (248, 246, 240, 255)
SILVER: Colour = (172, 181, 196, 255)
GOLD: Colour = (236, 198, 106, 255)
GOLD_TOP: Colour = (246, 214, 130, 255)
GOLD_FOOT: Colour = (196, 146, 52, 255)
INK: Colour = (18, 20, 26, 255)
PANEL_TOP: Colour = (30, 38, 54, 242)
PANEL_FOOT: Colour = (11, 15, 24, 246)
STRIPE: Colour = (255, 255, 255, 14)
LEADER: Colour = (236, 198, 106, 34)
RULE: Colour = (255, 255, 255, 44)
SHADOW: Colour = (0, 0, 0, 150)
VEIL_TOP: Colour = (17, 24, 40, 236)
VEIL_FOOT: Colour = (4, 6, 11, 246)
GLOW: Colour = (70, 96, 150, 60)

CARD_TOP: Colour = (255, 255, 255, 255)
CARD_FOOT: Colour = (228, 231, 237, 255)
CARD_EDGE: Colour = (150, 156, 168, 255)
DIMMED: Colour = (8, 11, 18, 150)
SUITS: dict[str, Colour] = {
    "s": (22, 24, 30, 255),
    "h": (206, 28, 40, 255),
    "d": (24, 96, 208, 255),
    "c": (18, 128, 58, 255),
}
"""Four colours, so that a suit is recognised from afar."""


@dataclass(frozen=True, slots=True)
class Style:
    """Style a text: size in pixels at 1080 lines, weight and colour, and extra pixels after each letter."""

    size: float
    weight: Weight
    colour: Colour
    spacing: float = 0.0

    def scale(self, unit: float) -> "Style":
        """Return the style for another size of the image."""
        return Style(max(1.0, self.size * unit), self.weight, self.colour, self.spacing * unit)

    @property
    def capitals(self) -> float:
        """Return the height of a capital in pixels."""
        return self.size * CAPITALS
