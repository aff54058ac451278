"""The reports for machines: the same figures as plain JSON values, the history beside them."""

from dataclasses import asdict
from datetime import date
from enum import Enum
from typing import Any

from pokervod_pipelines.rollout.record import ProgrammeRecord
from pokervod_pipelines.rollout.report.figures import Figures, WeekFigures


def make_report_json(figures: Figures, record: ProgrammeRecord) -> dict[str, Any]:
    """Return the report as values for ``json.dumps``: moments as ISO 8601, shares from 0 to 1, durations in seconds."""
    found: dict[str, Any] = _plain(
        {
            "plan": figures.name,
            "title": figures.title,
            "state": figures.state,
            "reason": figures.reason,
            "measured_at": figures.measured_at,
            "started_at": figures.started_at,
            "finished_at": figures.finished_at,
            "percent": figures.percent,
            "done": figures.done,
            "current": figures.current,
            "next": figures.next,
            "criteria": {"held": figures.criteria_held, "total": figures.criteria_total},
            "forecast": asdict(figures.forecast),
            "totals": figures.totals,
            "recoveries": asdict(figures.recoveries),
            "automation_rate": figures.recoveries.automation_rate,
            "milestones": [asdict(each) | {"is_late": each.is_late} for each in figures.milestones],
            "weeks": [_describe_week(week) for week in figures.weeks],
            "attempts": [asdict(each) for each in record.attempts],
            "escalations": [asdict(each) for each in record.escalations],
            "overrides": [asdict(each) for each in record.overrides],
            "interventions": [asdict(each) for each in record.interventions],
        }
    )
    return found


def _describe_week(week: WeekFigures) -> dict[str, Any]:
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


def _plain(value: Any) -> Any:
    """The value in what JSON knows."""
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
