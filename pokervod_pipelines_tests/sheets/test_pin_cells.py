"""Check that text in the Pin column of any sheet pins a row, and that clearing it withdraws only its own pin."""

import openpyxl
import pytest

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.sheets.pins import list_pins, pin_row
from pokervod_pipelines_tests.sheets.harness import COLUMNS, SheetHarness, make_line, write_book

ANA = Actor(who="Ana", reason="seen", correlation_id="t")

VIDEOS = ("a/show 1.mp4", "b/tape.mxf", "c/tape.mxf")


def write(harness: SheetHarness, *pins: str | None) -> None:
    """Write one row for each pin; None for all leaves the column out."""
    lines = [make_line(number, File_Name=f"show {number}") for number in range(1, len(pins) + 1)]
    has_column = any(pin is not None for pin in pins)
    header = (*COLUMNS, "Pin") if has_column else COLUMNS
    text = "\n".join(
        ",".join(map(str, line))
        for line in [
            header,
            *((*line, pin or "") if has_column else line for line, pin in zip(lines, pins, strict=True)),
        ]
    )
    harness.path.write_text(text, encoding="utf-8")


def videos(harness: SheetHarness) -> list[tuple[str | None, str]]:
    return [
        (row[0], row[1])
        for row in harness.execute("""
            select f.path, r.matcher from sheet_rows r left join nas_files f on f.id = r.file_id
            where r.retired_at is null order by r.row_number
        """)
    ]


@pytest.fixture
def pinned(harness: SheetHarness) -> SheetHarness:
    harness.add_files(*VIDEOS)
    write(harness, "b/tape.mxf")
    harness.sync()
    return harness


def test_the_cell_overrides_the_rules(pinned: SheetHarness) -> None:
    assert videos(pinned) == [("b/tape.mxf", "pinned")]
    assert pinned.sync(full=True).changed == 0
    assert len(list_pins(pinned.engine)) == 1


def test_a_cleared_cell_unpins_the_row(pinned: SheetHarness) -> None:
    write(pinned, "")
    pinned.sync()

    assert videos(pinned)[0][0] == "a/show 1.mp4"


def test_a_deleted_column_withdraws_no_pin(pinned: SheetHarness) -> None:
    write(pinned, None)
    pinned.sync()

    assert videos(pinned) == [("b/tape.mxf", "pinned")]


def test_a_pin_by_command_stays_until_the_cell_is_edited(pinned: SheetHarness) -> None:
    (row_id,) = pinned.ids().values()
    pin_row(pinned.engine, row_id=row_id, path="c/tape.mxf", actor=ANA)
    pinned.sync(full=True)
    by_command = videos(pinned)
    write(pinned, "b/tape.mxf", "")
    pinned.sync()
    other_edit = videos(pinned)[0]
    write(pinned, "show 1.mp4", "")
    pinned.sync()

    assert by_command == [("c/tape.mxf", "pinned")]
    assert other_edit == ("c/tape.mxf", "pinned")
    assert videos(pinned)[0] == ("a/show 1.mp4", "pinned")


def test_a_cleared_cell_does_not_withdraw_a_pin_set_by_command(pinned: SheetHarness) -> None:
    (row_id,) = pinned.ids().values()
    pin_row(pinned.engine, row_id=row_id, path="c/tape.mxf", actor=ANA)
    write(pinned, "")
    pinned.sync()

    assert videos(pinned) == [("c/tape.mxf", "pinned")]


@pytest.mark.parametrize(
    ("cell", "says"), [("tape.mxf", "2 videos have a path that ends with this"), ("x.mp4", "no video has this path")]
)
def test_a_cell_without_a_single_video_reports_it_and_is_retried(harness: SheetHarness, cell: str, says: str) -> None:
    harness.add_files(*VIDEOS)
    write(harness, cell)
    harness.sync()
    problem = harness.execute("select pin_problem from sheet_rows")[0][0]
    harness.move_file("c/tape.mxf", to="c/x.mp4")
    harness.sync()

    assert says in problem
    assert videos(harness)[0][1] == "pinned"
    assert harness.execute("select pin_problem from sheet_rows")[0][0] is None


UNREADABLE = {
    # what: (the pins of three rows, the cells that are named)
    "a formula without a value": (['="b/"&"tape.mxf"', "", "c/tape.mxf"], "L2 has no saved value"),
    "an error": (["#REF!", "", "c/tape.mxf"], "L2 #REF!"),
    "two errors": (["#N/A", "", "#VALUE!"], "L2 #N/A, L4 #VALUE!"),
    "an error and a formula": (["#N/A", "", '=A1&""'], "L2 #N/A, L4 has no saved value"),
    "a column filled by one formula": (["#NAME?", "", ""], "L2 #NAME?"),
    "a formula without a value that fills the column": (['=A1&""', "", ""], "L2 has no saved value"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_cell_that_cannot_be_read_withdraws_no_pin(harness: SheetHarness, name: str) -> None:
    harness.add_files(*VIDEOS, "a/show 2.mp4")
    harness.read_from(harness.path.with_suffix(".xlsx"))
    lines = [make_line(number) for number in (1, 2, 3)]

    def sync(*pins: str) -> list[str]:
        rows = [(*line, pin) for line, pin in zip(lines, pins, strict=True)]
        write_book(harness.path, {"Hands": [(*COLUMNS, "Pin"), *rows]})
        return [problem.what for problem in harness.sync().problems if problem.what.startswith("Pin: ")]

    sync("b/tape.mxf", "", "c/tape.mxf")
    before = (videos(harness), list_pins(harness.engine))
    pins, cells = UNREADABLE[name]
    (told,) = sync(*pins)

    assert (videos(harness), list_pins(harness.engine)) == before
    assert f"{cells} in place of a path" in told
    assert sync("", "", "c/tape.mxf") == []
    assert videos(harness)[0][0] == "a/show 1.mp4"


def test_a_blank_cell_below_one_that_cannot_be_read_is_applied_where_others_are_written(harness: SheetHarness) -> None:
    harness.add_files(*VIDEOS)
    write(harness, "b/tape.mxf", "c/tape.mxf", "c/tape.mxf")
    harness.sync()
    write(harness, "#REF!", "", "c/tape.mxf")
    harness.sync()

    assert [matcher == "pinned" for _, matcher in videos(harness)] == [True, False, True]


def test_a_merged_cell_that_cannot_be_read_withdraws_no_pin(harness: SheetHarness) -> None:
    harness.add_files(*VIDEOS)
    harness.read_from(harness.path.with_suffix(".xlsx"))

    def sync(pin: str) -> None:
        book = openpyxl.Workbook()
        sheet = book.worksheets[0]
        pins = ("Pin", pin, None, None, "c/tape.mxf")
        for line, cell in zip([COLUMNS, *(make_line(number) for number in range(1, 5))], pins, strict=True):
            sheet.append([*line, cell])
        sheet.merge_cells("L2:L4")
        book.save(harness.path)
        harness.sync()

    sync("b/tape.mxf")
    before = videos(harness)
    for pin in ("#REF!", '=A1&""'):
        sync(pin)
        assert videos(harness) == before
    sync("c/tape.mxf")
    assert videos(harness) == [("c/tape.mxf", "pinned")] * 4
