"""Show what the runs of one request share: ``pokervod context``."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from pokervod_pipelines.cli.options import JsonOption
from pokervod_pipelines.cli.output import count_nouns, out, print_json, print_table, show_time
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.settings import load_settings
from pokervod_pipelines.workflows.context import purge_contexts, read_history, read_use, read_values

app = typer.Typer(no_args_is_help=True)

MAX_SHOWN = 200
"""Characters of a value in a table; JSON has all of it."""


@app.command("show")
def show(
    correlation: Annotated[
        str, typer.Argument(metavar="ID", help="The correlation id, as `events tail --json` has it.")
    ],
    history: Annotated[bool, typer.Option("--history", help="Every change, not only the present values.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Print the values that the runs of a request share, each with its version, who set it and when.

    Example: pokervod context show 4f1c --history
    """
    with open_database(load_settings()) as engine, engine.connect() as connection:
        used_at = read_use(connection, correlation)
        values = (read_history if history else read_values)(connection, correlation)
    if as_json:
        print_json([asdict(each) for each in values])
        return
    rows = [
        (each.key, each.version, json.dumps(each.value, ensure_ascii=False)[:MAX_SHOWN], each.by, each.at)
        for each in values
    ]
    print_table("shared values", ("key", "version", "value", "by", "at"), rows, right=("version",))
    out.print(f"used last at {show_time(used_at, '%Y-%m-%d %H:%M:%S')}")


@app.command("purge")
def purge() -> None:
    """Delete the contexts that have ended; each sync does it, too.

    Example: pokervod context purge
    """
    settings = load_settings()
    with open_database(settings) as engine, engine.begin() as connection:
        count = purge_contexts(connection, settings.workflows)
    out.print(f"{count_nouns(count, 'context')} deleted")
