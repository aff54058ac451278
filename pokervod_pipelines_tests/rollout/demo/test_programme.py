"""The demo programme: nine weeks on services that really run, with a failure of every kind of criterion."""

import json
from collections import Counter
from typing import Any

import pytest
import yaml
from sqlalchemy import Engine, Row, text

from pokervod_pipelines.rollout.criteria.kinds import list_kinds
from pokervod_pipelines_tests.rollout.demo.chores import write_tests
from pokervod_pipelines_tests.rollout.demo.conftest import MakeTown
from pokervod_pipelines_tests.rollout.demo.diary import Diary
from pokervod_pipelines_tests.rollout.demo.documents import ANSWERS, age_document, break_document, write_document
from pokervod_pipelines_tests.rollout.demo.prism import NoPrismError, install_prism
from pokervod_pipelines_tests.rollout.demo.town import Town, count_passed

INJECTED: dict[int, dict[str, str]] = {
    1: {"document_clipping": "document"},
    2: {"mock_ui": "contract"},
    3: {"owner_search": "document", "unit_tests": "tests"},
    4: {"players": "schema", "scan": "data", "libraries": "check", "aliases": "data"},
    5: {"real_search": "contract", "contract_timecode_validation": "contract"},
    6: {"health_clipping": "service_down"},
    7: {},
    8: {"smoke": "check"},
    9: {"backup": "document"},
}
"""What fails at the first attempt of each week, and of which class it is; in week 7 nothing does."""

FIXED = {1: "regenerate_document", 2: "rebuild_mocks", 3: "rerun_tests", 6: "restart_service"}
ESCALATED = (3, 4, 5, 9)
IN_DATABASE = (
    "insert into players (key, name) values ('eva', 'Eva')",
    "alter table players rename column name to nickname",
    """insert into nas_scans (library, correlation_id, started_at, finished_at, status, error)
       values ('tapes', '', now() - interval '5 days', now() - interval '5 days', 'failed', 'the mount went away')""",
)
MENDS_DATABASE = (
    "alter table players rename column nickname to name",
    """insert into nas_scans (library, correlation_id, started_at, finished_at, status)
       values ('tapes', '', now(), now(), 'completed')""",
)


def test_the_mocks_of_the_demo_are_prism() -> None:
    try:
        install_prism()
    except NoPrismError as error:
        pytest.skip(f"PRISM NOT TESTED, the mocks are the generic server: {error}")


def test_every_failure_is_caught_named_and_got_over_and_the_report_tells_it_as_it_was(
    make_town: MakeTown, engine: Engine
) -> None:
    url = engine.url.render_as_string(hide_password=False)
    town = make_town("plan.yaml", wait_seconds=0, database_url=url)
    inject_failures(town, engine)
    diary = Diary(town=town)

    run_to_the_end(town, engine, diary)
    report = json.loads(town.run("rollout", "report", "--json").stdout)

    assert {key: report[key] for key in ("state", "percent", "done")} == {
        "state": "completed",
        "percent": 100,
        "done": [*range(1, 10)],
    }
    assert {each["number"]: each["attempts"] for each in report["weeks"]} == diary.count_attempts()
    assert report["totals"] == diary.count_totals()
    assert report["recoveries"] == diary.count_recoveries()
    assert report["automation_rate"] == pytest.approx(diary.find_automation_rate())
    assert find_first_failures(report) == INJECTED
    assert {each["week"]: fix["fixer"] for each in report["attempts"] for fix in each["fixes"] if fix["done"]} == FIXED
    assert tuple(each["week"] for each in report["escalations"]) == ESCALATED
    assert [(each["week"], each["criterion"], each["by"]) for each in report["overrides"]] == [(4, "aliases", "eva")]
    check_what_people_heard(town, engine)


def test_the_plan_of_the_demo_lets_every_kind_of_criterion_fail(make_town: MakeTown) -> None:
    plan = yaml.safe_load(make_town("plan.yaml").plan.read_text(encoding="utf-8"))
    failing = {
        entry["kind"]
        for week in plan["weeks"]
        for entry in week["criteria"]
        for name in INJECTED[week["number"]]
        if name == entry["name"] or name.startswith(f"{entry['name']}_")
    }

    assert failing == {*list_kinds()}


