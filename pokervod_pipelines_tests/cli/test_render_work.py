"""Check the commands that change the queue: each prints what it did, stores the reason, and refuses nonsense."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from pokervod_pipelines.cli.app import app
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines_tests.cli.command import CommandResult, RunCommand
from pokervod_pipelines_tests.workflows.render_day import RenderDay

WHY = ("--reason", "the font is there", "--by", "eva")


@pytest.fixture
def run(desk: RenderDay, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> RunCommand:
    """Return ``run(*words)``, which runs ``pokervod render …``."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POKERVOD_DATABASE_URL", desk.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("POKERVOD_HOME", str(desk.settings.home))

    def invoke(*words: str) -> CommandResult:
        result = CliRunner().invoke(app, ["render", *words])
        if result.exception and not isinstance(result.exception, BadInput | SystemExit):
            raise result.exception
        error = str(result.exception or "")
        return CommandResult(printed=result.stdout, errors=result.stderr, error=error, status=result.exit_code)

    return invoke


def fail_one(desk: RenderDay) -> int:
    held = desk.claim_one()
    desk.execute("update render_instructions set state = 'failed', claim_id = null where id = :id", id=held.id)
    return held.id


ACTIONS = [
    (("retry",), "failed", "pending", "1 asked again: "),
    (("cancel",), "pending", "cancelled", "1 cancelled or being stopped: "),
    (("prioritize", "--priority", "1"), "pending", "pending", "1 now of priority 1: "),
]


@pytest.mark.parametrize(("words", "before", "after", "says"), ACTIONS, ids=lambda value: str(value)[:14])
def test_an_action_is_done_where_it_can_be_and_the_others_are_named(
    run: RunCommand, desk: RenderDay, words: tuple[str, ...], before: str, after: str, says: str
) -> None:
    number = fail_one(desk) if before == "failed" else desk.request()[0]

    said = run(words[0], str(number), "987654", *words[1:], *WHY)

    assert says + str(number) in said.printed
    assert said.error == "1 left as they are:\n  987654: there is no such instruction"
    assert desk.states()[number] == after
    assert "the font is there (eva)" in desk.row(number).reason
    assert run(words[0], "987654", *words[1:], *WHY, "--json").json == {
        "done": [],
        "refused": [[987654, "there is no such instruction"]],
    }
    assert run(words[0], "987654", *words[1:], *WHY).printed == ""


def test_all_that_failed_is_asked_again_at_once(run: RunCommand, desk: RenderDay) -> None:
    failed, waiting = [fail_one(desk), fail_one(desk)], desk.request()

    assert run("bulk-retry", "--day", "2001-01-01", *WHY).printed == "0 asked again: none\n"
    assert sorted(run("bulk-retry", *WHY, "--json").json["done"]) == failed
    assert set(desk.states().values()) == {"pending"}
    assert len(desk.states()) == len(failed) + len(waiting)


WITHOUT_WHY = [
    ("retry", "1"), ("cancel", "1"), ("prioritize", "1", "-p", "1"), ("bulk-retry",), ("pause",), ("resume",),
    ("workers", "--take-back", "w1"),
]  # fmt: skip


@pytest.mark.parametrize("words", WITHOUT_WHY, ids=lambda words: words[0])
def test_nothing_is_done_without_a_reason(run: RunCommand, desk: RenderDay, words: tuple[str, ...]) -> None:
    desk.hire("w1", "local")

    assert run(*words, "--reason", " ").error
    assert run(*words).error
    assert desk.execute("select count(*) from events") == [(0,)]


def test_a_pause_holds_until_it_is_resumed(run: RunCommand, desk: RenderDay) -> None:
    desk.request()

    assert run("pause", "--drain", *WHY).printed == "all is paused\n"
    assert desk.claim() == []
    assert "paused: all, until somebody resumes it: the font is there (eva)" in run("workers").printed
    assert [each["scope"] for each in run("workers", "--json").json["pauses"]] == ["all"]
    run("pause", "--template", "elimination", *WHY)
    assert run("resume", *WHY).printed == "all goes on\nstill paused: template:elimination\n"
    assert run("resume", *WHY).printed == "all was not paused\nstill paused: template:elimination\n"
    run("resume", "-t", "elimination", *WHY)
    assert len(desk.claim()) == 1


