"""Write the report as JSON for programs: the figures, and the history beside them."""

from dataclasses import asdict
from datetime import date
from enum import Enum
from typing import Any

from pokervod_pipelines.rollout.record import AttemptRecord, EscalationRecord, RolloutRecord
from pokervod_pipelines.rollout.report.figures import RolloutReport, WeekReport


def make_report_json(report: RolloutReport, record: RolloutRecord) -> dict[str, Any]:
    """Return the report as values for ``json.dumps``: times as ISO 8601, shares from 0 to 1, durations in seconds."""
    found: dict[str, Any] = _make_plain(
        {
            "plan": report.name,
            "title": report.title,
            "state": report.state,
            "reason": report.reason,
            "measured_at": report.measured_at,
            "started_at": report.started_at,
            "finished_at": report.finished_at,
            "percent": report.percent,
            "done": report.done,
            "current": report.current,
            "next": report.next,
            "criteria": {"held": report.criteria_held, "total": report.criteria_total},
            "forecast": asdict(report.forecast),
            "totals": report.totals,
            "recoveries": asdict(report.recoveries),
            "automation_rate": report.recoveries.automation_rate,
            "milestones": [asdict(each) | {"is_late": each.is_late} for each in report.milestones],
            "weeks": [_describe_week(week) for week in report.weeks],
            "attempts": [_describe_attempt(each) for each in record.attempts],
            "escalations": [_describe_escalation(each) for each in record.escalations],
            "overrides": [asdict(each) for each in record.overrides],
            "interventions": [asdict(each) for each in record.interventions],
        }
    )
    return found


def _describe_week(week: WeekReport) -> dict[str, Any]:
    counts = ("attempts", "retries", "fixes_done", "fixes_failed", "escalations", "overrides", "criteria_held")
    return {
        "number": week.number,
        "title": week.plan.title,
        "milestone": week.plan.milestone,
        "state": week.state,
        "is_escalated": week.is_escalated,
        "planned_start": week.plan.starts,
        "planned_end": week.plan.ends,
        "planned_days": week.planned_days,
        "started_at": week.started_at,
        "finished_at": week.finished_at,
        "next_try_at": week.next_try_at,
        "seconds": asdict(week.time) | {"total": week.time.total},
        "criteria_total": len(week.plan.criteria),
        **{name: getattr(week, name) for name in counts},
    }


def _describe_attempt(attempt: AttemptRecord) -> dict[str, Any]:
    fixes = [_rename(asdict(fix), "reported", "said") for fix in attempt.fixes]
    return _rename(asdict(attempt), "cycle", "round") | {"fixes": fixes}


def _describe_escalation(escalation: EscalationRecord) -> dict[str, Any]:
    return _rename(asdict(escalation), "cycle", "round")


def _rename(values: dict[str, Any], name: str, key: str) -> dict[str, Any]:
    """Return the values with the key that programs know."""
    return {key if each == name else each: value for each, value in values.items()}


def _make_plain(value: Any) -> Any:
    """Return the value in types that JSON has."""
    if isinstance(value, dict):
        return {str(key): _make_plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_make_plain(each) for each in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
