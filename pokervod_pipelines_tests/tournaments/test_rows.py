"""Test that exports are read in any form, and that a bad row is named by file, line and column and skipped."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pokervod_pipelines.errors import BadInput, Unavailable
from pokervod_pipelines.tournaments.kinds import ExportKind
from pokervod_pipelines.tournaments.records import (
    OVER,
    BlindRow,
    PayoutRow,
    PlayerRow,
    SlotRow,
    TournamentRow,
    TournamentStatus,
)
from pokervod_pipelines.tournaments.rows import ParsedExport, read_export
from pokervod_pipelines_tests.read_yaml import read_yaml
from pokervod_pipelines_tests.tournaments.exports import GOOD, HEADERS, ZONE, make_export, player

BROKEN: list[dict[str, Any]] = read_yaml(Path(__file__).parent.parent / "cases" / "tournaments" / "broken.yml")
FEW = "tournament_number,player_name,chips,is_eliminated\n"


def read(text: str, file: str = "bad.csv") -> ParsedExport:
    return read_export(text.replace("{long}", "x" * 600), file=file, zone=ZONE)


def named(key: str) -> list[Any]:
    return [pytest.param(case, id=case["name"]) for case in BROKEN if key in case]


@pytest.mark.parametrize("case", named("error"))
def test_what_is_no_export_is_refused_with_the_reason(case: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match=case["error"]):
        read(case["text"])


@pytest.mark.parametrize("case", named("waits"))
def test_an_export_that_is_being_written_is_waited_for(case: dict[str, Any]) -> None:
    with pytest.raises(Unavailable, match=case["waits"]):
        read(case["text"])


@pytest.mark.parametrize("case", named("problems"))
def test_a_row_that_breaks_is_named_and_the_others_go_on(case: dict[str, Any]) -> None:
    reading = read(case["text"])

    assert [problem.where for problem in reading.problems] == [f"bad.csv:{line}" for line in case["problems"]]
    for problem, expected in zip(reading.problems, case["problems"].values(), strict=True):
        assert str(problem).startswith(f"{problem.where}: ")
        assert expected in str(problem)
    assert len(reading.rows) == case["rows"]


@pytest.mark.parametrize("kind", list(ExportKind))
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_an_export_is_told_by_its_headers_in_any_dress(kind: ExportKind, delimiter: str) -> None:
    lines = make_export(kind, [{}], delimiter=delimiter).split("\n")
    dressed = "\r\n".join(["", lines[0].upper().replace("_", " "), *lines[1:], "", ""])

    reading = read(dressed, "export (3).csv")

    assert reading.kind is kind
    assert (len(reading.rows), reading.problems) == (1, ())


@pytest.mark.parametrize("kind", list(ExportKind))
def test_columns_may_stand_in_any_order_and_be_more(kind: ExportKind) -> None:
    columns = [*reversed(HEADERS[kind]), "sponsor"]
    cells = {name: f'"{value}"' for name, value in GOOD[kind].items()}
    text = ",".join(columns) + "\n" + ",".join(cells.get(name, "") for name in columns) + "\n"

    assert read(text).rows == read(make_export(kind, [{}])).rows


def test_a_name_decides_only_where_headers_do_not() -> None:
    text = "tournament_number,level,small_blind,big_blind\n21,1,100,200\n"

    assert read(text, "player_chips.csv").kind is ExportKind.BLIND_STRUCTURE


def test_a_tournament_is_read() -> None:
    (row,) = read(make_export("tournament_data", [{"rake": "$150.50", "status": "In Progress"}])).rows

    assert isinstance(row, TournamentRow)
    assert (row.tournament_number, row.name, row.status) == ("21", "Harbour Main Event", TournamentStatus.RUNNING)
    assert (row.buy_in, row.rake, row.prize_pool) == (Decimal(1500), Decimal("150.50"), Decimal(324_000))
    assert (row.current_level, row.remaining_players, row.starting_chips, row.progress) == (12, 18, 25_000, 12)


@pytest.mark.parametrize(
    ("status", "level", "progress"), [("upcoming", 5, 0), ("running", 5, 5), ("done", "", OVER), ("canceled", 5, OVER)]
)
def test_progress_orders_the_states_of_a_tournament(status: str, level: object, progress: int) -> None:
    (row,) = read(make_export("tournament_data", [{"status": status, "current_level": level}])).rows

    assert isinstance(row, TournamentRow)
    assert row.progress == progress


def test_a_player_who_is_out_needs_no_chips() -> None:
    (row,) = read(f"{FEW}21,Ana Ruiz,,TRUE\n").rows

    assert row == PlayerRow(
        tournament_number="21", player_key="ana ruiz", player_name="Ana Ruiz", chips=0, is_eliminated=True
    )


def test_equal_rows_count_once() -> None:
    reading = read(make_export("player_chips", [player("Ana"), player("Ana"), player("Bo")]))

    assert (len(reading.rows), reading.repeated, reading.problems) == (2, 1, ())


def test_a_break_without_a_number_follows_the_level_before_it() -> None:
    pause = {"level": "", "small_blind": "", "big_blind": "", "is_break": "TRUE", "break_name": "Dinner"}
    rows = read(make_export("blind_structure", [{"level": 3}, pause, {"level": 4}])).rows

    assert [(row.level, row.is_break, row.break_name) for row in rows if isinstance(row, BlindRow)] == [
        (3, False, ""),
        (3, True, "Dinner"),
        (4, False, ""),
    ]


def test_a_payout_of_one_place_needs_no_end() -> None:
    rows = read(make_export("payout_structure", [{"place_end": "", "percentage": "24.7%", "is_bracelet": 1}])).rows

    assert rows == (
        PayoutRow(
            tournament_number="21",
            place_start=1,
            place_end=1,
            amount=Decimal(80_000),
            percentage=Decimal("24.7"),
            is_bracelet=True,
        ),
    )


def test_a_slot_that_ends_before_it_starts_ends_on_the_next_day() -> None:
    (row,) = read(make_export("broadcast_schedule", [{"time_end": "01:15", "tournament_number": ""}])).rows

    assert isinstance(row, SlotRow)
    assert row.day == date(2025, 7, 15)
    assert (row.starts_at, row.ends_at) == (
        datetime(2025, 7, 15, 18, tzinfo=UTC),
        datetime(2025, 7, 16, 0, 15, tzinfo=UTC),
    )
    assert (row.tournament_number, row.is_live) == (None, True)


def test_a_name_over_two_lines_keeps_the_lines_below_it_right() -> None:
    reading = read(f'{FEW}21,"Ana\nRuiz",5,no\n21,Bo,x,no\n')

    assert [row.player_name for row in reading.rows if isinstance(row, PlayerRow)] == ["Ana Ruiz"]
    assert [problem.where for problem in reading.problems] == ["bad.csv:4"]
