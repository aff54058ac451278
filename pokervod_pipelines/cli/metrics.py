"""Show the measures: ``pokervod metrics``."""

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from pokervod_pipelines.cli.metric_pages import (
    list_figures,
    list_folders,
    list_freshness,
    list_groups,
    list_jobs,
    list_places,
    list_readings,
)
from pokervod_pipelines.cli.options import JsonOption, SinceOption, UntilOption
from pokervod_pipelines.cli.output import print_json, print_table, show_time
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.defs.run_measures import open_run_measures
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.monitoring.measures.measure import measure_all
from pokervod_pipelines.monitoring.measures.renders import measure_totals, read_queue_series
from pokervod_pipelines.monitoring.measures.shape import Group, Measures, Window, make_window
from pokervod_pipelines.periods import LENGTHS, read_length, read_period
from pokervod_pipelines.settings import Settings, load_settings

WINDOW = "1h"

app = typer.Typer()


@app.command("metrics")
def metrics(
    window: Annotated[str, typer.Option("--window", "-w", metavar="LENGTH", help=f"The last {LENGTHS}.")] = WINDOW,
    since: SinceOption = "",
    until: UntilOption = "",
    by: Annotated[Group | None, typer.Option("--by", help="Tell graphics apart by this.")] = None,
    as_json: JsonOption = False,
    prometheus: Annotated[bool, typer.Option("--prometheus", help="Print Prometheus' text format.")] = False,
) -> None:
    """Show throughput, latency, errors and the queue of graphics, the flow of hands, ages, jobs, memory and disks.

    A figure with nothing to measure is "–", in JSON null, and never 0. With --since the window begins then instead.

    Example: pokervod metrics

    Example: pokervod metrics --window 24h --by template

    Example: pokervod metrics --prometheus
    """
    settings = load_settings()
    chosen = _read_window(window, since, until, settings)
    with open_database(settings) as engine, open_run_measures(settings) as runs:
        measured = measure_all(engine, runs, settings, chosen, by=by)
        with engine.connect() as connection:
            if prometheus:
                from pokervod_pipelines.monitoring.measures.prometheus import write_prometheus  # noqa: PLC0415 - slow

                sys.stdout.write(write_prometheus(measured, measure_totals(connection, settings)))
                return
            queue = read_queue_series(connection, settings, chosen)
    if as_json:
        print_json(_make_document(measured, queue))
    else:
        _print(measured, by)


def _read_window(window: str, since: str, until: str, settings: Settings) -> Window:
    if not since and not until:
        return make_window(read_length("--window", window))
    period, now = read_period(since, until, settings.zone), datetime.now(UTC)
    end = min(period.until or now, now)  # nothing is known of what is to come
    if period.since is None:
        return make_window(read_length("--window", window), end)
    if period.since >= end:
        raise BadInput(f"--since {since!r} is not in the past; give an earlier time")
    return Window(since=period.since, until=end)


def _make_document(measured: Measures, queue: dict[str, Any]) -> dict[str, Any]:
    """Return the measures as plain values, of the shapes that the API has."""
    document = asdict(measured)
    for job, each in zip(document["jobs"], measured.jobs, strict=True):
        job["success_rate"] = each.success_rate
    series = {state: [asdict(point) for point in points] for state, points in queue.items()}
    document["renders"]["queue_depth"]["series"] = series
    return document


def _print(measured: Measures, by: Group | None) -> None:
    window = measured.window
    form = "%H:%M" if window.hours <= 12 else "%Y-%m-%d %H:%M"
    span = f"{show_time(window.since, form)} to {show_time(window.until, form)}"
    print_table(span, ("measure", "figure", "of"), list_figures(measured), right=("figure",))
    if by:
        columns = (by, "completed", "an hour", "average", "p50", "p95", "errors", "queue now")
        print_table(f"graphics by {by}", columns, list_groups(measured, by), right=columns[1:])
    if readings := [*list_readings(measured)]:
        print_table("sources now", ("source", "read ago", "at"), readings, right=("read ago",))
    if folders := [*list_folders(measured)]:
        print_table("folders now", ("folder", "newest file", "at"), folders, right=("newest file",))
    title = "newest data now"
    print_table(title, ("data", "changed ago", "at"), list_freshness(measured), right=("changed ago",))
    runs = ("succeeded", "average", "p50", "p95")
    title = "runs that ended" if measured.jobs else "no run ended"
    print_table(title, ("job", *runs), list_jobs(measured), right=runs)
    print_table("memory and disks now", ("place", "figure", "of"), list_places(measured), right=("figure",))
