"""Draw every value in its place, complete, and the same every time."""

from itertools import combinations, product
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageChops

from pokervod_pipelines.render.failures import BadInstruction
from pokervod_pipelines.render.renderers.local.drawing import Drawing, find_hold_frames
from pokervod_pipelines.render.renderers.local.sprites import Box
from pokervod_pipelines.render.templates import Template
from pokervod_pipelines_tests.render.local.sample_jobs import (
    HARD_NUMBERS,
    HARD_TEXTS,
    NAMES,
    ORDINARY,
    TEMPLATES,
    fill,
    make_spec,
)
from pokervod_pipelines_tests.sizes import cover

HD = {"width": 1920, "height": 1080}


def shown(boxes: list[Box], layer: str) -> str:
    return " ".join(box.shows for box in boxes if box.layer == layer)


def is_same(first: Image.Image, second: Image.Image) -> bool:
    return first.tobytes() == second.tobytes()


def weigh(frame: Image.Image) -> int:
    """Measure how much of the frame is covered, by opacity."""
    return sum(level * count for level, count in enumerate(frame.getchannel("A").histogram()))


@pytest.mark.parametrize("name", NAMES)
def test_every_value_of_every_layer_is_drawn(name: str) -> None:
    boxes = Drawing(TEMPLATES[name], ORDINARY[name], make_spec(**HD)).boxes

    for layer, value in ORDINARY[name].items():
        if layer == "cards" and name == "premium_hand":
            continue  # drawn as hole cards and board
        if isinstance(value, list) and isinstance(value[0], dict):
            for number, row in enumerate(value, 1):
                assert {column: bool(shown(boxes, f"{layer} {number} {column}")) for column in row} == dict.fromkeys(
                    row, True
                )
        elif isinstance(value, list):
            assert shown(boxes, layer).split() == value
        else:
            text = f"{value:,}" if isinstance(value, int) else value
            assert text in shown(boxes, layer)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_lies_outside_the_safe_part_of_the_picture(name: str) -> None:
    for box in Drawing(TEMPLATES[name], ORDINARY[name], make_spec(**HD)).boxes:
        assert box.left >= 96 - 2, box
        assert box.right <= 1824 + 2, box
        assert box.top >= 54 - 2, box
        assert box.bottom <= 1026 + 2, box


@pytest.mark.parametrize(
    ("graphic", "size"),
    cover([*product(NAMES, HARD_TEXTS)], [HD, {"width": 1280, "height": 720}, {"width": 1080, "height": 1920}]),
    ids=str,
)
def test_hard_texts_stay_in_the_picture_and_never_overlap(graphic: tuple[str, str], size: dict[str, int]) -> None:
    name, text = graphic[0], HARD_TEXTS[graphic[1]]
    template = TEMPLATES[name]
    boxes = Drawing(template, fill(template, text, 1_234_567), make_spec(**size)).boxes

    assert [(a, b) for a, b in combinations(boxes, 2) if a.overlaps(b)] == []
    for box in boxes:
        assert 0 <= box.left < box.right <= size["width"], box
        assert 0 <= box.top < box.bottom <= size["height"], box


@pytest.mark.parametrize(("name", "number"), cover(NAMES, HARD_NUMBERS.values()), ids=str)
def test_hard_numbers_are_drawn_with_all_their_digits(name: str, number: float) -> None:
    template = TEMPLATES[name]
    boxes = Drawing(template, fill(template, "Kim", number), make_spec(**HD)).boxes

    numbers = [box for box in boxes if box.shows[:1] in "-0123456789"]
    assert numbers or name == "next_stream"
    assert all("…" not in box.shows for box in numbers)
    assert [(a, b) for a, b in combinations(boxes, 2) if a.overlaps(b)] == []


@pytest.mark.parametrize("name", NAMES)
def test_without_what_is_optional_the_rest_closes_up(name: str) -> None:
    template = TEMPLATES[name]
    needed = {layer: value for layer, value in ORDINARY[name].items() if layer in template.required_layers}
    whole, bare = Drawing(template, ORDINARY[name], make_spec(**HD)), Drawing(template, needed, make_spec(**HD))

    assert {box.layer.split()[0] for box in bare.boxes if box.layer} == set(needed)
    if template.composition in {"lower_third", "side_panel"}:
        assert weigh(bare.draw(20)) < weigh(whole.draw(20))


