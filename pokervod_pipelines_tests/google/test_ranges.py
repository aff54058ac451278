"""Check A1 notation, by table and by law."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines_tests.google.masks import apply_mask
from pokervod_pipelines_tests.google.ranges import (
    Area,
    BadRange,
    column_index,
    column_letters,
    quote_title,
    read_cells,
    split_range,
    write_area,
)


@given(st.integers(0, 20_000))
def test_letters_name_a_column_both_ways(column: int) -> None:
    assert column_index(column_letters(column)) == column


@given(st.text(min_size=1, max_size=12).filter(lambda text: "\n" not in text), st.integers(0, 99), st.integers(0, 99))
def test_a_written_range_reads_as_itself(title: str, top: int, left: int) -> None:
    area = Area(title, top, top + 3, left, left + 2)

    found, cells, _ = split_range(write_area(area))

    assert found == title
    assert cells is not None
    assert read_cells(cells, title) == area


@pytest.mark.parametrize(
    ("text", "area"),
    [
        ("A1", Area(None, 0, 1, 0, 1)),
        ("B2:A1", Area(None, 0, 2, 0, 2)),  # corners in any order
        ("A:C", Area(None, 0, None, 0, 3)),
        ("2:3", Area(None, 1, 3, 0, None)),
        ("A2:C", Area(None, 1, None, 0, 3)),
        ("$A$1", Area(None, 0, 1, 0, 1)),
        ("A", None),
        ("A0", None),
        ("A1:", None),
        ("hello", None),
    ],
)
def test_cells_are_read(text: str, area: Area | None) -> None:
    assert read_cells(text, None) == area


@pytest.mark.parametrize(
    ("title", "quoted"), [("Hands", "Hands"), ("It's 5", "'It''s 5'"), ("A1", "'A1'"), ("1st", "'1st'")]
)
def test_titles_are_quoted_where_they_must_be(title: str, quoted: str) -> None:
    assert quote_title(title) == quoted


@pytest.mark.parametrize("text", ["!A1", "Tab!"])
def test_half_a_range_is_none(text: str) -> None:
    with pytest.raises(BadRange):
        split_range(text)


@pytest.mark.parametrize(
    ("mask", "part"),
    [
        (None, {"a": {"b": 1, "c": 2}, "d": [{"e": 3, "f": 4}]}),
        ("*", {"a": {"b": 1, "c": 2}, "d": [{"e": 3, "f": 4}]}),
        ("a.b", {"a": {"b": 1}}),
        ("a(b,c),d/e", {"a": {"b": 1, "c": 2}, "d": [{"e": 3}]}),
        ("d.e,d.f", {"d": [{"e": 3, "f": 4}]}),
        ("nothing", {}),
    ],
)
def test_a_mask_selects_its_fields(mask: str | None, part: dict[str, object]) -> None:
    assert apply_mask({"a": {"b": 1, "c": 2}, "d": [{"e": 3, "f": 4}]}, mask) == part
