"""Check that the page is one whole, safe, readable file."""

import re
from collections import Counter
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from importlib.resources import files

import pytest

from pokervod_pipelines.rollout.record import RolloutRecord
from pokervod_pipelines.rollout.report.html import MAX_TEXT, write_page
from pokervod_pipelines_tests.rollout.report.examples import (
    NOW,
    OVERRIDE,
    START,
    attempt,
    completed,
    escalated,
    fresh,
    passed_weeks,
    plan_weeks,
    result,
)

PLAN = plan_weeks()
STORIES = {"fresh": fresh(), "escalated": escalated(), "completed": completed()[0]}
EMPTY = {"meta", "br", "link", "img", "input", "hr"}
EVIL = "</pre></details><script>alert('x')</script><img src=x onerror=alert(1)>\" onload=\"alert(2)"


class PageReader(HTMLParser):
    """Collect what a page is made of; fail at a tag that is closed in the wrong order."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str | None]] = []
        self.headings: list[int] = []
        self.text: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += attrs
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in EMPTY:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def close(self) -> None:
        super().close()
        assert not self._open


def read(page: str) -> PageReader:
    reading = PageReader()
    reading.feed(page)
    reading.close()
    return reading


@cache
def page_of(story: str) -> str:
    return write_page(PLAN, STORIES[story], NOW, "https://pokervod.example/rollout")


@pytest.mark.parametrize("story", STORIES)
def test_it_is_one_file_that_needs_nothing_else(story: str) -> None:
    reading = read(page_of(story))
    assert not {"script", "link", "img", "iframe", "object"} & set(reading.tags)
    assert not [name for name, _ in reading.attributes if name in {"src", "srcset"} or name.startswith("on")]
    assert "url(" not in page_of(story)
    assert "@import" not in page_of(story)
    assert {value for name, value in reading.attributes if name == "href"} == {"https://pokervod.example/rollout"}


@pytest.mark.parametrize("story", STORIES)
def test_it_can_be_read_aloud(story: str) -> None:
    reading = read(page_of(story))
    assert reading.headings[0] == 1
    assert reading.headings.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(reading.headings, reading.headings[1:], strict=False))
    assert reading.tags["table"] == reading.tags["caption"] >= 1
    assert ("lang", "en") in reading.attributes
    assert reading.tags["th"] == sum(name == "scope" for name, _ in reading.attributes)
    assert reading.tags["main"] == reading.tags["title"] == 1


@pytest.mark.parametrize(
    ("story", "said"),
    [
        ("fresh", "Nothing yet"),
        ("fresh", "No evidence yet."),
        ("escalated", "Week 5 needs a person: blocked for 1 d 2 h"),
        ("escalated", "pokervod rollout resume --from 5"),
        ("escalated", "✕ failed"),
        ("escalated", "clipping answers with the header x-pokervod-mock: true"),
        ("escalated", "progress report"),
        ("escalated", "17 Nov 2026"),
        ("completed", "final report"),
        ("completed", "⚑ 1 overridden"),
        ("completed", "The hand sheets of Seoul arrive next month; the table is right."),
        ("completed", "2 of 6 failures recovered without a person"),
        ("completed", "Attempt 1 of cycle 2"),
    ],
)
def test_it_says(story: str, said: str) -> None:
    assert said in " ".join("".join(read(page_of(story)).text).split())


def test_one_week_is_one_week() -> None:
    weeks, attempts = passed_weeks(1)
    record = replace(fresh(), weeks=(*weeks, *fresh().weeks[1:]), attempts=tuple(attempts))
    text = "".join(read(write_page(PLAN, record, NOW)).text)
    assert "Week 1last: API design" in text
    assert "Weeks 1, 2, 3, 4" in "".join(read(page_of("escalated")).text)


def test_a_completed_rollout_shows_no_escalation_and_no_estimate() -> None:
    assert "needs a person: blocked" not in page_of("completed")
    assert "Estimated completion" not in page_of("completed")


def poisoned() -> RolloutRecord:
    """Return a rollout in which every text from outside is an attack."""
    bad = replace(result("no_mock_left", EVIL, kind=EVIL), details=(EVIL, EVIL))
    tried = attempt(1, 5, NOW, (bad,), replace(escalated().attempts[-2].fixes[0], fixer=EVIL, reported=EVIL))
    record = escalated()
    return replace(
        record,
        reason=EVIL,
        attempts=(tried,),
        overrides=(replace(OVERRIDE, week=5, criterion="no_mock_left", by=EVIL, reason=EVIL),),
        escalations=(replace(record.escalations[0], summary=EVIL),),
    )


def test_foreign_text_is_only_text() -> None:
    titles = replace(PLAN, title=EVIL, weeks=tuple(replace(each, title=EVIL, summary=EVIL) for each in PLAN.weeks))
    page = write_page(titles, poisoned(), NOW, link="javascript:alert(1)")
    reading = read(page)
    assert not {"script", "img"} & set(reading.tags)
    assert not [name for name, _ in reading.attributes if name.startswith("on") or name == "href"]
    assert "<script>alert('x')</script>" in "".join(reading.text)


def test_long_evidence_is_cut() -> None:
    long = attempt(1, 5, NOW, (result("no_mock_left", "x" * 1_000_000),))
    assert len(write_page(PLAN, replace(escalated(), attempts=(long,)), NOW)) < 60_000 + 4 * MAX_TEXT


def test_a_running_attempt_is_shown_with_its_results_so_far() -> None:
    running = replace(attempt(1, 1, START, (result("week_1_health"),)), ended_at=None, passed=None)
    page = write_page(PLAN, replace(fresh(), attempts=(running,)), NOW)
    assert "▶ running" in page
    assert "answers as the document says: 24 of 24 operations" in page


def schemes() -> dict[str, dict[str, str]]:
    """Return the colours of the style sheet, light and dark."""
    style = files("pokervod_pipelines.rollout.report").joinpath("templates/style.css.j2").read_text("utf-8")
    light, dark = (
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", part)) for part in style.split("* {")[0].split("@media")
    )
    return {"light": light, "dark": dark}


def contrast(first: str, second: str) -> float:
    """Return the contrast of two colours as WCAG 2 defines it."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    brighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


TONES = ("passed", "running", "waiting", "failed", "pending", "overridden")
PAIRS = [(ink, ground) for ink in ("text", "faint", "link") for ground in ("page", "card", "soft")]
PAIRS += [(tone, ground) for tone in TONES for ground in ("card", f"{tone}-soft")]
PAIRS += [("text", "failed-soft"), *(("on-solid", tone) for tone in ("passed", "running", "failed"))]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), PAIRS)
def test_every_text_has_enough_contrast(scheme: str, ink: str, ground: str) -> None:
    colours = schemes()[scheme]
    assert contrast(colours[ink], colours[ground]) >= 4.5
