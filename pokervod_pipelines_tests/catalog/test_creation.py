"""Check that people put entries into the catalog before files are there, that files join them, and that they end."""

from collections.abc import Callable, Sequence

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.catalog.build import build_catalog
from pokervod_pipelines.catalog.creation import create_entry, list_created, undo_entry
from pokervod_pipelines.catalog.creation_report import CreationReport
from pokervod_pipelines.catalog.tree import read_tree
from pokervod_pipelines.errors import BadInput, Conflict
from pokervod_pipelines_tests.catalog.inventory import add_file, snapshot

KIM = Actor(who="kim", reason="recorded in July", correlation_id="request")
DAY_2 = ("project=WSOP", "year=2027", "event=main event", "day=2")
FILE = "ARCHIVE/WSOP/WSOP 2027/WSOP_2027_Main_Event_Day_2.mp4"


@pytest.fixture
def create(engine: Engine) -> Callable[..., CreationReport]:
    """Return ``create(*words)`` on a catalog with files of two shows."""
    add_file(engine, "Clean/10-wsop-2024-be-ev-21-25k-nlh-hr-ft-ann-wins-clean.mp4")
    add_file(engine, "PAD S12/pad-s12-ep01-002.mp4")
    build_catalog(engine, correlation_id="test")
    return lambda *words: create_entry(engine, words, actor=KIM)


def tree(engine: Engine, project: str) -> list[object]:
    """Return the seasons, each with its events, each with its episodes and their numbers of files."""
    return [
        (
            season.title,
            [(event.title, [(each.label, len(each.files)) for each in event.episodes]) for event in season.events],
        )
        for show in read_tree(engine, project)
        for season in show.seasons
    ]


def signed(engine: Engine) -> Sequence[object]:
    with engine.connect() as connection:
        return [
            tuple(row)
            for row in connection.execute(
                text("select type, payload ->> 'by' from events where correlation_id = 'request' order by id")
            )
        ]


@pytest.mark.parametrize(
    ("words", "level", "shape"),
    [
        (("project=GOG",), "project", []),
        (("project=GOG", "season=2"), "season", [("Season 2", [])]),
        (("project=MPP", "year=2027", "event=3"), "event", [("MPP 2027", [("Event #3", [])])]),
        (("project=GOG", "season=2", "episode=4"), "episode", [("Season 2", [("Episodes", [("Episode 4", 0)])])]),
        (("project=HCL", "title=A New Clip"), "episode", [("All clips", [("Clips", [("A New Clip", 0)])])]),
    ],
)  # fmt: skip
def test_an_entry_is_there_at_once_and_stays_through_builds(
    engine: Engine, create: Callable[..., CreationReport], words: tuple[str, ...], level: str, shape: list[object]
) -> None:
    report = create(*words)
    project = words[0].partition("=")[2]

    assert (report.level, report.files) == (level, 0)
    assert [show.code for show in read_tree(engine, project)] == [project]
    assert tree(engine, project) == shape
    before = snapshot(engine)
    build_catalog(engine, correlation_id="test", full=True)
    assert snapshot(engine) == before
    assert ("catalog.project.created", "kim") in signed(engine)


def test_its_files_join_it_under_its_id(engine: Engine, create: Callable[..., CreationReport]) -> None:
    planned = create(*DAY_2)
    assert tree(engine, "WSOP")[-1] == ("WSOP 2027", [("Main Event", [("Day 2", 0)])])

    add_file(engine, FILE)
    build_catalog(engine, correlation_id="test")

    assert tree(engine, "WSOP")[-1] == ("WSOP 2027", [("Main Event", [("Day 2", 1)])])
    with engine.connect() as connection:
        assert (
            connection.scalars(text("select episode_id from episode_files order by episode_id")).all()[-1] == planned.id
        )
    assert [(each.files, each.is_in_force) for each in list_created(engine)] == [(1, True)]


@pytest.mark.parametrize(
    ("words", "path"),
    [
        (("project=WSOP", "year=2024", "event=21", "title=High Roller"), ""),
        (("project=PAD", "season=12", "episode=9"), "PAD S12/pad-s12-ep09-002.mp4"),
        (("project=WSOP", "year=2027", "event=mystery bounty", "day=1"), "WSOP/WSOP_2027_Mystery_Bounty_Day_1.mp4"),
        (("project=WSOP", "year=2027", "event=7", "stage=final_table"), "WSOP 2027/WSOP_2027_Event_7_Final_Table.mp4"),
    ],
)  # fmt: skip
def test_the_rules_place_a_file_where_a_person_expects_it(
    engine: Engine, create: Callable[..., CreationReport], words: tuple[str, ...], path: str
) -> None:
    planned = create(*words)
    if path:
        add_file(engine, path)
        build_catalog(engine, correlation_id="test")

    (entry,) = list_created(engine)
    assert entry.files == bool(path)
    with engine.connect() as connection:
        assert connection.scalar(text("select count(*) from episodes where id = :id"), {"id": planned.id}) == 1