@pytest.mark.parametrize("prize", ["€850,000", "HK$1,250,000.50", "850,000 KRW"])
def test_a_currency_is_drawn(prize: str) -> None:
    boxes = Drawing(TEMPLATES["elimination"], {"player": "Kim", "prize": prize}, make_spec(**HD)).boxes

    assert prize in shown(boxes, "prize")


@pytest.mark.parametrize(
    ("name", "output", "size"),
    cover(
        ["next_stream", "leaderboard"],
        ["mov_alpha", "mp4"],
        [HD, {"width": 3840, "height": 2160}, {"width": 1080, "height": 1920}],
    ),
    ids=str,
)
def test_a_dark_gradient_shows_no_bands(size: dict[str, int], output: Any, name: str) -> None:
    """Rounded alike, each level of a colour was a band of up to 166 rows."""
    frame = np.asarray(Drawing(TEMPLATES[name], ORDINARY[name], make_spec(output, **size)).draw(20).convert("RGB"))
    rows = frame[10:-40, 8:40].mean(axis=1)  # the margin, where only the backdrop is

    for colour in rows.T:
        changes = np.flatnonzero(np.abs(np.diff(colour)) > 0.01)
        means = np.convolve(colour, np.ones(16) / 16, "valid")
        smooth = np.polyval(np.polyfit(np.arange(len(means)), means, 3), np.arange(len(means)))
        assert np.diff(changes).max() <= size["height"] / 40
        assert np.abs(means - smooth).max() < 0.3


def test_cards_that_are_not_dealt_elsewhere_are_drawn_by_themselves() -> None:
    values = {key: value for key, value in ORDINARY["premium_hand"].items() if key not in {"hole_cards", "board"}}

    boxes = Drawing(TEMPLATES["premium_hand"], values, make_spec(**HD)).boxes

    assert shown(boxes, "cards").split() == values["cards"]


def test_a_card_outside_of_the_best_five_is_dimmed() -> None:
    drawing = Drawing(TEMPLATES["premium_hand"], ORDINARY["premium_hand"], make_spec(**HD))
    brightness = {
        box.shows: max(drawing.draw(20).crop(box.bounds).convert("L").getextrema())
        for box in drawing.boxes
        if box.layer in {"hole_cards", "board"}
    }

    assert {card for card, level in brightness.items() if level > 240} == {*ORDINARY["premium_hand"]["cards"]}


@pytest.mark.parametrize(
    ("layer", "value"), [("pot", 2_450_001), ("player", "Daniel Negreano"), ("board", ["Ad", "Ks", "Kh", "7c", "3s"])]
)
def test_one_digit_letter_or_card_more_is_seen_within_its_box(layer: str, value: Any) -> None:
    template, changed = TEMPLATES["premium_hand"], {**ORDINARY["premium_hand"], layer: value}
    boxes = [box for box in Drawing(template, ORDINARY["premium_hand"], make_spec(**HD)).boxes if box.layer == layer]
    before = Drawing(template, ORDINARY["premium_hand"], make_spec(**HD)).draw(20)
    after = Drawing(template, changed, make_spec(**HD)).draw(20)

    differences = [ImageChops.difference(before.crop(box.bounds), after.crop(box.bounds)) for box in boxes]
    assert any(max(level for _, level in difference.getextrema()) > 60 for difference in differences)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_values_give_the_same_pixels(name: str) -> None:
    for frame in (0, 5, 20, 44):
        first, second = (Drawing(TEMPLATES[name], ORDINARY[name], make_spec()).draw(frame) for _ in range(2))
        assert is_same(first, second)


