from collections.abc import Callable

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.catalog.build import build_catalog
from pokervod_pipelines.catalog.corrections import correct_file, list_corrections, undo_correction
from pokervod_pipelines.catalog.tree import explain_file
from pokervod_pipelines.errors import BadInput, Conflict
from pokervod_pipelines.paging import Page
from pokervod_pipelines_tests.catalog.inventory import (
    add_file,
    change_file,
    episodes_by_file,
    events_of,
    shape,
    snapshot,
)

KIM = Actor(who="kim", reason="seen")

PATHS = (
    "Clean/10-wsop-2024-be-ev-21-25k-nlh-hr-ft-ann-wins-clean.mp4",
    "Mastered/10-wsop-2024-be-ev-21-25k-nlh-hr-ft-ann-wins.mp4",
    "PAD S12/pad-s12-ep01-002.mp4",
    "PAD S12/pad-s12-ep02-003.mp4",
    "HCL Clips/Can He Fold @HustlerCasinoLive.mp4",
    "Clips/시퀀스 01.mp4",
)
CLEAN, MASTERED, PAD1, PAD2, HCL, UNKNOWN = PATHS


@pytest.fixture
def files(engine: Engine) -> dict[str, int]:
    added = {path: add_file(engine, path) for path in PATHS}
    build_catalog(engine, correlation_id="test")
    return added


@pytest.fixture
def correct(engine: Engine) -> Callable[..., int]:
    """Return ``correct(path, field, value)``, which returns the correction's id."""

    def say(path: str | int, field: str, value: str) -> int:
        return correct_file(engine, path_or_id=path, field=field, value=value, actor=KIM).id

    return say


def keys_of(engine: Engine, path: str) -> str:
    return explain_file(engine, path).episodes[0][2]


@pytest.mark.parametrize("endings", [("Day 2 Table 1", "Day 2 Table 2"), ("Day 2-001", "Day 2-002")])
def test_a_person_decides_that_an_unread_number_tells_nothing_apart(
    engine: Engine, correct: Callable[..., int], endings: tuple[str, str]
) -> None:
    paths = [f"A/WSOP 2025 Main Event {ending}.mp4" for ending in endings]
    for path in paths:
        add_file(engine, path)
    build_catalog(engine, correlation_id="test")
    assert keys_of(engine, paths[0]) != keys_of(engine, paths[1])

    for path in paths:
        correct(path, "part", "none")

    assert {keys_of(engine, path) for path in paths} == {"WSOP / :2025 / main-event / day-2"}


@pytest.mark.parametrize(
    ("path", "field", "value", "keys"),
    [
        (UNKNOWN, "project", "PAD", "PAD / :- / clips / whole"),
        (PAD1, "season", "13", "PAD / :s13 / episodes / ep-1"),
        (PAD1, "episode", "9", "PAD / :s12 / episodes / ep-9"),
        (CLEAN, "year", "2023", "WSOP / :2023 / event-21 / clip-10"),
        (CLEAN, "event", "22", "WSOP / :2024 / event-22 / clip-10"),
        (CLEAN, "clip", "11", "WSOP / :2024 / event-21 / clip-11"),
        (CLEAN, "series", "WSOP-EUROPE", "WSOP / wsop-europe:2024 / event-21 / clip-10"),
    ],
)
@pytest.mark.usefixtures("files")
def test_a_corrected_file_is_placed_by_the_correction(
    engine: Engine, correct: Callable[..., int], path: str, field: str, value: str, keys: str
) -> None:
    before = shape(engine)

    identity = correct(path, field, value)

    assert keys_of(engine, path).startswith(keys.removesuffix("whole"))
    undo_correction(engine, identity, actor=Actor(who="lee", reason="was right"))
    assert shape(engine) == before


def test_a_correction_survives_builds_renames_moves_and_absence(
    engine: Engine, files: dict[str, int], correct: Callable[..., int]
) -> None:
    correct(PAD1, "episode", "9")

    for change in ({"path": "Archive/PAD S12/pad-s12-ep05-002.mp4"}, {"state": "missing"}, {"state": "present"}):
        change_file(engine, files[PAD1], **change)
        build_catalog(engine, correlation_id="test")
        build_catalog(engine, correlation_id="test", full=True)

    assert keys_of(engine, "Archive/PAD S12/pad-s12-ep05-002.mp4") == "PAD / :s12 / episodes / ep-9"


def test_a_file_can_be_corrected_before_its_first_build(engine: Engine, correct: Callable[..., int]) -> None:
    file_id = add_file(engine, PAD2)

    correct(file_id, "episode", "7")

    assert keys_of(engine, PAD2) == "PAD / :s12 / episodes / ep-7"


@pytest.mark.usefixtures("files")
def test_a_title_names_the_file_and_its_programme_and_moves_nothing(
    engine: Engine, correct: Callable[..., int]
) -> None:
    before = episodes_by_file(engine)

    correct(MASTERED, "title", "Ann Wins It All")

    known = explain_file(engine, MASTERED)
    assert (known.title, known.episodes[0][1]) == ("Ann Wins It All", "Ann Wins It All")
    assert episodes_by_file(engine) == before


@pytest.mark.usefixtures("files")
def test_of_two_titles_that_of_the_better_file_names_the_programme(engine: Engine, correct: Callable[..., int]) -> None:
    correct(MASTERED, "title", "Mastered Title")
    correct(CLEAN, "title", "Clean Title")

    assert {explain_file(engine, path).episodes[0][1] for path in (CLEAN, MASTERED)} == {"Mastered Title"}
    assert explain_file(engine, CLEAN).title == "Clean Title"


