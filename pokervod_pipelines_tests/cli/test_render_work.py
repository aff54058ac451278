"""Check the commands that change the queue: each prints what it did, stores the reason, and refuses nonsense."""

import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pokervod_pipelines.cli.app import app
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.monitoring.doctor import check_installation
from pokervod_pipelines_tests.cli.command import CommandResult, RunCommand
from pokervod_pipelines_tests.workflows.render_day import RenderDay

WHY = ("--reason", "the font is there", "--by", "eva")


@pytest.fixture
def run(render_day: RenderDay, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> RunCommand:
    """Return ``run(*words)``, which runs ``pokervod render …``."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POKERVOD_DATABASE_URL", render_day.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("POKERVOD_HOME", str(render_day.settings.home))

    def invoke(*words: str) -> CommandResult:
        result = CliRunner().invoke(app, ["render", *words])
        if result.exception and not isinstance(result.exception, BadInput | SystemExit):
            raise result.exception
        error = str(result.exception or "")
        return CommandResult(printed=result.stdout, errors=result.stderr, error=error, status=result.exit_code)

    return invoke


def fail_one(render_day: RenderDay) -> int:
    held = render_day.claim_one()
    render_day.execute("update render_instructions set state = 'failed', claim_id = null where id = :id", id=held.id)
    return held.id


ACTIONS = [
    (("retry",), "failed", "pending", "1 requeued: "),
    (("cancel",), "pending", "cancelled", "1 cancelled or stopping: "),
    (("prioritize", "--priority", "1"), "pending", "pending", "1 now of priority 1: "),
]


@pytest.mark.parametrize(("words", "before", "after", "says"), ACTIONS, ids=lambda value: str(value)[:14])
def test_an_action_is_done_where_it_can_be_and_the_others_are_named(
    run: RunCommand, render_day: RenderDay, words: tuple[str, ...], before: str, after: str, says: str
) -> None:
    number = fail_one(render_day) if before == "failed" else render_day.request()[0]

    said = run(words[0], str(number), "987654", *words[1:], *WHY)

    assert says + str(number) in said.printed
    assert said.error == "1 of 2 not changed: instruction 987654 is unknown."
    assert render_day.states()[number] == after
    assert "the font is there (eva)" in render_day.row(number).reason
    assert run(words[0], "987654", *words[1:], *WHY, "--json").json == {
        "done": [],
        "refused": [[987654, "instruction 987654 is unknown"]],
    }
    nothing = run(words[0], "987654", *words[1:], *WHY)
    assert (nothing.printed, nothing.error) == ("", "Nothing changed: instruction 987654 is unknown.")


def test_all_that_failed_is_requeued_at_once(run: RunCommand, render_day: RenderDay) -> None:
    failed, waiting = [fail_one(render_day), fail_one(render_day)], render_day.request()

    assert run("bulk-retry", "--day", "2001-01-01", *WHY).printed == "0 requeued: none\n"
    assert sorted(run("bulk-retry", *WHY, "--json").json["done"]) == failed
    assert set(render_day.states().values()) == {"pending"}
    assert len(render_day.states()) == len(failed) + len(waiting)


def test_a_bulk_retry_is_previewed_and_limited_to_a_time(run: RunCommand, render_day: RenderDay) -> None:
    old, new = fail_one(render_day), fail_one(render_day)
    render_day.execute(
        "update render_instructions set changed_at = now() - make_interval(hours => 2 * (id = :old)::int)", old=old
    )

    listed = run("bulk-retry", "--since", "1h", "--preview", "--json").json
    assert [each["id"] for each in listed] == [new]
    assert "1 would be retried" in run("bulk-retry", "--since", "1h", "--preview").printed
    assert render_day.states()[new] == "failed"
    assert run("bulk-retry", "--since", "1h", *WHY).printed == f"1 requeued: {new}\n"
    assert [each["id"] for each in run("list", "--until", "1h", "--json").json] == [old]
    assert "--since: expected a time such as" in run("list", "--since", "soon").error


WITHOUT_WHY = [
    ("retry", "1"), ("cancel", "1"), ("prioritize", "1", "-p", "1"), ("bulk-retry",), ("pause",), ("resume",),
    ("workers", "--reinstate", "w1"),
]  # fmt: skip


@pytest.mark.parametrize("words", WITHOUT_WHY, ids=lambda words: words[0])
def test_every_action_requires_a_reason(run: RunCommand, render_day: RenderDay, words: tuple[str, ...]) -> None:
    render_day.register_worker("w1", "local")

    assert run(*words, "--reason", " ").error
    assert run(*words).error
    assert render_day.execute("select count(*) from events") == [(0,)]


def test_a_pause_holds_until_it_is_resumed(run: RunCommand, render_day: RenderDay) -> None:
    render_day.request()

    assert run("pause", "--drain", *WHY).printed == "Rendering paused: all\n"
    assert render_day.claim() == []
    assert "paused: all, until a person resumes it: the font is there (eva)" in run("workers").printed
    assert [each["scope"] for each in run("workers", "--json").json["pauses"]] == ["all"]
    run("pause", "--template", "elimination", *WHY)
    assert run("resume", *WHY).printed == "Rendering resumed: all\nstill paused: template:elimination\n"
    assert run("resume", *WHY).printed == "Rendering was not paused: all\nstill paused: template:elimination\n"
    run("resume", "-t", "elimination", *WHY)
    assert len(render_day.claim()) == 1


WRONG = [
    (("pause", "--renderer", "remote"), "unknown renderer 'remote'"),
    (("pause", "--template", "banner"), "unknown template 'banner'; known: chip_counts"),
    (("pause", "--renderer", "local", "-t", "elimination"), "give one of them"),
    (("workers", "--reinstate", "nobody"), "unknown worker 'nobody'"),
    (("bulk-retry", "--state", "completed"), "completed instructions cannot be retried"),
]


@pytest.mark.parametrize(("words", "says"), WRONG)
def test_a_mistake_is_reported(run: RunCommand, words: tuple[str, ...], says: str) -> None:
    assert says in run(*words, *WHY).error


def test_a_quarantined_worker_is_reinstated(run: RunCommand, render_day: RenderDay) -> None:
    render_day.register_worker("studio-2", "local", "nexrender")
    render_day.execute("update render_workers set quarantine_reason = 'its disk', strikes = 3")

    assert "quarantined: its disk" in run("workers").printed
    (worker,) = run("workers", "--reinstate", "studio-2", *WHY, "--json").json["workers"]
    assert (worker["quarantine_reason"], worker["strikes"], worker["is_alive"]) == (None, 0, True)
    printed = run("workers").printed
    assert "alive" in printed
    assert " s ago" in printed


def test_lost_jobs_are_requeued(run: RunCommand, render_day: RenderDay) -> None:
    first, second = render_day.claim_one(), render_day.claim_one()
    render_day.expire_lease(first.id)
    printed = run("rescue").printed
    render_day.expire_lease(second.id)

    assert printed.startswith("1 lost jobs found\n")
    assert f"{first.id} elimination: requeued, attempt 2 of 4 follows" in printed
    assert [(each["id"], each["state"]) for each in run("rescue", "--json").json] == [(second.id, "pending")]


def test_an_instruction_is_shown_with_its_attempts_and_its_file(run: RunCommand, render_day: RenderDay) -> None:
    path = render_day.make_file("Ana Ruiz")

    shown, (told,) = run("show", "1").printed, run("show", "1", "--json").json

    assert str(path) in shown
    assert all(line in " ".join(shown.split()) for line in ("state completed", "player Ana Ruiz", "made by w1"))
    assert "retry_count" not in shown
    assert (told["output"]["format"], told["file"]["path"], told["attempts"][0]["worker"]) == (
        "mov_alpha",
        path.name,
        "w1",
    )


def test_an_unmounted_outputs_folder_is_reported_until_a_person_accepts_it(
    run: RunCommand, render_day: RenderDay
) -> None:
    root = render_day.make_file("Ana Ruiz").parent
    shutil.rmtree(root)

    assert "is missing; mount the share" in run("accept-folder", *WHY).error
    root.mkdir()
    (before,) = (each for each in check_installation() if each.name == "outputs folder" and not each.passed)
    assert "has no marker .pokervod-outputs.json, but graphics were finished" in before.summary
    assert run("accept-folder", *WHY).printed.endswith("is accepted for graphics\n")
    assert all(each.passed for each in check_installation() if each.name == "outputs folder")


def test_a_running_job_is_listed_with_who_renders_it_and_for_how_long(run: RunCommand, render_day: RenderDay) -> None:
    job = render_day.claim_one()
    render_day.execute(
        """update render_instructions set progress = 0.25, started_at = now() - interval '30 s',
               created_at = now() - interval '3 h' where id = :id""",
        id=job.id,
    )
    run("pause", "--renderer", "nexrender", *WHY)

    printed = " ".join(run("list").printed.split())

    assert f"processing 25% by {job.worker}" in printed
    assert re.search(r" 3 h 3\d s, 9\d s left ", printed)
    assert "1 processing workers: 0 paused: renderer:nexrender (the font is there)" in printed


def test_a_worker_is_listed_with_its_jobs_and_one_that_died_as_that(run: RunCommand, render_day: RenderDay) -> None:
    render_day.register_worker("w1", "local")
    job = render_day.claim_one()
    (worker,) = run("workers", "--json").json["workers"]
    render_day.execute("update render_workers set seen_at = now() - interval '1 h'")

    assert (worker["jobs"], worker["holding"], worker["is_alive"]) == ([job.id], 1, True)
    assert f"died: no heartbeat, and it never stopped {job.id} " in " ".join(run("workers").printed.split())
    render_day.execute("update render_workers set stopped_at = now()")
    assert " stopped " in run("workers").printed


def test_people_see_times_of_their_zone_and_programs_utc(
    run: RunCommand, render_day: RenderDay, monkeypatch: pytest.MonkeyPatch
) -> None:
    (number,) = render_day.request()[:1]
    render_day.execute("update render_instructions set created_at = '2031-05-04 20:30Z' where id = :id", id=number)
    monkeypatch.setenv("POKERVOD_TIME_ZONE", "Asia/Seoul")

    assert "2031-05-05 05:30:00" in run("show", str(number)).printed
    assert run("show", str(number), "--json").json[0]["created_at"] == "2031-05-04T20:30:00+00:00"


def test_a_long_id_is_listed_as_it_is_typed(run: RunCommand, render_day: RenderDay) -> None:
    render_day.execute("alter sequence render_instructions_id_seq restart with 1234567")
    render_day.request_for("Ana Ruiz")

    printed = run("list").printed

    assert "1234567" in printed
    assert "Ana Ruiz" in printed


def test_all_events_are_shown_with_who_and_why(run: RunCommand, render_day: RenderDay) -> None:
    layers = ("-l", "player=Ana Ruiz", "-l", "place=9th")
    run("enqueue", "-t", "elimination", *layers, "--reason", "her first cash", "--by", "joe")
    run("prioritize", "1", "--priority", "1", *WHY)
    run("cancel", "1", "--reason", "wrong player", "--by", "kim")
    run("retry", "1", "--reason", "it was she", "--by", "lee")
    render_day.finish(render_day.claim()[0])

    printed, (told,) = run("show", "1").printed, run("show", "1", "--json").json

    for line in (
        "requested joe her first cash",
        "priority 5 → 1 eva the font is there",
        "cancelled kim wrong player",
        "requeued lee it was she",
        "started w1",
        "completed w1 made by w1",
    ):
        assert line in " ".join(printed.split())
    assert [each["payload"].get("reason") for each in told["events"]] == [
        "her first cash", "the font is there", "wrong player", "it was she", None, "made by w1",
    ]  # fmt: skip
    assert [each["type"] for each in told["events"]][-1] == "render.completed"


def test_a_request_without_a_file_is_by_hand(run: RunCommand, render_day: RenderDay) -> None:
    run("enqueue", "-t", "elimination", "-l", "player=Ana Ruiz", "-l", "place=9th")

    assert render_day.row(1).reason == "requested by hand"


@pytest.mark.parametrize("option", ["--limit", "--hand"])
@pytest.mark.parametrize("number", ["99999999999999999999", str(2**63), "0"])
def test_a_number_out_of_range_is_a_wrong_option(run: RunCommand, option: str, number: str) -> None:
    refused = run("list", option, number)

    assert (refused.printed, refused.error, refused.status) == ("", "2", 2)
    assert run("list", option, str(10**9)).error == ""
