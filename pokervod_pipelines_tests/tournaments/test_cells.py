"""Test that cells are read as a person means them, or refused with what was expected."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.text.folding import join_blanks
from pokervod_pipelines.tournaments import cells
from pokervod_pipelines.tournaments.cells import BadExportCell
from pokervod_pipelines_tests.read_yaml import read_yaml

CASES: dict[str, Any] = read_yaml(Path(__file__).parent.parent / "cases" / "tournaments" / "cells.yml")
READERS: dict[str, Callable[[str], Any]] = {
    "money": cells.read_money,
    "counts": cells.read_count,
    "ordinals": cells.read_ordinal,
    "percentages": cells.read_percentage,
    "flags": cells.read_flag,
    "statuses": cells.read_status,
    "dates": cells.read_date,
    "times": cells.read_time,
    "numbers": cells.read_tournament_number,
}
EXPECTED: dict[str, Callable[[Any], Any]] = {
    "money": Decimal,
    "percentages": Decimal,
    "dates": date.fromisoformat,
    "times": time.fromisoformat,
}


@pytest.mark.parametrize(
    ("kind", "cell", "value"), [(kind, *case) for kind in READERS for case in CASES[kind]], ids=str
)
def test_a_cell_is_read_as_a_person_means_it(kind: str, cell: str, value: Any) -> None:
    assert READERS[kind](join_blanks(cell)) == EXPECTED.get(kind, lambda each: each)(value)


@pytest.mark.parametrize(
    ("kind", "cell"), [(kind, cell) for kind in READERS for cell in CASES.get(f"refused_{kind}", [])], ids=str
)
def test_a_cell_that_may_mean_something_else_is_refused(kind: str, cell: str) -> None:
    with pytest.raises(BadExportCell):
        READERS[kind](cell)


@given(st.text(max_size=12))
@pytest.mark.parametrize("kind", READERS)
def test_any_text_is_read_or_refused(kind: str, cell: str) -> None:
    try:
        READERS[kind](join_blanks(cell))
    except BadExportCell as refused:
        assert str(refused)  # noqa: PT017 - most texts are read


@given(st.integers(0, cells.LARGEST), st.sampled_from([",", ".", " ", "'", ""]))
def test_a_count_survives_every_way_of_grouping_it(count: int, mark: str) -> None:
    assert cells.read_count(f"{count:,}".replace(",", mark)) == count


def test_a_time_is_placed_in_the_zone_and_one_that_clocks_leave_out_is_refused() -> None:
    london = ZoneInfo("Europe/London")

    assert cells.place_in_zone(date(2025, 7, 15), time(19), london) == datetime(2025, 7, 15, 18, tzinfo=UTC)
    with pytest.raises(BadExportCell, match="does not exist on 2025-03-30"):
        cells.place_in_zone(date(2025, 3, 30), time(1, 30), london)


@pytest.mark.parametrize(("one", "other"), [("ANA RUIZ", "Ana Ruiz"), ("Ana  Ruiz", "ana ruiz"), ("Ａna", "ana")])
def test_spellings_of_a_name_meet(one: str, other: str) -> None:
    assert cells.fold_player_name(one) == cells.fold_player_name(other)
