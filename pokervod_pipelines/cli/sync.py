"""``pokervod sync``: everything brought up to date, with progress, and what it came to."""

import os
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.status import Status

from pokervod_pipelines.cli.output import err, out, print_json, print_table

if TYPE_CHECKING:
    from pokervod_pipelines.defs.run import SyncResult
    from pokervod_pipelines.workflows.outcome import Outcome
    from pokervod_pipelines.workflows.verdicts import Verdict

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
        bool, typer.Option("--full/--incremental", help="Read everything again, or trust what did not change.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document for a program.")] = False,
) -> None:
    """Scan the archive, build the catalog, read the sheets, make the clips, and say what came out.

    It is a Dagster run, seen in the UI afterwards. Exit status 1 when a library or a sheet failed; the others are up
    to date all the same.

    Example: pokervod sync --incremental
    """
    watcher = Watcher()
    with err.status("starting") if sys.stderr.isatty() else nullcontext() as status:
        watcher.status = status
        result, verdicts = _run(watcher, full=full)
    if as_json:
        print_json(_document(result, verdicts))
    else:
        _print_summary(result, verdicts)
    if not result.succeeded:
        raise typer.Exit(1)


def _run(watcher: "Watcher", *, full: bool) -> "tuple[SyncResult, dict[str, Verdict]]":
    from pokervod_pipelines.actors import new_correlation_id  # noqa: PLC0415
    from pokervod_pipelines.db.engine import open_database  # noqa: PLC0415 - kept out of --help
    from pokervod_pipelines.workflows.prepare import dagster_home, prepare  # noqa: PLC0415
    from pokervod_pipelines.workflows.verdicts import judge_all  # noqa: PLC0415

    settings = prepare(progress=watcher.laid_out)
    home = dagster_home(settings)
    os.environ["DAGSTER_HOME"] = str(home)
    watcher.say("starting the database")
    with open_database(settings) as engine:
        watcher.say("loading Dagster")
        from pokervod_pipelines.defs.run import run_sync  # noqa: PLC0415 - a second that only this command pays

        result = run_sync(settings, engine, home=home, full=full, correlation_id=new_correlation_id(), listener=watcher)
        with engine.connect() as connection:
            return result, judge_all(connection)


class Watcher:
    """Shows a person how far the sync is: a moving line on a terminal, a line a stage elsewhere."""

    def __init__(self) -> None:
        self.status: Status | None = None

    def say(self, text: str) -> None:
        """The moving line says this."""
        if self.status is not None:
            self.status.update(text)

    def laid_out(self, what: str, done: int, total: int) -> None:
        """The sample archive is being laid out."""
        self.say(f"laying out a sample archive: {what} {done:,} of {total:,}")

    def started(self, stage: str, name: str) -> None:
        """A stage began."""
        self.say(f"{stage} {name}")

    def advanced(self, stage: str, name: str, done: int) -> None:
        """A stage has come to ``done`` items."""
        self.say(f"{stage} {name}: {done:,}")

    def finished(self, outcome: "Outcome") -> None:
        """A stage ended."""
        mark = "[green]ok[/]    " if outcome.succeeded else "[bold red]failed[/]"
        detail = f"{outcome.seconds:6.2f} s" if outcome.succeeded else str(outcome.error).replace("[", "\\[")
        err.print(f"{mark} {outcome.stage:9}{outcome.name:24} {detail}")


def _document(result: "SyncResult", verdicts: "dict[str, Verdict]") -> dict[str, Any]:
    by_stage = {stage: [o.as_dict() for o in result.outcomes if o.stage == stage] for stage in STAGES}
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
        "checks": [
            {
                "name": name,
                "passed": verdict.holds,
                "against": verdict.against,
                "evidence": verdict.evidence,
                "next_step": None if verdict.holds else verdict.next_step,
            }
            for name, verdict in verdicts.items()
        ],
    }


def _print_summary(result: "SyncResult", verdicts: "dict[str, Verdict]") -> None:
    for stage in STAGES:
        outcomes = [outcome for outcome in result.outcomes if outcome.stage == stage]
        if outcomes:
            _print_stage(stage, outcomes)
    failed = [outcome for outcome in result.outcomes if not outcome.succeeded]
    for outcome in failed:
        out.print(
            f"[bold red]failed:[/] {outcome.stage} {outcome.name}: {str(outcome.error).replace('[', chr(92) + '[')}"
        )
    for name, verdict in verdicts.items():
        if not verdict.holds:
            _print_verdict(name, verdict)
    word = "[green]done[/]" if result.succeeded else "[bold red]done, with failures[/]"
    out.print(f"{word} in {result.seconds:.1f} s · {result.job} · run {result.run_id[:8]} · `pokervod dev` shows it")


def _print_verdict(name: str, verdict: "Verdict") -> None:
    out.print(f"[yellow]{name.replace('_', ' ')}[/]: no, {verdict.against:,} cases")
    for line in verdict.evidence[:3]:
        out.print(f"    {line}", markup=False)
    out.print(f"    → {verdict.next_step}", markup=False)


def _print_stage(stage: str, outcomes: "list[Outcome]") -> None:
    columns = COLUMNS[stage]
    rows: list[list[object]] = [
        [outcome.name, *(outcome.counts.get(column) for column in columns), f"{outcome.seconds:.2f}"]
        for outcome in outcomes
    ]
    if len(outcomes) > 1:
        totals = [sum(outcome.counts.get(column, 0) for outcome in outcomes) for column in columns]
        rows.append(["all", *totals, f"{sum(outcome.seconds for outcome in outcomes):.2f}"])
    labels = [column.replace("_", " ") for column in columns]
    print_table(TITLES[stage], ("name", *labels, "s"), rows, right=(*labels, "s"))
