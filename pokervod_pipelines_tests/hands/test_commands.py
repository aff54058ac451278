"""Run ``pokervod hands`` as people and scripts do."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pokervod_pipelines.cli.app import app
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines_tests.hands.hand_factory import DATA, needs_real_sessions
from pokervod_pipelines_tests.hands.sessions import make_showdown, make_walk, write_session
from pokervod_pipelines_tests.hands.test_real_sessions import read_truth

Run = Callable[..., str]


@pytest.fixture
def run(database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """``run(*words)``: what ``pokervod hands …`` prints in a folder with two hands below ``table-7``."""
    (tmp_path / "table-7").mkdir()
    (tmp_path / "table-7/s.json").write_bytes(write_session(make_walk(), make_showdown(at=3, number=2)))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POKERVOD_DATABASE_URL", database_url)

    def invoke(*words: str) -> str:
        result = CliRunner().invoke(app, ["hands", *words], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    return invoke


def test_an_import_prints_its_counts(run: Run) -> None:
    text = run("import", "table-7")
    again = json.loads(run("import", "table-7", "--json"))

    assert "1 file: 1 read" in text
    assert "2 hands: 2 new" in text
    assert (again["imported"]["unchanged"], again["replayed"]["hands"]) == (1, 0)


def test_a_list_holds_what_scripts_rely_on(run: Run) -> None:
    run("import", "table-7")
    walk, showdown = json.loads(run("list", "--json"))

    assert (
        showdown.items()
        >= {
            "session_id": 640_000_000_123_456_789,
            "hand_number": 2,
            "started_at": "2031-05-04T18:03:00.900590+00:00",
            "table": "table-7",
            "board": ["Ad", "Ac", "Kh", "Kd", "5s"],
            "best_rank": "four_of_a_kind",
            "winners": [1],
            "pot": 2_300,
            "grade": "A",
            "is_premium": True,
        }.items()
    )
    assert (walk["board"], walk["best_rank"], walk["winners"]) == ([], None, [3])


NARROWED = (
    ("", [1, 2]),
    ("--premium", [2]),
    ("--not-premium", [1]),
    ("--grade a", [2]),
    ("--grade BC", [1]),
    ("--day 2031-05-04", [1, 2]),
    ("--day 2031-05-05", []),
    ("--since 2031-05-04", [1, 2]),
    ("--until 2031-05-03", []),
    ("--session 640000000123456789", [1, 2]),
    ("--session 1", []),
    ("--table E-7", [1, 2]),
    ("--limit 1", [1]),
    ("--no-tests", [1, 2]),
)


def test_a_list_is_narrowed(run: Run) -> None:
    run("import", "table-7")

    for options, numbers in NARROWED:
        listed = json.loads(run("list", "--json", *options.split()))
        assert [hand["hand_number"] for hand in listed] == numbers, options


def test_people_see_suits_and_names(run: Run) -> None:
    run("import", "table-7")

    listed = run("list")
    assert "A♦ A♣ K♥ K♦ 5♠" in listed
    assert "four of a kind" in listed
    hand_id = json.loads(run("list", "--premium", "--json"))[0]["hand_id"]
    shown = run("show", str(hand_id))
    assert "Flop [A♦ A♣ K♥]" in shown
    assert json.loads(run("show", str(hand_id), "--json"))["pot"] == 2_300


def test_an_exported_hand_is_imported_as_the_same_hand(run: Run, tmp_path: Path) -> None:
    run("import", "table-7")
    ids = [str(hand["hand_id"]) for hand in json.loads(run("list", "--json"))]

    files = run("export", *ids, "--to", "out").split()

    assert len(files) == 2
    assert "2 hands: 0 new, 0 changed" in run("import", "out")


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("show", "99"), BadInput),
        (("import", "nowhere"), BadInput),
        (("export", "99", "--to", "out"), BadInput),
        (("settle", "99", "--reason", "x"), BadInput),
    ],
)
def test_an_unknown_id_or_path_is_named(run: Run, words: tuple[str, ...], error: type[Exception]) -> None:
    with pytest.raises(error, match=words[1]):
        run(*words)


@needs_real_sessions
def test_the_real_showdowns_are_listed_with_the_right_rank_and_winners(run: Run) -> None:
    run("import", str(DATA / "pgfx"))
    listed = {(hand["session_id"], hand["started_at"][:26]): hand for hand in json.loads(run("list", "--json"))}

    for row in read_truth():
        hand = listed[int(row["session_id"]), row["start_utc"][:26]]
        best = [int(number) for number in row["best_hand_nums_by_eval"].split(",")]
        assert (hand["best_rank"], hand["winners"]) == (row["best_rank"], best)


def test_a_bad_file_is_quarantined_with_exit_status_2_and_the_others_are_imported(run: Run, tmp_path: Path) -> None:
    (tmp_path / "table-7/bad.phh").write_text("starting_stacks = [inf]", encoding="utf-8")
    (tmp_path / "table-7/empty.hands.csv").write_bytes(b"")

    result = CliRunner().invoke(app, ["hands", "import", "table-7"])

    assert result.exit_code == 2
    assert "3 files: 1 read" in result.output
    assert "2 hands: 2 new" in result.output


def test_a_hand_is_withdrawn_with_its_graphic_and_restored(run: Run) -> None:
    run("import", "table-7")
    (hand,) = json.loads(run("list", "--premium", "--json"))

    run("withdraw", str(hand["hand_id"]), "--reason", "table test")

    assert json.loads(run("list", "--premium", "--json")) == []
    assert json.loads(run("list", "--withdrawn", "--json")) == [hand]
    listed = json.loads(CliRunner().invoke(app, ["render", "list", "--json"]).output)
    assert [each["state"] for each in listed] in ([], ["cancelled"])
    run("restore", str(hand["hand_id"]), "--reason", "was right")
    assert json.loads(run("list", "--premium", "--json")) == [hand]


def test_a_hand_is_corrected_by_its_edited_export(run: Run, tmp_path: Path) -> None:
    run("import", "table-7")
    (hand,) = json.loads(run("list", "--premium", "--json"))
    (name,) = run("export", str(hand["hand_id"]), "--to", "out").split()
    file = tmp_path / name
    file.write_text(file.read_text(encoding="utf-8").replace("7c2d", "7c3d"), encoding="utf-8")

    run("correct", str(hand["hand_id"]), str(file), "--reason", "misread card")

    assert "7♣ 3♦" in run("show", str(hand["hand_id"]))


def test_a_hand_without_a_day_takes_that_of_the_command(run: Run, tmp_path: Path) -> None:
    run("import", "table-7")
    run("export", str(json.loads(run("list", "--premium", "--json"))[0]["hand_id"]), "--to", "out")
    (file,) = (tmp_path / "out").iterdir()
    text = file.read_text(encoding="utf-8").splitlines()
    dropped = ("_pokervod", "year", "month", "day", "time")
    (tmp_path / "x.phh").write_text("\n".join(line for line in text if not line.startswith(dropped)), encoding="utf-8")

    run("import", "x.phh", "--day", "2029-03-04")

    assert len(json.loads(run("list", "--day", "2029-03-04", "--json"))) == 1
