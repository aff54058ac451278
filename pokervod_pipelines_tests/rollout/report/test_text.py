"""Check that every report says what happened, and that foreign text in it is only text."""

import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from pokervod_pipelines.rollout.record import AttemptRecord, InterventionRecord, RolloutRecord
from pokervod_pipelines.rollout.report.text import write_page, write_text
from pokervod_pipelines_tests.rollout.report.examples import (
    NOW,
    OVERRIDE,
    START,
    attempt,
    completed,
    escalated,
    fresh,
    plan_weeks,
    result,
)

PLAN = plan_weeks()
LINK = "https://pokervod.example"
EVIL = "</code></li><script>alert('x')</script><img src=x onerror=alert(1)>\" onload=\"alert(2)"
ACKNOWLEDGED = InterventionRecord(kind="acknowledge", week=5, by="Grace", reason="I am on it", at=NOW)

PROGRESS = [
    "████████░░░░░░░░░░░░ 44 %",
    "**Done:** 4 of 9 weeks (1, 2, 3, 4), 9 of 20 criteria",
    "**Current:** 5 Mock to real – ! escalated",
    "**Next:** 6 Back ends complete",
    "**Estimated completion:** 17 Nov 2026 (planned 6 Nov 2026, 11 days late; pace × 1.14)",
    "✓ Mocks ready (week 2): reached 23 Sep 2026, 5 days late",
    "! In production (week 9): due 6 Nov 2026, expected 17 Nov 2026, 11 days late",
    "\n\nPage: https://pokervod.example\n",
]
ESCALATION = [
    "is blocked at week 5, Mock to real.",
    "- Reason: 3 of 4 criteria failed at the third attempt: clipping_contract, no_mock_left, ui_health",
    "- Blocked since 11 Oct 2026, 09:00 UTC (1 d 2 h so far)",
    "- Estimated completion if resumed now: 17 Nov 2026, 11 days late",
    "- Acknowledged by Grace, 12 Oct 2026, 11:00 UTC: I am on it",
    "- Attempt 1, 11 Oct 2026, 08:20 UTC: 2 of 4 criteria failed",
    "    - `no_mock_left` (DATA): `clipping answers with the header x-pokervod-mock: true`",
    "- After attempt 1: `restart_service` failed: the hook answered 403 Forbidden",
    "- After attempt 2: `rebuild_mocks` done: 3 mocks built anew",
    "`pokervod rollout validate 5 --plan default`",
    "`pokervod rollout resume --from 5 --plan default`",
    "`pokervod rollout override 5 clipping_contract --reason … --plan default`",
    "Page: https://pokervod.example",
]
BLOCKED = [
    "# PokerVOD goes into production: progress report",
    "## Week 5 needs a person: blocked 1 d 2 h so far",
    "- Acknowledged by Grace, 12 Oct 2026, 11:00 UTC: I am on it",
    "✕ failed `no_mock_left`: clipping answers with the header x-pokervod-mock: true",
    "- Week 4, attempt 2, 5 Oct 2026, 09:00 UTC: passed",
    "    - `week_4_documents` (overridden): `connection refused at 10.0.0.7:8080`",
]
FINAL = [
    "# PokerVOD goes into production: final report",
    "100 %",
    "- **Attempts:** 15, of which 5 retries",
    "- **Fixes:** 2 done, 1 failed",
    "- **Escalations:** 1; **overrides:** 1",
    "**Automation rate:** 33 %; failed attempts: 6, recovered by fixers 1, by retries 1, by a person 4, open 0",
    "| 5 Mock to real | ✓ passed | 5 Oct 2026 to 9 Oct 2026 | 8 d | 1 h 11 min | 6 d 19 h | 1 d 3 h | 0 s | 4 | 2 |",
    "    - `restart_service` done: search restarted by its hook; healthy after 4 s",
    "- Week 5, attempt 1 of cycle 2, ",
    "– blocked 1 d 3 h\n",
    "- Week 4, `week_4_documents`: The hand sheets of Seoul arrive next month; the table is right. (Ada Lovelace, ",
    "resume week 5 by Grace Hopper: the hook has a new token",
]
NOTHING = [
    "0 of 9 weeks, 0 of 20 criteria",
    "pace not known yet",
    "No week was attempted.",
    "No week was escalated.",
    "No criterion is overridden.",
    "nothing to count yet",
    "○ not evaluated `week_1_documents`",
]


def blocked() -> RolloutRecord:
    return replace(escalated(), interventions=(ACKNOWLEDGED,))


TEXTS = {
    "progress": (write_text("progress", PLAN, escalated(), NOW, LINK), PROGRESS),
    "escalation": (write_text("escalation", PLAN, blocked(), NOW, LINK, 5), ESCALATION),
    "blocked": (write_text("report", PLAN, blocked(), NOW), BLOCKED),
    "final": (write_text("report", PLAN, *completed()), FINAL),
    "fresh": (write_text("report", PLAN, fresh(), START), NOTHING),
}


@pytest.mark.parametrize("name", TEXTS)
def test_it_says(name: str) -> None:
    text, expected = TEXTS[name]
    assert [each for each in expected if each not in text] == []


