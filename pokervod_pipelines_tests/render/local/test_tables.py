"""Draw rows: a column has one size, and its numbers align at their points."""

from typing import Any

import pytest

from pokervod_pipelines.render.renderers.local.content import write_column
from pokervod_pipelines.render.renderers.local.drawing import Drawing
from pokervod_pipelines.render.renderers.local.sprites import Box
from pokervod_pipelines_tests.render.local.sample_jobs import TEMPLATES, make_spec

SIZES = [(1920, 1080), (1280, 720), (3840, 2160)]
BIG_BLINDS = [104.17, None, 31.5, 7]


def draw_counts(players: list[str], chips: int, size: tuple[int, int] = SIZES[0]) -> dict[str, list[Box]]:
    """Return the boxes of each column of chip counts, from the first row on."""
    rows: list[dict[str, Any]] = [
        {"player": player, "chips": chips, "big_blinds": BIG_BLINDS[number % len(BIG_BLINDS)]}
        for number, player in enumerate(players)
    ]
    boxes = Drawing(
        TEMPLATES["chip_counts"], {"heading": "Table 4", "rows": rows}, make_spec(width=size[0], height=size[1])
    ).boxes
    return {
        column: [box for box in boxes if box.layer.startswith("rows ") and box.layer.endswith(column)]
        for column in ("player", "chips", "big_blinds")
    }


def heights(boxes: list[Box]) -> set[int]:
    return {box.bottom - box.top for box in boxes}


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(("longest", "chips"), [(16, 5), (22, 125_000_000), (24, 987_654_321_098_765_432)])
def test_the_letters_of_a_column_are_of_one_size(longest: int, chips: int, size: tuple[int, int]) -> None:
    drawn = draw_counts(["HE", "H" * longest, "HIM", "HER"], chips, size)

    # But for bold letters and the dots of a name that was cut, which are no higher.
    assert len(heights(drawn["player"][1:])) == 1
    assert max(heights(drawn["player"])) - min(heights(drawn["player"])) <= 1
    assert len(heights(drawn["chips"])) == 1


def test_where_a_name_is_too_long_the_numbers_beside_it_are_smaller_too() -> None:
    short, long = (draw_counts(["HIM", name], 125_000_000) for name in ("HE", "Konstantinos Papadopoul"))

    assert long["player"][1].shows == "Konstantinos Papadopoul"
    for column in ("player", "chips", "big_blinds"):
        assert max(heights(long[column][:1])) < min(heights(short[column][:1]))
    assert max(heights(long["big_blinds"])) - min(heights(long["player"][:1])) <= 3


def test_the_points_of_a_column_stand_below_each_other() -> None:
    drawn = draw_counts(["Ana", "김철수", "Jo", "Kim"], 125_000_000)["big_blinds"]

    assert [box.shows for box in drawn] == ["104.17", "31.50", "7.00"]
    assert max(box.right for box in drawn) - min(box.right for box in drawn) <= 2


COLUMNS = [
    ([1, 250_000], ["1", "250,000"]),
    ([12.5, 3], ["12.5", "3.0"]),
    ([0.004, 52.5, None], ["0.004", "52.500", ""]),
    ([999_999_999_999_999_999, 0.25], ["999,999,999,999,999,999.00", "0.25"]),
    (["1st", "10th"], ["1st", "10th"]),
    ([None], [""]),
    ([], []),
]


@pytest.mark.parametrize(("values", "written"), COLUMNS, ids=str)
def test_numbers_below_each_other_have_as_many_decimals(values: list[Any], written: list[str]) -> None:
    assert write_column(values) == written
