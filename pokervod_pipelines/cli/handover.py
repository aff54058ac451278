"""Write the page of the shift: ``pokervod handover``."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pokervod_pipelines.cli.options import JsonOption, SinceOption, write_to
from pokervod_pipelines.cli.output import err, out, print_json
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.monitoring.handover.figures import make_handover
from pokervod_pipelines.monitoring.handover.text import write_markdown, write_page
from pokervod_pipelines.periods import LENGTHS, read_length, read_moment
from pokervod_pipelines.settings import load_settings

SUFFIXES = (".md", ".html")

app = typer.Typer()


@app.command("handover")
def handover(
    since: SinceOption = "",
    shift: Annotated[
        str, typer.Option("--shift", metavar="LENGTH", help=f"So long until now, without --since: {LENGTHS}.")
    ] = "8h",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it there: FILE.md or FILE.html.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write what one shift hands over to the next: what is open, muted, held, and what happened since it began.

    Example: pokervod handover --shift 8h --output handover.html
    """
    settings, now = load_settings(), datetime.now(UTC)
    if output is not None and output.suffix.lower() not in SUFFIXES:
        raise BadInput(f"--output: expected a file named .md or .html, got {output.name!r}")
    began = read_moment("--since", since, settings.zone) if since else now - read_length("--shift", shift)
    with open_database(settings) as engine:
        found = make_handover(engine, settings, began, now=now)
    if as_json:
        print_json(asdict(found))
        return
    if output is None:
        out.print(write_markdown(found, settings.zone), markup=False)
        return
    page = (write_page if output.suffix.lower() == ".html" else write_markdown)(found, settings.zone)
    with write_to(output):
        output.write_text(page, encoding="utf-8")
    err.print(f"written to {output}", markup=False)