def inject_failures(town: Town, engine: Engine) -> None:
    """All that can be wrong from the start is."""
    write_document(town.folder, "clipping", break_document("clipping"))
    (town.folder / "old").mkdir()
    sound = {service: town.folder / "source" / f"{service}.yaml" for service in ANSWERS}
    town.start_mocks(sound | {"ui": write_document(town.folder / "old", "ui", age_document("ui"))})
    for service in ANSWERS:
        town.start_service(service, *(["--wrong"] if service == "timecode_validation" else []))
    town.write_settings(search={"address": town.mock_of("search")})
    write_tests(town.folder, "unit", passed=4, failed=1)
    write_tests(town.folder, "end_to_end", passed=10)
    execute(engine, *IN_DATABASE)
    town.await_mocks()


def run_to_the_end(town: Town, engine: Engine, diary: Diary) -> None:
    """Each time a person is needed, one comes; from week 6 on neither mail nor Slack can be reached."""
    assert "week 3 is escalated: owner_search" in diary.command("run")
    town.write_settings(search={"address": town.mock_of("search"), "owner": "Eva"})

    assert "week 4 is escalated: players" in diary.command("resume", "--reason", "Eva owns it")
    execute(engine, *MENDS_DATABASE)
    diary.override(4, "aliases")

    assert "week 5 is escalated: real_search" in diary.command("resume", "--reason", "the tables are mended")
    town.write_settings(search={"owner": "Eva"})
    town.start_service("timecode_validation")
    town.slack.stop()
    town.mail.stop()

    said = diary.command("resume", "--reason", "the services are real")
    assert "alert not delivered to slack" in said
    assert "alert not delivered to mail" in said
    assert "week 9 is escalated: backup" in said
    (town.folder / "backup.json").write_text('{"restored": true}', encoding="utf-8")

    diary.command("resume", "--reason", "the backup is there")


def check_what_people_heard(town: Town, engine: Engine) -> None:
    """Before the outage each alert arrived once, and after it, an hour later, the others did."""
    assert count_escalations(town) == {week: (1, 1) for week in ESCALATED if week < 6}
    town.slack.start()
    town.mail.start()
    execute(engine, "update alert_deliveries set due_at = due_at - interval '1 hour' where state = 'waiting'")

    assert town.run("alerts", "deliver").returncode == 0
    assert execute(engine, "select channel from alert_deliveries where state <> 'delivered'") == [], "nothing is left"

    assert count_escalations(town) == dict.fromkeys(ESCALATED, (1, 1))
    assert len(town.slack.posts) == len(ESCALATED)
    assert len(town.mail.mails) == len(ESCALATED)
    assert Counter(count_passed(town)) == dict.fromkeys(range(1, 10), 1)
    for week, body in read_slack(town).items():
        assert all(criterion in body for criterion in INJECTED[week]), body


def read_slack(town: Town) -> dict[int, str]:
    """What Slack was told of each escalated week, in plain text."""
    attachments = [each.body["attachments"][0] for each in town.slack.posts]
    return {int(each["title"].split()[4]): each["text"].replace("\\", "") for each in attachments}


def count_escalations(town: Town) -> dict[int, tuple[int, int]]:
    """How often Slack and how often mail told that a week is escalated, by week."""
    slack = [each.body["attachments"][0]["title"] for each in town.slack.posts]
    mail = [each["subject"] for each in town.mail.mails]
    counted = {week: (_count(slack, week), _count(mail, week)) for week in range(1, 10)}
    return {week: counts for week, counts in counted.items() if any(counts)}


def _count(titles: list[str], week: int) -> int:
    return sum(title.startswith(f"CRITICAL: Rollout escalated: week {week} ") for title in titles)


def find_first_failures(report: dict[str, Any]) -> dict[int, dict[str, str]]:
    """What failed at the first attempt of each week, and of which class it was."""
    found: dict[int, dict[str, str]] = {}
    for attempt in report["attempts"]:
        if attempt["week"] not in found:
            failed = {each["criterion"]: each["error_class"] for each in attempt["results"] if not each["passed"]}
            found[attempt["week"]] = failed
    return found


def execute(engine: Engine, *statements: str) -> list[Row[Any]]:
    """The statements were run; returns what the last one answers."""
    with engine.begin() as connection:
        results = [connection.execute(text(statement)) for statement in statements]
        return [*results[-1]] if results[-1].returns_rows else []
