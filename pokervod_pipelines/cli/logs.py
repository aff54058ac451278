"""Print the logs of all processes as one: ``pokervod logs``."""

import sys
import time
from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Annotated, NoReturn

import typer

from pokervod_pipelines.cli.known import require_known
from pokervod_pipelines.cli.options import JsonOption, SinceOption
from pokervod_pipelines.cli.output import err, out, print_json_lines, show_time
from pokervod_pipelines.cli.stopping import follow_until_interrupt
from pokervod_pipelines.cli.usage import MOST_LISTED
from pokervod_pipelines.logs.files import LogFile, list_logs
from pokervod_pipelines.logs.lines import LogLine
from pokervod_pipelines.logs.reading import LEVELS, LogFilter, LogFollower, find_oldest, read_latest
from pokervod_pipelines.logs.start import PROCESSES, find_logs
from pokervod_pipelines.periods import read_moment
from pokervod_pipelines.settings import load_settings

app = typer.Typer()

DEFAULT_LINES = 50
POLL_SECONDS = 0.25
SHOWN = 8
"""Characters of an id, enough to give it to ``--correlation`` or ``--run``."""

STYLES = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "bold red"}


@app.command("logs")
def logs(
    process: Annotated[
        str, typer.Option("--process", "-p", metavar="NAME", help="Only of this process, such as daemon or sync.")
    ] = "",
    correlation: Annotated[
        str, typer.Option("--correlation", metavar="ID", help="Only what this sync or request caused.")
    ] = "",
    run: Annotated[str, typer.Option("--run", metavar="ID", help="Only of this run of Dagster.")] = "",
    level: Annotated[
        str, typer.Option("--level", metavar="LEVEL", help="Only from this level on: info, warning, error.")
    ] = "debug",
    since: SinceOption = "",
    last: Annotated[
        int | None,
        typer.Option(
            "--last", "-n", min=0, max=MOST_LISTED, help="The newest so many lines; default: 50, with --since all."
        ),
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Keep printing new lines, until Ctrl-C.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Print the newest lines of the logs of all processes, oldest first.

    Example: pokervod logs --level warning --since today

    Example: pokervod logs --process sync -n 100
    """
    settings = load_settings()
    listed = list_logs(find_logs(settings))
    require_known("level", level, LEVELS)
    require_known("process", process, {*PROCESSES, *(each.process for each in listed)})
    filters = LogFilter(
        process=process.casefold(),
        run_id=run,
        correlation_id=correlation,
        level=level.casefold(),
        since=read_moment("--since", since, settings.zone) if since else None,
    )
    default = None if since else DEFAULT_LINES
    found = read_latest(listed, filters, limit=default if last is None else last)
    count = _print_lines(found, as_json=as_json)
    if not (count or follow or last == 0):
        err.print(_explain_none(listed, filters), markup=False)
    if follow:
        _follow(LogFollower(find_logs(settings), listed), filters, as_json=as_json)


def _explain_none(listed: list[LogFile], filters: LogFilter) -> str:
    oldest = find_oldest(listed)
    if oldest is None:
        return "Nothing yet: `pokervod sync` and `pokervod dev` write the first lines."
    reach = f"the oldest line there is, of any process, is of {show_time(oldest, '%Y-%m-%d %H:%M:%S')}"
    hint = _suggest_other_id(listed, filters)
    if filters.since is None:
        return f"No line matches these filters; {reach}.{hint}"
    others = "" if filters == LogFilter(since=filters.since) else " that matches these filters"
    return f"No line since {show_time(filters.since, '%Y-%m-%d %H:%M:%S')}{others}; {reach}.{hint}"


def _suggest_other_id(listed: list[LogFile], filters: LogFilter) -> str:
    """Return a sentence where the id that was given is that of a run instead of a request, or the other way."""
    run, correlation = filters.run_id, filters.correlation_id
    if bool(run) == bool(correlation):
        return ""
    other = replace(filters, run_id=correlation, correlation_id=run)
    option = f"--run {correlation}" if correlation else f"--correlation {run}"
    return f" `pokervod logs {option}` has lines." if any(read_latest(listed, other, limit=1)) else ""


def _follow(follower: LogFollower, filters: LogFilter, *, as_json: bool) -> NoReturn:
    """Print what is appended, until Ctrl-C, which is how one ends it."""
    with follow_until_interrupt():
        while True:
            _print_lines((line for line in follower.read() if filters.fits(line)), as_json=as_json)
            time.sleep(POLL_SECONDS)


def _print_lines(lines: Iterable[LogLine], *, as_json: bool) -> int:
    """Print the lines as they come; return how many."""
    count = 0
    for count, line in enumerate(lines, start=1):  # noqa: B007 - the last one is the count
        if as_json:
            print_json_lines([asdict(line)])
        else:
            _print_line(line)
    sys.stdout.flush()
    return count


def _print_line(line: LogLine) -> None:
    """Print a line with its further ones below it; the request is cut to what `--correlation` needs."""
    first, *further = line.text.split("\n")
    head = f"{show_time(line.at, '%m-%d %H:%M:%S')} {line.level.lower():7} {line.process}: {first}"
    ids = f"  ({line.correlation_id[:SHOWN]})" if line.correlation_id else ""
    out.print("\n".join((head + ids, *(f"    {each}" for each in further))), markup=False, style=STYLES.get(line.level))
