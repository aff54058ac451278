"""``pokervod players``: who is on the clips, and which names mean one person."""

import getpass
from dataclasses import asdict
from typing import Annotated

import typer
from sqlalchemy import Engine

from pokervod_pipelines.cli.output import out, print_json, print_table
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.settings import Settings, load_settings

app = typer.Typer(no_args_is_help=True)

AliasArgument = Annotated[str, typer.Argument(help="A nickname, or a spelling found in a sheet.")]
ByOption = Annotated[str, typer.Option("--by", help="Who says so; default: the user of this terminal.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]


@app.command("list")
def list_(as_json: JsonOption = False) -> None:
    """List the players on clips, with how many clips each has and their aliases.

    Example: pokervod players list
    """
    from pokervod_pipelines.clips.roster import list_players  # noqa: PLC0415 - kept out of --help

    with open_database(load_settings()) as engine:
        players = list_players(engine)
    if as_json:
        print_json([asdict(player) for player in players])
        return
    rows = [(player.name, player.clips, ", ".join(player.aliases)) for player in players]
    print_table(f"{len(rows)} players", ("player", "clips", "aliases"), rows, right=("clips",))


@app.command("doubtful")
def doubtful(as_json: JsonOption = False) -> None:
    """List names that may be one person; say so with `pokervod players alias`.

    Example: pokervod players doubtful
    """
    from pokervod_pipelines.clips.roster import list_doubtful_players  # noqa: PLC0415 - kept out of --help

    with open_database(load_settings()) as engine:
        pairs = list_doubtful_players(engine)
    if as_json:
        print_json([asdict(pair) for pair in pairs])
        return
    rows = [(pair.one, pair.one_clips, pair.other, pair.other_clips, pair.reason) for pair in pairs]
    columns = ("one", "clips", "other", "its clips", "why")
    print_table(f"{len(rows)} doubtful pairs", columns, rows, right=("clips", "its clips"))


@app.command("alias")
def alias(
    alias: AliasArgument,
    player: Annotated[str, typer.Argument(help="The player's name, as it should be shown.")],
    by: ByOption = "",
) -> None:
    """Say that a name means a player; the clips follow at once.

    Example: pokervod players alias "Kid Poker" "Daniel Negreanu"
    """
    from pokervod_pipelines.clips.aliases import add_alias  # noqa: PLC0415 - kept out of --help

    settings = load_settings()
    with open_database(settings) as engine:
        made = add_alias(engine, alias, player, by or getpass.getuser())
        changed = _build_clips(engine, settings)
    out.print(f"{made.alias} means {made.player}; {changed} clips changed", markup=False)


@app.command("unalias")
def unalias(alias: AliasArgument, by: ByOption = "") -> None:
    """Take an alias back; the name is a player of its own again.

    Example: pokervod players unalias "Kid Poker"
    """
    from pokervod_pipelines.clips.aliases import remove_alias  # noqa: PLC0415 - kept out of --help

    settings = load_settings()
    with open_database(settings) as engine:
        removed = remove_alias(engine, alias, by or getpass.getuser())
        changed = _build_clips(engine, settings)
    out.print(f"{removed.alias} no longer means {removed.player}; {changed} clips changed", markup=False)


def _build_clips(engine: Engine, settings: Settings) -> int:
    from pokervod_pipelines.actors import new_correlation_id  # noqa: PLC0415 - kept out of --help
    from pokervod_pipelines.workflows.stages import SyncRun, run_clips_stage  # noqa: PLC0415

    run = SyncRun(engine=engine, settings=settings, correlation_id=new_correlation_id())
    return sum(run_clips_stage(run, sheet.name).counts["changed"] for sheet in settings.sheets)
