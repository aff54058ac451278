"""Check `pokervod rollout` as a person and a program use it: texts, JSON, exit status."""

import os
import pty
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pokervod_pipelines.rollout.runner import lock_rollout
from pokervod_pipelines_tests.cli.command import WHY, RunCommand, escalate
from pokervod_pipelines_tests.rollout.plan_folder import PlanFolder, describe_week


def test_a_rollout_runs_to_its_end(plans: PlanFolder, pokervod: RunCommand) -> None:
    plans.prove(1, 2, 3, 4)

    said = pokervod("rollout", "run")

    assert (said.status, plans.states()) == (0, ["passed"] * 4)
    assert "week 1, attempt 1\nweek 1: passed\n" in said.errors
    assert said.errors.count("INFO: The demo rollout: week") == 4
    assert "The demo rollout: 100 %, completed" in said.printed
    assert (plans.folder / "home/rollout/demo.html").is_file()
    assert str(plans.folder / "home/rollout/demo.html") in said.printed


def test_until_stops_before_the_next_week(plans: PlanFolder, pokervod: RunCommand) -> None:
    plans.prove(1, 2, 3, 4)

    assert pokervod("rollout", "run", "--until", "2").status == 0
    assert plans.states() == ["passed", "passed", "pending", "pending"]


def test_a_wait_is_left_to_the_sensor_and_has_a_status_of_its_own(plans: PlanFolder, pokervod: RunCommand) -> None:
    plans.prove(1)

    said = pokervod("rollout", "run")

    assert (said.status, said.error) == (4, "")
    assert "week 2 is retried at 20" in said.errors
    assert re.search(r"waiting +1 +proof +again at \d\d:\d\d:\d\d UTC", said.printed)
    assert pokervod("rollout", "run").status == 4
    assert plans.attempts() == [(1, True), (2, False)]


@pytest.mark.parametrize("option", [(), ("--wait",)])
def test_short_waits_are_waited_for(plans: PlanFolder, pokervod: RunCommand, option: tuple[str, ...]) -> None:
    plans.given = {"wait_seconds": 0}

    assert pokervod("rollout", "run", *option).status == 3
    assert plans.attempts() == [(1, False)] * 3


def test_only_the_wait_of_the_current_week_counts(
    plans: PlanFolder, pokervod: RunCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("the wait of week 2 is over, that of week 1 is not"))
    pokervod("rollout", "run")
    pokervod("rollout", "override", "1", "proof", *WHY)
    pokervod("rollout", "resume", *WHY)
    pokervod("rollout", "override", "1", "proof", "--undo", *WHY)
    plans.end_wait()

    assert pokervod("rollout", "run").status == 4
    assert plans.attempts() == [(1, False), (1, True), (2, False), (1, False)]
    assert plans.states()[:2] == ["waiting", "waiting"]


def test_an_escalation_exits_with_3_and_says_what_to_do(plans: PlanFolder, pokervod: RunCommand) -> None:
    said = escalate(plans, pokervod)

    assert said.status == 3
    assert said.error.startswith("week 2 is escalated: proof: demo_2.txt: the file is missing below")
    assert said.error.endswith("\nfix the cause, then run `pokervod rollout resume`")
    assert "CRITICAL: Rollout escalated: week 2 Part 2 failed 1 times" in said.errors
    assert "pokervod rollout validate 2" in said.errors
    assert pokervod("rollout", "run").status == 3
    assert plans.attempts() == [(1, True), (2, False)]


