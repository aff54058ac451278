"""Run the ``pokervod`` command and turn failures into one line and an exit code."""

import os
import sys
from importlib.metadata import version
from typing import Annotated, Never

import typer
from rich.markup import escape

from pokervod_pipelines.cli import INTERRUPTED, find_interrupt_status
from pokervod_pipelines.cli.loading import LoadingGroup
from pokervod_pipelines.cli.output import err
from pokervod_pipelines.cli.stopping import STOPPED, was_interrupted
from pokervod_pipelines.errors import BadInput, BadSettings, OperatorNeeded, PokervodError, Unavailable
from pokervod_pipelines.files import find_full_disk

app = typer.Typer(
    cls=LoadingGroup,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Which file shows which hand: scans the archive, builds its catalog, reads the sheets, makes the clips.",
)

EXIT_CODES = ((BadInput, 2), (OperatorNeeded, 3), (PokervodError, 1))
"""2: correct the input; 3: a person has to decide; 1: any other failure."""

MAX_TEXT_SHOWN = 80
"""Characters of a refused text."""


def print_version(wanted: bool) -> None:
    """Print the version and exit."""
    if wanted:
        typer.echo(f"pokervod {version('pokervod-pipelines')}")
        raise typer.Exit


@app.callback()
def configure(
    folder: Annotated[
        str, typer.Option("--folder", "-C", metavar="DIR", help="Work as if started in DIR, where pokervod.yaml is.")
    ] = "",
    _version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Change to the folder that was given."""
    if folder:
        try:
            os.chdir(folder)
        except OSError as error:
            raise BadInput(f"--folder {folder}: cannot be entered ({error.strerror}). Correct the path.") from None


def main() -> None:
    """Run the command; print failures that a person can correct without a traceback and exit with their code."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="surrogateescape")  # type: ignore[union-attr]
    try:
        app()
    except KeyboardInterrupt:
        _stop()
    except SystemExit as end:
        if end.code == INTERRUPTED:
            sys.exit(find_interrupt_status())
        raise
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if was_interrupted(error):
            _stop()
        failure = _name_error(error)
        if failure is None:
            raise
        _fail(failure)


def _stop() -> Never:
    status = find_interrupt_status()
    if status:
        err.print(STOPPED)
    sys.exit(status)


def _name_error(error: Exception) -> PokervodError | None:
    """Return an error that a person can do something about as one of ours, None for any other."""
    if isinstance(error, PokervodError):
        return error
    if isinstance(error, UnicodeEncodeError):  # of an argument: what is read from files is checked where it is read
        text = f"{error.object[:MAX_TEXT_SHOWN]!r} is not valid UTF-8"
        return BadInput(f"{text}; write it in UTF-8, then run this again")
    return _name_file_error(error) or _name_database_error(error)


def _name_file_error(error: Exception) -> PokervodError | None:
    """Return an error of a named file or folder as one of ours, None for any other error."""
    if not isinstance(error, OSError):
        return None
    if disk := find_full_disk(error, error.filename or "", ".pokervod", "/tmp"):  # noqa: S108 - only looked at
        text = ": ".join(filter(None, (str(error.filename or ""), error.strerror)))
        return OperatorNeeded(f"{text}: free space on {disk}, then run it again")
    if not error.filename:
        return None
    return Unavailable(f"{error.filename}: {error.strerror}; check the path, its rights and its disk, then retry")


def _name_database_error(error: Exception) -> PokervodError | None:
    """Return an error of the database as one of ours, None for any other error."""
    from pokervod_pipelines.db import failures  # noqa: PLC0415 - SQLAlchemy takes as long as all of --help

    return failures.translate_error(error) if isinstance(error, failures.DatabaseError) else None


def _fail(error: PokervodError) -> Never:
    _log_failure(error)
    err.print(f"[bold red]error:[/] {escape(str(error))}")
    sys.exit(next(code for kind, code in EXIT_CODES if isinstance(error, kind)))


def _log_failure(error: PokervodError) -> None:
    """Keep in the log what ended the command; what a person mistyped is told to the person alone."""
    import logging  # noqa: PLC0415 - `--help` does without

    from pokervod_pipelines.logs.start import find_handler  # noqa: PLC0415

    if find_handler() and (not isinstance(error, BadInput) or isinstance(error, BadSettings)):
        words = " ".join(each for each in sys.argv[1:3] if each.replace("-", "").isalpha())
        logging.getLogger(__name__).error("`pokervod %s` failed: %s", words, error, extra={"is_shown": True})
