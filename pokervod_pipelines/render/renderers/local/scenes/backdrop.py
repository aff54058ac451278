"""What lies behind a graphic that fills the screen."""

from pokervod_pipelines.render.renderers.local import palette, shapes
from pokervod_pipelines.render.renderers.local.pen import Pen


def draw_backdrop(pen: Pen) -> None:
    """The picture behind is darkened so far that it no longer disturbs; a soft light is above, a gold line below."""
    backdrop = shapes.draw_gradient(pen.width, pen.height, palette.VEIL_TOP, palette.VEIL_FOOT)
    height = max(1, round(pen.height * 0.9))
    glow = shapes.draw_glow(pen.width, height, palette.GLOW)
    backdrop.alpha_composite(glow.crop((0, height // 3, pen.width, height)))
    line = max(1, pen.pixels(6))
    gold = shapes.draw_gradient(pen.width, line, palette.GOLD_TOP, palette.GOLD_FOOT)
    backdrop.alpha_composite(gold, (0, max(0, pen.height - line)))
    pen.picture(backdrop, 0, 0)
