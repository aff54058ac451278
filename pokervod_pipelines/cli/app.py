"""The command tree and what happens when something goes wrong."""

import os
import sys
from typing import Annotated, Never

import psycopg
import typer
from sqlalchemy.exc import DBAPIError

from pokervod_pipelines.cli import (
    alerts,
    catalog,
    clips,
    db,
    events,
    hands,
    names,
    nas,
    players,
    render,
    rollout,
    setup,
    sheets,
    sync,
)
from pokervod_pipelines.cli.output import err
from pokervod_pipelines.db.failures import name_failure
from pokervod_pipelines.errors import BadInput, OperatorNeeded, PokervodError

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Which file shows which hand: scans the archive, builds its catalog, reads the sheets, makes the clips.",
)
for room in (sync, setup):
    room.register(app)
for name, group in (
    ("nas", nas.app),
    ("names", names.app),
    ("catalog", catalog.app),
    ("sheets", sheets.app),
    ("clips", clips.app),
    ("players", players.app),
    ("hands", hands.app),
    ("render", render.app),
    ("rollout", rollout.app),
    ("alerts", alerts.app),
    ("events", events.app),
    ("db", db.app),
):
    app.add_typer(group, name=name)

EXIT_CODES = ((BadInput, 2), (OperatorNeeded, 3), (PokervodError, 1))
"""2: mend the input; 3: a person has to decide; 1: anything else that failed."""

SHOWN = 80
"""Characters of a text that is refused."""


@app.callback()
def configure(
    folder: Annotated[
        str, typer.Option("--folder", "-C", metavar="DIR", help="Work as if started in DIR, where pokervod.yaml is.")
    ] = "",
) -> None:
    """Which file shows which hand."""
    if folder:
        os.chdir(folder)


def main() -> None:
    """Run the command; what people can mend is printed without a traceback and gives its exit code."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="surrogateescape")  # type: ignore[union-attr]
    try:
        app()
    except PokervodError as error:
        _fail(error)
    except (DBAPIError, psycopg.Error) as error:
        _fail(name_failure(error))
    except UnicodeEncodeError as error:  # of an argument: what is read from files is checked where it is read
        said = f"{error.object[:SHOWN]!r} holds bytes that are no UTF-8"
        _fail(BadInput(f"{said}; write it in UTF-8, then run this again"))
    except KeyboardInterrupt:
        err.print("stopped; whatever was committed stays, the next sync goes on from there")
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def _fail(error: PokervodError) -> Never:
    said = str(error).replace("[", "\\[")
    err.print(f"[bold red]error:[/] {said}")
    sys.exit(next(code for kind, code in EXIT_CODES if isinstance(error, kind)))
