"""Withdraw, correct and restore a hand, and settle where a hand and its sheet row say different things."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field
from sqlalchemy import Connection, Engine

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.actors import Actor
from pokervod_pipelines.api.actions import ActionRequest, Reason, Requested
from pokervod_pipelines.api.errors import find_named
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.routing import LARGEST, ReadRoute, needs
from pokervod_pipelines.hands.clip_link_store import settle_disagreement
from pokervod_pipelines.hands.hand import Hand
from pokervod_pipelines.hands.listing import ListedHand, find_listed
from pokervod_pipelines.settings import Settings

router = APIRouter(prefix="/api", tags=["hands"], route_class=ReadRoute)

EXAMPLES = read_examples("hand_actions")

MOST_PHH = 200_000

Decide = Callable[[Engine, Settings, Actor], None]

HandId = Annotated[int, Path(ge=1, le=LARGEST, description="The number of the hand.")]
DisagreementId = Annotated[int, Path(ge=1, le=LARGEST, description="The number of the disagreement.")]


class HandCorrection(Reason):
    """Hold the corrected text of the hand, in the open hand history format that `pokervod hands export` writes."""

    phh: str = Field(min_length=1, max_length=MOST_PHH, examples=['variant = "NT"\nantes = [0, 0]'])


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedHand:
    """Hold the hand as it counts now."""

    hand: ListedHand
    correlation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledDisagreement:
    """Name the disagreement that is settled."""

    disagreement_id: int
    state: str
    correlation_id: str


DECISION = needs(Role.OPERATOR, example=EXAMPLES["decided"], action=True)


@router.post("/hands/{hand_id}/withdraw", **DECISION)
def withdraw(request: Requested, hand_id: HandId, body: Reason) -> DecidedHand:
    """Withdraw a hand that must not count: it makes no graphic and is linked to no clip."""

    def decide(engine: Engine, settings: Settings, actor: Actor) -> None:
        from pokervod_pipelines.workflows.hand_decisions import withdraw_hand  # noqa: PLC0415 - loads the rules engine

        withdraw_hand(engine, settings, hand_id, actor=actor)

    return _decide(request, hand_id, body.reason, decide)


@router.post("/hands/{hand_id}/correct", **DECISION)
def correct(request: Requested, hand_id: HandId, body: HandCorrection) -> DecidedHand:
    """Correct a hand by an edited PHH text: what it says stays, whatever the table's file says."""
    corrected = _read_phh(request.context.settings, body.phh)

    def decide(engine: Engine, settings: Settings, actor: Actor) -> None:
        from pokervod_pipelines.workflows.hand_decisions import correct_hand  # noqa: PLC0415 - loads the rules engine

        correct_hand(engine, settings, hand_id, corrected, actor=actor)

    return _decide(request, hand_id, body.reason, decide)


def _read_phh(settings: Settings, text: str) -> Hand:
    from pokervod_pipelines.hands.imports import make_rules  # noqa: PLC0415 - loads the rules engine
    from pokervod_pipelines.hands.phh_import import read_one_text  # noqa: PLC0415

    rules = make_rules(settings)
    return read_one_text(text.removeprefix("\ufeff"), "phh", rules.grade, rules.days)


@router.post("/hands/{hand_id}/restore", **DECISION)
def restore(request: Requested, hand_id: HandId, body: Reason) -> DecidedHand:
    """Undo the withdrawal and the correction of a hand."""

    def decide(engine: Engine, settings: Settings, actor: Actor) -> None:
        from pokervod_pipelines.workflows.hand_decisions import restore_hand  # noqa: PLC0415 - loads the rules engine

        restore_hand(engine, settings, hand_id, actor=actor)

    return _decide(request, hand_id, body.reason, decide)


def _decide(request: ActionRequest, hand_id: int, reason: str, decide: Decide) -> DecidedHand:
    with request.context.database.connect() as connection, find_named():
        find_listed(connection, hand_id)

    def act(engine: Engine, actor: Actor) -> DecidedHand:
        decide(engine, request.context.settings, actor)
        with engine.connect() as connection:
            return DecidedHand(hand=find_listed(connection, hand_id), correlation_id=actor.correlation_id)

    return request.run_apart(DecidedHand, reason, act, look_at=f"/api/hands/{hand_id}")


@router.post(
    "/disagreements/{disagreement_id}/settle", **needs(Role.OPERATOR, example=EXAMPLES["settled"], action=True)
)
def settle(request: Requested, disagreement_id: DisagreementId, body: Reason) -> SettledDisagreement:
    """Settle a disagreement; it opens again only when hand or sheet change."""

    def act(connection: Connection, actor: Actor) -> SettledDisagreement:
        with find_named():
            settle_disagreement(connection, disagreement_id, actor=actor)
        return SettledDisagreement(
            disagreement_id=disagreement_id, state="settled", correlation_id=actor.correlation_id
        )

    return request.run(SettledDisagreement, body.reason, act)
