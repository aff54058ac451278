"""Show the promised figures with their targets: ``pokervod kpis``."""

from dataclasses import asdict
from typing import Annotated

import typer

from pokervod_pipelines.cli.metric_pages import format_number, format_seconds, format_share
from pokervod_pipelines.cli.options import JsonOption
from pokervod_pipelines.cli.output import print_json, print_table
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.defs.run_measures import open_run_measures
from pokervod_pipelines.monitoring.kpis.measure import measure_kpis
from pokervod_pipelines.monitoring.kpis.shape import Kpi, KpiUnit
from pokervod_pipelines.monitoring.measures.shape import make_window
from pokervod_pipelines.periods import LENGTHS, read_length
from pokervod_pipelines.settings import load_settings

MARKS = {True: "✓", False: "✗", None: "–"}

app = typer.Typer()


@app.command("kpis")
def kpis(
    window: Annotated[str, typer.Option("--window", "-w", metavar="LENGTH", help=f"The last {LENGTHS}.")] = "24h",
    as_json: JsonOption = False,
) -> None:
    """Show each promised figure with its target: reached, missed, or not measured and why.

    Example: pokervod kpis --window 7d
    """
    settings, span = load_settings(), make_window(read_length("--window", window))
    with open_database(settings) as engine, open_run_measures(settings) as runs:
        measured = measure_kpis(engine, runs, span)
    if as_json:
        listed = [asdict(each) | {"is_met": each.is_met} for each in measured]
        print_json({"since": span.since, "until": span.until, "kpis": listed})
        return
    counts = [sum(each.is_met is state for each in measured) for state in (True, False, None)]
    title = "{} reached, {} missed, {} not measured in {}".format(*counts, window)
    columns = ("", "figure", "target", "now", "of")
    rows = [
        (MARKS[each.is_met], each.title, show_target(each), show_figure(each, each.figure), each.of)
        for each in measured
    ]
    print_table(title, columns, rows, right=("target", "now"))


def show_target(kpi: Kpi) -> str:
    """Return the target with its direction; a figure that has to be exact has none."""
    if kpi.unit is KpiUnit.SHARE:
        shown = f"{100 * kpi.target:g} %"
    elif kpi.unit is KpiUnit.COUNT:
        shown = f"{kpi.target:g}"
    else:
        shown = f"{kpi.target / 60:g} min" if kpi.target > 60 else show_figure(kpi, kpi.target).replace(".0 ", " ")
    if not kpi.is_strict and kpi.target in {0, 1}:
        return shown
    sign = (">" if kpi.is_strict else "≥") if kpi.is_least else ("<" if kpi.is_strict else "≤")
    return f"{sign} {shown}"


def show_figure(kpi: Kpi, figure: float | None) -> str:
    """Return a value in the unit of the figure."""
    if kpi.unit is KpiUnit.SHARE:
        return format_share(figure)
    if kpi.unit is KpiUnit.COUNT:
        return format_number(figure)
    if figure is not None and figure < 1:
        return f"{1000 * figure:.0f} ms"
    return format_seconds(figure)
