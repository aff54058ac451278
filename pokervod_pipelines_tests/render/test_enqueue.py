"""Check that requests of people are enqueued once, by command, whatever the other rows say."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pokervod_pipelines.cli.app import app
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.render.enqueue import EnqueueReport, enqueue_file, enqueue_request
from pokervod_pipelines_tests.render.render_database import RenderDatabase

HEAD = "template,player,place,priority"


def enqueue(database: RenderDatabase, path: Path, *lines: str, **options: Any) -> EnqueueReport:
    path.write_text("\n".join([HEAD, *lines]), encoding="utf-8")
    return enqueue_file(database.engine, database.settings, path, by="eva", correlation_id="test", **options)


def test_a_file_enqueued_twice_or_grown_creates_each_row_once(database: RenderDatabase, tmp_path: Path) -> None:
    path = tmp_path / "friday.csv"
    first = enqueue(database, path, "elimination,Ana,9th,1", "banner,x,y,z")
    second = enqueue(database, path, "elimination,Ana,9th,1", "elimination,Tom,8th,")

    assert (len(first.created), len(first.already_there), len(first.problems)) == (1, 0, 1)
    assert (len(second.created), second.already_there, second.problems) == (1, first.created, ())
    assert [(each.trigger_kind, each.by, each.priority) for each in database.find()] == [
        ("person", "eva", 1),
        ("person", "eva", 5),
    ]
    assert database.events() == [("created", ""), ("created", "")]


def test_other_settings_create_no_second_graphic_of_a_row(database: RenderDatabase, tmp_path: Path) -> None:
    enqueue(database, tmp_path / "a.csv", "elimination,Ana,9th,1")
    database.configure(output={"fps": 50})

    again = enqueue(database, tmp_path / "b.csv", "elimination,Ana,9th,1")

    assert (again.created, len(again.already_there)) == ((), 1)


def test_making_the_instructions_of_the_day_leaves_requests_alone(database: RenderDatabase, tmp_path: Path) -> None:
    enqueue(database, tmp_path / "a.csv", "elimination,Ana,9th,1", reason="the director wants it")

    report = database.make(None)

    assert report.changed == 0
    assert (database.find()[0].state, database.find()[0].reason) == ("pending", "the director wants it")


def test_a_missing_file_is_named(database: RenderDatabase, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"nowhere\.csv: cannot read the file"):
        enqueue_file(database.engine, database.settings, tmp_path / "nowhere.csv", by="eva", correlation_id="test")


UNDRAWABLE = [
    ("Ana 🏆", "🏆 (U+1F3C6)"),
    ("שלום", "ו (U+05D5), ל (U+05DC), ם (U+05DD), ש (U+05E9)"),
    ("مرحبا Ana", "(U+0645)"),
    ("Ana ไทย", "(U+0E44)"),
]


@pytest.mark.parametrize(("player", "named"), UNDRAWABLE)
def test_a_text_that_the_fonts_cannot_draw_is_refused_with_its_characters(
    player: str, named: str, database: RenderDatabase, tmp_path: Path
) -> None:
    report = enqueue(database, tmp_path / "a.csv", "elimination,Tom,9th,1", f"elimination,{player},8th,1")

    (problem,) = report.problems
    assert (len(report.created), problem.line, problem.column) == (1, 3, "player")
    assert "the fonts cannot draw " in problem.message
    assert named in problem.message
    with pytest.raises(BadInput, match="player: the fonts cannot draw"):
        enqueue_request(
            database.engine,
            database.settings,
            {"template": "elimination", "player": player},
            by="eva",
            correlation_id="test",
        )


FAULTY = """
name: banner
title: Banner
description: Nobody can draw this here.
renderer: nexrender
source: /nowhere/banner.aep
composition: main
output_module: PNG
formats: [png_sequence]
seconds: 2
layers:
  player: {type: text, required: true, characters: 32, description: Who}
