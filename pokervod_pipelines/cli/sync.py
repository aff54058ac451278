"""Bring everything up to date with ``pokervod sync``: show progress, then a summary."""

import os
import sys
import uuid
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.status import Status

from pokervod_pipelines.actors import new_correlation_id
from pokervod_pipelines.checks import CheckResult
from pokervod_pipelines.cli.options import JsonOption, print_sources
from pokervod_pipelines.cli.output import err, name_failures, out, print_json, print_table
from pokervod_pipelines.cli.stopping import end_at_signal
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.events.kept_types import require_known_types
from pokervod_pipelines.monitoring.evaluation import evaluate_all
from pokervod_pipelines.workflows.setup import find_dagster_home, prepare_folder
from pokervod_pipelines.workflows.stage_result import StageResult

if TYPE_CHECKING:
    from pokervod_pipelines.defs.run import SyncResult

STAGES = ("nas", "media", "catalog", "sheets", "clips")
COLUMNS = {
    "nas": ("files", "videos", "added", "changed", "moved", "removed", "held", "missing"),
    "media": ("read", "changed", "waiting", "ok", "sparse", "broken"),
    "catalog": ("projects", "seasons", "events", "episodes", "video_files", "not_understood"),
    "sheets": ("rows", "added", "changed", "removed", "matched", "ambiguous", "unmatched"),
    "clips": ("clips", "usable", "created", "changed", "retired", "failed"),
}
TITLES = {"nas": "Libraries", "media": "Videos", "catalog": "Catalog", "sheets": "Sheets", "clips": "Clips"}

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
    progress = ProgressLine()
    with err.status("starting") if sys.stderr.isatty() else nullcontext() as status:
        progress.status = status
        result, checks = _run(progress, full=full)
    if as_json:
        print_json(_make_document(result, checks))
    else:
        _print_summary(result, checks)
    if not result.succeeded:
        raise typer.Exit(1)


def _run(progress: "ProgressLine", *, full: bool) -> "tuple[SyncResult, dict[str, CheckResult]]":
    settings = prepare_folder()
    require_known_types(settings)
    print_sources(settings)
    home = find_dagster_home(settings)
    os.environ["DAGSTER_HOME"] = str(home)
    progress.show("starting the database")
    with open_database(settings) as engine:
        progress.show("loading Dagster")
        from pokervod_pipelines.defs import run  # noqa: PLC0415 - a second, while the progress line is shown
        from pokervod_pipelines.defs.outage import tell_outage  # noqa: PLC0415

        run_id = str(uuid.uuid4())
        with end_at_signal(lambda: run.cancel_sync(home, run_id)), tell_outage(progress):
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


class ProgressLine:
    """Show a person the progress of a sync: a moving line on a terminal, a line for each finished stage elsewhere."""

    def __init__(self) -> None:
        self.status: Status | None = None
        self._printed_errors: set[str | None] = set()

    def show(self, text: str) -> None:
        """Replace the text of the moving line."""
        if self.status is not None:
            self.status.update(text)

    def started(self, stage: str, name: str) -> None:
        """Show that a stage began."""
        self.show(f"{stage} {name}")

    def advanced(self, stage: str, name: str, done: int) -> None:
        """Show how many entries a stage has done."""
        self.show(f"{stage} {name}: {done:,}")

    def waiting(self, reason: str) -> None:
        """Print what the sync waits for."""
        err.print(f"[yellow]…[/]      {escape(reason)}")

    def finished(self, result: StageResult) -> None:
        """Print how a stage ended; an error that several have, such as that of their share, is printed once."""
        if not result.succeeded and result.error in self._printed_errors:
            return
        self._printed_errors.add(result.error)
        mark = "[green]ok[/]    " if result.succeeded else "[bold red]failed[/]"
        detail = f"{result.seconds:6.2f} s" if result.succeeded else str(result.error).replace("[", "\\[")
        err.print(f"{mark} {result.stage:9}{result.name:24} {detail}")


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
    for sentence in result.problems:
        out.print(f"[bold red]failed:[/] {escape(sentence)}")
    for check in checks.values():
        if not check.passed:
            _print_check(check, printed={f"{each.name}: {each.error}" for each in failed})
    word = "[green]done[/]" if result.succeeded else "[bold red]done, with failures[/]"
    run = f"run {result.run_id[:8]}, under Runs in `pokervod dev`"
    out.print(f"{word} in {result.seconds:.1f} s · {result.job} · {run}")


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
