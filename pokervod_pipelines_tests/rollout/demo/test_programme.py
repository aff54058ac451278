"""Run the demo rollout: nine weeks on real services, with a failure of every kind of criterion."""

import json
from collections import Counter
from typing import Any

import pytest
import yaml
from sqlalchemy import Engine, Row, text

from pokervod_pipelines.rollout.criteria.kinds import list_kinds
from pokervod_pipelines_tests.rollout.demo.chores import write_tests
from pokervod_pipelines_tests.rollout.demo.conftest import MakeSite
from pokervod_pipelines_tests.rollout.demo.documents import ANSWERS, age_document, break_document, write_document
from pokervod_pipelines_tests.rollout.demo.prism import NoPrismError, install_prism
from pokervod_pipelines_tests.rollout.demo.run_log import RunLog
from pokervod_pipelines_tests.rollout.demo.site import DemoSite, count_passed

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
"""List what fails at the first attempt of each week, with its class; nothing in week 7."""

FIXED = {1: "regenerate_document", 2: "rebuild_mocks", 3: "rerun_tests", 6: "restart_service"}
ESCALATED = (3, 4, 5, 9)
BREAK_DATABASE = (
    "insert into players (key, name) values ('eva', 'Eva')",
    "alter table players rename column name to nickname",
    """insert into nas_scans (library, correlation_id, started_at, finished_at, status, error)
       values ('tapes', '', now() - interval '5 days', now() - interval '5 days', 'failed', 'the mount went away')""",
)
FIX_DATABASE = (
    "alter table players rename column nickname to name",
    """insert into nas_scans (library, correlation_id, started_at, finished_at, status)
       values ('tapes', '', now(), now(), 'completed')""",
)


@pytest.mark.long
def test_the_mocks_of_the_demo_are_prism() -> None:
    try:
        install_prism()
    except NoPrismError as error:
        pytest.skip(f"PRISM NOT TESTED, the mocks are the generic server: {error}")


@pytest.mark.long
def test_every_failure_is_caught_named_and_overcome_and_the_report_shows_it(
    make_site: MakeSite, engine: Engine
) -> None:
    url = engine.url.render_as_string(hide_password=False)
    site = make_site("plan.yaml", wait_seconds=0, database_url=url)
    inject_failures(site, engine)
    run_log = RunLog(site=site)

    run_to_the_end(site, engine, run_log)
    report = json.loads(site.run("rollout", "report", "--json").stdout)

    assert {key: report[key] for key in ("state", "percent", "done")} == {
        "state": "completed",
        "percent": 100,
        "done": [*range(1, 10)],
    }
    assert {each["number"]: each["attempts"] for each in report["weeks"]} == run_log.count_attempts()
    assert report["totals"] == run_log.count_totals()
    assert report["recoveries"] == run_log.count_recoveries()
    assert report["automation_rate"] == pytest.approx(run_log.find_automation_rate())
    assert find_first_failures(report) == INJECTED
    assert {each["week"]: fix["fixer"] for each in report["attempts"] for fix in each["fixes"] if fix["done"]} == FIXED
    assert tuple(each["week"] for each in report["escalations"]) == ESCALATED
    assert [(each["week"], each["criterion"], each["by"]) for each in report["overrides"]] == [(4, "aliases", "eva")]
    check_alerts(site, engine)


def test_the_plan_of_the_demo_lets_every_kind_of_criterion_fail(make_site: MakeSite) -> None:
    plan = yaml.safe_load(make_site("plan.yaml").plan.read_text(encoding="utf-8"))
    failing = {
        entry["kind"]
        for week in plan["weeks"]
        for entry in week["criteria"]
        for name in INJECTED[week["number"]]
        if name == entry["name"] or name.startswith(f"{entry['name']}_")
    }

    assert failing == {*list_kinds()}


def inject_failures(site: DemoSite, engine: Engine) -> None:
    """Break everything that can be wrong from the start; one mock is started from an old document."""
    write_document(site.folder, "clipping", break_document("clipping"))
    (site.folder / "old").mkdir()
    sound = {service: site.folder / "source" / f"{service}.yaml" for service in ANSWERS}
    site.start_mocks(sound | {"ui": write_document(site.folder / "old", "ui", age_document("ui"))})
    site.write_settings(search={"address": site.mock_of("search")})
    write_tests(site.folder, "unit", passed=4, failed=1)
    for service in ANSWERS:
        site.start_service(service, *(["--wrong"] if service == "timecode_validation" else []))
    write_tests(site.folder, "end_to_end", passed=10)
    execute(engine, *BREAK_DATABASE)
    site.await_mocks()


