"""Check that after any edits the database is as after a first reading, and that clips stay with their rows."""

from collections import Counter
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.sheets.harness import COLUMNS, Line, SheetHarness, make_line
from pokervod_pipelines_tests.sizes import choose

BLANK = ("",) * len(COLUMNS)
NUMBERS = count()
SEGMENT_FACETS = st.integers(0, 30)
EDITED = {"Out": "0:59:59", "Hand_Grade": "★", "Hands": "QQ vs JJ", "Tag_(Player)": "Eve Stone", "File_Name": "show 2"}


def insert(lines: list[Line], place: int, number: int) -> list[Line]:
    return [*lines[:place], make_line(number), *lines[place:]]


def insert_blank(lines: list[Line], place: int, _: int) -> list[Line]:
    return [*lines[:place], BLANK, *lines[place:]]


def delete(lines: list[Line], place: int, _: int) -> list[Line]:
    return lines[:place] + lines[place + 1 :]


def copy(lines: list[Line], place: int, other: int) -> list[Line]:
    return [*lines[:other], *lines[place : place + 1], *lines[other:]]


def move(lines: list[Line], place: int, other: int) -> list[Line]:
    rest = delete(lines, place, other)
    return [*rest[:other], *lines[place : place + 1], *rest[other:]]


def sort(lines: list[Line], place: int, _: int) -> list[Line]:
    return sorted(lines, key=lambda line: line[place % len(COLUMNS)], reverse=bool(place % 2))


def edit(lines: list[Line], place: int, other: int) -> list[Line]:
    name, value = sorted(EDITED.items())[other % len(EDITED)]
    column = COLUMNS.index(name.replace("_", " "))
    return [
        (*line[:column], value, *line[column + 1 :]) if index == place and line != BLANK else line
        for index, line in enumerate(lines)
    ]


EDITS = st.lists(
    st.tuples(st.sampled_from([insert, insert_blank, delete, copy, move, sort, edit]), SEGMENT_FACETS, SEGMENT_FACETS),
    min_size=1,
    max_size=5,
)
STATE = """
    select r.row_number, r.fingerprint, r.file_name, r.folder_link, r.content, r.match_status, r.matcher,
           r.match_score, r.match_reason, r.candidates, r.file_id, c.file_id, c.in_ms, c.out_ms, c.title, c.grade,
           c.winner, c.hands, c.problem, c.remark,
           array(select key from clip_players cp join players p on p.id = player_id
                 where clip_id = c.id order by position),
           array(select name from clip_tags join tags t on t.id = tag_id where clip_id = c.id order by name)
    from sheet_rows r join hand_clips c on c.sheet_row_id = r.id and c.retired_at is null
    where r.sheet = :sheet and r.retired_at is null order by r.row_number
"""
STANDING = """
    select r.fingerprint, r.id, c.id from sheet_rows r join hand_clips c on c.sheet_row_id = r.id
    where r.sheet = :sheet and r.retired_at is null and c.retired_at is null
"""


def open_harness(engine: Engine, make_settings: Callable[..., Settings], path: Path) -> SheetHarness:
    """Return a harness whose sheet is new to the database."""
    name = f"sheet_{next(NUMBERS)}"
    return SheetHarness(
        engine=engine, settings=make_settings(sheets=[{"name": name, "path": path}]), path=path, sheet=name
    )


def read_unique(harness: SheetHarness) -> dict[str, Any]:
    """Return the ids of the row and the clip of each content that only one row has."""
    rows = harness.execute(STANDING)
    often = Counter(row[0] for row in rows)
    return {row[0]: tuple(row[1:]) for row in rows if often[row[0]] == 1}


@settings(max_examples=choose(8, long=50), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(passes=st.lists(EDITS, min_size=1, max_size=3))
def test_every_edit_ends_as_a_first_reading_would_and_a_second_pass_is_silent(
    engine: Engine, settings_factory: Callable[..., Settings], tmp_path: Path, passes: list[list[Any]]
) -> None:
    path = tmp_path / "hands.csv"
    harness = open_harness(engine, settings_factory, path)
    if not harness.execute("select 1 from nas_files"):
        harness.add_files("show 1.mp4", "a/show 2.mp4", "b/show 2.mp4", "show 3.mp4")
    lines = [make_line(number) for number in (1, 2, 3, 3, 4)]
    for script in passes:
        harness.write(*lines)
        harness.sync(confirm_loss=True)
        harness.build()
        before = read_unique(harness)
        for change, place, other in script:
            lines = change(lines, place % (len(lines) + 1), other)
        harness.write(*lines)

        harness.sync(confirm_loss=True)
        harness.build()
        events, versions = harness.events(), harness.versions()
        harness.sync(full=True)
        harness.build()
        fresh = open_harness(engine, settings_factory, path)
        fresh.sync()
        fresh.build()

        after = read_unique(harness)
        assert harness.execute(STATE) == fresh.execute(STATE)
        assert {key: after[key] for key in before.keys() & after.keys()} == {
            key: before[key] for key in before.keys() & after.keys()
        }
        assert harness.events() == events
        assert [row for row in harness.versions() if row[0] in {"row", "clip"}] == [
            row for row in versions if row[0] in {"row", "clip"}
        ]
