"""Judge the runs of the last 24 hours, beside those of the week before."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from pokervod_pipelines.checks import CheckResult, Severity
from pokervod_pipelines.monitoring.health.orchestrator import Orchestrator
from pokervod_pipelines.monitoring.health.shape import RunFigures, WorkflowHealth

DAY, WEEK = timedelta(days=1), timedelta(days=7)

LEAST_RUNS = 5
"""Fewer runs tell nothing about the share that succeeds; then the week is judged with the day."""

LAST_FAILED = 3
"""A job whose last so many runs failed does not work, however many succeeded before."""


def read_workflows(orchestrator: Orchestrator, now: datetime) -> tuple[WorkflowHealth, ...]:
    """Return the figures of each job that had a run in the last eight days, by name."""
    today = orchestrator.read_runs(now - DAY, now)
    week = orchestrator.read_runs(now - DAY - WEEK, now - DAY)
    none = RunFigures()
    return tuple(
        WorkflowHealth(name=job, today=today.get(job, none), week=week.get(job, none))
        for job in sorted({*today, *week})
    )


def judge_workflows(workflows: Sequence[WorkflowHealth], min_success_rate: float) -> list[CheckResult]:
    """Return a result for each job that fails, or one that none does; without a run today none holds."""
    found = [_report(each, told) for each in workflows if (told := _find_fault(each, min_success_rate))]
    if found:
        return found
    ended = sum(each.today.ended for each in workflows)
    if not ended:
        before = sum(each.week.ended for each in workflows)
        summary = f"no runs in the last 24 h, {before:,} in the week before"
        return [CheckResult(name="workflows", passed=True, summary=summary, looked_at=0)]
    succeeded = sum(each.today.succeeded for each in workflows)
    summary = f"{succeeded:,} of {ended:,} runs succeeded in the last 24 h"
    if not succeeded:
        return [_fail("workflows", summary, ended)]
    return [CheckResult(name="workflows", passed=True, summary=summary, looked_at=ended)]


def _find_fault(workflow: WorkflowHealth, min_success_rate: float) -> str:
    """Return how the job fails, "" where it does not."""
    today, week = workflow.today, workflow.week
    last = today.failed_last + (0 if today.succeeded else week.failed_last)
    if last >= LAST_FAILED:
        return f"its last {last:,} runs failed"
    is_alone = today.ended >= LEAST_RUNS
    ended, succeeded = today.ended + (not is_alone) * week.ended, today.succeeded + (not is_alone) * week.succeeded
    if not today.ended or ended < LEAST_RUNS or succeeded >= min_success_rate * ended:
        return ""
    if not is_alone:
        return f"{succeeded:,} of {ended:,} runs succeeded in the last eight days"
    trend = "no run in the week before" if week.success_rate is None else f"{week.success_rate:.0%} in the week before"
    return f"{succeeded:,} of {ended:,} runs succeeded in the last 24 h, {trend}"


def _report(workflow: WorkflowHealth, told: str) -> CheckResult:
    return _fail(f"workflow {workflow.name}", told, workflow.today.ended + workflow.week.ended)


def _fail(name: str, told: str, looked_at: int) -> CheckResult:
    return CheckResult(
        name=name,
        passed=False,
        summary=told,
        severity=Severity.WARNING,
        looked_at=looked_at,
        next_step="`pokervod status` says what failed and what to do",
    )