def run_to_the_end(site: DemoSite, engine: Engine, run_log: RunLog) -> None:
    """Do what a person does at each escalation; from week 6 on neither mail nor Slack can be reached."""
    assert "week 3 is escalated: owner_search" in run_log.command("run")
    site.write_settings(search={"address": site.mock_of("search"), "owner": "Eva"})

    assert "week 4 is escalated: players" in run_log.command("resume", "--reason", "Eva owns it")
    execute(engine, *FIX_DATABASE)
    run_log.override(4, "aliases")

    assert "week 5 is escalated: real_search" in run_log.command("resume", "--reason", "the tables are fixed")
    site.write_settings(search={"owner": "Eva"})
    site.start_service("timecode_validation")
    site.slack.stop()
    site.mail.stop()

    said = run_log.command("resume", "--reason", "the services are real")
    assert "alert not delivered to slack" in said
    assert "alert not delivered to mail" in said
    assert "week 9 is escalated: backup" in said
    (site.folder / "backup.json").write_text('{"restored": true}', encoding="utf-8")

    run_log.command("resume", "--reason", "the backup is there")


def check_alerts(site: DemoSite, engine: Engine) -> None:
    """Expect each alert of before the outage once, and after it, an hour later, the others."""
    assert count_escalations(site) == {week: (1, 1) for week in ESCALATED if week < 6}
    site.slack.start()
    site.mail.start()
    execute(engine, "update alert_deliveries set due_at = due_at - interval '1 hour' where state = 'pending'")

    assert site.run("alerts", "deliver").returncode == 0
    assert execute(engine, "select channel from alert_deliveries where state <> 'delivered'") == [], "nothing is left"

    assert count_escalations(site) == dict.fromkeys(ESCALATED, (1, 1))
    told = [week for week in ESCALATED if week < 6]
    assert count_ends(site) == dict.fromkeys(told, (1, 1)), "a message sent late tells the end itself"
    assert len(site.slack.posts) == len(site.mail.mails) == len(ESCALATED) + len(told)
    assert Counter(count_passed(site)) == dict.fromkeys(range(1, 10), 1)
    for week, body in read_slack(site).items():
        assert all(criterion in body for criterion in INJECTED[week]), body


def read_slack(site: DemoSite) -> dict[int, str]:
    """Return what Slack received of each escalated week, as plain text."""
    attachments = [each.body["attachments"][0] for each in site.slack.posts]
    escalated = [each for each in attachments if each["title"].startswith("CRITICAL")]
    return {int(each["title"].split()[4]): each["text"].replace("\\", "") for each in escalated}


def count_escalations(site: DemoSite) -> dict[int, tuple[int, int]]:
    """Count the messages of an escalation in Slack and in mail, by week."""
    return _count_by_week(site, "CRITICAL")


def count_ends(site: DemoSite) -> dict[int, tuple[int, int]]:
    """Count the messages that an escalation is over, by week."""
    return _count_by_week(site, "RESOLVED")


def _count_by_week(site: DemoSite, word: str) -> dict[int, tuple[int, int]]:
    slack = [each.body["attachments"][0]["title"] for each in site.slack.posts]
    mail = [each["subject"] for each in site.mail.mails]
    counted = {week: (_count(slack, word, week), _count(mail, word, week)) for week in range(1, 10)}
    return {week: counts for week, counts in counted.items() if any(counts)}


def _count(titles: list[str], word: str, week: int) -> int:
    return sum(title.startswith(f"{word}: Rollout escalated: week {week} ") for title in titles)


def find_first_failures(report: dict[str, Any]) -> dict[int, dict[str, str]]:
    """Return what failed at the first attempt of each week, with its class."""
    found: dict[int, dict[str, str]] = {}
    for attempt in report["attempts"]:
        if attempt["week"] not in found:
            failed = {each["criterion"]: each["error_class"] for each in attempt["results"] if not each["passed"]}
            found[attempt["week"]] = failed
    return found


def execute(engine: Engine, *statements: str) -> list[Row[Any]]:
    """Run the statements and return the rows of the last one."""
    with engine.begin() as connection:
        results = [connection.execute(text(statement)) for statement in statements]
        return [*results[-1]] if results[-1].returns_rows else []
