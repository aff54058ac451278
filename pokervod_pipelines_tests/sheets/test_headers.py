"""Check that the header is found in any row, and that repeated columns keep their positions."""

import json
import re
from pathlib import Path

import pytest

from pokervod_pipelines.sheets.headers import AnnotationLayout, SkippedTab, find_layout, map_columns
from pokervod_pipelines.sheets.tab import Tab
from pokervod_pipelines.sheets.vocabulary import OTHER_TABLES, SheetKind
from pokervod_pipelines_tests.sheets.samples import ARCHIVE_HEADER, ICONIK_HEADER, TRACKER_HEADER, make_tab

REAL_HEADERS = Path(__file__).parents[3] / "shared" / "data" / "sheets" / "sheet_headers.json"


def find(*rows: tuple[str, ...]) -> AnnotationLayout:
    layout = find_layout(make_tab(*rows))
    assert isinstance(layout, AnnotationLayout), layout
    return layout


def pass_over(*rows: tuple[str, ...]) -> SkippedTab:
    found = find_layout(make_tab(*rows))
    assert isinstance(found, SkippedTab), found
    return found


@pytest.mark.parametrize("rows_above", [0, 2, 12, 29])
def test_the_header_is_found_below_a_preamble(rows_above: int) -> None:
    layout = find(*[("notes, see the wiki", "")] * rows_above, ARCHIVE_HEADER)

    assert (layout.kind, layout.header_row) == (SheetKind.ARCHIVE, rows_above)


def test_repeated_columns_keep_their_positions() -> None:
    layout = find(ARCHIVE_HEADER)

    assert layout.columns["tag_player"] == (8, 9, 10)
    assert layout.columns["tag_poker_play"] == tuple(range(11, 18))
    assert layout.columns["tag_emotion"] == (18, 19)
    assert layout.unmapped() == ()


@pytest.mark.parametrize(
    ("header", "kind"),
    [(ARCHIVE_HEADER, "archive"), (ICONIK_HEADER, "iconik"), (TRACKER_HEADER, "clip_tracker")],
)
def test_a_layout_is_recognized_by_its_columns_in_any_order_and_case(header: tuple[str, ...], kind: str) -> None:
    turned = tuple(name.upper().replace(" ", "  ") for name in reversed(header))

    assert find(turned).kind == kind


@pytest.mark.parametrize(
    ("written", "field"),
    [
        ("file no", "file_no"),
        ("FILE_NAME", "file_name"),
        ("Flie Name", "file_name"),
        ("Nas Foldr Link", "folder_link"),
        ("Tag(Poker  Play)", "tag_poker_play"),
        ("Tag (Pokr Play)", "tag_poker_play"),
        ("0 File No.", "file_no"),
        ("3 Filename", "file_name"),
        ("\uff29\uff4e", "time_in"),
        ("파일명", "file_name"),
    ],
)
def test_a_header_is_recognized_however_it_is_typed(written: str, field: str) -> None:
    assert map_columns([written], SheetKind.ARCHIVE) == {field: (0,)}


@pytest.mark.parametrize("written", ["", "Inn", "Outt", "Hnds", "Total", "Player count"])
def test_a_short_or_unknown_header_is_not_taken_for_a_known_one(written: str) -> None:
    assert map_columns([written], SheetKind.ARCHIVE) == {}


def test_two_headers_one_letter_apart_are_distinguished() -> None:
    columns = map_columns(["time_start_ms", "time_start_S"], SheetKind.ICONIK)

    assert columns == {"time_in": (0,), "seconds_in": (1,)}


def test_an_unnamed_column_of_time_ranges_is_found_by_its_cells() -> None:
    header = ("File No.", "Filename", "EVENT", "Event Name", "?", "", "players", "hands")
    row = ("1", "", "", "#3 Mixed", "x", "00:01:00 - 00:02:00", "IVY", "AA")

    assert find(header, row, row).columns["time_range"] == (5,)


@pytest.mark.parametrize("name", sorted(OTHER_TABLES))
def test_another_kind_of_table_is_skipped_by_name_without_a_problem(name: str) -> None:
    passed = pass_over(("title of the tab",), OTHER_TABLES[name])

    assert name in passed.reason
    assert not passed.is_problem


