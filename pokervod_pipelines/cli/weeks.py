"""Define ``pokervod weeks``: what of each week is complete, what is missing, and where."""

from collections.abc import Iterable
from typing import Annotated, Any

import typer

from pokervod_pipelines.cli.options import ByOption, JsonOption, ReasonOption
from pokervod_pipelines.cli.output import count_nouns, out, print_json, print_table, show_time
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.errors import BadInput, Unavailable
from pokervod_pipelines.monitoring.weeks.shape import StageState, Week, WeekStage, WeekValidation, list_weeks
from pokervod_pipelines.monitoring.weeks.stages import STAGES
from pokervod_pipelines.monitoring.weeks.validation import (
    MARKS,
    find_current_week,
    find_days,
    validate_week,
    validate_weeks,
)
from pokervod_pipelines.settings import Settings, load_settings

MOST_WEEKS = 106
"""Two years of weeks."""

app = typer.Typer(
    epilog="Example: pokervod weeks --week 2026-W19",
    invoke_without_command=True,
)


def read_week(text: str) -> Week:
    """Return the week that a person wrote."""
    try:
        return Week.parse(text)
    except BadInput as error:
        raise typer.BadParameter(str(error)) from None


WeekArgument = Annotated[
    Week, typer.Argument(metavar="WEEK", parser=read_week, help="An ISO week of broadcast days: 2026-W48.")
]


