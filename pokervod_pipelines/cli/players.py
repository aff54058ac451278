"""Define ``pokervod players``: list the players on the clips, and manage their aliases."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from pokervod_pipelines.cli.options import ByOption, JsonOption, PreviewOption, read_actor
from pokervod_pipelines.cli.output import count_nouns, make_hint, out, print_json, print_table
from pokervod_pipelines.clips.roster import list_doubtful_players, list_players
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.settings import load_settings
from pokervod_pipelines.workflows.player_aliases import (
    DueClip,
    alias_player,
    preview_alias,
    preview_unalias,
    unalias_player,
)

app = typer.Typer(no_args_is_help=True)

AliasArgument = Annotated[str, typer.Argument(help="A nickname, or a spelling found in a sheet.")]
OptionalReason = Annotated[str, typer.Option("--reason", help="Why (audited); optional.")]
NO_REASON = "no reason given"


@app.command("list")
def list_(as_json: JsonOption = False) -> None:
    """List the players on clips, with the number of clips and the aliases of each.

    Example: pokervod players list
    """
    with open_database(load_settings()) as engine:
        players = list_players(engine)
    if as_json:
        print_json([asdict(player) for player in players])
        return
    rows = [(player.name, player.clips, ", ".join(player.aliases)) for player in players]
    hint = make_hint(len(rows), first_step="`pokervod sync` makes the clips of the sheets")
    print_table(count_nouns(len(rows), "player"), ("player", "clips", "aliases"), rows, right=("clips",), hint=hint)


@app.command("doubtful")
def doubtful(as_json: JsonOption = False) -> None:
    """List names that may be one person; decide with `pokervod players alias`.

    Example: pokervod players doubtful
    """
    with open_database(load_settings()) as engine:
        pairs = list_doubtful_players(engine)
    if as_json:
        print_json([asdict(pair) for pair in pairs])
        return
    rows = [(pair.one, pair.one_clips, pair.other, pair.other_clips, pair.reason) for pair in pairs]
    columns = ("one", "clips", "other", "its clips", "why")
    decide = "`pokervod players alias ALIAS PLAYER` makes two names one player."
    hint = decide if rows else "No two names seem to be one person."
    print_table(count_nouns(len(rows), "doubtful pair"), columns, rows, right=("clips", "its clips"), hint=hint)


@app.command("alias")
def alias(
    alias: AliasArgument,
    player: Annotated[str, typer.Argument(help="The player's name, as it should be shown.")],
    preview: PreviewOption = False,
    by: ByOption = "",
    reason: OptionalReason = NO_REASON,
) -> None:
    """Make a name mean a player, and update the clips; `--preview` lists them first.

    Example: pokervod players alias "The Captain" "Captain Nit"
    """
    settings, actor = load_settings(), read_actor(by, reason)
    with open_database(settings) as engine:
        if preview:
            _print_due_clips(preview_alias(engine, settings, alias, player, actor=actor))
            return
        made, changed = alias_player(engine, settings, alias, player, actor=actor)
    undo = f'`pokervod players unalias "{made.alias}"`'
    out.print(f"{made.alias} means {made.player}; {count_nouns(changed, 'clip')} changed; undo: {undo}", markup=False)


@app.command("unalias")
def unalias(
    alias: AliasArgument, preview: PreviewOption = False, by: ByOption = "", reason: OptionalReason = NO_REASON
) -> None:
    """Delete an alias, and update the clips; `--preview` lists them first. The name is a player of its own again.

    Example: pokervod players unalias "The Captain"
    """
    settings, actor = load_settings(), read_actor(by, reason)
    with open_database(settings) as engine:
        if preview:
            _print_due_clips(preview_unalias(engine, settings, alias, actor=actor))
            return
        removed, changed = unalias_player(engine, settings, alias, actor=actor)
    out.print(f"{removed.alias} no longer means {removed.player}; {count_nouns(changed, 'clip')} changed", markup=False)


def _print_due_clips(due: Sequence[DueClip]) -> None:
    rows = [(each.sheet, each.tab, each.row_number, " | ".join(each.players)) for each in due]
    title = f"{count_nouns(len(rows), 'clip')} would be changed"
    print_table(title, ("sheet", "tab", "row", "players"), rows, right=("row",))
