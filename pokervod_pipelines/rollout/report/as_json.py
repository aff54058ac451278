"""Return the report as JSON for programs: the figures, and the history beside them."""

from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import to_jsonable_python

from pokervod_pipelines.rollout.record import RolloutRecord
from pokervod_pipelines.rollout.report.figures import RolloutReport, WeekReport

_RECORD = TypeAdapter(RolloutRecord)


def make_report_json(report: RolloutReport) -> dict[str, Any]:
    """Return the report as values for ``json.dumps``: times as ISO 8601, shares from 0 to 1, durations in seconds."""
    record = _RECORD.dump_python(report.record, mode="json", by_alias=True, fallback=str)
    forecast, (current, following, *_) = report.forecast, (*(week.number for week in report.open), None, None)
    values = record | {
        "title": report.plan.title,
        "measured_at": report.measured_at,
        "percent": report.percent,
        "done": report.done,
        "current": current,
        "next": following,
        "totals": report.totals,
        "criteria": {"held": report.criteria_held, "total": report.criteria_total},
        "recoveries": report.recoveries,
        "automation_rate": report.automation_rate,
        "forecast": asdict(forecast) | {"estimated_end": forecast.estimated_end, "delay_days": forecast.delay_days},
        "milestones": [asdict(each) | {"is_late": each.days_late > 0} for each in report.milestones],
        "weeks": [stored | _describe_week(week) for stored, week in zip(record["weeks"], report.weeks, strict=True)],
    }
    return {key: to_jsonable_python(each) for key, each in values.items()}


def _describe_week(week: WeekReport) -> dict[str, Any]:
    return {
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