def test_a_title_of_a_person_outlives_the_first_file(engine: Engine, create: Callable[..., CreationReport]) -> None:
    create(*DAY_2, "title=The second day")

    add_file(engine, FILE)
    build_catalog(engine, correlation_id="test")

    assert tree(engine, "WSOP")[-1] == ("WSOP 2027", [("Main Event", [("The second day", 1)])])


def test_the_same_again_and_what_has_files_change_nothing(
    engine: Engine, create: Callable[..., CreationReport]
) -> None:
    first = create(*DAY_2)
    before = snapshot(engine), signed(engine)

    assert create(*DAY_2) == CreationReport(level="episode", id=first.id, title=first.title, files=0, decision=None)
    assert create("project=PAD", "season=12").decision is None
    assert (snapshot(engine), signed(engine)) == before


def test_an_empty_entry_leaves_when_it_is_undone(engine: Engine, create: Callable[..., CreationReport]) -> None:
    before = snapshot(engine)
    made = create("project=GOG", "season=2", "episode=4")
    assert made.decision is not None

    assert not undo_entry(engine, made.decision, actor=KIM).is_there

    assert snapshot(engine) == before
    with pytest.raises(Conflict, match="was undone already"):
        undo_entry(engine, made.decision, actor=KIM)


def test_an_entry_with_files_stays_for_them_when_it_is_undone(
    engine: Engine, create: Callable[..., CreationReport]
) -> None:
    made = create(*DAY_2)
    assert made.decision is not None
    add_file(engine, FILE)
    build_catalog(engine, correlation_id="test")
    before = snapshot(engine)

    undone = undo_entry(engine, made.decision, actor=KIM)

    assert (undone.files, undone.is_there) == (1, True)
    assert snapshot(engine) == before


def test_an_entry_stays_for_what_was_created_below_it(engine: Engine, create: Callable[..., CreationReport]) -> None:
    event = create("project=WSOP", "year=2027", "event=main event")
    create(*DAY_2)
    assert event.decision is not None

    assert undo_entry(engine, event.decision, actor=KIM).is_there

    assert tree(engine, "WSOP")[-1] == ("WSOP 2027", [("Main Event", [("Day 2", 0)])])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("project=WSP",), "unknown project 'WSP'; did you mean `WSOP`?"),
        (("project=WSOP", "yeer=2027"), "unknown field 'yeer'; did you mean `year`?"),
        (("project=WSOP", "year"), "expected FIELD=VALUE such as year=2027, got 'year'"),
        (("project=WSOP", "year=soon"), "year: expected a number from 1960 to 2099"),
        (("project=WSOP", "version=clean"), "unknown field 'version'"),
        (("year=2027",), "project: expected the code of a show"),
        (("project=WSOP", "year=2027", "year=2028"), "year is given twice; give it once"),
        (("project=WSOP", "year=2027", "day=none"), "day: expected what it is, got 'none'"),
        (("project=HCL", "title=None"), "title: expected what it is, got 'None'"),
        (("project=HCL", "date=2027-01-02"), "episodes of HCL are named by their title: add title=..."),
        (("project=HCL", "event=3"), "HCL has no events"),
        (("project=GGMILLIONS", "day=2"), "episodes of GGMILLIONS are named by their date or title"),
        (("project=GGMILLIONS", "title=???"), "episodes of GGMILLIONS are named by their date or title"),
        (("project=PAD", "season=12", "title=Pilot"), "episodes of PAD are named by their number, day, stage or part"),
        (("project=WSOP", "year=2027", "event=3", "date=2027-01-02"), "add episode=..., day=... or title=..."),
        (("project=PAD", "season=12", "game=PLO"), "an event is named by its number, name or buy-in"),
        (("project=WSOP", "year=2027", "event=???"), "an event is named by its number, name or buy-in"),
        (("project=WSOP", "series=???"), "a season of WSOP is named by its year, number or series"),
    ],
)
def test_what_cannot_be_an_entry_is_refused(
    engine: Engine, create: Callable[..., CreationReport], words: tuple[str, ...], said: str
) -> None:
    before = snapshot(engine)

    with pytest.raises(BadInput) as refused:
        create(*words)

    assert said in str(refused.value)
    assert snapshot(engine) == before


def test_an_unknown_creation_is_refused(engine: Engine) -> None:
    with pytest.raises(BadInput, match="`pokervod catalog created` lists them"):
        undo_entry(engine, 9, actor=KIM)
