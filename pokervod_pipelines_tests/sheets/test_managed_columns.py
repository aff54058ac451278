"""Check that PokerVOD columns are separated from people's, and show nothing beside another row."""

from dataclasses import replace

import pytest

from pokervod_pipelines.sheets.headers import AnnotationLayout, find_layout, find_managed_columns
from pokervod_pipelines.sheets.managed_columns import (
    MAX_STATUS_LENGTH,
    is_guarded_formula,
    make_column,
    make_guarded_formula,
    make_row_key,
    read_row_key,
    shorten,
)
from pokervod_pipelines.sheets.rows import fingerprint, read_rows
from pokervod_pipelines.sheets.statuses import RowFacts, describe_row
from pokervod_pipelines.sheets.tab import Tab
from pokervod_pipelines_tests.sheets.harness import COLUMNS, make_line

OURS = ("PokerVOD ID", "PokerVOD State", "PokerVOD File", "PokerVOD Problem", "PokerVOD Synced", "Pin")
KEY = "pv-abcdefgh27"


def read(*cells: str, headers: tuple[str, ...] = OURS):
    tab = Tab("t", ((*COLUMNS, *headers), (*make_line(1), *cells)))
    layout = find_layout(tab)
    assert isinstance(layout, AnnotationLayout)
    return read_rows(tab, layout)


def test_the_pokervod_columns_are_not_part_of_the_row() -> None:
    bare = read("", "", "", "", "", "").rows[0]
    full = read(KEY, "ready", "a.mp4", "none", "2026-01-01 10:00", "b.mp4").rows[0]

    assert fingerprint(bare) == fingerprint(full)
    assert full.extra == {}
    assert (full.row_key, full.shown, full.pin) == (KEY, ("ready", "a.mp4", "none", "2026-01-01 10:00"), "b.mp4")
    assert bare.pin == ""


def test_a_tab_without_a_pin_column_has_no_pins() -> None:
    assert read(headers=()).rows[0].pin is None


def test_a_row_that_only_we_wrote_into_is_blank() -> None:
    tab = Tab("t", ((*COLUMNS, *OURS), (*("" for _ in COLUMNS), KEY, "ready", "", "", "", "")))
    layout = find_layout(tab)
    assert isinstance(layout, AnnotationLayout)

    found = read_rows(tab, layout)

    assert (found.rows, found.blank) == ((), 1)


@pytest.mark.parametrize(
    ("headers", "own"),
    [
        (["PokerVOD ID", "pin"], {"row_key": 0, "pin": 1}),
        (["pokervod_id"], {"row_key": 0}),
        (["PokerVOD ID", "PokerVOD ID"], {"row_key": 0}),  # of two the left one counts
        (["PokerVOD Idea", "Pins", "State", "Problem", "id"], {}),  # spelt right or not ours
    ],
)
def test_our_headers(headers: list[str], own: dict[str, int]) -> None:
    assert find_managed_columns(headers) == own


@pytest.mark.parametrize(
    "cell", ["", "pv-", "pv-ABC", "see row 4", "pv-abcdefgh279", "pv-abcdefgh0l", "=pv-abcdefgh27"]
)
def test_other_text_is_not_an_id(cell: str) -> None:
    assert read_row_key(cell) == ""


def test_ids_are_readable_and_differ() -> None:
    keys = {make_row_key() for _ in range(1_000)}

    assert len(keys) == 1_000
    assert {read_row_key(f" {key.upper()} ") for key in keys} == keys


def test_a_guarded_text_stays_one_text() -> None:
    assert make_guarded_formula('a "b"; c', KEY, key_column=26, row_number=9) == f'=IF($AA9="{KEY}";"a ""b""; c";"")'
    assert make_guarded_formula("two\nlines", KEY, key_column=0, row_number=1) == f'=IF($A1="{KEY}";"two lines";"")'
    assert len(shorten("x" * 9_999)) == MAX_STATUS_LENGTH


@pytest.mark.parametrize("text", ["", "ready", 'a "b"; c', '";"', '"', "two\nlines", "=1", "x" * 9_999])
def test_a_guarded_text_is_recognized_as_ours(text: str) -> None:
    assert is_guarded_formula(make_guarded_formula(text, KEY, key_column=30, row_number=12))


@pytest.mark.parametrize(
    "cell", ["", "ready", "=A1", '=IF($Z4="x";"ready";"")', f'=IF($Z4="{KEY}","ready","")', f'x=IF($Z4="{KEY}";"a";"")']
)
def test_other_formulas_are_not_ours(cell: str) -> None:
    assert not is_guarded_formula(cell)


@pytest.mark.parametrize(
    ("cells", "rows", "column"),
    [({}, 9, ()), ({1: "a"}, 9, ("a",)), ({3: "a", 2: "b"}, 9, (None, "b", "a")), ({4: "a"}, 3, ())],
)
def test_a_column_leaves_all_other_cells_unchanged(
    cells: dict[int, str], rows: int, column: tuple[str | None, ...]
) -> None:
    assert make_column(cells, rows) == column


FACTS = RowFacts(
    id=1, tab="t", row_number=2, row_key=KEY, shown=(), match_status="matched", match_reason="exact name",
    path="a/show.mp4", candidates=("a/show.mp4",), pin_problem=None, has_clip=True, clip_problem=None, clip_remark=None,
    is_read_since=False,
)  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({}, ("ready", "a/show.mp4", "")),
        ({"has_clip": False}, ("waiting", "a/show.mp4", "")),
        ({"clip_remark": "Grade: '★★★★' is none"}, ("check", "a/show.mp4", "Grade: '★★★★' is none")),
        ({"clip_problem": "Out is before In"}, ("not cut", "a/show.mp4", "Out is before In")),
        ({"pin_problem": "Pin: no such video"}, ("check", "a/show.mp4", "Pin: no such video")),
        (
            {"match_status": "none", "match_reason": "nothing is alike", "path": None, "candidates": ()},
            ("no video", "", "nothing is alike"),
        ),
        (
            {
                "match_status": "none",
                "match_reason": "one is alike",
                "path": None,
                "clip_problem": "no video: one is alike; Out before In",
            },
            ("no video", "", "one is alike (write one of these into Pin: a/show.mp4); Out before In"),
        ),
        (
            {"match_status": "ambiguous", "match_reason": "two fit", "path": None, "candidates": ("a.mp4", "b.mp4")},
            ("several videos", "", "two fit (write one of these into Pin: a.mp4 | b.mp4)"),
        ),
    ],
)
def test_the_status_of_each_row(facts: dict[str, object], status: tuple[str, str, str]) -> None:
    assert describe_row(replace(FACTS, **facts)) == status
