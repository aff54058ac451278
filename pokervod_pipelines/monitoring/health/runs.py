"""Judge the runs of the last 24 hours, beside those of the week before."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from pokervod_pipelines.checks import CheckResult, Severity
from pokervod_pipelines.monitoring.health.orchestrator import Orchestrator, RunTotals
from pokervod_pipelines.monitoring.health.shape import RunFigures, WorkflowHealth

DAY, WEEK = timedelta(days=1), timedelta(days=7)

LEAST_RUNS = 5
"""Fewer runs tell nothing about the share that succeeds; `pokervod status` shows each failure."""


def read_workflows(orchestrator: Orchestrator, now: datetime) -> tuple[WorkflowHealth, ...]:
    """Return the figures of each job that had a run in the last eight days, by name."""
    today = {each.job: _make_figures(each) for each in orchestrator.read_runs(now - DAY, now)}
    week = {each.job: _make_figures(each) for each in orchestrator.read_runs(now - DAY - WEEK, now - DAY)}
    none = RunFigures()
    return tuple(
        WorkflowHealth(name=job, today=today.get(job, none), week=week.get(job, none))
        for job in sorted({*today, *week})
    )


def _make_figures(totals: RunTotals) -> RunFigures:
    return RunFigures(ended=totals.ended, succeeded=totals.succeeded, seconds=totals.seconds)


def judge_workflows(workflows: Sequence[WorkflowHealth], min_success_rate: float) -> list[CheckResult]:
    """Return a result for each job that failed too often, or one that none did; without a run none holds."""
    ended = sum(each.today.ended for each in workflows)
    if not ended:
        before = sum(each.week.ended for each in workflows)
        summary = f"no runs in the last 24 h, {before:,} in the week before"
        return [CheckResult(name="workflows", passed=True, summary=summary, looked_at=0)]
    found = [_report(each) for each in workflows if _fails_often(each.today, min_success_rate)]
    if found:
        return found
    succeeded = sum(each.today.succeeded for each in workflows)
    summary = f"{succeeded:,} of {ended:,} runs succeeded in the last 24 h"
    return [CheckResult(name="workflows", passed=True, summary=summary, looked_at=ended)]


def _fails_often(figures: RunFigures, min_success_rate: float) -> bool:
    rate = figures.success_rate
    return rate is not None and figures.ended >= LEAST_RUNS and rate < min_success_rate


def _report(workflow: WorkflowHealth) -> CheckResult:
    today, before = workflow.today, workflow.week.success_rate
    trend = "no run in the week before" if before is None else f"{before:.0%} in the week before"
    return CheckResult(
        name=f"workflow {workflow.name}",
        passed=False,
        summary=f"{today.succeeded:,} of {today.ended:,} runs succeeded in the last 24 h, {trend}",
        severity=Severity.WARNING,
        looked_at=today.ended,
        next_step="`pokervod status` says what failed and what to do",
    )
