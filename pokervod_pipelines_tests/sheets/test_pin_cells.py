"""Check that text in the Pin column of any sheet pins a row, and that clearing it withdraws only its own pin."""

import pytest

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.sheets.pins import list_pins, pin_row
from pokervod_pipelines_tests.sheets.harness import COLUMNS, SheetHarness, make_line

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
