"""Check that each row of a sheet has one clip, or one with the reason why it cannot be cut."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.clips.build import hash_input, read_clip
from pokervod_pipelines.clips.players import MAX_NAME
from pokervod_pipelines.clips.search import ClipFilter, list_clips
from pokervod_pipelines.clips.store import ClipRow
from pokervod_pipelines.clips.tag_words import TagCategory
from pokervod_pipelines.periods import Period
from pokervod_pipelines.sheets.vocabulary import HEADERS
from pokervod_pipelines_tests.sheets.harness import SheetHarness, make_line, make_lines

CONTENT: dict[str, Any] = {
    "file_name": "show 1",
    "title": "",
    "description": "",
    "time_in": "0:01:00",
    "time_out": "0:01:40",
    "grade": "★★",
    "winner": "AA",
    "hands": "AA vs KK",
    "players": ["Ana Ruiz vs Tom Berg"],
    "tags": [["poker_play", "Bluff"]],
}


def make_row(**content: Any) -> ClipRow:
    return ClipRow(
        row_id=1, fingerprint="f", content={**CONTENT, **content}, file_id=7, match_reason="", input_hash=None
    )


@pytest.mark.parametrize(
    ("content", "read"),
    [
        ({}, {"in_ms": 60_000, "out_ms": 100_000, "grade": 2, "problem": None, "remark": None, "title": "show 1"}),
        ({"title": " Quads\n vs  Aces "}, {"title": "Quads vs Aces"}),
        ({"description": "the flip", "title": ""}, {"title": "the flip"}),
        ({"grade": ""}, {"grade": None, "remark": None}),
        ({"grade": "best"}, {"grade": None, "problem": None}),  # a bad grade does not cost the clip
        ({"time_in": "0:01:00 - 0:01:40", "time_out": ""}, {"in_ms": 60_000, "out_ms": 100_000}),
        ({"time_in": ""}, {"in_ms": None, "out_ms": None}),
        ({"time_in": "6:58:55 AM", "time_out": "오전 6:59:10"}, {"in_ms": 25_135_000, "out_ms": 25_150_000}),
        ({"players": []}, {"players": ()}),
        ({"players": ["Ruiz, Ana", "ANA RUIZ"]}, {"players": (("ana ruiz", "Ana Ruiz"),)}),
        ({"tags": [["emotion", "Bluff"], ["poker_play", "bluff"]]}, {"tags": (("poker_play", "bluff", True),)}),
        ({"tags": [["emotion", "Baffled"]]}, {"tags": (("emotion", "baffled", False),)}),
        ({"hands": "핸드 없음"}, {"hands": "핸드 없음", "problem": None}),
    ],
)
def test_a_row_is_read_as_a_person_means_it(content: dict[str, Any], read: dict[str, Any]) -> None:
    clip = read_clip(make_row(**content))

    assert {name: getattr(clip, name) for name in read} == read


def test_every_reason_why_a_clip_cannot_be_cut_is_listed() -> None:
    row = replace(make_row(time_out="0:00:10", grade="best"), file_id=None, match_reason="no file has this name")

    clip = read_clip(row)

    assert clip.problem == (
        "no video: no file has this name; the clip ends at 0:00:10, not after its start 0:01:00; correct In or Out"
    )
    assert clip.remark == "Hand Grade: expected ★, ★★ or ★★★, got 'best'"


def test_frames_count_only_at_a_known_rate_and_the_clip_says_so() -> None:
    row = make_row(time_in="0:01:00:12", time_out="0:01:40:00")

    unknown, known = read_clip(row), read_clip(replace(row, rate=25.0))

    assert (unknown.in_ms, known.in_ms) == (60_000, 60_480)
    assert unknown.remark == "frames are not counted: the video's frame rate is unknown"
    assert known.remark is None


@pytest.mark.parametrize(
    ("change", "is_read_again"),
    [
        (lambda row: row, False),
        (lambda row: replace(row, fingerprint="g"), True),
        (lambda row: replace(row, file_id=8), True),
        (lambda row: replace(row, rate=50.0), True),
        (lambda row: replace(row, match_reason="one file by exact name"), False),  # the same video, found otherwise
        (lambda row: replace(row, file_id=None, match_reason="no file"), True),
    ],
)
def test_a_clip_is_made_again_when_its_row_or_its_video_is_another(
    change: Callable[[ClipRow], ClipRow], is_read_again: bool
) -> None:
    row = make_row()

    assert (hash_input(change(row)) != hash_input(row)) == is_read_again


CELL = st.text(max_size=40) | st.text(alphabet='0123456789:.,-~★s[]"\\u', max_size=40)


@given(st.fixed_dictionaries({name: CELL for name in CONTENT if name not in {"players", "tags"}}), st.lists(CELL))
def test_any_cells_make_a_clip_that_the_tables_accept(texts: dict[str, str], cells: list[str]) -> None:
    clip = read_clip(make_row(**texts, players=cells, tags=[["emotion", cell] for cell in cells]))

    is_cut = clip.in_ms is not None and clip.out_ms is not None and clip.in_ms < clip.out_ms < 2**63
    assert is_cut or clip.problem
    assert clip.grade in {None, 1, 2, 3}
    assert all(max(len(key), len(name)) <= MAX_NAME for key, name in clip.players)
    assert len({key for key, _ in clip.players}) == len(clip.players)
    assert not any("\0" in name for _, name in clip.players)


def test_the_tag_columns_of_the_sheets_are_the_categories_of_the_clips() -> None:
    """The two rooms never import each other; a column without its category would stop every sheet."""
    fields = {field for headers in HEADERS.values() for field in headers}
    columns = {
        field.partition("_")[2] for field in fields if field.startswith(("tag_", "flag_")) and field != "tag_player"
    }

    assert columns == {category.value for category in TagCategory}


LINES = (
    make_line(1, **{"Hand_Grade": "★", "Tag_(Player)": "Ana Ruiz vs Tom Berg"}),
    make_line(2, **{"Tag_(Player)": "Ruiz, Ana", "Tag_(Poker_Play)": "Hero Call, Rabbit Hunt"}),
    make_line(3, **{"In": "99:99", "Tag_(Player)": "Tom Berg"}),
)


def prepare(harness: SheetHarness) -> None:
    harness.add_files("show 1.mp4", "show 2.mp4")
    harness.write(*LINES)
    harness.sync()
    harness.build()


def test_a_build_counts_clips_failures_and_unknown_tags(harness: SheetHarness) -> None:
    prepare(harness)

    report = harness.build()

    assert (report.clips, report.usable, report.failed, report.unknown_tags) == (3, 2, 1, 1)
    assert (report.created, report.changed, report.retired, report.unchanged) == (0, 0, 0, 3)
    assert report.problem_count == 1
    assert report.problems[0].where == "hands row 4"


EDITS = [
    ("an edited grade", make_line(1), ["changed"]),
    ("another player", make_line(1, **{"Hand_Grade": "★", "Tag_(Player)": "Eve"}), ["changed"]),
    ("another video", make_line(1, Hand_Grade="★", File_Name="show 2"), ["changed"]),
    ("nothing", make_line(1, Hand_Grade="★"), []),
    ("no row any more", None, ["retired"]),
]


@pytest.mark.parametrize(("line", "kinds"), [pytest.param(*case[1:], id=case[0]) for case in EDITS])
def test_only_the_clip_of_the_row_that_changed_is_written(harness: SheetHarness, line: Any, kinds: list[str]) -> None:
    prepare(harness)
    clips, events = harness.clips(), len(harness.events())
    harness.write(*([line] if line else []), *LINES[1:])
    harness.sync()
    harness.build()

    told = [kind.removeprefix("hand.clip.") for kind, _ in harness.events()[events:] if kind.startswith("hand.clip.")]
    assert told == kinds
    assert {clip.id for clip in harness.clips().values()} <= {clip.id for clip in clips.values()}
    assert harness.clips()["show 3"].changed_at == clips["show 3"].changed_at


def test_a_clip_follows_its_row_to_another_video_and_back(harness: SheetHarness) -> None:
    harness.add_files("show 1.mp4")
    harness.write(make_line(1))
    harness.sync()
    harness.build()
    first = harness.clips()["show 1"]

    harness.move_file("show 1.mp4", to="elsewhere.mp4")
    lost = (harness.sync(), harness.build())[1]
    without = harness.clips()["show 1"]
    harness.add_files("new/show 1.mp4")
    found = (harness.sync(), harness.build())[1]
    second = harness.clips()["show 1"]

    assert (lost.changed, lost.failed, found.changed, found.failed) == (1, 1, 1, 0)
    assert first.id == without.id == second.id
    assert (without.file_id, without.problem.partition(":")[0]) == (None, "no video")
    assert second.file_id not in {None, first.file_id}


TAGGED = "select payload -> 'tags' from events where type = 'hand.clip.tagged' order by id"


def test_players_and_tags_deleted_from_a_row_are_deleted_from_its_clip(harness: SheetHarness) -> None:
    prepare(harness)
    harness.write(make_line(1, **{"Tag_(Player)": "Tom Berg", "Tag_(Poker_Play)": ""}))
    harness.sync()
    harness.build()

    rows = harness.execute("""
        select p.name from clip_players cp join players p on p.id = cp.player_id
        join hand_clips c on c.id = cp.clip_id where c.title = 'show 1'
    """)
    assert [row[0] for row in rows] == ["Tom Berg"]
    assert not harness.execute(
        "select 1 from clip_tags ct join hand_clips c on c.id = ct.clip_id where title = 'show 1'"
    )
    assert [row[0] for row in harness.execute(TAGGED)][-1] == []


def test_a_clip_that_gets_other_tags_is_told_with_them(harness: SheetHarness) -> None:
    for tags in ("Bluff", "Bluff", "Hero Fold"):
        harness.write(make_line(1, **{"Tag_(Poker_Play)": tags}), make_line(2, **{"Tag_(Poker_Play)": ""}))
        harness.sync()
        harness.build()

    assert [row[0] for row in harness.execute(TAGGED)] == [["bluff"], ["hero_fold"]]


def test_one_player_in_two_sheets_is_one_player_under_the_first_spelling(harness: SheetHarness) -> None:
    harness.write(make_line(1, **{"Tag_(Player)": "ANA RUIZ"}), make_line(2, **{"Tag_(Player)": "Ruiz, Ana; Tom"}))
    harness.sync()
    harness.build()

    assert [tuple(row) for row in harness.execute("select key, name from players order by key")] == [
        ("ana ruiz", "ANA RUIZ"),
        ("tom", "Tom"),
    ]


FILTERS: list[tuple[dict[str, Any], list[int]]] = [
    ({}, [1, 2, 3]),
    ({"player": "ana ruiz"}, [1, 2]),
    ({"player": "Ruiz, Ana"}, [1, 2]),
    ({"player": "berg"}, [1, 3]),
    ({"player": "%"}, []),
    ({"tag": "rabbithunt"}, [2]),
    ({"grade": 1}, [1]),
    ({"grade": 3}, []),
    ({"sheet": "another"}, []),
    ({"has_problem": True}, [3]),
    ({"has_problem": False, "player": "ana"}, [1, 2]),
    ({"query": "SHOW 2"}, [2]),
    ({"query": "show rabbit"}, [2]),
    ({"query": "show nothing"}, []),
    ({"period": Period(since=datetime(2001, 1, 1, tzinfo=UTC)), "query": "show 2"}, [2]),
    ({"period": Period(until=datetime(2001, 1, 1, tzinfo=UTC))}, []),
]


def test_clips_are_listed_by_every_filter(harness: SheetHarness) -> None:
    prepare(harness)

    with harness.engine.connect() as connection:
        listed = [[clip.title for clip in list_clips(connection, ClipFilter(**filters))] for filters, _ in FILTERS]

    assert listed == [[f"show {number}" for number in numbers] for _, numbers in FILTERS]


def test_a_retired_clip_is_kept_but_neither_listed_nor_counted(harness: SheetHarness) -> None:
    harness.write(*make_lines(1, 2))
    harness.sync()
    harness.build()
    harness.write(*make_lines(2))
    harness.sync()

    report = harness.build()

    assert (report.clips, report.retired) == (1, 1)
    assert harness.execute("select count(*) from hand_clips")[0][0] == 2
    with harness.engine.connect() as connection:
        assert [clip.title for clip in list_clips(connection, ClipFilter())] == ["show 2"]
