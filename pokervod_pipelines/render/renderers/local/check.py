"""Check whether a template and its values can be drawn here, before anything is enqueued."""

from collections.abc import Iterator, Mapping
from typing import Any

from pokervod_pipelines.render.renderers.local.canvas import LINE_PIXELS, LINES
from pokervod_pipelines.render.renderers.local.compositions import COMPOSITIONS
from pokervod_pipelines.render.renderers.local.content import make_label
from pokervod_pipelines.render.renderers.local.drawing import describe_unknown
from pokervod_pipelines.render.renderers.local.fonts import find_missing_fonts, find_undrawable
from pokervod_pipelines.render.templates import Template

SMALLEST_UNIT = 0.2
"""Below this share of 1920 × 1080 small letters cannot be read."""

MAX_CARDS, MAX_COLUMNS = 24, 8


def find_faults(template: Template) -> list[str]:
    """Return what is wrong with the template, a sentence each: composition, layers, size, letters, fonts."""
    faults = find_missing_fonts()
    if template.composition not in COMPOSITIONS:
        return [*faults, describe_unknown(template)]
    faults += [f"template {template.name}: {fault}" for fault in (*_find_layer_faults(template), *_find_size(template))]
    return faults if find_missing_fonts() else [*faults, *_find_letters(template)]


def _find_layer_faults(template: Template) -> Iterator[str]:
    kinds = {name: layer.kind for name, layer in template.layers.items()}
    for name, kind in kinds.items():
        if kind == "image":
            yield f"layer {name}: {template.composition} cannot show images; remove it or use the renderer nexrender"
    rows = sum(layer.limit or 0 for layer in template.layers.values() if layer.kind == "rows")
    limit = COMPOSITIONS[template.composition].max_rows
    if rows > limit:
        yield f"{rows} rows are too many to read in {template.composition}; lower limit to {limit} in all"
    for name, layer in template.layers.items():
        if len(layer.columns) > MAX_COLUMNS:
            yield f"layer {name}: {len(layer.columns)} columns are too many to read; {MAX_COLUMNS} fit"
    cards = sum(1 if kinds[name] == "card" else layer.limit or 7 for name, layer in _find_cards(template))
    if cards > MAX_CARDS:
        yield f"{cards} cards are too many to see; {MAX_CARDS} fit in all, so lower limit"


def _find_cards(template: Template) -> list[tuple[str, Any]]:
    return [(name, layer) for name, layer in template.layers.items() if layer.kind in {"card", "cards"}]


def _find_size(template: Template) -> Iterator[str]:
    if min(template.width / LINE_PIXELS, template.height / LINES) < SMALLEST_UNIT:
        smallest = f"{LINE_PIXELS * SMALLEST_UNIT:.0f} × {LINES * SMALLEST_UNIT:.0f}"
        yield f"{template.width} × {template.height} pixels are too small for letters; use {smallest} or more"


def _find_letters(template: Template) -> Iterator[str]:
    columns = {column for layer in template.layers.values() for column in layer.columns}
    for text in (template.title, *(make_label(name) for name in (*template.layers, *columns))):
        if missing := find_undrawable(text):
            yield f"template {template.name}: no font has {' '.join(missing)} in {text!r}; use other characters"


def find_undrawable_values(layers: Mapping[str, Any]) -> dict[str, str]:
    """Return a sentence for each layer with characters that cannot be drawn as they are, by layer."""
    found: dict[str, str] = {}
    for name, place, text in _list_texts(layers):
        if missing := find_undrawable(text):
            named = ", ".join(f"{character} (U+{ord(character):04X})" for character in missing)
            found.setdefault(name, f"{place}the fonts cannot draw {named}; replace it or leave it out")
    return found


def _list_texts(layers: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name, value in layers.items():
        if isinstance(value, str):
            yield name, "", value
        elif isinstance(value, list):
            rows = [row for row in value if isinstance(row, dict)]
            for number, row in enumerate(rows, 1):
                texts = {column: cell for column, cell in row.items() if isinstance(cell, str)}
                yield from ((name, f"row {number}: {column}: ", text) for column, text in texts.items())
