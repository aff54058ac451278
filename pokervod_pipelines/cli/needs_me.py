"""Show what needs a person now: ``pokervod needs-me``."""

from dataclasses import asdict

import typer

from pokervod_pipelines.cli.options import JsonOption
from pokervod_pipelines.cli.output import count_nouns, err, out, print_json
from pokervod_pipelines.cli.status_pages import format_moment
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.errors import Unavailable
from pokervod_pipelines.monitoring.needs.find import find_needs
from pokervod_pipelines.monitoring.needs.shape import Needs
from pokervod_pipelines.settings import load_settings

app = typer.Typer()


@app.command("needs-me")
def needs_me(as_json: JsonOption = False) -> None:
    """List what needs a person now, the oldest first, each once with the command that helps.

    Nothing that healed, and nothing that a person acknowledged, muted or holds. Exit status 1: some could not be read.

    Example: pokervod needs-me
    """
    with open_database(load_settings()) as engine:
        found = find_needs(engine)
    if as_json:
        print_json(asdict(found))
    else:
        _print(found)
    if found.unread:
        names = ", ".join(each.kind for each in found.unread)
        raise Unavailable(f"not known: {names}. Run `pokervod doctor`, then run this again")


def _print(found: Needs) -> None:
    looked = f"looked at {', '.join(found.looked_at)}" if found.looked_at else "nothing could be looked at"
    if found.needs:
        out.print(f"{count_nouns(len(found.needs), 'thing')} to decide, the oldest first", style="bold")
    elif not found.unread:
        out.print("nothing needs you", style="bold")
    for each in found.needs:
        number = f"incident {each.incident_id}, {each.severity}" if each.incident_id else each.kind
        since = format_moment(each.since, found.at) if each.since else "nobody knows since when"
        out.print(f"{since} · {number}: {each.what}", markup=False)
        out.print(f"    → `{each.command}`", markup=False)
    out.print(looked, markup=False)
    for unread in found.unread:
        err.print(f"{unread.kind}: could not be read ({unread.reason})", markup=False)
