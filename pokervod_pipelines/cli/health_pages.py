"""Format the health for ``pokervod health``: lines and rows for a person, plain values for a program."""

from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from pokervod_pipelines.cli.output import make_table, show_time, wrap_line
from pokervod_pipelines.monitoring.health.shape import (
    BAD,
    RunFigures,
    ServiceHealth,
    ServiceState,
    SystemHealth,
    WorkflowHealth,
)

WORDS = {
    ServiceState.HEALTHY: ("healthy: everything that is used answers", "bold green"),
    ServiceState.DEGRADED: ("degraded: a part does not work, the rest does", "bold yellow"),
    ServiceState.UNHEALTHY: ("unhealthy: nothing works without what is named first", "bold red"),
}

STYLES = {ServiceState.HEALTHY: "green", ServiceState.DEGRADED: "yellow", ServiceState.UNHEALTHY: "red"}

COLUMNS = ("workflow", "runs", "succeeded", "average", "week before", "average then")

INDENT = " " * 21
"""Below the state and the latency."""

MINUTE_SECONDS = 120.0


def make_document(health: SystemHealth) -> dict[str, Any]:
    """Return the health as plain values, of the shape that the API has; latencies in ms, durations in seconds."""
    return {
        "status": health.state,
        "at": health.at,
        "seconds": health.seconds,
        "services": {each.name: _dump_service(each) for each in health.services},
        "memory": dict(health.memory),
        "workflows": {
            each.name: _dump_runs(each.today) | {"week_before": _dump_runs(each.week)} for each in health.workflows
        },
    }


def _dump_service(service: ServiceHealth) -> dict[str, Any]:
    return {
        "status": service.state,
        "latency": service.latency_ms,
        "summary": service.summary,
        "next_steps": service.next_steps,
        "repair": service.repair or None,
        "checks": [
            {
                "name": each.name,
                "passed": each.passed,
                "severity": each.severity,
                "summary": each.summary,
                "looked_at": each.looked_at,
                "next_step": each.next_step,
                "figures": dict(each.figures),
            }
            for each in service.checks
        ],
    }


def _dump_runs(figures: RunFigures) -> dict[str, Any]:
    return {"runs": figures.ended, "success_rate": figures.success_rate, "avg_duration": figures.seconds}


def make_page(health: SystemHealth, *, width: int) -> RenderableType:
    """Return the whole page: how everything is, a line for each service, the worst first, then the workflows."""
    lines = [Text(*WORDS[health.state]), *(line for each in health.services for line in _list_lines(each, width))]
    told = f"looked at {len(health.services)} services in {health.seconds:.1f} s, at {show_time(health.at, '%H:%M:%S')}"
    rows = [_make_row(each) for each in health.workflows]
    right = COLUMNS[1:]
    table = make_table("runs of the last 24 h, and of the week before:", COLUMNS, rows, right=right, width=width)
    return Group(*lines, *([table] if rows else []), Text(told))


def _list_lines(service: ServiceHealth, width: int) -> Iterator[Text]:
    """Yield the line of a service, and below it what to do and what was tried."""
    latency = "–" if service.latency_ms is None else f"{service.latency_ms:,.1f} ms"
    head = f"{service.state:9} {latency:>10} "
    line = wrap_line(Text(f"{INDENT}{service.name}: {service.summary}"), width)
    line.plain = head + line.plain[len(head) :]
    line.stylize(STYLES.get(service.state, "dim"), 0, len(service.state))
    yield line
    for step in service.next_steps if service.state in BAD else ():
        yield wrap_line(Text(f"{INDENT}→ {step}"), width)
    if service.repair:
        yield wrap_line(Text(f"{INDENT}hook {service.repair}"), width)


def _make_row(each: WorkflowHealth) -> tuple[str, ...]:
    return each.name, *_count_runs(each.today), *_count_runs(each.week)[1:]


def _count_runs(figures: RunFigures) -> tuple[str, str, str]:
    """Return runs, the share of successes and their mean time; "–" for a figure of no run."""
    rate = figures.success_rate
    return f"{figures.ended:,}", "–" if rate is None else f"{rate:.0%}", _count_seconds(figures.seconds)


def _count_seconds(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    return f"{seconds:.1f} s" if seconds < MINUTE_SECONDS else f"{seconds / 60:.0f} min"
