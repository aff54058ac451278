"""Parse file names: ``pokervod names``."""

import sys
from typing import Annotated

import typer

from pokervod_pipelines.catalog.names import explain_name, parse_lines
from pokervod_pipelines.cli.output import print_json_lines, print_table

app = typer.Typer(no_args_is_help=True)


@app.command("parse")
def parse(
    paths: Annotated[
        list[str] | None, typer.Argument(help="Paths; by default one per line from standard input.")
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show which rule and text gave each field.")] = False,
) -> None:
    """Print one JSON object per path, in order: the fields that its name and folders encode, null for the others.

    Example: pokervod names parse "ARCHIVE/WSOP/wsop-1973-me-nobug.mp4" --explain
    """
    lines = paths or (line.rstrip("\n") for line in sys.stdin)
    if not explain:
        print_json_lines(parse_lines(lines))
        return
    for path in lines:
        rows = [tuple(map(str, finding)) for finding in explain_name(path)]
        print_table(path, ("field", "value", "rule", "found by", "from"), rows)
