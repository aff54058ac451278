import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from pokervod_pipelines.catalog.build import build_catalog
from pokervod_pipelines.cli.app import app
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines_tests.catalog.inventory import add_file

PATHS = (
    "Clean/10-wsop-2024-be-ev-21-25k-nlh-hr-ft-ann-wins-clean.mp4",
    "Mastered/10-wsop-2024-be-ev-21-25k-nlh-hr-ft-ann-wins.mp4",
    "PAD S12/pad-s12-ep01-002.mp4",
    "Clips/시퀀스 01 [x].mp4",
)


@pytest.fixture
def run(engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., str]:
    """Return ``run(*words)``, which gives what ``pokervod catalog …`` prints about an archive of a few files."""
    for path in PATHS:
        add_file(engine, path)
    build_catalog(engine, correlation_id="test")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POKERVOD_DATABASE_URL", engine.url.render_as_string(hide_password=False))

    def invoke(*words: str) -> str:
        result = CliRunner().invoke(app, ["catalog", *words], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    return invoke


def test_search_prints_hits_and_facets(run: Callable[..., str]) -> None:
    printed = run("search", "event", "21", "ft")

    assert "2 files" in printed
    assert PATHS[1] in printed
    assert "version  clean 1" not in printed


def test_search_says_when_it_took_words_one_error_away(run: Callable[..., str]) -> None:
    assert "one typing error away" in run("search", "pokre")


def test_search_prints_json_with_every_filter(run: Callable[..., str]) -> None:
    filters = ("--project", "WSOP", "--year", "2024", "--game", "NLHE", "--stage", "final_table", "--version", "clean")

    found = json.loads(run("search", "ann", *filters, "--json"))

    assert [hit["path"] for hit in found["hits"]] == [PATHS[0]]
    assert found["facets"]["project"] == {"WSOP": 1}


def test_the_tree_shows_counts_and_goes_down_to_versions_when_asked(run: Callable[..., str]) -> None:
    assert "WSOP 2024  1 programme, 2 files, 2.0 GB" in run("tree")
    assert "└── Season 12" in run("tree")
    assert PATHS[0] not in run("tree")
    assert f"★ {PATHS[1]}" in run("tree", "wsop", "--episodes")
    assert [show["code"] for show in json.loads(run("tree", "pad", "--json"))] == ["PAD"]


def test_stats_sum_up_and_say_what_hours_exclude(run: Callable[..., str]) -> None:
    printed = run("stats")

    assert "hours exclude 4 files" in printed
    assert {(year["project"], year["year"], year["files"]) for year in json.loads(run("stats", "--json"))} == {
        ("WSOP", 2024, 2),
        ("PAD", None, 1),
        ("OTHER", None, 1),
    }


def test_a_correction_is_made_listed_explained_and_undone(run: Callable[..., str]) -> None:
    assert "episode of PAD S12/pad-s12-ep01-002.mp4 is 7, was 1" in run(
        "correct", PATHS[2], "episode", "7", "--reason", "seen", "--by", "kim"
    )
    history = json.loads(run("corrections", "--json"))
    assert [(row["by"], row["field"], row["is_in_force"]) for row in history] == [("kim", "episode", True)]
    assert "in force" in run("corrections", PATHS[2])
    assert "kim: seen" in run("explain", PATHS[2])

    assert "is 1 again, was 7" in run("undo", str(history[0]["id"]), "--reason", "wrong")
    assert "undoes" in run("corrections")


def test_an_explanation_prints_names_with_brackets_as_they_are(run: Callable[..., str]) -> None:
    printed = run("explain", PATHS[3])

    assert "01 [x]" in printed
    assert "neither the name nor a folder names a known show" in printed
    assert json.loads(run("explain", PATHS[2], "--json"))["findings"][0]["field"] == "project_code"


def test_copies_are_listed(run: Callable[..., str]) -> None:
    assert "1 group" in run("copies")
    assert json.loads(run("copies", "--json"))[0]["spare"] > 0


def test_what_cannot_be_corrected_is_named(run: Callable[..., str]) -> None:
    with pytest.raises(BadInput, match="unknown field 'colour'; expected one of project"):
        run("correct", PATHS[2], "colour", "red", "--reason", "seen")


def test_what_was_created_is_listed_in_words(run: Callable[..., str]) -> None:
    run("create", "project=WSOP", "year=2027", "event=main event", "day=1", "--reason", "plan")
    run("create", "project=WSOP", "year=2028", "--reason", "plan")
    run("undo", "2", "--reason", "moved")
    printed = [" ".join(line.split()) for line in run("created").splitlines()]

    assert any(" episode: WSOP 2027 · Main Event · Day 1 project=WSOP year=2027 " in line for line in printed)
    assert len([line for line in printed if " season: not in the catalog now " in line]) == 2
    assert not [line for line in printed if ":2027" in line or "day-1" in line]
