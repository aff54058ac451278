"""Test that one quote too many before any cell of a CSV never loses a row in silence."""

import csv
import io
import operator
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.text.delimited import OPEN_QUOTE, parse_delimited, read_records
from pokervod_pipelines_tests.sizes import choose

CELLS = (
    "", "", "x", "0:01:00", "Ana", "Bo, Cy", "10,250,000", "a, b,", 'say "hi"', 'ends "so"', '"quoted" first',
    '12" disc', "Ivey 10,250,000\nHellmuth 12,500,000", "Ah,Kd\nQs,Jd", "Day 1\n\nnote; more", "한글, 글",
)  # fmt: skip
NOTES: tuple[list[str], ...] = (
    ["Clip tracker of 2025"],
    ["", "requests here, please", "", "Questions:\nask the desk"],
    [],
    ["", "", "daily"],
)
DELIMITERS = {",": "table.csv", ";": "table.csv", "\t": "table.tsv"}
TRACKER = (
    "Clip tracker\n,requests here,,\"Questions:\nask the desk\"\n\nNo,File,In,Players,Hands\n"
    "1,a1.mp4,0:01:00,Ana,AA vs KK\n2,a2.mp4,0:02:00,Bo,QQ\n3,a3.mp4,0:03:00,\"Cy, Di\",55\n4,a4.mp4,0:04:00,Ed,72o\n"
)  # fmt: skip


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[list[str]], str, str]:
    """Draw the rows of a table, its text, and its delimiter."""
    width, delimiter = draw(st.integers(3, 12)), draw(st.sampled_from([*DELIMITERS]))
    line = st.lists(st.sampled_from(CELLS), min_size=width - 1, max_size=width - 1)
    lines = draw(st.lists(line, min_size=2, max_size=8))
    notes = [*NOTES[: draw(st.integers(0, len(NOTES)))]]
    rows = [*notes, [f"Column {n}" for n in range(width)], *([str(at), *cells] for at, cells in enumerate(lines, 1))]
    text = io.StringIO(newline="")
    ending = draw(st.sampled_from(["\n", "\r\n"]))
    if draw(st.booleans()):
        csv.writer(text, delimiter=delimiter, lineterminator=ending, quoting=csv.QUOTE_ALL).writerows(rows)
    else:
        csv.writer(text, delimiter=delimiter, lineterminator=ending).writerows(rows)
    return rows, text.getvalue(), delimiter


def list_places(text: str, delimiter: str) -> Iterator[tuple[int, int]]:
    """Yield the offset of each cell, also of what looks like one inside quotes, and the first line of its row."""
    line = row = 1
    is_quoted, before = False, "\n"
    for offset, letter in enumerate(text):
        if before in f"{delimiter}\n":
            yield offset, row
        is_quoted ^= letter == '"'
        line += letter == "\n"
        row = line if letter == "\n" and not is_quoted else row
        before = letter


@settings(derandomize=True, max_examples=choose(15, long=500))
@given(tables())
def test_a_table_is_read_whole_and_a_quote_before_any_cell_loses_no_other_row(table: tuple[Any, ...]) -> None:
    rows, text, delimiter = table
    file = Path(DELIMITERS[delimiter])

    assert parse_delimited(text.encode(), file=file) == rows
    for offset, line in list_places(text, delimiter):
        try:
            read = parse_delimited(f'{text[:offset]}"{text[offset:]}'.encode(), file=file)
        except BadInput as error:
            read, refusal = [], str(error)
        else:
            refusal = ""
        others_stay = len(read) == len(rows) and sum(map(operator.ne, read, rows)) <= 1
        assert others_stay or re.match(rf"{file}: line {line}, cell \d+: {OPEN_QUOTE}", refusal), refusal


@pytest.mark.parametrize("cell", range(5))
@pytest.mark.parametrize("line", [6, 7])
def test_a_quote_above_a_quoted_cell_is_named_with_its_line_and_cell(line: int, cell: int) -> None:
    lines = TRACKER.splitlines(keepends=True)
    cells = lines[line - 1].split(",")
    cells[cell] = f'"{cells[cell]}'
    lines[line - 1] = ",".join(cells)

    with pytest.raises(BadInput, match=rf"clips\.csv: line {line}, cell {cell + 1}: .* up to line 8 would"):
        parse_delimited("".join(lines).encode(), file=Path("clips.csv"))


def test_two_columns_are_refused_where_the_quotes_do_not_match() -> None:
    with pytest.raises(BadInput, match=r"line 2, cell 2: .* up to line 3"):
        parse_delimited(b'a,b\n1,"x\n2,"Ana, Bo"\n', file=Path("two.csv"))


def test_the_records_below_a_stray_quote_are_read() -> None:
    records = read_records('No,a,b\n1,"x,y\n2,x,y\n3,"Ana, Bo",y\n4,x,y\n', ",")

    assert [(each.line, each.error) for each in records] == [(1, ""), (2, OPEN_QUOTE), (3, ""), (4, ""), (5, "")]
