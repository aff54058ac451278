"""Check that nothing in a file name or a cell reaches the terminal as a command."""

import io
import json
from collections.abc import Sequence

import pytest
from rich.cells import cell_len

from pokervod_pipelines.cli.output import SafeConsole, make_table, print_json, print_json_lines, show_controls

HOSTILE = [
    "\x1b]0;title\x07.mp4",
    "\x1b[2J\x1b[31mred.mp4",
    "\x9b31mred.mp4",
    "a\rb.mp4",
    "a\x08\x08b.mp4",
    "\x7f.mp4",
    "evil\u202e4pm.exe",
    "\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\",
]
FORBIDDEN = set(map(chr, [*range(9), *range(11, 32), *range(127, 160), 0x202E]))


@pytest.mark.parametrize("name", HOSTILE)
def test_control_characters_are_shown(name: str) -> None:
    console = SafeConsole(file=io.StringIO(), width=200)
    console.print(make_table("Files", ["name"], [[name]], width=200))
    console.print(name, markup=False)
    console.print(f"[bold]{name}")

    assert not FORBIDDEN & set(console.file.getvalue())
    assert len(show_controls(name)) == len(name)


@pytest.mark.parametrize("name", HOSTILE)
def test_json_has_them_escaped(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    print_json([name])
    print_json_lines([name])

    printed = capsys.readouterr().out
    assert not FORBIDDEN & set(printed)
    assert [json.loads(printed.splitlines()[-1])] == json.loads("".join(printed.splitlines()[:-1])) == [name]


def test_colours_are_kept_and_korean_is_not_touched() -> None:
    console = SafeConsole(file=io.StringIO(), force_terminal=True, color_system="standard", highlight=False)
    console.print("[red]핸드 7[/red]\tok")

    assert "\x1b[31m핸드 7\x1b[0m" in console.file.getvalue()


ROWS = [
    [17, "elimination", "Ana Ruiz", "processing 45%", "the worker studio-2 renders it since 10:04"],
    [
        1_234_567,
        "premium_hand",
        "김도훈",
        "failed",
        "[bold] the file differs from its instruction: 3 of 90 frames\nsecond line",
    ],
]


COLUMNS = ("id", "template", "shows", "state", "why")


def render(rows: list[list[object]], width: int, columns: Sequence[str] = COLUMNS) -> list[str]:
    file = io.StringIO()
    table = make_table("2 graphics", columns, rows, right=["id", "size"], width=width)
    SafeConsole(file=file, width=width).print(table)
    return file.getvalue().splitlines()


@pytest.mark.parametrize("width", [30, 40, 60, 72, 80, 100, 140, 200])
def test_a_table_breaks_no_word_and_keeps_to_the_width(width: int) -> None:
    lines = render(ROWS, width)

    words = {word for row in ROWS for value in row[1:] for word in str(value).split()}
    assert max(map(cell_len, lines)) <= width
    assert words <= {word for line in lines for word in line.split()}
    assert "1,234,567" in " ".join(lines)


def test_columns_are_closer_before_a_row_takes_several_lines() -> None:
    lines = render([["12345"] * 12], 80, "abcdefghijkl")  # 85 with two blanks between columns

    assert ["12345"] * 12 in [line.split() for line in lines]


def test_a_figure_is_not_parted_from_its_unit() -> None:
    lines = render([["820.2 MB", "a long title of a video that takes several lines"]], 30, ("size", "title"))

    assert any("820.2 MB" in line for line in lines)


def test_a_wide_terminal_has_a_row_a_line_and_a_narrow_one_a_value_a_line() -> None:
    wide, narrow = render(ROWS, 140), render(ROWS, 40)
    assert sum("elimination" in line for line in wide) == 1
    assert any(line.split() == ["shows", "Ana", "Ruiz"] for line in narrow)
    assert render([], 20)[0].split() == ["2", "graphics"]