@pytest.mark.usefixtures("files")
def test_a_corrected_file_is_not_among_the_unknown(engine: Engine, correct: Callable[..., int]) -> None:
    correct(UNKNOWN, "project", "PAD")

    report = build_catalog(engine, correlation_id="test", full=True)

    assert (report.unknown, explain_file(engine, UNKNOWN).reason) == (0, None)


@pytest.mark.usefixtures("files")
def test_the_history_has_who_when_why_before_and_after(engine: Engine, correct: Callable[..., int]) -> None:
    first = correct(PAD1, "episode", "7")
    second = correct(PAD1, "episode", "9")
    undo_correction(engine, second, actor=Actor(who="lee", reason="it was seven"))

    rows = list_corrections(engine, PAD1)

    assert [(row.by, row.reason, row.before, row.value, row.is_in_force) for row in rows] == [
        ("kim", "seen", 1, 7, True),
        ("kim", "seen", 7, 9, False),
        ("lee", "it was seven", 9, 7, False),
    ]
    assert (rows[0].id, rows[1].undone_by, rows[2].undoes) == (first, rows[2].id, second)
    assert rows == list_corrections(engine)
    assert all(row.at.tzinfo for row in rows)
    assert [event["correction_id"] for event in events_of(engine, "catalog.corrected")] == [row.id for row in rows]


@pytest.mark.usefixtures("files")
def test_undoing_a_replaced_correction_leaves_the_newer_in_force(engine: Engine, correct: Callable[..., int]) -> None:
    first = correct(PAD1, "episode", "7")
    correct(PAD1, "episode", "9")

    undoing = undo_correction(engine, first, actor=Actor(who="lee", reason="never mind"))

    assert (undoing.before, undoing.value) == (9, 9)
    assert keys_of(engine, PAD1) == "PAD / :s12 / episodes / ep-9"


@pytest.mark.usefixtures("files")
def test_the_same_correction_again_adds_nothing(engine: Engine, correct: Callable[..., int]) -> None:
    identity = correct(PAD1, "episode", "7")
    before = snapshot(engine)

    assert correct(PAD1, "episode", "07") == identity
    assert len(list_corrections(engine)) == 1
    assert snapshot(engine) == before


@pytest.mark.usefixtures("files")
def test_an_explanation_shows_which_facts_a_person_corrected(engine: Engine, correct: Callable[..., int]) -> None:
    identity = correct(PAD1, "episode", "7")

    told = {finding.field: finding for finding in explain_file(engine, PAD1).findings}

    assert (told["episode_number"].value, told["episode_number"].source) == (7, "person")
    assert (told["episode_number"].rule, told["episode_number"].text) == (f"correction {identity}", "kim: seen")
    assert told["season"].source != "person"


@pytest.mark.usefixtures("files")
def test_an_invalid_correction_is_refused_and_leaves_no_row(engine: Engine, correct: Callable[..., int]) -> None:
    with pytest.raises(BadInput, match="unknown video"):
        correct("nowhere.mp4", "episode", "7")
    with pytest.raises(BadInput, match="unknown video"):
        correct(10**6, "episode", "7")
    with pytest.raises(BadInput, match="--reason is required"):
        correct_file(engine, path_or_id=PAD1, field="episode", value=7, actor=Actor(who="kim", reason=" "))
    with pytest.raises(BadInput, match="unknown correction 99"):
        undo_correction(engine, 99, actor=KIM)
    assert list_corrections(engine) == []


@pytest.mark.usefixtures("files")
def test_a_path_of_two_roots_needs_the_id_of_the_file(engine: Engine, correct: Callable[..., int]) -> None:
    other = add_file(engine, PAD1, root="/other")

    with pytest.raises(BadInput, match=f"the id of the right file: .*{other}"):
        correct(PAD1, "episode", "7")


@pytest.mark.usefixtures("files")
def test_a_correction_is_undone_once_and_an_undoing_never(engine: Engine, correct: Callable[..., int]) -> None:
    undoing = undo_correction(engine, identity := correct(PAD1, "episode", "7"), actor=Actor(who="lee", reason="no"))

    with pytest.raises(Conflict, match="undone already"):
        undo_correction(engine, identity, actor=Actor(who="lee", reason="again"))
    with pytest.raises(BadInput, match="unknown correction"):
        undo_correction(engine, undoing.id, actor=Actor(who="lee", reason="undo the undoing"))


def test_one_correction_touches_only_its_seasons(engine: Engine, files: dict[str, int]) -> None:
    with engine.begin() as connection:
        connection.execute(text("update seasons set title = 'untouched' where project_code = 'WSOP'"))

    correct_file(engine, path_or_id=files[PAD1], field="episode", value=7, actor=KIM)

    with engine.connect() as connection:
        assert connection.scalar(text("select title from seasons where project_code = 'WSOP'")) == "untouched"


@pytest.mark.usefixtures("files")
def test_the_value_before_is_the_one_shown_even_where_another_field_removed_it(
    engine: Engine, correct: Callable[..., int]
) -> None:
    correct(PAD1, "clip", "11")
    correct(PAD1, "episode", "9")

    correct(PAD1, "clip", "12")

    assert [(row.field, row.before) for row in list_corrections(engine)] == [
        ("clip", None), ("episode", 1), ("clip", None),
    ]  # fmt: skip


@pytest.mark.usefixtures("files")
def test_the_history_comes_in_pages_oldest_first(engine: Engine, correct: Callable[..., int]) -> None:
    ids = [correct(PAD1, "episode", str(number)) for number in range(3, 7)]

    first = list_corrections(engine, page=Page(limit=2))
    rest = list_corrections(engine, page=Page(after=first[-1].id))

    assert [row.id for row in first] == ids[:2]
    assert [row.id for row in rest] == ids[2:]