def test_an_escalation_is_acknowledged_fixed_and_resumed(plans: PlanFolder, pokervod: RunCommand) -> None:
    escalate(plans, pokervod)

    assert pokervod("rollout", "acknowledge", *WHY).printed == "the escalation of week 2 is acknowledged\n"
    assert " acknowledged " in pokervod("alerts", "list", "--open").printed
    assert "acknowledged by eva: the table was filled by hand\n" in pokervod("rollout", "report").printed
    plans.prove(2)
    said = pokervod("rollout", "resume", *WHY)

    assert (said.status, said.errors.splitlines()[0]) == (0, "resumed from week 2")
    assert plans.record().state == "completed"
    kept = [(each.kind, each.week, each.by, each.reason) for each in plans.record().interventions]
    assert kept == [(kind, 2, "eva", "the table was filled by hand") for kind in ("acknowledge", "resume")]
    resolved = plans.execute("select resolved_by from monitoring_events where detector = 'rollout'")
    assert resolved == [("eva",)]


def test_resuming_from_an_earlier_week_repeats_it(plans: PlanFolder, pokervod: RunCommand) -> None:
    plans.prove(1, 2, 3, 4)
    pokervod("rollout", "run")

    assert pokervod("rollout", "resume", "--from", "3", *WHY).status == 0
    assert [week for week, _ in plans.attempts()] == [1, 2, 3, 4, 3, 4]
    assert pokervod("rollout", "resume", *WHY).status == 1


def test_resuming_keeps_the_last_until(plans: PlanFolder, pokervod: RunCommand) -> None:
    plans.write(attempts=1)
    pokervod("rollout", "run", "--until", "2")
    plans.prove(1, 2, 3, 4)

    assert pokervod("rollout", "resume", *WHY).status == 0
    assert plans.states() == ["passed", "passed", "pending", "pending"]
    said = pokervod("rollout", "resume", *WHY)
    assert said.errors.startswith("resumed from week 3\nstopped before week 3 by --until 2\n")
    assert pokervod("rollout", "resume", "--until", "3", *WHY).status == 0
    assert plans.states() == ["passed", "passed", "passed", "pending"]
    assert pokervod("rollout", "run").status == 0
    assert plans.record().state == "completed"


def test_an_override_stays_marked(plans: PlanFolder, pokervod: RunCommand) -> None:
    escalate(plans, pokervod)

    assert pokervod("rollout", "override", "2", "proof", *WHY).printed == (
        "proof of week 2 counts as passed; continue with `pokervod rollout resume`\n"
    )
    assert pokervod("rollout", "override", "2", "proof", *WHY).status == 1
    assert pokervod("rollout", "resume", *WHY).status == 0
    assert "proof (overridden)" in pokervod("rollout", "report").printed
    assert "overridden  proof" in pokervod("rollout", "validate", "2").printed
    final = pokervod("rollout", "report", "--markdown").printed
    assert "Week 2, `proof`: the table was filled by hand (eva, " in final
    assert [each["by"] for each in pokervod("rollout", "report", "--json").json["overrides"]] == ["eva"]


def test_only_a_criterion_that_fails_now_is_overridden(plans: PlanFolder, pokervod: RunCommand) -> None:
    escalate(plans, pokervod)
    plans.prove(2)
    before = plans.dump()

    for week, criterion in (("1", "proof"), ("2", "proof"), ("2", "one_is_one"), ("3", "proof")):
        said = pokervod("rollout", "override", week, criterion, *WHY)
        assert (said.status, said.error.startswith(f"criterion '{criterion}' of week {week} passes now (")) == (1, True)
    assert plans.dump() == before
    (plans.folder / "demo_1.txt").unlink()
    assert pokervod("rollout", "override", "1", "proof", *WHY).status == 0, "it had passed, and fails now"


def test_an_override_is_taken_back(plans: PlanFolder, pokervod: RunCommand) -> None:
    escalate(plans, pokervod)
    pokervod("rollout", "override", "2", "proof", *WHY)
    pokervod("rollout", "resume", *WHY)

    assert pokervod("rollout", "override", "2", "proof", "--undo", *WHY).printed == (
        "proof of week 2 is judged again; continue with `pokervod rollout run`\n"
    )
    assert pokervod("rollout", "override", "2", "proof", "--undo", *WHY).status == 1
    said = pokervod("rollout", "run")
    assert (said.status, plans.states()) == (3, ["passed", "failed", "passed", "passed"])