WRONG = [
    (("pause", "--renderer", "remote"), "there is no renderer 'remote'"),
    (("pause", "--template", "banner"), "there is no template 'banner'; there are chip_counts"),
    (("pause", "--renderer", "local", "-t", "elimination"), "give one of them"),
    (("workers", "--take-back", "nobody"), "there is no worker 'nobody'"),
    (("bulk-retry", "--state", "completed"), "what is completed cannot be asked for again"),
]


@pytest.mark.parametrize(("words", "says"), WRONG)
def test_a_slip_is_told(run: RunCommand, words: tuple[str, ...], says: str) -> None:
    assert says in run(*words, *WHY).error


def test_a_worker_that_was_quarantine_reason_is_taken_back(run: RunCommand, desk: RenderDay) -> None:
    desk.hire("studio-2", "local", "nexrender")
    desk.execute("update render_workers set quarantine_reason = 'its disk', strikes = 3")

    assert "set aside: its disk" in run("workers").printed
    (worker,) = run("workers", "--take-back", "studio-2", *WHY, "--json").json["workers"]
    assert (worker["quarantine_reason"], worker["strikes"], worker["is_alive"]) == (None, 0, True)
    printed = run("workers").printed
    assert "works" in printed
    assert " s ago" in printed


def test_the_lost_are_put_back(run: RunCommand, desk: RenderDay) -> None:
    first, second = desk.claim_one(), desk.claim_one()
    desk.expire_lease(first.id)
    printed = run("rescue").printed
    desk.expire_lease(second.id)

    assert printed.startswith("1 put back\n")
    assert f"{first.id} elimination: waits again, try 2 of 4 follows" in printed
    assert [(each["id"], each["state"]) for each in run("rescue", "--json").json] == [(second.id, "pending")]


def test_one_is_shown_with_its_tries_and_its_file(run: RunCommand, desk: RenderDay) -> None:
    path = desk.make_file("Ana Ruiz")

    shown, (told,) = run("show", "1").printed, run("show", "1", "--json").json

    assert str(path) in shown
    assert all(line in " ".join(shown.split()) for line in ("state completed", "player Ana Ruiz", "made by w1"))
    assert "retry_count" not in shown
    assert (told["output"]["format"], told["file"]["path"], told["attempts"][0]["worker"]) == (
        "mov_alpha",
        path.name,
        "w1",
    )


def test_a_long_id_is_listed_as_it_is_typed(run: RunCommand, desk: RenderDay) -> None:
    desk.execute("alter sequence render_instructions_id_seq restart with 1234567")
    desk.want("Ana Ruiz")

    printed = run("list").printed

    assert "1234567" in printed
    assert "Ana Ruiz" in printed


def test_all_that_happened_is_shown_with_who_and_why(run: RunCommand, desk: RenderDay) -> None:
    layers = ("-l", "player=Ana Ruiz", "-l", "place=9th")
    run("enqueue", "-t", "elimination", *layers, "--reason", "her first cash", "--by", "joe")
    run("prioritize", "1", "--priority", "1", *WHY)
    run("cancel", "1", "--reason", "wrong player", "--by", "kim")
    run("retry", "1", "--reason", "it was she", "--by", "lee")
    desk.finish(desk.claim()[0].held)

    printed, (told,) = run("show", "1").printed, run("show", "1", "--json").json

    for line in (
        "asked for joe her first cash",
        "priority 5 → 1 eva the font is there",
        "cancelled kim wrong player",
        "waits again lee it was she",
        "taken w1",
        "completed w1 made by w1",
    ):
        assert line in " ".join(printed.split())
    assert [each["payload"].get("reason") for each in told["events"]] == [
        "her first cash", "the font is there", "wrong player", "it was she", None, "made by w1",
    ]  # fmt: skip
    assert [each["type"] for each in told["events"]][-1] == "render.completed"


def test_what_stands_in_no_file_is_asked_for_by_hand(run: RunCommand, desk: RenderDay) -> None:
    run("enqueue", "-t", "elimination", "-l", "player=Ana Ruiz", "-l", "place=9th")

    assert desk.row(1).reason == "asked for by hand"


@pytest.mark.parametrize("option", ["--limit", "--hand"])
@pytest.mark.parametrize("number", ["99999999999999999999", str(2**63), "0"])
def test_a_number_that_no_database_holds_is_a_wrong_option(run: RunCommand, option: str, number: str) -> None:
    assert run("list", option, number) == CommandResult(printed="", error="2")
    assert run("list", option, str(2**63 - 1)).error == ""
