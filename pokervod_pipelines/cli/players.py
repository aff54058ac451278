"""Define ``pokervod players``: list the players on the clips, and manage their aliases."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated

import typer
from sqlalchemy import Connection, Engine

from pokervod_pipelines.cli.options import ByOption, JsonOption, PreviewOption, read_actor
from pokervod_pipelines.cli.output import count_nouns, make_hint, out, print_json, print_table
from pokervod_pipelines.clips.aliases import add_alias, record_alias, remove_alias, withdraw_alias
from pokervod_pipelines.clips.build import list_due_rows, read_decided
from pokervod_pipelines.clips.roster import list_doubtful_players, list_players
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.settings import Settings, load_settings
from pokervod_pipelines.sheets.own_rows import BY_HAND
from pokervod_pipelines.workflows.stages import SyncRun, run_clips_stage

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
            _print_due_clips(engine, settings, lambda connection: record_alias(connection, alias, player, actor=actor))
            return
        made = add_alias(engine, alias, player, actor=actor)
        changed = _build_clips(engine, settings, actor.correlation_id)
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
            _print_due_clips(engine, settings, lambda connection: withdraw_alias(connection, alias, actor=actor))
            return
        removed = remove_alias(engine, alias, actor=actor)
        changed = _build_clips(engine, settings, actor.correlation_id)
    out.print(f"{removed.alias} no longer means {removed.player}; {count_nouns(changed, 'clip')} changed", markup=False)


def _print_due_clips(engine: Engine, settings: Settings, act: Callable[[Connection], object]) -> None:
    """List the clips that a build changes after the action, which is rolled back."""
    with engine.connect() as connection:
        act(connection)
        decided = read_decided(connection)
        due = [(sheet, row) for sheet in _list_sheets(settings) for row in list_due_rows(connection, sheet, decided)]
        connection.rollback()
    rows = [(sheet, row.tab, row.row_number, " | ".join(row.content["players"])) for sheet, row in due]
    title = f"{count_nouns(len(rows), 'clip')} would be changed"
    print_table(title, ("sheet", "tab", "row", "players"), rows, right=("row",))


def _build_clips(engine: Engine, settings: Settings, correlation_id: str) -> int:
    run = SyncRun(engine=engine, settings=settings, correlation_id=correlation_id)
    return sum(run_clips_stage(run, sheet).counts["changed"] for sheet in _list_sheets(settings))


def _list_sheets(settings: Settings) -> list[str]:
    """Return the sheets that have clips, with that of clips which people made."""
    return [*(sheet.name for sheet in settings.sheets), BY_HAND]