def test_a_rollout_is_abandoned_and_reset(plans: PlanFolder, pokervod: RunCommand) -> None:
    escalate(plans, pokervod)

    assert pokervod("rollout", "abandon", *WHY).printed == "abandoned\n"
    said = pokervod("rollout", "run")
    assert (said.status, said.error.splitlines()[1]) == (3, "to begin anew, run `pokervod rollout reset`")
    plans.write(weeks=1)
    assert pokervod("rollout", "run").error.startswith("the rollout is abandoned: the table was filled by hand\n")
    plans.write(attempts=1)
    assert pokervod("rollout", "reset", *WHY).printed == "reset; begin with `pokervod rollout run`\n"
    assert plans.states() == ["pending"] * 4


@pytest.mark.parametrize("words", [(), ("--from", "1"), ("--until", "3")], ids=str)
def test_a_reset_rollout_is_begun_and_not_resumed(
    plans: PlanFolder, pokervod: RunCommand, words: tuple[str, ...]
) -> None:
    escalate(plans, pokervod)
    pokervod("rollout", "reset", *WHY)
    before = plans.dump()

    said = pokervod("rollout", "resume", *words, *WHY)

    assert (said.status, said.error) == (1, "the rollout demo was reset; begin with `pokervod rollout run`")
    assert plans.dump() == before
    plans.prove(2)
    assert pokervod("rollout", "run", "--until", "1").status == 0
    assert pokervod("rollout", "resume", "--until", "2", *WHY).status == 0
    assert plans.states() == ["passed", "passed", "pending", "pending"]


def test_it_does_not_begin_before_the_planned_start(plans: PlanFolder, pokervod: RunCommand) -> None:
    plans.write(starts="2999-01-07")
    plans.prove(1, 2, 3, 4)

    said = pokervod("rollout", "run")

    assert (said.status, "is planned from 2999-01-07 on" in said.errors) == (4, True)
    assert plans.execute("select count(*) from rollouts") == [(0,)]
    assert pokervod("rollout", "run", "--until", "1", "--early").status == 0
    assert pokervod("rollout", "run").status == 0


@pytest.mark.parametrize(
    ("alerts", "urls", "warns"),
    [
        ({}, {}, True),
        ({"channels": [{"name": "there"}]}, {}, True),
        ({"channels": [{"name": "here"}]}, {"POKERVOD_ALERT_HERE": "console://"}, False),
    ],
)
def test_a_run_without_a_channel_for_alerts_warns(
    plans: PlanFolder,
    pokervod: RunCommand,
    monkeypatch: pytest.MonkeyPatch,
    alerts: dict[str, object],
    urls: dict[str, str],
    warns: bool,
) -> None:
    plans.alerts = alerts
    for name in [name for name in os.environ if name.startswith("POKERVOD_ALERT_")]:
        monkeypatch.delenv(name)
    for name, url in urls.items():
        monkeypatch.setenv(name, url)

    assert ("warning: no alert channel can be used" in pokervod("rollout", "run").errors) is warns


def test_a_changed_plan_says_what_it_changes(plans: PlanFolder, pokervod: RunCommand) -> None:
    plans.prove(1, 2, 3, 4)
    pokervod("rollout", "run")
    weeks = [describe_week(number) for number in range(1, 5)]
    weeks[0]["criteria"].append({"kind": "file", "name": "more", "path": "more.txt"})
    plans.write(weeks=weeks)

    assert pokervod("rollout", "report", "--json").json["percent"] == 75
    said = pokervod("rollout", "run")

    changed = "the plan has changed: week 1 'Part 1' is judged anew, because these never passed: more"
    assert (said.status, changed in said.errors) == (4, True)


