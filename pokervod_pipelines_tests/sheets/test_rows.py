"""Check which lines are rows, how they are read, and when two of them are equal."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.sheets.headers import AnnotationLayout, find_layout
from pokervod_pipelines.sheets.rows import AnnotationRow, TabRows, fingerprint, read_rows, split_values
from pokervod_pipelines_tests.sheets.samples import ARCHIVE_HEADER, ICONIK_HEADER, TRACKER_HEADER, make_tab


def read(*rows: tuple[str, ...]) -> TabRows:
    tab = make_tab(*rows)
    layout = find_layout(tab)
    assert isinstance(layout, AnnotationLayout), layout
    return read_rows(tab, layout)


def archive_row(file_no: str = "7", name: str = "Show 7", start: str = "0:12:47") -> tuple[str, ...]:
    tags = ("Ivy", "", "Moss", "Bluff", "", "Cooler", "", "", "", "", "Tilt", "Joy")
    return (file_no, name, r"Z:\ARCHIVE\2031", start, "0:14:00", "★★", "JJ", "88 vs JJ", *tags)


def test_an_archive_row_has_every_repeated_column() -> None:
    (row,) = read(("notes",), (), ARCHIVE_HEADER, archive_row()).rows

    assert (row.row_number, row.file_no, row.file_name, row.folder_link) == (4, "7", "Show 7", r"Z:\ARCHIVE\2031")
    assert (row.time_in, row.time_out, row.grade, row.winner, row.hands) == (
        "0:12:47",
        "0:14:00",
        "★★",
        "JJ",
        "88 vs JJ",
    )
    assert row.players == ("Ivy", "Moss")
    assert row.tags == (("poker_play", "Bluff"), ("poker_play", "Cooler"), ("emotion", "Tilt"), ("emotion", "Joy"))


def test_rows_without_a_file_number_blank_rows_and_examples_are_counted_not_read() -> None:
    found = read(
        ARCHIVE_HEADER,
        ("ex) 1", "ex) Show 1"),
        archive_row("1"),
        (),
        ("", "", " "),
        ("", "from here on: second disk"),
        ARCHIVE_HEADER,
        archive_row("1"),
    )

    assert [row.row_number for row in found.rows] == [3, 8]
    assert (found.blank, found.examples, found.remarks) == (2, 1, 2)


def test_a_short_row_reads_as_if_its_cells_were_blank() -> None:
    (row,) = read(ARCHIVE_HEADER, ("1", "Show 1")).rows

    assert (row.file_name, row.hands, row.tags, row.players) == ("Show 1", "", (), ())


def iconik_row(**cells: str) -> tuple[str, ...]:
    return tuple(cells.get(name.replace("-", "_"), "") for name in ICONIK_HEADER)


def test_an_iconik_row_splits_multi_values_and_turns_flags_into_tags() -> None:
    row = iconik_row(
        id="8DDB35E6-0000-11F0-8C20-AAD6EB65BF32",
        title="moss vs ivy",
        time_start_ms="136600",
        time_end_ms="513088",
        ProjectName="WSOP",
        Year_="2031",
        PlayersTags='["moss","karl moss"]',
        EPICHAND="Quads",
        PokerPlayTags="Hero Fold, Slow Play",
        Badbeat="TRUE",
        Bluff="FALSE",
        All_in="x",
    )

    (found,) = read(ICONIK_HEADER, row, iconik_row(title="without an id")).rows

    assert found.source_id == "8ddb35e6-0000-11f0-8c20-aad6eb65bf32"
    assert (found.title, found.file_name) == ("moss vs ivy", "moss vs ivy")
    assert (found.time_in, found.time_out) == ("136600", "513088")
    assert found.players == ('["moss","karl moss"]',)
    assert found.tags == (
        ("epic_hand", "Quads"),
        ("poker_play", "Hero Fold"),
        ("poker_play", "Slow Play"),
        ("poker_play", "Badbeat"),
    )
    assert found.extra == {"ProjectName": "WSOP", "Year_": "2031"}


def test_seconds_are_read_where_milliseconds_are_missing() -> None:
    (row,) = read(ICONIK_HEADER, iconik_row(id="a", title="b", time_start_S="136.6", time_end_S="140")).rows

    assert (row.time_in, row.time_out) == ("136.6s", "140s")


def tracker_row(event: str, time_range: str, players: str = "IVY vs MOSS", file_name: str = "") -> tuple[str, ...]:
    return ("", "", file_name, "", event, "", time_range, players, "AA vs KK")


def test_a_tracker_event_is_carried_down_to_the_next_event() -> None:
    found = read(
        ("2031 tracker",),
        TRACKER_HEADER,
        tracker_row("ex) #1 Mixed", "00:00:01 - 00:00:02"),
        tracker_row("#3 Mixed\n(all hands)", "00:01:00 - 00:02:00"),
        tracker_row("", "00:03:00 - 00:04:00"),
        ("", "", "", "", "", "", "", "rfid was off"),
        (),
        tracker_row("", "00:05:00 - 00:06:00"),
        tracker_row("#4 Stud", "00:01:00 - 00:02:00"),
    )

    assert [row.file_name for row in found.rows] == ["#3 Mixed\n(all hands)"] * 3 + ["#4 Stud"]
    assert [row.time_in for row in found.rows][1] == "00:03:00 - 00:04:00"
    assert (found.blank, found.examples, found.remarks) == (1, 1, 1)


def test_a_tracker_file_name_overrides_its_event_and_ends_with_it() -> None:
    found = read(
        TRACKER_HEADER,
        tracker_row("#3 Mixed", "00:01:00 - 00:02:00", file_name="mixed.mp4"),
        tracker_row("#4 Stud", "00:01:00 - 00:02:00"),
    )

    assert [(row.file_name, row.title) for row in found.rows] == [("mixed.mp4", "#3 Mixed"), ("#4 Stud", "#4 Stud")]


@pytest.mark.parametrize(
    ("cell", "values"),
    [
        ("", ()),
        ("Bluff", ("Bluff",)),
        ("Bluff, Hero Call;Tank\nRiver", ("Bluff", "Hero Call", "Tank", "River")),
        ('["a","b c"]', ("a", "b c")),
        ('["a", "b c"', ('["a"', '"b c"')),
        ("[a, b]", ("a", "b")),
        ("[1, null]", ("1", "None")),
    ],
)
def test_a_cell_with_several_values_is_split(cell: str, values: tuple[str, ...]) -> None:
    assert split_values(cell) == values


ROW = AnnotationRow(tab="2031", row_number=5, file_name="Café", time_in="0:01:00", tags=(("emotion", "Joy"),))


def test_a_fingerprint_ignores_position_and_unicode_composition() -> None:
    moved = replace(ROW, tab="old", row_number=9, file_name="Cafe\u0301")

    assert fingerprint(moved) == fingerprint(ROW)


@pytest.mark.parametrize(
    "edit",
    [{"file_name": "Cafe"}, {"time_in": "0:01:01"}, {"time_out": "0:01:00"}, {"tags": ()}, {"extra": {"a": "b"}}],
)
def test_a_fingerprint_changes_with_every_edit(edit: dict[str, object]) -> None:
    assert fingerprint(replace(ROW, **edit)) != fingerprint(ROW)  # type: ignore[arg-type]


@given(st.lists(st.lists(st.text(max_size=5), max_size=22), max_size=6))
def test_any_rows_below_a_header_are_read_or_counted(rows: list[list[str]]) -> None:
    found = read(ARCHIVE_HEADER, *map(tuple, rows))

    assert len(found.rows) + found.blank + found.examples + found.remarks == len(rows)
