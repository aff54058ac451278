"""Make a name mean a player, and take that back; each lists first which clips it would change."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy import Engine

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.actors import Actor
from pokervod_pipelines.api.actions import ActionRequest, Requested
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.previews import MOST_SHOWN, PreviewedChange, Words
from pokervod_pipelines.api.routing import ReadRoute, needs
from pokervod_pipelines.clips.aliases import Alias

if TYPE_CHECKING:
    from pokervod_pipelines.workflows.player_aliases import DueClip

router = APIRouter(prefix="/api/players", tags=["players"], route_class=ReadRoute)

EXAMPLES = read_examples("player_actions")

AliasText = Annotated[
    Words, Field(min_length=1, description="A nickname, or a spelling found in a sheet.", examples=["The Captain"])
]


class AliasRequest(PreviewedChange):
    """Say which player a name means, as it should be shown."""

    alias: AliasText
    player: Words = Field(min_length=1, examples=["Captain Nit"])


class UnaliasRequest(PreviewedChange):
    """Name the alias that is one no more."""

    alias: AliasText


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedClip:
    """Name a clip by its row, with the players as the sheet has them."""

    sheet: str
    tab: str
    row_number: int
    players: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasAnswer:
    """Hold the alias, null of a ``dry_run``, and how many clips changed or would; ``clips`` are the first of these."""

    dry_run: bool
    alias: Alias | None
    count: int
    clips: Sequence[ChangedClip]
    correlation_id: str


DECISION = needs(Role.OPERATOR, example=EXAMPLES["aliased"], action=True)

ALIASES = "/api/players/aliases"


@router.post("/alias", **DECISION)
def add(request: Requested, body: AliasRequest) -> AliasAnswer:
    """Make a name mean a player, whatever it meant before, and update the clips."""
    from pokervod_pipelines.workflows import player_aliases  # noqa: PLC0415 - loads many rooms

    settings = request.context.settings
    if body.dry_run:
        due = player_aliases.preview_alias(
            _find_engine(request), settings, body.alias, body.player, actor=_make_viewer(request)
        )
        return _preview(request, [_name(each) for each in due])

    def act(engine: Engine, actor: Actor) -> AliasAnswer:
        made, count = player_aliases.alias_player(engine, settings, body.alias, body.player, actor=actor)
        return _tell(request, made, count)

    return request.run_apart(AliasAnswer, body.reason, act, look_at=ALIASES, is_repeatable=True)


@router.post("/unalias", **DECISION)
def remove(request: Requested, body: UnaliasRequest) -> AliasAnswer:
    """Delete an alias and update the clips: the name is a player of its own again."""
    from pokervod_pipelines.workflows import player_aliases  # noqa: PLC0415 - loads many rooms

    settings = request.context.settings
    if body.dry_run:
        due = player_aliases.preview_unalias(_find_engine(request), settings, body.alias, actor=_make_viewer(request))
        return _preview(request, [_name(each) for each in due])

    def act(engine: Engine, actor: Actor) -> AliasAnswer:
        removed, count = player_aliases.unalias_player(engine, settings, body.alias, actor=actor)
        return _tell(request, removed, count)

    return request.run_apart(AliasAnswer, body.reason, act, look_at=ALIASES)


def _name(due: "DueClip") -> ChangedClip:
    return ChangedClip(sheet=due.sheet, tab=due.tab, row_number=due.row_number, players=due.players)


def _find_engine(request: ActionRequest) -> Engine:
    return request.context.database.require().engine


def _make_viewer(request: ActionRequest) -> Actor:
    """Return who looks; nothing of what he does stays."""
    return request.principal.make_actor("preview", request.correlation_id)


def _tell(request: ActionRequest, alias: Alias, count: int) -> AliasAnswer:
    return AliasAnswer(dry_run=False, alias=alias, count=count, clips=(), correlation_id=request.correlation_id)


def _preview(request: ActionRequest, clips: Sequence[ChangedClip]) -> AliasAnswer:
    return AliasAnswer(
        dry_run=True,
        alias=None,
        count=len(clips),
        clips=clips[:MOST_SHOWN],
        correlation_id=request.correlation_id,
    )