@pytest.mark.parametrize("rows", [(), (("",),), (("", " "), ("",))])
def test_a_blank_tab_is_skipped(rows: tuple[tuple[str, ...], ...]) -> None:
    assert not pass_over(*rows).is_problem


def test_a_tab_without_a_header_is_a_problem_that_names_the_expected_columns() -> None:
    passed = pass_over(("1", "some hand", "0:01:00"), ("2", "another", "0:02:00"))

    assert passed.is_problem
    assert "'2031'" in passed.reason
    assert "File No." in passed.reason


RANGE = "00:01:00 - 00:02:00"
EXPECTED = r"Expected archive: File No. \+ File Name \+ In \+ Out; iconik: "


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ((("ex) 1", "2025 WSOP", "Event #0", RANGE), ("1", "", "x", RANGE)), f"Row 1 has times, but .* {EXPECTED}"),
        ((("notes",), ("1", "File_Name", "x", RANGE), ("2", "a.mp4", "y", RANGE)), "Row 2 has times, but no header"),
        ((("Event Names", ""), ("", RANGE), ("", RANGE)), "Row 2 has times, but no header above it: add one"),
        ((("Folge", "Datei", "Zeit"), ("1", "x", RANGE)), "Row 1 has no known column names: rename them. Expected"),
        ((("Nummer", "Datei", "Zeit"), ("1", "x", RANGE)),
         r"Row 1 has no known column names: rename them \(did you mean `File Number` in A1\?\). Expected"),
        ((("notes",), ("번호", "파일", "시작", "끝"), ("",), ("1", "x", "0:01:00", "0:02:00")), "Row 2 has no known"),
        ((("Nummer", "Datei", "Grade"), ("1", "x", RANGE)), "Row 1 has too few known column names: rename"),
        ((("Nummer", "Datei", ""), ("1", "x", RANGE)), "Row 2 has times, but no header above it: add one"),
        ((("a note",), ("1", "x", RANGE)), "Row 2 has times, but no header above it: add one"),
        ((("1", "이벤트", RANGE), ("2", "", RANGE)), "Row 1 has times"),
        ((("No.", "Fl", "EVNT", "?", "players"), ("1", "", "x", RANGE, "Ana")), r"Row 1 is nearest, as clip_tracker: .*"
         r"lacks EVENT or Event Name or Filename \(is it 'EVNT' in C1\?\)"),
        ((("Notes",), ("File No.", "File Name", "In", "Ot")), r"Row 2 is nearest, .* Out \(is it 'Ot' in D2"),
        ((("File No.", "File Name", "Nas Folder Link", "Start", "End"),), "as archive: it lacks In and Out"),
        ((ICONIK_HEADER[1:],), "Row 1 is nearest, as iconik: it lacks id"),
        ((("Dear Ana", ""), ("a letter", "")), f"as they were. {EXPECTED}"),
    ],
)  # fmt: skip
def test_a_row_is_never_taken_for_a_header_and_the_message_says_what_is_missing(
    rows: tuple[tuple[str, ...], ...], says: str
) -> None:
    assert re.search(says, pass_over(*rows).reason), pass_over(*rows).reason


def test_a_header_below_the_searched_rows_is_not_found() -> None:
    assert pass_over(*[("note",)] * 40, ARCHIVE_HEADER).is_problem


@pytest.mark.skipif(not REAL_HEADERS.exists(), reason="the real headers are not on this machine")
def test_the_real_headers_are_recognised() -> None:
    headers = json.loads(REAL_HEADERS.read_text(encoding="utf-8"))
    kinds = {"archive_metadata": "archive", "iconik_metadata": "iconik", "2025 WSOP Clip Tracker": "clip_tracker"}

    for name, header in headers.items():
        found = find_layout(Tab(name, (tuple(header),)))
        if name in kinds:
            assert isinstance(found, AnnotationLayout), name
            assert found.kind == kinds[name]
        else:
            assert isinstance(found, SkippedTab), name
            assert not found.is_problem, name
