"""Check that nothing in a file name or a cell reaches the terminal as a command."""

import io
import json
from collections.abc import Sequence

import pytest
from rich.cells import cell_len

from pokervod_pipelines.cli.output import (
    SafeConsole,
    make_table,
    print_json,
    print_json_lines,
    print_table,
    show_controls,
)

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


LONG = "error: line 5, cell 7: a quote opens. Run `pokervod sheets retire hands --reason …`, or correct /a.csv, 핸드 7"
WRAPPED = [
    (LONG, 46, ["error: line 5, cell 7: a quote opens. Run", "`pokervod sheets retire hands --reason …`, or"]),
    (f"    → {LONG}", 60, ["    `pokervod sheets retire hands --reason …`, or correct"]),
    (
        "see /a/path/that/is/longer/than/the/line.csv now",
        20,
        ["see", "/a/path/that/is/longer/than/the/line.csv", "now"],
    ),
    ("핸드 없음 핸드 없음 핸드 없음", 10, ["핸드 없음", "핸드 없음", "핸드 없음"]),
    ("a\n\n  b c", 20, ["a", "", "  b c"]),
]


@pytest.mark.parametrize(("text", "width", "lines"), WRAPPED)
def test_a_terminal_wraps_between_words_and_keeps_commands_whole(text: str, width: int, lines: list[str]) -> None:
    options = {"width": width, "highlight": False, "soft_wrap": True}
    terminal, pipe = (SafeConsole(file=io.StringIO(), force_terminal=each, **options) for each in (True, False))
    terminal.print(text, markup=False)
    pipe.print(text, markup=False)

    printed = terminal.file.getvalue().splitlines()
    assert [each for each in lines if each not in printed] == []
    assert " ".join(" ".join(printed).split()) == " ".join(text.split())
    assert all(cell_len(line) <= width or len(line.split()) == 1 for line in printed)
    assert pipe.file.getvalue() == f"{text}\n"


@pytest.mark.parametrize(
    ("objects", "options", "printed"),
    [
        (("a\nb",), {"end": ""}, "a\nb"),
        (("a\nb",), {}, "a\nb\n"),
        (("a\n",), {"end": ""}, "a\n"),
        (("a\n\nb", "c"), {"end": "!"}, "a\n\nb c!"),
        (("a", "b"), {"sep": ", "}, "a, b\n"),
        (("a", "b"), {"sep": "\n"}, "a\nb\n"),
        (("a", "b"), {"sep": "", "end": "\n\n"}, "ab\n\n"),
        (("one two three", "four"), {"sep": "\n", "end": ""}, "one two\nthree\nfour"),
        ((1, "b"), {"sep": "-"}, "1-b\n"),
        ((), {}, "\n"),
    ],
)
@pytest.mark.parametrize("is_terminal", [True, False])
def test_line_breaks_separators_and_ends_are_printed(
    objects: tuple[object, ...], options: dict[str, str], printed: str, *, is_terminal: bool
) -> None:
    width = 8 if is_terminal else 80
    console = SafeConsole(
        file=io.StringIO(), force_terminal=is_terminal, color_system=None, soft_wrap=True, highlight=False, width=width
    )
    console.print(*objects, **options)

    assert console.file.getvalue() == (printed if is_terminal else printed.replace("two\nthree", "two three"))


def test_colours_stay_on_wrapped_lines() -> None:
    console = SafeConsole(file=io.StringIO(), force_terminal=True, width=12, color_system="standard", soft_wrap=True)
    console.print("[red]one two three four[/red]")

    assert console.file.getvalue() == "\x1b[31mone two\x1b[0m\n\x1b[31mthree four\x1b[0m\n"


def test_a_hint_is_below_the_rows_and_no_rows_have_no_header(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("1 clip", ["id"], [["17"]], hint="A larger --limit may show more.")
    print_table("0 clips", ["id"], [], hint="Nothing yet: run `pokervod sync`.")

    printed = capsys.readouterr().out.split("\n")
    assert printed[-4:] == ["A larger --limit may show more.", "0 clips", "Nothing yet: run `pokervod sync`.", ""]


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


def test_rows_that_would_take_more_lines_as_a_table_are_printed_as_lines_of_name_and_value() -> None:
    path = "ARCHIVE/WSOP/WSOP Bracelet Event/2025 WSOP-EUROPE/NO COMMENTARY WITH GRAPHICS VER/Day 1 A/HyperDeck.mp4"
    lines = render(
        [[17, "HyperDeck_0199", f"{path}\n{path}\n{path}", "ambiguous", "2 files fit by exact name; pin one"]], 80
    )

    assert ["why", "2", "files", "fit", "by", "exact", "name;", "pin", "one"] in [line.split() for line in lines]


def test_a_header_leaves_its_room_to_the_cells() -> None:
    lines = render([["x" * 20, 1, "a family name alone"]] * 3, 53, ("one", "its other clips", "why"))

    assert sum("a family name alone" in line for line in lines) == 3


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
