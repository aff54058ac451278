"""Define ``pokervod keys``: the API keys of programs."""

from dataclasses import asdict
from typing import Annotated

import typer

from pokervod_pipelines.access.keys import create_key, list_keys, revoke_key
from pokervod_pipelines.access.principal import read_role
from pokervod_pipelines.cli.options import ByOption, JsonOption, ReasonOption, read_actor
from pokervod_pipelines.cli.output import count_nouns, make_hint, out, print_json, print_table, show_time
from pokervod_pipelines.cli.users import RoleOption
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.periods import COMING, read_coming
from pokervod_pipelines.settings import load_settings

app = typer.Typer(no_args_is_help=True)

COLUMNS = ("name", "begins with", "user", "role", "created", "expires", "last used", "revoked")
NEVER = "never"

KeyArgument = Annotated[str, typer.Argument(metavar="NAME", help="The program that uses it.")]


@app.command("create")
def create(
    name: KeyArgument,
    owner: Annotated[str, typer.Option("--user", help="Whose key it is; it never has more rights than they have.")],
    role: RoleOption,
    reason: ReasonOption,
    expires: Annotated[
        str, typer.Option("--expires", metavar="TIME", help=f"{COMING}; `{NEVER}` without an end.")
    ] = "365d",
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Make an API key and show it, once; a program sends it as `Authorization: Bearer …` or `X-API-Key: …`.

    Example: pokervod keys create scoreboard --user anna --role viewer --reason "shows the queue"
    """
    settings, actor, known = load_settings(), read_actor(by, reason), read_role(role)
    ends = None if expires == NEVER else read_coming("--expires", expires, settings.zone)
    with open_database(settings) as engine, engine.begin() as connection:
        made = create_key(connection, owner, name, known, actor, expires_at=ends)
    if as_json:
        print_json(asdict(made.key) | {"key": made.token})
        return
    out.print(made.token, markup=False)
    until = f"until {show_time(made.key.expires_at)}" if made.key.expires_at else "until it is revoked"
    out.print(f"{made.key.role} for {made.key.user}, {until}. Store it now: it is not shown again.", markup=False)


@app.command("list")
def show_keys(
    owner: Annotated[str, typer.Option("--user", help="Only theirs.")] = "",
    show_all: Annotated[bool, typer.Option("--all", help="Also revoked ones.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List the API keys, what they may do and when they were used last; the keys themselves are not known.

    Example: pokervod keys list
    """
    with open_database(load_settings()) as engine, engine.connect() as connection:
        keys = list_keys(connection, owner or None, with_revoked=show_all)
    if as_json:
        print_json([asdict(each) for each in keys])
        return
    rows = [
        (
            each.name,
            each.prefix,
            each.user,
            each.effective_role,
            each.created_at,
            each.expires_at,
            each.last_used_at,
            each.revoked_at,
        )
        for each in keys
    ]
    step = 'make one by `pokervod keys create NAME --user USER --role viewer --reason "…"`'
    hint = make_hint(len(rows), are_others=bool(owner), first_step=step)
    print_table(count_nouns(len(rows), "key"), COLUMNS, rows, hint=hint)


@app.command("revoke")
def revoke(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name, or how it begins.")],
    reason: ReasonOption,
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """End an API key for good, at once.

    Example: pokervod keys revoke scoreboard --reason "it was in a screenshot"
    """
    settings, actor = load_settings(), read_actor(by, reason)
    with open_database(settings) as engine, engine.begin() as connection:
        key = revoke_key(connection, name, actor)
    if as_json:
        print_json(asdict(key))
        return
    out.print(f"key {key.name} ({key.prefix}…) of {key.user} is revoked", markup=False)