def test_the_state_of_each_week_is_shown_and_an_escalation_before_it() -> None:
    lines = write_text("report", PLAN, escalated(), NOW).splitlines()
    states = [line.split(" | ")[1] for line in lines if line.startswith(("| 4 ", "| 5 ", "| 6 "))]
    assert states == ["✓ passed", "! escalated", "○ pending"]
    assert "| ✕ failed |" in write_text("report", PLAN, replace(escalated(), escalations=()), NOW)


def test_messages_fit_into_chat() -> None:
    assert len(TEXTS["progress"][0]) < 1_200
    assert len(TEXTS["escalation"][0]) < 3_500


def test_every_row_of_the_table_has_every_column() -> None:
    record, finish = completed()
    first = PLAN.weeks[0].model_copy(update={"title": "a | b"})
    named = PLAN.model_copy(update={"weeks": (first, *PLAN.weeks[1:])})
    rows = [line for line in write_text("report", named, record, finish).splitlines() if line.startswith("|")]
    assert len(rows) == 11
    assert {row.count("|") for row in rows} == {14}


def of_week_5(*attempts: AttemptRecord) -> str:
    return write_text("escalation", PLAN, replace(escalated(), attempts=attempts), NOW, week=5)


def test_many_errors_are_counted() -> None:
    many = attempt(1, 5, NOW, tuple(result(f"criterion_{number}", "wrong") for number in range(20)))
    assert of_week_5(many).count("wrong") == 8
    assert "    - and 12 more" in of_week_5(many)


def test_without_fixes_it_says_why() -> None:
    first, second = (attempt(number, 5, NOW, (result("a", "wrong"),)) for number in (1, 2))

    assert "None: no fixer for these errors is in the plan and switched on." in of_week_5(first, second)
    assert "None: fixers run between two attempts, and there was only one." in of_week_5(first)
    assert "override 5 CRITERION --reason" in of_week_5()


def test_only_the_escalated_cycle_is_reported() -> None:
    assert write_text("escalation", PLAN, completed()[0], NOW, week=5).count("- Attempt ") == 3


def poisoned() -> RolloutRecord:
    """Return a rollout in which every text from outside is an attack."""
    bad = replace(result("no_mock_left", EVIL, kind=EVIL), details=(EVIL, EVIL))
    tried = attempt(1, 5, NOW, (bad,), replace(escalated().attempts[-2].fixes[0], fixer=EVIL, reported=EVIL))
    record = escalated()
    return replace(
        record,
        reason=EVIL,
        attempts=(tried,),
        overrides=(replace(OVERRIDE, week=5, criterion="no_mock_left", by=EVIL, reason="fine\n\n# [click](http://e)"),),
        interventions=(replace(ACKNOWLEDGED, by=EVIL, reason=EVIL),),
        escalations=(replace(record.escalations[0], summary=EVIL),),
    )


class PageReader(HTMLParser):
    """Collect what a page is made of; fail at a tag that is closed in the wrong order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[str] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [name for name, _ in attrs]
        if tag != "meta":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.mark.parametrize("record", [fresh(), blocked(), completed()[0], poisoned()])
def test_the_page_is_one_safe_file_that_needs_nothing_else(record: RolloutRecord) -> None:
    weeks = tuple(each.model_copy(update={"title": EVIL, "summary": EVIL}) for each in PLAN.weeks)
    titles = PLAN.model_copy(update={"title": EVIL, "weeks": weeks})

    page = PageReader(write_page(titles, record, NOW, link="javascript:alert(1)"))

    assert {*page.tags} <= {
        *("html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p", "ul", "ol", "li"),
        *("strong", "code", "table", "thead", "tbody", "tr", "th", "td"),
    }
    assert {*page.attributes} <= {"lang", "charset", "name", "content", "style"}
    assert page.tags["h1"] == page.tags["title"] == page.tags["main"] == 1
    assert "<script>alert('x')</script>" in "".join(page.text)
    assert not re.search(r"\\[<>|~`*]|&#|javascript", "".join(page.text))


def test_a_reason_cannot_bring_markup_in() -> None:
    for text in (write_text("report", PLAN, poisoned(), NOW), write_text("escalation", PLAN, poisoned(), NOW, week=5)):
        assert "<script" not in re.sub("`[^`]*`", "", text)
        assert "\n#" not in text.replace("\n# ", "", 0)[2:].replace("\n## ", "")


def test_long_evidence_is_cut() -> None:
    long = attempt(1, 5, NOW, (result("no_mock_left", "x" * 1_000_000),))
    assert len(write_page(PLAN, replace(escalated(), attempts=(long,)), NOW)) < 20_000


def test_a_running_attempt_is_shown_with_its_results_so_far() -> None:
    running = replace(attempt(1, 1, START, (result("week_1_health"),)), ended_at=None, passed=None)
    text = write_text("report", PLAN, replace(fresh(), attempts=(running,)), NOW)
    assert ": running" in text
    assert "✓ passed `week_1_health`: answers as the document says: 24 of 24 operations" in text
