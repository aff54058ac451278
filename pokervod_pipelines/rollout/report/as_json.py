"""Return the report as JSON for programs: the figures, and the history beside them."""

from dataclasses import asdict
from typing import Any

from pydantic_core import to_jsonable_python

from pokervod_pipelines.rollout.report.figures import RolloutReport, WeekReport

_FIGURES = (
    *("state", "reason", "measured_at", "started_at", "finished_at", "percent", "done", "current", "next", "totals"),
    *("title", "recoveries", "overrides", "interventions"),
)
_WEEK_FIGURES = (
    *("number", "state", "is_escalated", "started_at", "finished_at", "next_try_at", "planned_days", "attempts"),
    *("retries", "fixes_done", "fixes_failed", "escalations", "overrides", "criteria_held"),
)


def make_report_json(report: RolloutReport) -> dict[str, Any]:
    """Return the report as values for ``json.dumps``: times as ISO 8601, shares from 0 to 1, durations in seconds."""
    values = {name: getattr(report, name) for name in _FIGURES} | {
        "plan": report.name,
        "criteria": {"held": report.criteria_held, "total": report.criteria_total},
        "automation_rate": report.recoveries.automation_rate,
        "forecast": asdict(report.forecast) | {"estimated_end": report.forecast.estimated_end},
        "milestones": [asdict(each) | {"is_late": each.is_late} for each in report.milestones],
        "weeks": [_describe_week(week) for week in report.weeks],
        "attempts": [_describe_attempt(asdict(each)) for each in report.attempts],
        "escalations": [_rename(asdict(each), "cycle", "round") for each in report.escalations],
    }
    found: dict[str, Any] = to_jsonable_python(values, fallback=str)
    return found


def _describe_week(week: WeekReport) -> dict[str, Any]:
    return {name: getattr(week, name) for name in _WEEK_FIGURES} | {
        "title": week.plan.title,
        "milestone": week.plan.milestone,
        "planned_start": week.plan.starts,
        "planned_end": week.plan.ends,
        "seconds": asdict(week.time) | {"total": week.time.total},
        "criteria_total": len(week.plan.criteria),
    }


def _describe_attempt(attempt: dict[str, Any]) -> dict[str, Any]:
    fixes = [_rename(fix, "reported", "said") for fix in attempt["fixes"]]
    return _rename(attempt, "cycle", "round") | {"fixes": fixes}


def _rename(values: dict[str, Any], name: str, key: str) -> dict[str, Any]:
    """Return the values with the key that programs know."""
    return {key if each == name else each: value for each, value in values.items()}
