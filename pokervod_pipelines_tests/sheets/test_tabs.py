"""Check that a tab is left out only where the settings say so, and that a tab that is passed over is named."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from pokervod_pipelines.checks import Severity
from pokervod_pipelines.monitoring.data_checks import DATA_CHECKS
from pokervod_pipelines.monitoring.evaluation import evaluate_check
from pokervod_pipelines.settings.rooms import SheetSource
from pokervod_pipelines.sheets.health import check_sheets
from pokervod_pipelines.sheets.reading import choose_tabs, read_workbook
from pokervod_pipelines.sheets.store import list_sheet_states
from pokervod_pipelines.sheets.workbook import open_workbook
from pokervod_pipelines_tests.sheets.harness import COLUMNS, SheetHarness, make_line, write_book

Tabs = Mapping[str, Sequence[Sequence[object]]]

CHECKS = {check.name: check for check in DATA_CHECKS}
SHEETS, TABS = CHECKS["every_sheet_was_read"], CHECKS["every_tab_was_read"]


def write_tabs(path: Path, *, hidden: str = "") -> None:
    """Write a workbook of four tabs with one row each."""
    write_book(path, {title: [COLUMNS, make_line(1)] for title in ("2031", "Old 2030", "old 2029", "Notes")})
    if hidden:
        book = openpyxl.load_workbook(path)
        book["Old 2030"].sheet_state = hidden
        book.save(path)


@pytest.mark.parametrize(
    ("skipped", "read"),
    [
        ((), ["2031", "Old 2030", "old 2029", "Notes"]),
        (("Notes",), ["2031", "Old 2030", "old 2029"]),
        (("old *", "notes"), ["2031"]),
        (("20[0-9][0-9]",), ["Old 2030", "old 2029", "Notes"]),
        (("Note",), ["2031", "Old 2030", "old 2029", "Notes"]),
    ],
)
def test_tabs_that_the_settings_name_are_left_out(tmp_path: Path, skipped: tuple[str, ...], read: list[str]) -> None:
    path = tmp_path / "hands.xlsx"
    write_tabs(path)
    source = SheetSource(name="hands", path=path, skip_tabs=skipped)

    assert [*read_workbook(open_workbook(path), choose_tabs(source)).layouts] == read


@pytest.mark.parametrize("hidden", ["hidden", "veryHidden"])
def test_hidden_tabs_are_read_unless_the_settings_say_no(tmp_path: Path, hidden: str) -> None:
    path = tmp_path / "hands.xlsx"
    write_tabs(path, hidden=hidden)
    visible = SheetSource(name="hands", path=path, skip_hidden_tabs=True)

    assert len(read_workbook(open_workbook(path)).layouts) == 4
    assert [*read_workbook(open_workbook(path), choose_tabs(visible)).layouts] == ["2031", "old 2029", "Notes"]


def test_a_tab_that_is_passed_over_is_named_everywhere(harness: SheetHarness) -> None:
    harness.read_from(harness.path.with_suffix(".xlsx"))
    write_book(harness.path, {"Clips": [COLUMNS, make_line(1, In="=TIME(0,0,2)")], "2031": [COLUMNS, make_line(2)]})

    report = harness.sync()

    assert (report.rows, report.problems[0].where) == (1, "Clips")
    assert "The formulas in D2 have no saved value" in report.problems[0].what
    with harness.engine.connect() as connection:
        state = list_sheet_states(connection)["hands"]
        result = evaluate_check(connection, TABS, harness.settings)
    assert dict(state.unread_tabs) == {"Clips": report.problems[0].what}
    assert (result.passed, result.evidence) == (False, (f"hands: tab Clips: {report.problems[0].what}",))
    (part,) = check_sheets(harness.settings)
    assert (part.passed, part.next_step) == (False, f"Tab Clips: {report.problems[0].what}")


def test_a_tab_that_is_read_again_is_no_longer_named(harness: SheetHarness) -> None:
    harness.read_from(harness.path.with_suffix(".xlsx"))
    write_book(harness.path, {"Clips": [("a note",)]})
    harness.sync()
    write_book(harness.path, {"Clips": [COLUMNS, make_line(1)]})
    harness.sync()

    with harness.engine.connect() as connection:
        assert list_sheet_states(connection)["hands"].unread_tabs == {}
        assert evaluate_check(connection, SHEETS, harness.settings).passed
        assert evaluate_check(connection, TABS, harness.settings).passed


NOTES: Tabs = {"Notes": [("Ask Kim about day 3",)]}
SEVERITIES: dict[str, tuple[list[Tabs], bool, bool]] = {
    # tabs of each reading; whether every sheet, and every tab, counts as read
    "a tab with rows": ([{"Clips": [COLUMNS, make_line(1)]}], True, True),
    "notes beside a tab with rows": ([{"Clips": [COLUMNS, make_line(1)], **NOTES}], True, False),
    "notes and formulas beside a tab with rows": (
        [{"Clips": [COLUMNS, make_line(1)], **NOTES, "2031": [COLUMNS, make_line(2, In="=TIME(0,0,2)")]}],
        True,
        False,
    ),
    "only notes": ([NOTES], False, True),
    "two tabs without a header": ([{**NOTES, "More": [("and day 4",)]}], False, True),
    "a tab that lost its header": ([{"A": [COLUMNS, make_line(1)], "B": [COLUMNS, make_line(2)]},
                                    {"A": [COLUMNS, make_line(1)], "B": [make_line(2)]}], False, True),
    "a tab that lost its values": ([{"A": [COLUMNS, make_line(1)], "B": [COLUMNS, make_line(2)]},
                                    {"A": [COLUMNS, make_line(1)], "B": [COLUMNS, make_line(2, In="=TIME(0,0,2)")]}],
                                   False, True),
    "a lost header and notes": ([{"A": [COLUMNS, make_line(1)], "B": [COLUMNS, make_line(2)]},
                                 {"A": [COLUMNS, make_line(1)], "B": [make_line(2)], **NOTES}], False, False),
    "a blank tab beside rows": ([{"A": [COLUMNS, make_line(1)], "Sheet2": []}], True, True),
    "notes that became rows": ([{"A": [COLUMNS, make_line(1)], **NOTES},
                                {"A": [COLUMNS, make_line(1)], "Notes": [COLUMNS, make_line(2)]}], True, True),
}  # fmt: skip


@pytest.mark.parametrize("name", SEVERITIES)
def test_a_tab_passed_over_is_an_error_only_where_rows_are_missing(harness: SheetHarness, name: str) -> None:
    readings, all_sheets, all_tabs = SEVERITIES[name]
    harness.read_from(harness.path.with_suffix(".xlsx"))
    for tabs in readings:
        write_book(harness.path, tabs)
        harness.sync()

    with harness.engine.connect() as connection:
        sheets, single = (evaluate_check(connection, check, harness.settings) for check in (SHEETS, TABS))
    assert (sheets.passed, single.passed) == (all_sheets, all_tabs)
    assert (sheets.severity, single.severity) == (Severity.ERROR, Severity.WARNING)


def test_a_damaged_workbook_is_named_once(settings_factory: Any, tmp_path: Path) -> None:
    place = tmp_path / "hands.xlsx"
    place.write_bytes(b"PK of another kind")

    (part,) = check_sheets(settings_factory(sheets=[{"name": "hands", "path": str(place)}]))

    assert (part.summary, part.next_step.startswith("the workbook is damaged")) == (str(place), True)
    assert str(place) not in part.next_step
