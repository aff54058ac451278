"""Check that corrections and aliases written in a sheet count while their rows exist."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.catalog.build import build_catalog
from pokervod_pipelines.catalog.corrections import correct_file, list_corrections
from pokervod_pipelines.clips.aliases import add_alias
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets.directives import NO_DIRECTIVES, DirectiveKind, read_directives
from pokervod_pipelines.sheets.tab import Tab
from pokervod_pipelines.workflows.stage_result import StageResult
from pokervod_pipelines.workflows.stages import SyncRun, run_sheets_stage
from pokervod_pipelines_tests.clips.test_aliases import list_aliases
from pokervod_pipelines_tests.sheets.harness import COLUMNS, insert_files, make_line, write_book

ANA = Actor(who="Ana", reason="seen")

VIDEO = "PAD/pad-s12-ep01-002.mp4"
CORRECTIONS, ALIASES = "PokerVOD corrections", "PokerVOD Aliases"
Lines = Sequence[tuple[str, ...]]


@pytest.fixture
def write(engine: Engine, settings_factory: Callable[..., Settings], tmp_path: Path) -> Callable[..., StageResult]:
    """Write the tabs into a workbook and sync it."""
    path = tmp_path / "hands.xlsx"
    settings = settings_factory(sheets=[{"name": "hands", "path": path}])
    with engine.begin() as connection:
        insert_files(connection, VIDEO)
    build_catalog(engine, correlation_id="t")

    def run(*, confirm_loss: bool = False, **tabs: Lines) -> StageResult:
        titles = {"corrections": CORRECTIONS, "aliases": ALIASES}
        headers = {"corrections": ("File", "Field", "Value"), "aliases": ("Alias", "Player")}
        others = {titles[name]: [headers[name], *lines] for name, lines in tabs.items()}
        write_book(path, {"Hands": [COLUMNS, make_line(1)], **others})
        run = SyncRun(engine=engine, settings=settings, correlation_id="t")
        return run_sheets_stage(run, "hands", confirm_loss=confirm_loss)

    return run


def seasons(engine: Engine) -> list[int | None]:
    with engine.connect() as connection:
        return list(connection.scalars(text("select number from seasons order by 1")))


def test_a_correction_counts_while_its_row_exists(engine: Engine, write: Callable[..., StageResult]) -> None:
    before = seasons(engine)
    write(corrections=[(VIDEO, "season", "13")])
    corrected = seasons(engine)
    write(corrections=[(VIDEO, "season", "14")])
    edited = seasons(engine)
    write(corrections=[])

    assert (before, corrected, edited) == ([12], [13], [14])
    assert seasons(engine) == [12]


def test_the_same_directives_again_change_nothing(engine: Engine, write: Callable[..., StageResult]) -> None:
    write(corrections=[(VIDEO, "season", "13")], aliases=[("Durrrr", "Tom Dwan")])
    before = (list_corrections(engine), list_aliases(engine))
    write(corrections=[(VIDEO, "season", "13")], aliases=[("Durrrr", "Tom Dwan")])

    assert (list_corrections(engine), list_aliases(engine)) == before


def test_a_deleted_tab_undoes_nothing(engine: Engine, write: Callable[..., StageResult]) -> None:
    write(corrections=[(VIDEO, "season", "13")], aliases=[("Durrrr", "Tom Dwan")])
    write()

    assert seasons(engine) == [13]
    assert len(list_aliases(engine)) == 1


FORMULA, ERROR = '="1"&"3"', "#REF!"


@pytest.mark.parametrize(
    "lines",
    [
        [(VIDEO, "season", FORMULA)],
        [(VIDEO, FORMULA, "13")],
        [(FORMULA, "season", "13")],
        [(FORMULA, FORMULA, FORMULA)],
        [(VIDEO, "season", ERROR)],
        [(ERROR, ERROR, ERROR)],
        [("x.mp4", "year", "2011"), (ERROR, FORMULA, FORMULA)],
    ],
)
def test_a_line_whose_formula_has_no_value_stays_in_force(
    engine: Engine, write: Callable[..., StageResult], lines: Lines
) -> None:
    write(corrections=[(VIDEO, "season", "13")])
    outcome = write(corrections=lines)

    told = [problem.what for problem in outcome.problems if problem.where == f"{CORRECTIONS} row {len(lines) + 1}"]
    assert seasons(engine) == [13]
    assert len(told) == 1
    assert "No line is withdrawn" in told[0]


def test_an_alias_whose_formula_has_no_value_stays_in_force(engine: Engine, write: Callable[..., StageResult]) -> None:
    write(aliases=[("Durrrr", "Tom Dwan")])
    write(aliases=[("Durrrr", '="Tom "&"Dwan"'), ("Kid Poker", "Daniel Negreanu")])

    assert sorted(each.alias for each in list_aliases(engine)) == ["Durrrr", "Kid Poker"]


def test_an_alias_counts_while_its_row_exists(engine: Engine, write: Callable[..., StageResult]) -> None:
    write(aliases=[("Durrrr", "Tom Dwan")])
    given = [(each.alias, each.player) for each in list_aliases(engine)]
    write(aliases=[("Durrrr", "Phil Galfond")])
    edited = [(each.alias, each.player) for each in list_aliases(engine)]
    write(aliases=[])

    assert (given, edited) == ([("Durrrr", "Tom Dwan")], [("Durrrr", "Phil Galfond")])
    assert list_aliases(engine) == []


def test_directives_deleted_all_at_once_are_undone_only_if_confirmed(
    engine: Engine, write: Callable[..., StageResult]
) -> None:
    lines = [("Durrrr", "Tom Dwan"), ("Kid  Poker", "Daniel Negreanu")]
    write(aliases=lines)
    outcome = write(aliases=[])
    kept = len(list_aliases(engine))
    write(aliases=[], confirm_loss=True)

    assert any("none was undone" in problem.what for problem in outcome.problems)
    assert kept == 2
    assert list_aliases(engine) == []


def test_a_decision_by_command_since_is_not_undone(engine: Engine, write: Callable[..., StageResult]) -> None:
    write(corrections=[(VIDEO, "season", "13")], aliases=[("Durrrr", "Tom Dwan")])
    correct_file(engine, path_or_id=VIDEO, field="season", value="15", actor=ANA)
    add_alias(engine, "Durrrr", "Phil Galfond", actor=ANA)
    write(corrections=[], aliases=[])

    assert seasons(engine) == [15]
    assert [each.player for each in list_aliases(engine)] == ["Phil Galfond"]


@pytest.mark.parametrize(
    ("tabs", "where", "what"),
    [
        ({"corrections": [("no/such.mp4", "season", "13")]}, f"{CORRECTIONS} row 2", "unknown video"),
        ({"corrections": [(VIDEO, "colour", "13")]}, f"{CORRECTIONS} row 2", "colour"),
        ({"corrections": [(VIDEO, "season", "x")]}, f"{CORRECTIONS} row 2", "season"),
        ({"corrections": [("", "season", "13")]}, f"{CORRECTIONS} row 2", "file is blank"),
        ({"aliases": [("Tom Dwan", "tom dwan")]}, f"{ALIASES} row 2", "one player already"),
    ],
)
def test_an_invalid_directive_is_a_problem_and_the_others_are_applied(
    engine: Engine, write: Callable[..., StageResult], tabs: dict[str, Lines], where: str, what: str
) -> None:
    good = {"aliases": [("Durrrr", "Tom Dwan")], "corrections": [(VIDEO, "year", "2011")]}
    outcome = write(**{name: [*tabs.get(name, []), *lines] for name, lines in good.items()})

    problems = {problem.where: problem.what for problem in outcome.problems}
    assert what in problems[where]
    assert [each.alias for each in list_aliases(engine)] == ["Durrrr"]
    assert len(list_corrections(engine)) == 1


def test_an_invalid_directive_is_tried_again(engine: Engine, write: Callable[..., StageResult]) -> None:
    write(corrections=[("PAD/later.mp4", "season", "13")])
    with engine.begin() as connection:
        insert_files(connection, "PAD/later.mp4")
    outcome = write(corrections=[("PAD/later.mp4", "season", "13")], aliases=[])

    assert [each.path for each in list_corrections(engine)] == ["PAD/later.mp4"]
    assert not [problem for problem in outcome.problems if problem.where.startswith(CORRECTIONS)]


def test_the_lower_of_two_directives_about_one_subject_counts() -> None:
    lines = (("",), ("Reason", "player", "ALIAS"), ("x", "Tom Dwan", "Durrrr"), (), ("", "Phil", "Durrrr"))
    read = read_directives([Tab("pokervod aliases", lines), Tab("Other", (("Alias", "Player"), ("a", "b")))])

    assert [(word.kind, word.key, word.value, word.where) for word in read.directives] == [
        (DirectiveKind.ALIAS, "Durrrr", "Phil", "pokervod aliases row 5")
    ]


def test_a_tab_without_its_header_is_a_problem() -> None:
    read = read_directives([Tab("PokerVOD Aliases", (("Durrrr", "Tom Dwan"),))])

    assert (read.directives, read.kinds) == ((), frozenset())
    assert "expected the columns Alias, Player" in read.problems[0].what
    assert read_directives([]) == NO_DIRECTIVES


@pytest.mark.parametrize("place", [(0, 2), (1, 2), (1, 3)])
def test_a_cell_that_is_not_of_a_directive_needs_no_value(place: tuple[int, int]) -> None:
    lines = (("File", "Field", "Note", "Seen", "Value"), ("a.mp4", "year", "", "", "2024"))
    for tab in (Tab(CORRECTIONS, lines, uncomputed=(place,)), Tab(CORRECTIONS, lines, errors={place: ERROR})):
        read = read_directives([tab])
        assert (len(read.directives), read.kinds, read.problems) == (1, {DirectiveKind.CORRECTION}, ())


@pytest.mark.parametrize("broken", [(("?",),), (("Alias", "Player"), ("Durrrr", ""))])
@pytest.mark.parametrize("is_first", [True, False])
def test_of_two_tabs_one_that_is_not_whole_keeps_its_lines_in_force(broken: Lines, *, is_first: bool) -> None:
    tabs = [Tab(ALIASES, tuple(broken), uncomputed=((1, 1),)), Tab("pokervod aliases", (("Alias", "Player"),))]

    assert read_directives(tabs if is_first else tabs[::-1]).kinds == frozenset()