@pytest.mark.parametrize("name", NAMES)
def test_it_comes_stands_still_and_goes(name: str) -> None:
    drawing, hold = Drawing(TEMPLATES[name], ORDINARY[name], make_spec()), find_hold_frames(make_spec())
    visible = [weigh(drawing.draw(frame)) for frame in range(make_spec().frames)]

    assert visible[0] < visible[hold.start]
    assert visible[-1] < visible[hold.start]
    assert {id(drawing.draw(frame)) for frame in hold} == {id(drawing.draw(hold.start))}
    assert visible[: hold.start] == sorted(visible[: hold.start])
    assert visible[hold.stop :] == sorted(visible[hold.stop :], reverse=True)
    assert visible[0] > 0
    assert visible[-1] > 0


@pytest.mark.parametrize(("seconds", "fps"), [(0.01, 30), (0.04, 30), (0.1, 30), (0.5, 24), (1, 1), (8, 30), (600, 1)])
def test_the_hold_is_never_empty_and_within_the_frames(seconds: float, fps: int) -> None:
    short = make_spec(seconds=seconds, fps=fps)

    hold = find_hold_frames(short)

    assert 0 <= hold.start < hold.stop <= short.frames
    Drawing(TEMPLATES["elimination"], ORDINARY["elimination"], short).draw(0)


@pytest.mark.parametrize("name", NAMES)
def test_without_alpha_it_lies_on_black(name: str) -> None:
    frame = Drawing(TEMPLATES[name], ORDINARY[name], make_spec("mp4")).draw(20)

    assert frame.getchannel("A").getextrema() == (255, 255)


@pytest.mark.parametrize(
    ("name", "size"), cover(NAMES, [(1280, 720), (3840, 2160), (1080, 1920), (720, 576), (2560, 1080)]), ids=str
)
def test_every_size_shows_the_same_texts(name: str, size: tuple[int, int]) -> None:
    boxes = Drawing(TEMPLATES[name], ORDINARY[name], make_spec(width=size[0], height=size[1])).boxes

    wanted = {box.layer for box in Drawing(TEMPLATES[name], ORDINARY[name], make_spec(**HD)).boxes}
    assert {box.layer for box in boxes} == wanted
    assert [(a, b) for a, b in combinations(boxes, 2) if a.overlaps(b)] == []


LAYERS_OF_A_PERSON = {
    "motto": {"type": "text", "required": True, "description": "a"},
    "note": {"type": "text", "required": True, "description": "b"},
    "seat": {"type": "number", "required": True, "description": "c"},
    "flop": {"type": "cards", "required": True, "description": "d"},
    "river": {"type": "card", "required": True, "description": "e"},
    "teams": {
        "type": "rows",
        "required": True,
        "limit": 3,
        "description": "f",
        "columns": {"team": {"type": "text"}, "points": {"type": "number"}},
    },
}


@pytest.mark.parametrize("composition", ["lower_third", "full_screen_table", "full_screen_card", "side_panel"])
def test_layers_that_no_composition_knows_are_drawn_all_the_same(composition: str) -> None:
    template = Template.model_validate(
        {
            "name": "own",
            "title": "Own",
            "composition": composition,
            "formats": ["mp4"],
            "seconds": 5.0,
            "layers": LAYERS_OF_A_PERSON,
        }
    )
    teams = [{"team": "Seoul", "points": 12}, {"team": "Busan", "points": 9}]
    values = {"motto": "One", "note": "Two", "seat": 7, "flop": ["As", "Kd", "2c"], "river": "9h", "teams": teams}

    boxes = Drawing(template, values, make_spec(**HD)).boxes

    assert {name: shown(boxes, name) for name in ("motto", "note", "flop", "river")} == {
        "motto": "One",
        "note": "Two",
        "flop": "As Kd 2c",
        "river": "9h",
    }
    assert shown(boxes, "seat") == "SEAT 7"
    assert shown(boxes, "teams 2 team") == "Busan"
    assert [(a, b) for a, b in combinations(boxes, 2) if a.overlaps(b)] == []


def test_a_composition_that_is_not_there_is_the_templates_fault() -> None:
    template = TEMPLATES["payouts"].model_copy(update={"composition": "hologram"})

    with pytest.raises(BadInstruction, match="unknown composition 'hologram'; the compositions are full_screen_card"):
        Drawing(template, ORDINARY["payouts"], make_spec()).draw(0)
