"""Draw any values that fit the layers of a shipped template: visible, inside the image, never overlapping."""

from itertools import combinations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.render.layers import Layer, check_value
from pokervod_pipelines.render.renderers.local.drawing import Drawing, find_hold_frames
from pokervod_pipelines.render.templates import Template
from pokervod_pipelines_tests.render.local.sample_jobs import NAMES, TEMPLATES, make_spec

CARDS = st.sampled_from([f"{rank}{suit}" for rank in "AKQJT98765432" for suit in "shdc"])
NUMBERS = st.one_of(st.integers(-(10**17), 10**17), st.floats(-1e9, 1e9, allow_nan=False))


def texts(characters: int | None) -> st.SearchStrategy[str]:
    return st.text(min_size=1, max_size=characters or 60)


def values_of(layer: Layer) -> st.SearchStrategy[Any]:
    match layer.kind:
        case "text" | "image":
            return texts(layer.characters)
        case "number" | "chips":
            return NUMBERS
        case "card":
            return CARDS
        case "cards":
            return st.lists(CARDS, min_size=1, max_size=layer.limit, unique=True)
        case "rows":
            columns = {
                name: texts(column.characters) if column.kind == "text" else NUMBERS
                for name, column in layer.columns.items()
            }
            return st.lists(st.fixed_dictionaries(columns), min_size=1, max_size=layer.limit)


@st.composite
def graphics(draw: st.DrawFn) -> tuple[Template, dict[str, Any]]:
    template = TEMPLATES[draw(st.sampled_from(NAMES))]
    values: dict[str, Any] = {}
    for name, layer in template.layers.items():
        if layer.required or draw(st.booleans()):
            try:
                values[name] = check_value(layer, draw(values_of(layer)))
            except BadInput:
                values[name] = check_value(layer, {"rows": None}.get(layer.kind, "x")) if layer.kind == "text" else None
    return template, {name: value for name, value in values.items() if value is not None}


@settings(max_examples=60)
@given(graphic=graphics(), size=st.sampled_from([(640, 360), (1280, 720), (480, 854)]))
def test_any_valid_layers_draw_something_and_nothing_overlaps(
    graphic: tuple[Template, dict[str, Any]], size: tuple[int, int]
) -> None:
    template, values = graphic
    wanted = make_spec(width=size[0], height=size[1])

    drawing = Drawing(template, values, wanted)

    frame = drawing.draw(find_hold_frames(wanted).start)
    assert frame.size == size
    assert frame.getchannel("A").getextrema()[1] > 200
    assert [(a, b) for a, b in combinations(drawing.boxes, 2) if a.overlaps(b)] == []
    assert all(0 <= box.left < box.right <= size[0] and 0 <= box.top < box.bottom <= size[1] for box in drawing.boxes)


@settings(max_examples=25)
@given(width=st.integers(8, 120), height=st.integers(8, 120), name=st.sampled_from(NAMES), text=st.text(max_size=30))
def test_no_size_is_too_small_to_be_drawn_without_an_error(width: int, height: int, name: str, text: str) -> None:
    values = {layer: text or "x" for layer, declared in TEMPLATES[name].layers.items() if declared.kind == "text"}

    frame = Drawing(TEMPLATES[name], values, make_spec(width=2 * width, height=2 * height)).draw(20)

    assert frame.size == (2 * width, 2 * height)
