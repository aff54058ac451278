"""The reports as Markdown: a short one for chat and e-mail after each week, and the final one."""

from collections.abc import Iterator
from datetime import datetime

from pokervod_pipelines.rollout.record import ProgrammeRecord, ProgrammeState
from pokervod_pipelines.rollout.report.figures import Figures, WeekFigures, measure_programme
from pokervod_pipelines.rollout.report.forecast import Milestone
from pokervod_pipelines.rollout.report.planned import PlannedProgramme
from pokervod_pipelines.rollout.report.wording import (
    draw_bar,
    escape_markdown,
    look_of,
    quote_code,
    say_day,
    say_delay,
    say_duration,
    say_moment,
    say_pace,
    say_share,
)

COLUMNS = (
    *("Week", "State", "Planned", "Took", "Working", "Waiting", "Blocked", "Paused"),
    *("Attempts", "Retries", "Fixes", "Escalations", "Overrides"),
)


def write_progress(planned: PlannedProgramme, record: ProgrammeRecord, now: datetime, link: str | None = None) -> str:
    """Return the short report: bar, done, current, next, milestones, estimated completion."""
    figures = measure_programme(planned, record, now)
    lines = [f"**{escape_markdown(figures.title)}**", "", f"`{draw_bar(figures.percent)}`", ""]
    lines += [*_say_position(figures), *_say_expectation(figures)]
    if figures.milestones:
        lines += ["", "**Milestones**", *(f"- {_say_milestone(each)}" for each in figures.milestones)]
    if link:
        lines += ["", f"Page: {link}"]
    return "\n".join(lines) + "\n"


def write_final(planned: PlannedProgramme, record: ProgrammeRecord, now: datetime, link: str | None = None) -> str:
    """Return the final report: weeks with their time, retries, fixes, escalations, overrides, automation rate."""
    figures = measure_programme(planned, record, now)
    sections = [
        [f"# {escape_markdown(figures.title)}: final report"],
        list(_say_summary(figures)),
        ["## Weeks", "", *_tabulate_weeks(figures)],
        ["## Milestones", "", *(f"- {_say_milestone(each)}" for each in figures.milestones)],
        ["## Fixes", "", *_list_fixes(record)],
        ["## Escalations", "", *_list_escalations(record, now)],
        ["## Overridden criteria", "", *_list_overrides(record)],
        [f"Page: {link}"] if link else [],
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"


def _say_position(figures: Figures) -> Iterator[str]:
    done = ", ".join(str(number) for number in figures.done)
    yield f"- **Done:** {len(figures.done)} of {len(figures.weeks)} weeks{f' ({done})' if done else ''}, " + (
        f"{figures.criteria_held} of {figures.criteria_total} criteria"
    )
    if figures.current is not None:
        week = figures.week(figures.current)
        yield f"- **Current:** {_name(week)} – {look_of(week).word}"
    if figures.next is not None:
        yield f"- **Next:** {_name(figures.week(figures.next))}"
    if figures.state is not ProgrammeState.COMPLETED and figures.reason:
        yield f"- **{figures.state.value.capitalize()}:** {escape_markdown(figures.reason)}"


def _say_expectation(figures: Figures) -> Iterator[str]:
    forecast = figures.forecast
    planned = f"planned {say_day(forecast.planned_day)}, {say_delay(forecast.delay_days)}"
    if forecast.estimated_day is None:
        finish = say_moment(figures.finished_at or figures.measured_at)
        yield f"- **Completed:** {finish} ({planned})"
    else:
        estimate, pace = say_day(forecast.estimated_day), say_pace(forecast.pace)
        yield f"- **Estimated completion:** {estimate} ({planned}; pace {pace})"


def _say_summary(figures: Figures) -> Iterator[str]:
    total, recoveries = figures.totals, figures.recoveries
    yield f"`{draw_bar(figures.percent)}`"
    yield ""
    yield f"- **Began:** {say_moment(figures.started_at)}"
    yield from _say_expectation(figures)
    yield f"- **Attempts:** {total['attempts']}, of which {total['retries']} retries"
    yield f"- **Fixes:** {total['fixes_done']} done, {total['fixes_failed']} could not be done"
    yield f"- **Escalations:** {total['escalations']}; **overrides:** {total['overrides']}"
    rate, failed = say_share(recoveries.automation_rate), recoveries.failed_attempts
    yield (
        f"- **Automation rate:** {rate}; failed attempts: {failed}, "
        f"got over by fixers {recoveries.by_fixer}, by trying again {recoveries.by_retry}, "
        f"by a person {recoveries.by_person}, open {recoveries.open}"
    )


def _tabulate_weeks(figures: Figures) -> Iterator[str]:
    yield f"| {' | '.join(COLUMNS)} |"
    yield f"|---|---|{'---:|' * (len(COLUMNS) - 2)}"
    for week in figures.weeks:
        spent = week.time
        times = (spent.total, spent.working, spent.waiting, spent.blocked, spent.paused)
        fixes = f"{week.fixes_done} of {week.fixes_done + week.fixes_failed}"
        counts = (week.attempts, week.retries, fixes, week.escalations, week.overrides)
        cells = [
            _name(week),
            look_of(week).word,
            f"{week.planned_days} d",
            *map(say_duration, times),
            *map(str, counts),
        ]
        yield f"| {' | '.join(cells)} |"


def _say_milestone(milestone: Milestone) -> str:
    name = f"{escape_markdown(milestone.name)} (week {milestone.week})"
    if milestone.reached_at is not None:
        return f"✓ {name}: reached {say_day(milestone.reached_at)}, {say_delay(milestone.days_late)}"
    due = f"due {say_day(milestone.due)}"
    return f"! {name}: {due}, {say_delay(milestone.days_late)}" if milestone.is_late else f"○ {name}: {due}"


def _list_fixes(record: ProgrammeRecord) -> Iterator[str]:
    fixes = [(attempt, fix) for attempt in record.attempts for fix in attempt.fixes]
    if not fixes:
        yield "None was tried."
    for attempt, fix in fixes:
        what = f"{quote_code(fix.fixer)} {'done' if fix.done else 'could not'}"
        yield f"- Week {attempt.week}, attempt {attempt.number}: {what}: {escape_markdown(fix.said)}"


def _list_escalations(record: ProgrammeRecord, now: datetime) -> Iterator[str]:
    if not record.escalations:
        yield "There was none."
    for each in record.escalations:
        length = say_duration(((each.ended_at or now) - each.at).total_seconds())
        blocked = f"blocked {length}" if each.ended_at else f"blocks since {length}"
        yield f"- Week {each.week}, {say_moment(each.at)}: {escape_markdown(each.summary)} – {blocked}"


def _list_overrides(record: ProgrammeRecord) -> Iterator[str]:
    if not record.overrides:
        yield "There is none."
    for each in record.overrides:
        who = f"{escape_markdown(each.by)}, {say_moment(each.at)}"
        yield f"- Week {each.week}, {quote_code(each.criterion)}: {escape_markdown(each.reason)} ({who})"


def _name(week: WeekFigures) -> str:
    return f"{week.number} {escape_markdown(week.plan.title)}"
