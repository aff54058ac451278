"""Write the reports as Markdown: a short one for chat and e-mail after each week, and the final one."""

from collections.abc import Iterator
from datetime import datetime

from pokervod_pipelines.rollout.plan import RolloutPlan
from pokervod_pipelines.rollout.record import RolloutRecord, RolloutState
from pokervod_pipelines.rollout.report.figures import RolloutReport, WeekReport, make_report
from pokervod_pipelines.rollout.report.forecast import Milestone
from pokervod_pipelines.rollout.report.wording import (
    draw_bar,
    escape_markdown,
    find_style,
    format_day,
    format_delay,
    format_duration,
    format_pace,
    format_share,
    format_time,
    quote_code,
)

COLUMNS = (
    *("Week", "State", "Planned", "Took", "Working", "Waiting", "Blocked", "Paused"),
    *("Attempts", "Retries", "Fixes", "Escalations", "Overrides"),
)


def write_progress(plan: RolloutPlan, record: RolloutRecord, now: datetime, link: str | None = None) -> str:
    """Return the short report: bar, done, current, next, milestones, estimated completion."""
    report = make_report(plan, record, now)
    lines = [f"**{escape_markdown(report.title)}**", "", f"`{draw_bar(report.percent)}`", ""]
    lines += [*_describe_position(report), *_describe_forecast(report)]
    if report.milestones:
        lines += ["", "**Milestones**", *(f"- {_describe_milestone(each)}" for each in report.milestones)]
    if link:
        lines += ["", f"Page: {link}"]
    return "\n".join(lines) + "\n"


def write_final(plan: RolloutPlan, record: RolloutRecord, now: datetime, link: str | None = None) -> str:
    """Return the final report: weeks with their time, retries, fixes, escalations, overrides, automation rate."""
    report = make_report(plan, record, now)
    sections = [
        [f"# {escape_markdown(report.title)}: final report"],
        list(_summarize(report)),
        ["## Weeks", "", *_tabulate_weeks(report)],
        ["## Milestones", "", *(f"- {_describe_milestone(each)}" for each in report.milestones)],
        ["## Fixes", "", *_list_fixes(record)],
        ["## Escalations", "", *_list_escalations(record, now)],
        ["## Overridden criteria", "", *_list_overrides(record)],
        [f"Page: {link}"] if link else [],
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"


def _describe_position(report: RolloutReport) -> Iterator[str]:
    done = ", ".join(str(number) for number in report.done)
    yield f"- **Done:** {len(report.done)} of {len(report.weeks)} weeks{f' ({done})' if done else ''}, " + (
        f"{report.criteria_held} of {report.criteria_total} criteria"
    )
    if report.current is not None:
        week = report.week(report.current)
        yield f"- **Current:** {_name(week)} – {find_style(week).word}"
    if report.next is not None:
        yield f"- **Next:** {_name(report.week(report.next))}"
    if report.state is not RolloutState.COMPLETED and report.reason:
        yield f"- **{report.state.value.capitalize()}:** {escape_markdown(report.reason)}"


def _describe_forecast(report: RolloutReport) -> Iterator[str]:
    forecast = report.forecast
    planned = f"planned {format_day(forecast.planned_day)}, {format_delay(forecast.delay_days)}"
    if forecast.estimated_day is None:
        finish = format_time(report.finished_at or report.measured_at)
        yield f"- **Completed:** {finish} ({planned})"
    else:
        estimate, pace = format_day(forecast.estimated_day), format_pace(forecast.pace)
        yield f"- **Estimated completion:** {estimate} ({planned}; pace {pace})"


def _summarize(report: RolloutReport) -> Iterator[str]:
    total, recoveries = report.totals, report.recoveries
    yield f"`{draw_bar(report.percent)}`"
    yield ""
    yield f"- **Started:** {format_time(report.started_at)}"
    yield from _describe_forecast(report)
    yield f"- **Attempts:** {total['attempts']}, of which {total['retries']} retries"
    yield f"- **Fixes:** {total['fixes_done']} done, {total['fixes_failed']} failed"
    yield f"- **Escalations:** {total['escalations']}; **overrides:** {total['overrides']}"
    rate, failed = format_share(recoveries.automation_rate), recoveries.failed_attempts
    yield (
        f"- **Automation rate:** {rate}; failed attempts: {failed}, "
        f"recovered by fixers {recoveries.by_fixer}, by retries {recoveries.by_retry}, "
        f"by a person {recoveries.by_person}, open {recoveries.open}"
    )


def _tabulate_weeks(report: RolloutReport) -> Iterator[str]:
    yield f"| {' | '.join(COLUMNS)} |"
    yield f"|---|---|{'---:|' * (len(COLUMNS) - 2)}"
    for week in report.weeks:
        spent = week.time
        times = (spent.total, spent.working, spent.waiting, spent.blocked, spent.paused)
        fixes = f"{week.fixes_done} of {week.fixes_done + week.fixes_failed}"
        counts = (week.attempts, week.retries, fixes, week.escalations, week.overrides)
        cells = [
            _name(week),
            find_style(week).word,
            f"{week.planned_days} d",
            *map(format_duration, times),
            *map(str, counts),
        ]
        yield f"| {' | '.join(cells)} |"


def _describe_milestone(milestone: Milestone) -> str:
    name = f"{escape_markdown(milestone.name)} (week {milestone.week})"
    if milestone.reached_at is not None:
        return f"✓ {name}: reached {format_day(milestone.reached_at)}, {format_delay(milestone.days_late)}"
    due = f"due {format_day(milestone.due)}"
    return f"! {name}: {due}, {format_delay(milestone.days_late)}" if milestone.is_late else f"○ {name}: {due}"


def _list_fixes(record: RolloutRecord) -> Iterator[str]:
    fixes = [(attempt, fix) for attempt in record.attempts for fix in attempt.fixes]
    if not fixes:
        yield "No fixer ran."
    for attempt, fix in fixes:
        what = f"{quote_code(fix.fixer)} {'done' if fix.done else 'failed'}"
        yield f"- Week {attempt.week}, attempt {attempt.number}: {what}: {escape_markdown(fix.reported)}"


def _list_escalations(record: RolloutRecord, now: datetime) -> Iterator[str]:
    if not record.escalations:
        yield "No week was escalated."
    for each in record.escalations:
        length = format_duration(((each.ended_at or now) - each.at).total_seconds())
        blocked = f"blocked {length}" if each.ended_at else f"blocked for {length} so far"
        yield f"- Week {each.week}, {format_time(each.at)}: {escape_markdown(each.summary)} – {blocked}"


def _list_overrides(record: RolloutRecord) -> Iterator[str]:
    if not record.overrides:
        yield "No criterion was overridden."
    for each in record.overrides:
        who = f"{escape_markdown(each.by)}, {format_time(each.at)}"
        yield f"- Week {each.week}, {quote_code(each.criterion)}: {escape_markdown(each.reason)} ({who})"


def _name(week: WeekReport) -> str:
    return f"{week.number} {escape_markdown(week.plan.title)}"
