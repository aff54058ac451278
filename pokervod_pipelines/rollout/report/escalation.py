"""The message for a week that failed for the last time: what a person must know in order to act."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from pokervod_pipelines.rollout.record import AttemptRecord, EscalationRecord, ProgrammeRecord, ResultRecord
from pokervod_pipelines.rollout.report.commands import find_commands
from pokervod_pipelines.rollout.report.figures import Figures, WeekFigures, measure_programme
from pokervod_pipelines.rollout.report.planned import PlannedProgramme
from pokervod_pipelines.rollout.report.wording import (
    escape_markdown,
    quote_code,
    say_day,
    say_delay,
    say_duration,
    say_moment,
    trim_text,
)

ERRORS_SHOWN = 8
"""An attempt names so many failed criteria; the rest are counted, and stand on the page."""


@dataclass(frozen=True, slots=True)
class EscalationText:
    """What is sent: a title of one line, without markup, and a body in Markdown."""

    title: str
    body_markdown: str


def describe_escalation(
    planned: PlannedProgramme, record: ProgrammeRecord, week: int, now: datetime, link: str | None = None
) -> EscalationText:
    """Return the message for the latest escalation of the week: attempts, errors, fixes, delay and what to do."""
    figures = measure_programme(planned, record, now)
    about = figures.week(week)
    escalation = next((each for each in reversed(record.escalations) if each.week == week), None)
    attempts = [each for each in record.attempts_of(week) if escalation is None or each.round == escalation.round]
    sections = [
        list(_say_what(figures, about, escalation, now)),
        ["**Attempts**", *_list_attempts(attempts)],
        ["**Fixes tried**", *_list_fixes(attempts)],
        ["**What to do**", *_list_steps(planned.name, week, _find_failed(attempts[-1:]))],
        [f"Page: {link}"] if link else [],
    ]
    title = trim_text(f"Rollout escalated: week {week} {about.plan.title} failed {len(attempts)} times", 140)
    return EscalationText(title, "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n")


def _say_what(
    figures: Figures, about: WeekFigures, escalation: EscalationRecord | None, now: datetime
) -> Iterator[str]:
    week = f"week {about.number}, {escape_markdown(about.plan.title)}"
    yield f"**{escape_markdown(figures.title)}** stands still at {week}."
    yield ""
    if escalation is not None:
        yield f"- Why: {escape_markdown(escalation.summary)}"
        blocks = say_duration(((escalation.ended_at or now) - escalation.at).total_seconds())
        yield f"- Blocks since {say_moment(escalation.at)} ({blocks})"
    end = figures.forecast.estimated_day
    if end is not None:
        delay = say_delay(figures.forecast.delay_days)
        yield f"- Estimated completion if it were resumed now: {say_day(end)}, {delay}"


def _list_attempts(attempts: Sequence[AttemptRecord]) -> Iterator[str]:
    before: list[tuple[str, str]] = []
    for attempt in attempts:
        failed = _find_failed([attempt])
        same = [(each.criterion, each.summary) for each in failed]
        head = f"- Attempt {attempt.number}, {say_moment(attempt.started_at)}:"
        if failed and same == before:
            yield f"{head} the same again"
            continue
        yield f"{head} {len(failed)} of {len(attempt.results)} criteria failed"
        yield from (f"  - {_say_error(each)}" for each in failed[:ERRORS_SHOWN])
        if len(failed) > ERRORS_SHOWN:
            yield f"  - and {len(failed) - ERRORS_SHOWN} more"
        before = same


def _say_error(result: ResultRecord) -> str:
    kind = f" ({escape_markdown(result.error_class)})" if result.error_class else ""
    return f"{quote_code(result.criterion, 80)}{kind}: {quote_code(result.summary)}"


def _list_fixes(attempts: Sequence[AttemptRecord]) -> Iterator[str]:
    fixes = [(attempt.number, fix) for attempt in attempts for fix in attempt.fixes]
    if not fixes and len(attempts) < 2:
        yield "- None: fixers work between two attempts, and there was only one."
    elif not fixes:
        yield "- None: before the last attempt, no fixer was declared and switched on for these errors."
    for number, fix in fixes:
        done = "done" if fix.done else "could not"
        yield f"- After attempt {number}: {quote_code(fix.fixer, 80)} {done}: {escape_markdown(fix.said, 200)}"


def _list_steps(plan: str, week: int, failed: Sequence[ResultRecord]) -> Iterator[str]:
    criterion = failed[0].criterion if failed else "CRITERION"
    commands = find_commands(plan, week, criterion)
    yield f"1. Mend what failed, then look without side effects: `{commands.validate}`"
    yield f"2. Go on: `{commands.resume}`"
    yield f"3. Or let a criterion pass, shown for ever after as overridden: `{commands.override}`, then resume"


def _find_failed(attempts: Sequence[AttemptRecord]) -> list[ResultRecord]:
    return [each for attempt in attempts for each in attempt.results if not each.passed and not each.is_overridden]
