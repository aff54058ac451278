"""Define ``pokervod catalog create`` and ``created``: what people put into the catalog before its files are there."""

from dataclasses import asdict
from typing import Annotated

import typer

from pokervod_pipelines.catalog.correctable import FIELDS
from pokervod_pipelines.catalog.creation import create_entry, list_created
from pokervod_pipelines.catalog.creation_report import CreationReport
from pokervod_pipelines.catalog.planned_store import CreatedEntry
from pokervod_pipelines.cli.options import ByOption, JsonOption, ReasonOption, read_actor
from pokervod_pipelines.cli.output import count_nouns, make_hint, out, print_json, print_table
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.settings import load_settings

LEVELS = ("project", "season", "event", "episode")


def create(
    fields: Annotated[
        list[str], typer.Argument(metavar="FIELD=VALUE...", help="project=WSOP year=2027 event=14 day=2, as `correct`.")
    ],
    reason: ReasonOption,
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Put a project, season, event or episode into the catalog before its files are there; they join it.

    Example: pokervod catalog create project=WSOP year=2027 event="main event" day=2 --reason "recorded in July"
    """
    with open_database(load_settings()) as engine:
        report = create_entry(engine, fields, actor=read_actor(by, reason))
    if as_json:
        print_json(asdict(report))
        return
    end = f"undo: `pokervod catalog undo {report.decision}`" if report.decision else "it exists already"
    out.print(f"{describe_entry(report)}; {end}", markup=False)


def created(as_json: JsonOption = False) -> None:
    """List what people put into the catalog: who, when, why, and how many files it has now.

    Example: pokervod catalog created
    """
    with open_database(load_settings()) as engine:
        history = list_created(engine)
    if as_json:
        print_json([asdict(each) for each in history])
        return
    rows = [
        (
            str(each.id),
            each.at,
            each.by,
            f"{LEVELS[len(each.keys) - 1]}: {each.title or 'not in the catalog now'}",
            _describe(each),
            each.files,
            each.reason,
        )
        for each in history
    ]
    hint = make_hint(len(rows), first_step="`pokervod catalog create` puts something into the catalog")
    columns = ("id", "when", "who", "entry", "fields", "files", "why")
    print_table(count_nouns(len(rows), "decision"), columns, rows, right=("id", "files"), hint=hint)


def describe_entry(report: CreationReport) -> str:
    """Return level, title and id of an entry, with its files."""
    number = f" {report.id}" if report.id else ""
    return f"{report.level}{number}: {report.title}, {count_nouns(report.files, 'file')}"


def _describe(entry: CreatedEntry) -> str:
    if entry.undoes is not None:
        return f"undoes {entry.undoes}"
    written = entry.fields or {}
    fields = " ".join(f"{field}={written[field]}" for field in FIELDS if field in written)
    return fields if entry.is_in_force else f"{fields} (ended)"
