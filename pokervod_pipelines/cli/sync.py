"""Bring everything up to date with ``pokervod sync``: show progress, then a summary."""

import os
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from pokervod_pipelines.actors import new_correlation_id
from pokervod_pipelines.checks import CheckResult
from pokervod_pipelines.cli.options import JsonOption, print_sources
from pokervod_pipelines.cli.output import name_failures, out, print_json, print_table, show_time
from pokervod_pipelines.cli.stopping import end_at_signal
from pokervod_pipelines.cli.sync_progress import ProgressLine, show_progress
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.events.kept_types import require_known_types
from pokervod_pipelines.monitoring.evaluation import evaluate_all
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.setup import find_dagster_home, prepare_folder
from pokervod_pipelines.workflows.stage_result import StageResult

if TYPE_CHECKING:
    from pokervod_pipelines.defs.run import SyncResult

STAGES = ("nas", "media", "catalog", "sheets", "clips", "hands", "tournaments", "instructions")
COLUMNS = {
    "nas": ("files", "videos", "added", "changed", "moved", "removed", "held", "missing"),
    "media": ("read", "changed", "waiting", "ok", "sparse", "broken"),
    "catalog": ("projects", "seasons", "events", "episodes", "video_files", "not_understood"),
    "sheets": ("rows", "added", "changed", "removed", "matched", "ambiguous", "unmatched"),
    "clips": ("clips", "usable", "created", "changed", "retired", "failed"),
    "hands": ("hands_created", "hands_changed", "files_read", "files_waiting", "files_in_quarantine"),
    "tournaments": ("changed", "eliminated"),
    "instructions": ("triggers", "created", "superseded", "withdrawn", "unchanged", "postponed"),
}
TITLES = {
    "nas": "Libraries",
    "media": "Videos",
    "catalog": "Catalog",
    "sheets": "Sheets",
    "clips": "Clips",
    "hands": "Hands",
    "tournaments": "Tournaments",
    "instructions": "Instructions",
}

app = typer.Typer()


@app.command("sync")
def sync(
    full: Annotated[
        bool, typer.Option("--full/--incremental", help="Read everything again, or only what changed.")
    ] = True,
    as_json: JsonOption = False,
) -> None:
    """Scan the archive, build the catalog, read the sheets, make the clips, and print a summary.

    It is a Dagster run and appears in the UI. Exit status 1 when a library or a sheet failed; the others are up to
    date all the same.

    Example: pokervod sync --incremental
    """
    settings = prepare_folder()
    require_known_types(settings)
    print_sources(settings)
    with show_progress() as progress:
        result, checks = _run(settings, progress, full=full)
    if as_json:
        print_json(_make_document(result, checks))
    else:
        _print_summary(result, checks)
    if not result.succeeded:
        raise typer.Exit(1)


def _run(settings: Settings, progress: ProgressLine, *, full: bool) -> "tuple[SyncResult, dict[str, CheckResult]]":
    home = find_dagster_home(settings)
    os.environ["DAGSTER_HOME"] = str(home)
    progress.show("starting the database")
    with open_database(settings) as engine:
        progress.show("loading Dagster")
        from pokervod_pipelines.defs import run  # noqa: PLC0415 - a second, while the progress line is shown
        from pokervod_pipelines.defs.outage import tell_outage  # noqa: PLC0415

        run_id = str(uuid.uuid4())

        def end() -> None:
            progress.close()
            run.cancel_sync(home, run_id)

        with end_at_signal(end, progress.console), tell_outage(progress):
            result = run.run_sync(
                settings,
                engine,
                home=home,
                full=full,
                run_id=run_id,
                correlation_id=new_correlation_id(),
                listener=progress,
            )
        with engine.connect() as connection:
            return result, evaluate_all(connection, settings)


def _make_document(result: "SyncResult", checks: dict[str, CheckResult]) -> dict[str, Any]:
    by_stage = {stage: [each.as_dict() for each in result.stages if each.stage == stage] for stage in STAGES}
    return {
        "status": "success" if result.succeeded else "failed",
        "job": result.job,
        "run_id": result.run_id,
        "correlation_id": result.correlation_id,
        "seconds": round(result.seconds, 3),
        "libraries": by_stage["nas"],
        "media": by_stage["media"],
        "catalog": by_stage["catalog"][0] if by_stage["catalog"] else None,
        "sheets": by_stage["sheets"],
        "clips": by_stage["clips"],
        **{
            stage: by_stage[stage][0] if by_stage[stage] else None for stage in ("hands", "tournaments", "instructions")
        },
        "problems": result.problems,
        "checks": [
            {
                "name": name,
                "passed": check.passed,
                "against": check.evidence_count,
                "evidence": check.evidence,
                "next_step": None if check.passed else check.next_step,
            }
            for name, check in checks.items()
        ],
    }


def _print_summary(result: "SyncResult", checks: dict[str, CheckResult]) -> None:
    for stage in STAGES:
        results = [each for each in result.stages if each.stage == stage]
        if results:
            _print_stage(stage, results)
    failed = [each for each in result.stages if not each.succeeded]
    for stage in STAGES:
        for sentence in name_failures((each.name, each.error) for each in failed if each.stage == stage):
            out.print(f"[bold red]failed:[/] {stage} {escape(sentence)}")
    _print_notes(result.stages)
    for sentence in result.problems:
        out.print(f"[bold red]failed:[/] {escape(sentence)}")
    for check in checks.values():
        if not check.passed:
            _print_check(check, printed={f"{each.name}: {each.error}" for each in failed})
    word = "[green]done[/]" if result.succeeded else "[bold red]done, with failures[/]"
    run = f"run {result.run_id[:8]}, under Runs in `pokervod dev`"
    out.print(f"{word} in {result.seconds:.1f} s · {result.job} · {run}")


def _print_notes(stages: Iterable[StageResult]) -> None:
    """Print what was left alone for a person, and what went on with an earlier reading."""
    for each in stages:
        if each.held:
            out.print(f"[yellow]held:[/] {each.stage} {escape(f'{each.name} is {each.held}')}")
        if each.stale_since:
            out.print(
                f"[yellow]stale:[/] {each.stage} {escape(each.name)} from the rows of {show_time(each.stale_since)}"
            )


def _print_check(check: CheckResult, printed: set[str]) -> None:
    looked_at = "" if check.looked_at is None else f" ({check.looked_at:,} checked)"
    out.print(f"[yellow]{check.name}[/]: {check.summary}{looked_at}")
    for line in check.evidence[:3]:
        if line not in printed:
            out.print(f"    {line}", markup=False)
    out.print(f"    → {check.next_step}", markup=False)


def _print_stage(stage: str, results: list[StageResult]) -> None:
    columns = COLUMNS[stage]
    rows: list[list[object]] = [
        [each.name, *(each.counts.get(column) for column in columns), f"{each.seconds:.2f}"] for each in results
    ]
    if len(results) > 1:
        totals = [sum(each.counts.get(column, 0) for each in results) for column in columns]
        rows.append(["all", *totals, f"{sum(each.seconds for each in results):.2f}"])
    labels = [column.replace("_", " ") for column in columns]
    print_table(TITLES[stage], ("name", *labels, "s"), rows, right=(*labels, "s"))
