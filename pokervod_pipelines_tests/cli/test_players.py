import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pokervod_pipelines.cli.app import app
from pokervod_pipelines_tests.sheets.harness import SheetHarness, harness, make_line

__all__ = ["harness"]


@pytest.fixture
def run(harness: SheetHarness, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., str]:
    """Return ``run(*words)``, which gives what ``pokervod …`` prints where two clips are built."""
    harness.write(
        make_line(1, **{"Tag_(Player)": "The Kid vs T. Berg"}),
        make_line(2, **{"Tag_(Player)": "Tom Berg", "Tag_(Emotion)": "Moonwalk"}),
    )
    harness.sync()
    harness.build()
    (tmp_path / "pokervod.yaml").write_text("sheets: [{name: hands, path: hands.csv}]\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POKERVOD_DATABASE_URL", harness.engine.url.render_as_string(hide_password=False))

    def invoke(*words: str) -> str:
        result = CliRunner().invoke(app, words, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    return invoke


def test_an_alias_is_in_force_at_once_until_it_is_taken_back(run: Callable[..., str]) -> None:
    assert "The Kid means Ana Ruiz; 1 clip changed" in run("players", "alias", "The Kid", "Ana Ruiz")
    listed = json.loads(run("players", "list", "--json"))
    assert {player["name"]: player["aliases"] for player in listed} == {
        "Ana Ruiz": ["The Kid"],
        "T. Berg": [],
        "Tom Berg": [],
    }

    assert "no longer means Ana Ruiz; 1 clip changed" in run("players", "unalias", "the kid")
    assert "The Kid" in run("players", "list")


def test_the_clips_of_no_sheet_are_counted(run: Callable[..., str], harness: SheetHarness) -> None:
    harness.add_files("archive/show 9.mp4")
    stretch = ("--in", "0:00:01", "--out", "0:00:02", "--title", "Call", "--player", "The Kid", "--reason", "a trailer")
    run("clips", "create", "--video", "show 9.mp4", *stretch)

    assert "The Kid means Ana Ruiz; 2 clips changed" in run("players", "alias", "The Kid", "Ana Ruiz")
    assert "clips by hand: clips 1" in run("sheets", "sync")


def test_doubtful_pairs_are_shown_with_the_reason(run: Callable[..., str]) -> None:
    assert "an initial instead of a name" in run("players", "doubtful")
    assert [pair["other"] for pair in json.loads(run("players", "doubtful", "--json"))] == ["Tom Berg"]


def test_unknown_tags_are_shown_with_counts(run: Callable[..., str]) -> None:
    assert [(tag["name"], tag["clips"]) for tag in json.loads(run("clips", "tags", "--unknown", "--json"))] == [
        ("moonwalk", 1)
    ]
    assert "bluff" in run("clips", "tags")