@pytest.mark.parametrize("kind", ["address", "mock", "production"])
def test_an_address_with_a_password_is_used_and_never_printed(
    plans: PlanFolder, pokervod: RunCommand, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    health = {"kind": "http_health", "name": "health", "service": "search", "at": kind, "calls": 1}
    week = {**describe_week(1), "criteria": [health]}
    plans.write(weeks=[week], services={"search": None}, attempts=1)
    monkeypatch.setenv(f"POKERVOD_SERVICE_SEARCH_{kind.upper()}", "http://ada:hush123@127.0.0.1:1")

    run, validate = pokervod("rollout", "run"), pokervod("rollout", "validate", "1")
    report = pokervod("rollout", "report", "--json")

    assert "GET /health of search (http://127.0.0.1:1): connection failed" in validate.printed
    assert not [said for said in (run, validate, report) if "hush123" in said.printed + said.errors + said.error]
    monkeypatch.setenv("POKERVOD_SERVICE_SEARCH", "http://ada:hush123@127.0.0.1:1")
    refused = pokervod("rollout", "validate", "1")
    assert (refused.status, "_ADDRESS, _MOCK or _PRODUCTION" in refused.error) == (2, True)
    monkeypatch.delenv("POKERVOD_SERVICE_SEARCH")
    plans.given = {"services": {"search": {kind: "http://ada:hush123@127.0.0.1:1"}}}
    refused = pokervod("rollout", "validate", "1")
    assert (refused.status, "hush123" in refused.error) == (2, False)


def test_a_pause_lasts_until_a_person_resumes(plans: PlanFolder, pokervod: RunCommand) -> None:
    plans.prove(1, 2, 3, 4)
    pokervod("rollout", "run", "--until", "1")

    assert pokervod("rollout", "pause", *WHY).printed == "paused\n"
    said = pokervod("rollout", "run")
    assert (said.status, said.error) == (
        3,
        "week 2 is paused: the table was filled by hand\nto continue, run `pokervod rollout resume`",
    )
    assert pokervod("rollout", "resume", *WHY).status == 0
    assert plans.record().state == "completed"
    assert pokervod("rollout", "pause", *WHY).status == 1


def test_validate_changes_nothing(plans: PlanFolder, pokervod: RunCommand) -> None:
    plans.prove(1)
    pokervod("rollout", "run")
    plans.execute("alter table hands rename column id to number")
    before, files = plans.dump(), sorted(plans.folder.rglob("*"))

    failing, passing = pokervod("rollout", "validate", "2"), pokervod("rollout", "validate", "1")

    assert (plans.dump(), sorted(plans.folder.rglob("*"))) == (before, files)
    assert (failing.status, passing.status) == (1, 0)
    assert re.search(r"FAILED +hands_table +hands: column ", failing.printed)
    assert re.search(r"passed +one_is_one +the query returns 1", failing.printed)
    assert "apply_migrations: no migration is pending" in failing.printed


def test_a_week_can_be_validated_before_the_start(plans: PlanFolder, pokervod: RunCommand) -> None:
    said = pokervod("rollout", "validate", "4", "--json")

    assert (said.status, said.json["passed"], said.json["fixers"]) == (1, False, {})
    assert said.json["results"][0]["criterion"] == "proof"
    assert said.json["results"][0]["error_class"] == "document"
    assert plans.execute("select count(*) from rollouts") == [(0,)]


def test_programs_get_one_document(plans: PlanFolder, pokervod: RunCommand) -> None:
    escalated = escalate(plans, pokervod)
    said = pokervod("rollout", "run", "--json")

    assert (escalated.status, said.status) == (3, 3)
    assert said.json == pokervod("rollout", "report", "--json").json | {
        key: said.json[key] for key in ("measured_at", "forecast", "weeks")
    }
    assert (said.json["state"], said.json["current"], said.json["percent"]) == ("escalated", 2, 25)
    plans.prove(2)
    assert pokervod("rollout", "resume", "--json", *WHY).json["state"] == "completed"
    told = [each for each in pokervod("alerts", "list", "--json").json if each["severity"] == "critical"]
    assert {each["key"] for each in told} == {"rollout demo week 2 escalated"}
    assert [each["kind"] for each in told] == ["resolved", "opened"]
    assert [each["state"] for alert in told for each in alert["deliveries"]] == ["delivered", "delivered"]


def test_the_page_is_written_to_the_given_file(plans: PlanFolder, pokervod: RunCommand) -> None:
    escalate(plans, pokervod)

    assert pokervod("rollout", "report", "--html", "page.html").errors == "written to page.html\n"
    assert "The demo rollout" in (plans.folder / "page.html").read_text(encoding="utf-8")
    said = pokervod("rollout", "report", "--html", "nowhere/page.html")
    assert (said.status, said.error) == (
        2,
        "nowhere/page.html: cannot be written (No such file or directory); correct the path or its rights",
    )


def test_plans_are_told_apart_by_name(plans: PlanFolder, pokervod: RunCommand) -> None:
    plans.write("second", weeks=1)
    plans.prove(1, plan="second")

    assert pokervod("rollout", "run", "--plan", "second").status == 0
    assert plans.execute("select plan, state from rollouts") == [("second", "completed")]
    assert "The second rollout: 100 %" in pokervod("rollout", "report", "--plan", "second").printed
    said = pokervod("rollout", "run", "--plan", "third")
    assert (said.status, said.error) == (2, "unknown plan 'third'; known are demo, second")


REFUSED = [
    (("validate", "99"), 2, "unknown week 99; plan 'demo' has weeks 1 to 4"),
    (("override", "2", "speed", *WHY), 2, "unknown criterion 'speed'; week 2 has hands_table, one_is_one, proof"),
    (("override", "2", "proof", "--reason", " "), 2, "--reason is required"),
    (("pause", "--reason", ""), 2, "--reason is required"),
    (("acknowledge", "--reason", "\t"), 2, "--reason is required"),
    (("resume", "--from", "9", *WHY), 2, "unknown week 9; plan 'demo' has weeks 1 to 4"),
    (("resume", "--from", "4", *WHY), 1, "week 2 is waiting; it has to pass before week 4 starts"),
    (("acknowledge", *WHY), 1, "the rollout demo has no open escalation"),
]


@pytest.mark.parametrize(("words", "status", "says"), REFUSED, ids=lambda value: str(value)[:30])
def test_invalid_arguments_are_refused_and_change_nothing(
    plans: PlanFolder, pokervod: RunCommand, words: tuple[str, ...], status: int, says: str
) -> None:
    plans.prove(1)
    pokervod("rollout", "run")
    before = plans.dump()

    said = pokervod("rollout", *words)

    assert (said.status, says in said.error) == (status, True), said.error
    assert plans.dump() == before


@pytest.mark.parametrize("command", ["pause", "acknowledge", "override 1 proof"])
def test_a_reason_is_required(pokervod: RunCommand, command: str) -> None:
    assert pokervod("rollout", *command.split()).status == 2


NOT_STARTED = [("report",), ("pause", *WHY), ("resume", *WHY), ("acknowledge", *WHY), ("override", "1", "proof", *WHY)]


@pytest.mark.parametrize("words", NOT_STARTED, ids=lambda words: words[0])
def test_a_rollout_that_has_not_started_names_the_command(pokervod: RunCommand, words: tuple[str, ...]) -> None:
    said = pokervod("rollout", *words)

    assert (said.status, said.error) == (1, "the rollout demo has not started; start it with `pokervod rollout run`")


@pytest.mark.long
@pytest.mark.parametrize("words", [("resume",), ("override", "2", "proof")], ids=lambda words: words[0])
def test_a_reason_that_is_no_utf_8_is_refused_and_changes_nothing(
    plans: PlanFolder, pokervod: RunCommand, words: tuple[str, ...]
) -> None:
    escalate(plans, pokervod)
    before = plans.dump()

    said, status = show(plans.folder, "rollout", *words, "--reason", os.fsdecode(b"bad \xff"))

    assert (status, "is not valid UTF-8" in said, "Traceback" in said) == (2, True, False), said
    assert plans.dump() == before


def test_a_second_runner_is_refused(plans: PlanFolder, pokervod: RunCommand) -> None:
    with lock_rollout(plans.rollout()):
        said = pokervod("rollout", "run")

    assert (said.status, "is already running" in said.error) == (1, True)


def test_a_bad_plan_is_shown_with_every_file_and_line(plans: PlanFolder, pokervod: RunCommand) -> None:
    weeks = [describe_week(1), describe_week(3)]
    weeks[0]["criteria"][0]["kind"] = "fille"
    path = plans.write(weeks=weeks, attempts=0)
    lines = path.read_text(encoding="utf-8").splitlines()
    wanted = [
        (lines.index("attempts: 0") + 1, "attempts: expected at least 1, got 0"),
        (
            lines.index("  - kind: fille") + 1,
            "week 1, criterion proof: kind: unknown 'fille'; known are asset_check, command",
        ),
        (lines.index("- number: 3") + 1, "number: week 3 is out of order, week 2 is missing"),
    ]

    for words in (("run",), ("validate", "1"), ("report",), ("resume", *WHY), ("pause", *WHY)):
        said = pokervod("rollout", *words)
        assert said.status == 2
        for line, text in wanted:
            assert f"{path}:{line}: {text}" in said.error


def test_a_page_that_cannot_be_written_is_reported(plans: PlanFolder, pokervod: RunCommand) -> None:
    plans.given = {"pages": str(plans.folder / "demo.yaml" / "pages")}
    plans.prove(1, 2, 3, 4)

    said = pokervod("rollout", "run")

    assert (said.status, plans.record().state) == (0, "completed")
    assert "demo.html (Not a directory); correct rollout.pages" in said.printed


@pytest.mark.parametrize("weeks", [3, 6])
def test_a_plan_that_lost_or_gained_a_week_can_still_be_read(
    plans: PlanFolder, pokervod: RunCommand, weeks: int
) -> None:
    plans.prove(1, 2, 3, 4)
    pokervod("rollout", "run", "--until", "2")
    plans.write(weeks=weeks)

    assert pokervod("rollout", "report").printed.count("Part ") == weeks
    assert pokervod("rollout", "report", "--json").json["done"] == [1, 2]
    assert pokervod("rollout", "report", "--html", "page.html").status == 0


# As a person sees it.


def show(folder: Path, *words: str) -> tuple[str, int]:
    """Return what a terminal of 80 columns shows of the real command, without colours, and its exit status."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "pokervod_pipelines.cli", *words],
        cwd=folder,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "80"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    seen = bytearray()
    while piece := _read(ours):
        seen += piece
    os.close(ours)
    return re.sub(r"\x1b\[[0-9;]*m", "", seen.decode()).replace("\r\n", "\n"), process.wait(timeout=60)


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # the other side is gone
        return b""


@pytest.mark.long
def test_a_terminal_of_80_columns_shows_words_whole(plans: PlanFolder, pokervod: RunCommand) -> None:
    escalate(plans, pokervod)

    seen, status = show(plans.folder, "rollout", "run")

    assert status == 3
    assert [line for line in seen.splitlines() if len(line) > 80 and len(line.split()) > 1] == []  # a path stays whole
    assert re.search(r"^ +2 +Part 2 +failed +1 +proof *$", seen, re.MULTILINE)
    assert "Traceback" not in seen


@pytest.mark.long
@pytest.mark.parametrize(
    ("words", "row"),
    [
        (("rollout", "validate", "2"), r" demo_2\.txt: the file is missing "),
        (("alerts", "list"), r" critical +Rollout escalated: week 2 "),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_table_of_80_columns_shows_words_whole(
    plans: PlanFolder, pokervod: RunCommand, words: tuple[str, ...], row: str
) -> None:
    escalate(plans, pokervod)

    seen, _ = show(plans.folder, *words)

    assert max(map(len, seen.splitlines())) <= 80
    assert re.search(row, seen, re.MULTILINE)
