"""Register the compositions of the renderer ``local``: each lays out whatever content it is given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pokervod_pipelines.render.renderers.local.canvas import Canvas
from pokervod_pipelines.render.renderers.local.compositions.full_screen_card import draw_full_screen_card
from pokervod_pipelines.render.renderers.local.compositions.full_screen_table import draw_full_screen_table
from pokervod_pipelines.render.renderers.local.compositions.lower_third import draw_lower_third
from pokervod_pipelines.render.renderers.local.compositions.side_panel import draw_side_panel
from pokervod_pipelines.render.renderers.local.content import GraphicContent


@dataclass(frozen=True, slots=True)
class Composition:
    """Lay out content with ``draw``; limit the rows of all its tables together, so that they can be read."""

    draw: Callable[[Canvas, GraphicContent], None]
    max_rows: int


COMPOSITIONS: Mapping[str, Composition] = {
    "lower_third": Composition(draw_lower_third, 4),
    "full_screen_table": Composition(draw_full_screen_table, 14),
    "full_screen_card": Composition(draw_full_screen_card, 6),
    "side_panel": Composition(draw_side_panel, 14),
}
"""Compositions by the name in a template."""