@app.callback()
def weeks(
    context: typer.Context,
    last: Annotated[int, typer.Option("--last", min=1, max=MOST_WEEKS, help="So many weeks, the newest first.")] = 6,
    week: Annotated[
        Week | None,
        typer.Option("--week", metavar="WEEK", parser=read_week, help="Only this one, with the cases of each stage."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show which stages of each week are complete, and what is missing."""
    if context.invoked_subcommand:
        return
    settings = load_settings()
    newest = week or find_current_week(settings)
    first = week or newest.shift(1 - last)
    with open_database(settings) as engine, engine.connect() as connection:
        found = validate_weeks(connection, settings, first, newest)
    if as_json:
        print_json([make_document(each, settings) for each in reversed(found)])
    elif week:
        _print_week(found[0], settings)
    else:
        _print_grid(found)


@app.command("close")
def close(week: WeekArgument, reason: ReasonOption = "closed by command", by: ByOption = "") -> None:
    """Freeze the figures of a week that is over, and report them to the alert channels, once.

    The schedule weekly_close does so every Monday; this is for a week that it missed.

    Example: pokervod weeks close 2026-W19
    """
    from pokervod_pipelines.cli.options import read_actor  # noqa: PLC0415 - reading needs none of these
    from pokervod_pipelines.monitoring.weeks.closures import close_week  # noqa: PLC0415

    settings, actor = load_settings(), read_actor(by, reason)
    with open_database(settings) as engine, engine.begin() as connection:
        is_new = close_week(connection, settings, week, actor=actor)
        found = validate_week(connection, settings, week)
    if not is_new and found.closed_at:
        out.print(f"{week.name} was closed already, {show_time(found.closed_at)}; nothing was changed", markup=False)
    _print_week(found, settings)


@app.command("validate")
def validate(
    first: Annotated[Week, typer.Option("--from", metavar="WEEK", parser=read_week, help="The first week.")],
    last: Annotated[
        Week | None, typer.Option("--to", metavar="WEEK", parser=read_week, help="The last week; default: --from.")
    ] = None,
) -> None:
    """Record the checks of these weeks in Dagster, a run each, as a backfill of weekly_validation does.

    Example: pokervod weeks validate --from 2026-W19 --to 2026-W20
    """
    import os  # noqa: PLC0415 - as the next

    from pokervod_pipelines.workflows.setup import find_dagster_home  # noqa: PLC0415 - reading needs none of these

    settings = load_settings()
    chosen = [*list_weeks(first, last or first)]
    if not chosen or len(chosen) > MOST_WEEKS or chosen[-1] > find_current_week(settings):
        listed = f"{first.name} to {(last or first).name}"
        raise BadInput(f"expected up to {MOST_WEEKS} weeks until the present one, oldest first, got {listed}")
    home = find_dagster_home(settings)
    os.environ["DAGSTER_HOME"] = str(home)
    with open_database(settings) as engine:
        from pokervod_pipelines.defs.weeks import run_weeks  # noqa: PLC0415 - loads Dagster

        failed: list[str] = []
        for week, succeeded in run_weeks(settings, engine, home, chosen):
            out.print(f"{week.name}: {'validated' if succeeded else 'the run failed'}", markup=False)
            failed += [] if succeeded else [week.name]
    if failed:
        raise Unavailable(f"{count_nouns(len(failed), 'run')} failed ({', '.join(failed)}); see it in Dagster")


def make_document(found: WeekValidation, settings: Settings) -> dict[str, Any]:
    """Return a week as plain values."""
    start, end = found.week.find_bounds(find_days(settings))
    return {
        "week": found.week.name,
        "from": start,
        "until": end,
        "is_over": found.is_over,
        "is_complete": found.is_complete,
        "closed_at": found.closed_at,
        "stages": [_make_stage(each) for each in found.stages],
    }


def _make_stage(stage: WeekStage) -> dict[str, Any]:
    closed = stage.closed
    return {
        "stage": stage.stage,
        "state": stage.state,
        "looked_at": stage.looked_at,
        "good": stage.good,
        "sentence": stage.sentence,
        "case_count": stage.case_count,
        "cases": stage.cases,
        "next_step": stage.next_step if stage.state is StageState.INCOMPLETE else "",
        "closed": closed and {"looked_at": closed.looked_at, "good": closed.good, "sentence": closed.sentence},
    }


def _print_grid(found: Iterable[WeekValidation]) -> None:
    """Print a row for each week, newest first, and below it what changed since a week was closed."""
    listed = [*reversed([*found])]
    columns = ("week", *(stage.title for stage in STAGES))
    rows = [(_show_week(each), *map(_show_stage, each.stages)) for each in listed]
    incomplete = [each.week.name for each in listed if any(s.state is StageState.INCOMPLETE for s in each.stages)]
    hint = "✓ complete, ✗ cases of all looked at, – nothing to look at"
    print_table(f"{count_nouns(len(rows), 'week')} of broadcast days, newest first", columns, rows, hint=hint)
    for each in listed:
        for stage in each.stages:
            if stage.change:
                out.print(f"{each.week.name} {stage.title}: {stage.change}", markup=False)
    if incomplete:
        out.print(f"→ what is missing, and where: `pokervod weeks --week {incomplete[0]}`", markup=False)


def _show_week(found: WeekValidation) -> str:
    """Return the name and, in a second line, whether the week goes on or was not closed yet."""
    return f"{found.week.name}\n({found.standing})" if found.standing else found.week.name


def _show_stage(stage: WeekStage) -> str:
    """Return the mark with the number of what is good or, in two lines, of the cases."""
    mark = MARKS[stage.state]
    if stage.state is StageState.INCOMPLETE:
        return f"{mark} {stage.case_count:,}\nof {stage.looked_at:,}"
    return f"{mark} {stage.looked_at:,}" if stage.looked_at else mark


def _print_week(found: WeekValidation, settings: Settings) -> None:
    """Print each stage with its sentence, the cases against it and what to do."""
    start, end = found.week.find_bounds(find_days(settings))
    until = f"{show_time(start)} to {show_time(end)}{'' if found.is_over else ', not over yet'}"
    closed = f", closed {show_time(found.closed_at)}" if found.closed_at else ""
    out.print(f"week {found.week.name}, {until}{closed}: {found.summary}", markup=False)
    for stage in found.stages:
        changed = f" ({stage.change})" if stage.change else ""
        out.print(f"{MARKS[stage.state]} {stage.title}: {stage.sentence}{changed}", markup=False)
        for case in stage.cases:
            out.print(f"    {case}", markup=False)
        if (more := stage.case_count - len(stage.cases)) > 0:
            out.print(f"    and {more:,} more", markup=False)
        if stage.state is StageState.INCOMPLETE:
            out.print(f"    → {stage.next_step}", markup=False)
