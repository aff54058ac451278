"""Make a name mean a player for a person, take that back, and update the clips of every sheet; or preview them."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.clips.aliases import Alias, add_alias, record_alias, remove_alias, withdraw_alias
from pokervod_pipelines.clips.build import list_due_rows, read_decided
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets.own_rows import BY_HAND
from pokervod_pipelines.workflows.stages import SyncRun, run_clips_stage


@dataclass(frozen=True, slots=True, kw_only=True)
class DueClip:
    """Name a clip that an alias would change, by its row, with the players as its sheet has them."""

    sheet: str
    tab: str
    row_number: int
    players: tuple[str, ...]


def alias_player(engine: Engine, settings: Settings, alias: str, player: str, *, actor: Actor) -> tuple[Alias, int]:
    """Make the alias mean the player and update the clips; return it with how many changed. Raises ``BadInput``."""
    made = add_alias(engine, alias, player, actor=actor)
    return made, _build_clips(engine, settings, actor)


def unalias_player(engine: Engine, settings: Settings, alias: str, *, actor: Actor) -> tuple[Alias, int]:
    """Delete the alias and update the clips; return what it was with how many changed. Raises ``BadInput``."""
    removed = remove_alias(engine, alias, actor=actor)
    return removed, _build_clips(engine, settings, actor)


def preview_alias(engine: Engine, settings: Settings, alias: str, player: str, *, actor: Actor) -> list[DueClip]:
    """Return the clips that ``alias_player`` would change. Raises what it raises."""
    return _preview(engine, settings, lambda connection: record_alias(connection, alias, player, actor=actor))


def preview_unalias(engine: Engine, settings: Settings, alias: str, *, actor: Actor) -> list[DueClip]:
    """Return the clips that ``unalias_player`` would change. Raises what it raises."""
    return _preview(engine, settings, lambda connection: withdraw_alias(connection, alias, actor=actor))


def _preview(engine: Engine, settings: Settings, act: Callable[[Connection], object]) -> list[DueClip]:
    """Return the clips that a build changes after the action, which is rolled back."""
    with engine.connect() as connection:
        act(connection)
        decided = read_decided(connection)
        due = [(sheet, row) for sheet in _list_sheets(settings) for row in list_due_rows(connection, sheet, decided)]
        connection.rollback()
    return [
        DueClip(sheet=sheet, tab=row.tab, row_number=row.row_number, players=tuple(row.content["players"]))
        for sheet, row in due
    ]


def _build_clips(engine: Engine, settings: Settings, actor: Actor) -> int:
    run = SyncRun(engine=engine, settings=settings, correlation_id=actor.correlation_id)
    return sum(run_clips_stage(run, sheet).counts["changed"] for sheet in _list_sheets(settings))


def _list_sheets(settings: Settings) -> list[str]:
    """Return the sheets that have clips, with that of clips which people made."""
    return [*(sheet.name for sheet in settings.sheets), BY_HAND]
