"""Write the message for a week that failed its last attempt: what a person must know in order to act."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from pokervod_pipelines.rollout.plan import RolloutPlan
from pokervod_pipelines.rollout.record import AttemptRecord, EscalationRecord, ResultRecord, RolloutRecord
from pokervod_pipelines.rollout.report.figures import RolloutReport, WeekReport, make_report
from pokervod_pipelines.rollout.report.wording import (
    escape_markdown,
    find_commands,
    format_day,
    format_delay,
    format_duration,
    format_time,
    quote_code,
    trim_text,
)

MAX_ERRORS = 8
"""Failed criteria listed of an attempt; the rest are counted, and listed on the page."""


@dataclass(frozen=True, slots=True)
class EscalationText:
    """Hold the message: a title of one line without markup, and a body in Markdown."""

    title: str
    body_markdown: str


def describe_escalation(
    plan: RolloutPlan, record: RolloutRecord, week: int, now: datetime, link: str | None = None
) -> EscalationText:
    """Return the message for the latest escalation of the week: attempts, errors, fixes, delay and what to do."""
    report = make_report(plan, record, now)
    about = report.week(week)
    escalation = next((each for each in reversed(record.escalations) if each.week == week), None)
    attempts = [each for each in record.attempts_of(week) if escalation is None or each.cycle == escalation.cycle]
    sections = [
        list(_describe(report, about, escalation, now)),
        ["**Attempts**", *_list_attempts(attempts)],
        ["**Fixes tried**", *_list_fixes(attempts)],
        ["**What to do**", *_list_steps(plan.name, week, _find_failed(attempts[-1:]))],
        [f"Page: {link}"] if link else [],
    ]
    title = trim_text(f"Rollout escalated: week {week} {about.plan.title} failed {len(attempts)} times", 140)
    return EscalationText(title, "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n")


def _describe(
    report: RolloutReport, about: WeekReport, escalation: EscalationRecord | None, now: datetime
) -> Iterator[str]:
    week = f"week {about.number}, {escape_markdown(about.plan.title)}"
    yield f"**{escape_markdown(report.title)}** is blocked at {week}."
    yield ""
    if escalation is not None:
        yield f"- Reason: {escape_markdown(escalation.summary)}"
        duration = format_duration(((escalation.ended_at or now) - escalation.at).total_seconds())
        yield f"- Blocked since {format_time(escalation.at)} ({duration})"
    end = report.forecast.estimated_day
    if end is not None:
        delay = format_delay(report.forecast.delay_days)
        yield f"- Estimated completion if resumed now: {format_day(end)}, {delay}"


def _list_attempts(attempts: Sequence[AttemptRecord]) -> Iterator[str]:
    before: list[tuple[str, str]] = []
    for attempt in attempts:
        failed = _find_failed([attempt])
        same = [(each.criterion, each.summary) for each in failed]
        head = f"- Attempt {attempt.number}, {format_time(attempt.started_at)}:"
        if failed and same == before:
            yield f"{head} the same errors"
            continue
        yield f"{head} {len(failed)} of {len(attempt.results)} criteria failed"
        yield from (f"  - {_describe_error(each)}" for each in failed[:MAX_ERRORS])
        if len(failed) > MAX_ERRORS:
            yield f"  - and {len(failed) - MAX_ERRORS} more"
        before = same


def _describe_error(result: ResultRecord) -> str:
    kind = f" ({escape_markdown(result.error_class)})" if result.error_class else ""
    return f"{quote_code(result.criterion, 80)}{kind}: {quote_code(result.summary)}"


def _list_fixes(attempts: Sequence[AttemptRecord]) -> Iterator[str]:
    fixes = [(attempt.number, fix) for attempt in attempts for fix in attempt.fixes]
    if not fixes and len(attempts) < 2:
        yield "- None: fixers run between two attempts, and there was only one."
    elif not fixes:
        yield "- None: no fixer for these errors is in the plan and switched on."
    for number, fix in fixes:
        outcome = "done" if fix.done else "failed"
        yield f"- After attempt {number}: {quote_code(fix.fixer, 80)} {outcome}: {escape_markdown(fix.reported, 200)}"


def _list_steps(plan: str, week: int, failed: Sequence[ResultRecord]) -> Iterator[str]:
    criterion = failed[0].criterion if failed else "CRITERION"
    commands = find_commands(plan, week, criterion)
    yield f"1. Fix what failed, then check the week without side effects: `{commands.validate}`"
    yield f"2. Resume: `{commands.resume}`"
    yield f"3. Or override a criterion (every report shows it), then resume: `{commands.override}`"


def _find_failed(attempts: Sequence[AttemptRecord]) -> list[ResultRecord]:
    return [each for attempt in attempts for each in attempt.results if each.blocks]