"""


def test_a_graphic_that_cannot_be_rendered_is_refused_before_it_is_queued(
    database: RenderDatabase, tmp_path: Path
) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "banner.yaml").write_text(FAULTY, encoding="utf-8")
    database.configure(templates=tmp_path / "templates")

    report = enqueue(database, tmp_path / "a.csv", "banner,Ana,,", "elimination,Ana,9th,1")

    (problem,) = report.problems
    assert (problem.line, problem.column) == (2, "template")
    assert "banner cannot be rendered: source: /nowhere/banner.aep is not a file on this machine" in problem.message
    assert [each.template for each in database.find()] == ["elimination"]
    with pytest.raises(BadInput, match="banner cannot be rendered"):
        enqueue_request(
            database.engine, database.settings, {"template": "banner", "player": "Ana"}, by="eva", correlation_id="test"
        )


def test_a_wrong_layer_is_named_with_its_form(database: RenderDatabase) -> None:
    cells = {"template": "chip_counts", "rows": "[]"}

    with pytest.raises(BadInput, match=r"^layer rows: row 1: chips is missing; expected player \| chips.*, got '\[\]'"):
        enqueue_request(database.engine, database.settings, cells, by="eva", correlation_id="test")


def test_a_request_needs_a_name(database: RenderDatabase) -> None:
    with pytest.raises(BadInput, match="the name of the person is required"):
        enqueue_request(database.engine, database.settings, {"template": "elimination"}, by=" ", correlation_id="test")


@pytest.fixture
def run(database: RenderDatabase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., str]:
    """Return ``run(*words)``: what ``pokervod render …`` prints; an error is raised."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POKERVOD_DATABASE_URL", database.engine.url.render_as_string(hide_password=False))

    def invoke(*words: str) -> str:
        result = CliRunner().invoke(app, ["render", *words], catch_exceptions=False)
        if isinstance(result.exception, BadInput):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.output

    return invoke


def test_the_commands_enqueue_list_and_show(run: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "friday.csv").write_text(f"{HEAD}\nelimination,Ana,9th,1\n", encoding="utf-8")
    layers = ("-l", "player=Tom", "-l", "prize=$1.5k")

    assert "1 requested: " in run("enqueue", "friday.csv", "--by", "eva")
    by_hand = json.loads(run("enqueue", "-t", "elimination", *layers, "--format", "mp4", "--json"))
    assert "1 already exist" in run("enqueue", "-t", "elimination", *layers, "--format", "mp4")

    listed = json.loads(run("list", "--state", "pending", "--json"))
    assert listed[0]["by"] == "eva"
    assert listed[1]["layers"] == {"player": "Tom", "prize": "$1,500"}
    assert listed[1]["id"] == by_hand["created"][0]
    assert "requested in friday.csv line 2" in run("list")
    assert json.loads(run("list", "--day", "2001-01-01", "--json")) == []
    assert "by hand" in run("show", str(by_hand["created"][0]))
    assert json.loads(run("show", str(listed[0]["id"]), "--json"))[0]["output"]["format"] == "mov_alpha"


def test_bad_rows_are_reported_after_the_others_were_created(run: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "friday.csv").write_text(f"{HEAD}\nelimination,Ana,9th,99\nelimination,Tom,,\n", encoding="utf-8")

    with pytest.raises(BadInput, match=r"1 row was skipped:\n  line 2, column priority: expected .* 10, got '99'"):
        run("enqueue", "friday.csv")

    assert len(json.loads(run("list", "--json"))) == 1


WRONG = [
    (("enqueue",), "either a CSV file or --template"),
    (("enqueue", "a.csv", "-t", "elimination"), "either a CSV file or --template"),
    (("enqueue", "a.csv", "-l", "player=Ana"), "are columns of a CSV"),
    (("enqueue", "-t", "elimination", "-l", "player"), "expected NAME=VALUE"),
    (("enqueue", "-t", "elimination", "-l", "player=a", "-l", "player=b"), "each layer once"),
    (("enqueue", "-t", "elimination"), "needs the layer `player`"),
    (("list", "--state", "done"), "unknown state 'done'"),
    (("list", "--follow", "--json"), "leave out --follow or --json"),
    (("show", "987654321"), "unknown render instruction 987654321"),
]


@pytest.mark.parametrize(("words", "says"), WRONG)
def test_a_mistake_in_a_command_says_what_to_do(run: Callable[..., str], words: tuple[str, ...], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        run(*words)


def test_the_templates_are_listed_with_their_layers_and_rules(run: Callable[..., str]) -> None:
    printed = run("templates")

    assert "player*: text" in printed
    assert "elimination (on elimination)" in printed
    assert {each["name"] for each in json.loads(run("templates", "--json"))} >= {"premium_hand", "next_stream"}
