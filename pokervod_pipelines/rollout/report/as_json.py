"""Return the report as JSON for programs: the figures, and the history beside them."""

from dataclasses import asdict
from typing import Any

from pydantic_core import to_jsonable_python

from pokervod_pipelines.rollout.report.figures import RolloutReport, WeekReport


def make_report_json(report: RolloutReport) -> dict[str, Any]:
    """Return the report as values for ``json.dumps``: times as ISO 8601, shares from 0 to 1, durations in seconds."""
    forecast = report.forecast
    values = asdict(report.record) | {
        "title": report.plan.title,
        "measured_at": report.measured_at,
        "percent": report.percent,
        "done": report.done,
        "current": (*report.open, None)[0],
        "next": (*report.open, None, None)[1],
        "totals": report.totals,
        "criteria": {"held": report.criteria_held, "total": report.criteria_total},
        "recoveries": asdict(report.recoveries),
        "automation_rate": report.recoveries.automation_rate,
        "forecast": asdict(forecast) | {"estimated_end": forecast.estimated_end, "delay_days": forecast.delay_days},
        "milestones": [asdict(each) | {"is_late": each.is_late} for each in report.milestones],
        "weeks": [_describe_week(week) for week in report.weeks],
        "attempts": [_describe_attempt(asdict(each)) for each in report.record.attempts],
        "escalations": [_rename(asdict(each), "cycle", "round") for each in report.record.escalations],
    }
    found: dict[str, Any] = to_jsonable_python(values, fallback=str)
    return found


def _describe_week(week: WeekReport) -> dict[str, Any]:
    return {
        **_rename(asdict(week.record), "cycle", "round"),
        **week.counts,
        "title": week.plan.title,
        "is_escalated": week.is_escalated,
        "milestone": week.plan.milestone,
        "planned_start": week.plan.starts,
        "planned_end": week.plan.ends,
        "planned_days": (week.plan.ends - week.plan.starts).days + 1,
        "seconds": asdict(week.time) | {"total": week.time.total},
        "criteria_held": week.criteria_held,
        "criteria_total": len(week.plan.criteria),
    }


def _describe_attempt(attempt: dict[str, Any]) -> dict[str, Any]:
    fixes = [_rename(fix, "reported", "said") for fix in attempt["fixes"]]
    return _rename(attempt, "cycle", "round") | {"fixes": fixes}


def _rename(values: dict[str, Any], name: str, key: str) -> dict[str, Any]:
    """Return the values with the key that programs know."""
    return {key if each == name else each: value for each, value in values.items()}
