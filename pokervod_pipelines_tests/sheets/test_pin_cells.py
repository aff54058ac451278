"""What people write into the Pin column of any sheet counts, and takes back only what it said itself."""

import pytest

from pokervod_pipelines.sheets.pins import list_pins, pin_row
from pokervod_pipelines_tests.sheets.desk import COLUMNS, Desk, make_line

VIDEOS = ("a/show 1.mp4", "b/tape.mxf", "c/tape.mxf")


def write(desk: Desk, *pins: str | None) -> None:
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
    desk.path.write_text(text, encoding="utf-8")


def videos(desk: Desk) -> list[tuple[str | None, str]]:
    return [
        (row[0], row[1])
        for row in desk.execute("""
            select f.path, r.match_stage from sheet_rows r left join nas_files f on f.id = r.file_id
            where r.retired_at is null order by r.row_number
        """)
    ]


@pytest.fixture
def pinned(desk: Desk) -> Desk:
    desk.add_files(*VIDEOS)
    write(desk, "b/tape.mxf")
    desk.sync()
    return desk


def test_the_cell_wins_over_the_rules(pinned: Desk) -> None:
    assert videos(pinned) == [("b/tape.mxf", "pinned")]
    assert pinned.sync(full=True).changed == 0
    assert len(list_pins(pinned.engine)) == 1


def test_a_cleared_cell_leaves_it_to_the_rules(pinned: Desk) -> None:
    write(pinned, "")
    pinned.sync()

    assert videos(pinned)[0][0] == "a/show 1.mp4"


def test_a_column_that_is_gone_takes_nothing_back(pinned: Desk) -> None:
    write(pinned, None)
    pinned.sync()

    assert videos(pinned) == [("b/tape.mxf", "pinned")]


def test_a_pin_by_command_stands_until_the_cell_is_edited(pinned: Desk) -> None:
    (row_id,) = pinned.ids().values()
    pin_row(pinned.engine, row_id=row_id, path="c/tape.mxf", by="Ana", reason="seen", correlation_id="t")
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


def test_a_cleared_cell_does_not_take_back_what_was_pinned_by_command(pinned: Desk) -> None:
    (row_id,) = pinned.ids().values()
    pin_row(pinned.engine, row_id=row_id, path="c/tape.mxf", by="Ana", reason="seen", correlation_id="t")
    write(pinned, "")
    pinned.sync()

    assert videos(pinned) == [("c/tape.mxf", "pinned")]


@pytest.mark.parametrize(
    ("cell", "says"), [("tape.mxf", "2 videos have a path that ends so"), ("x.mp4", "no video in")]
)
def test_a_cell_that_names_no_one_video_says_so_and_is_tried_again(desk: Desk, cell: str, says: str) -> None:
    desk.add_files(*VIDEOS)
    write(desk, cell)
    desk.sync()
    problem = desk.execute("select pin_problem from sheet_rows")[0][0]
    desk.move_file("c/tape.mxf", to="c/x.mp4")
    desk.sync()

    assert says in problem
    assert videos(desk)[0][1] == "pinned"
    assert desk.execute("select pin_problem from sheet_rows")[0][0] is None
