"""List the hands of the tables, and show one whole."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from sqlalchemy import Connection

from pokervod_pipelines import decisions
from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.api.context import ContextOf, Reading
from pokervod_pipelines.api.errors import find_named
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.hand_visibility import (
    cover_clip,
    cover_finding,
    cover_hand,
    cover_listed,
    show_disagreement,
    show_hands,
)
from pokervod_pipelines.api.routing import LARGEST, MOST, Items, PageOf, ReadRoute, make_items, needs
from pokervod_pipelines.api.visibility import WITHHELD, ShownInstruction, VisibilityOf, show_instruction
from pokervod_pipelines.decisions import DecisionKind
from pokervod_pipelines.hands.clip_link_store import Disagreement, list_disagreements
from pokervod_pipelines.hands.hand import BadContent, Hand
from pokervod_pipelines.hands.listing import (
    HandFilter,
    LinkedClip,
    ListedHand,
    StoredFinding,
    find_listed,
    page_hands,
    read_findings,
    read_hand,
    read_linked_clips,
    read_provenance,
)
from pokervod_pipelines.paging import Page
from pokervod_pipelines.periods import FORMS, PARAMETERS, read_period
from pokervod_pipelines.render.listing import InstructionFilter, page_instructions
from pokervod_pipelines.workflows.hand_places import HandPlace, locate_hand

router = APIRouter(prefix="/api/hands", tags=["hands"], route_class=ReadRoute)

EXAMPLES = read_examples("hands")


@router.get("", **needs(Role.VIEWER, example={"items": [EXAMPLES["hand"]], "next": 16}))
def list_all(
    connection: Reading,
    context: ContextOf,
    visibility: VisibilityOf,
    page: PageOf,
    day: Annotated[date | None, Query(description="Of this broadcast day.")] = None,
    session: Annotated[int | None, Query(ge=1, le=LARGEST, description="Of this session.")] = None,
    grade: Annotated[list[Literal["A", "B", "C"]] | None, Query(description="Of these grades.")] = None,
    premium: Annotated[bool | None, Query(description="Only premium hands, or only the others.")] = None,
    table: Annotated[str, Query(description="Of tables with this text in their name.", max_length=100)] = "",
    tests: Annotated[bool | None, Query(description="False: without hands played to test the table.")] = None,
    withdrawn: Annotated[bool | None, Query(description="True: only hands that were withdrawn.")] = None,
    since: Annotated[str, Query(description=f"Played from then on: {FORMS}.", max_length=40)] = "",
    until: Annotated[str, Query(description="Played until then.", max_length=40)] = "",
) -> Items[ListedHand]:
    """List hands, the last played first; hole cards are in none of them.

    Inside the broadcast delay viewers do not see the rank of the best hand either.
    """
    filters = HandFilter(
        day=day,
        session=session,
        grades=tuple(grade or ()),
        premium=premium,
        table=table,
        tests=tests is not False,
        withdrawn=withdrawn is True,
        period=read_period(since, until, context.settings.zone, names=PARAMETERS),
    )
    return make_items(
        show_hands(connection, page_hands(connection, filters, page), visibility), page, lambda each: each.hand_id
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HandDecision:
    """Hold what a person decided about a hand: it was withdrawn or corrected."""

    kind: DecisionKind
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownClip:
    """Hold a clip that shows the hand, and where in its video; null where the video is not known."""

    clip: LinkedClip
    place: HandPlace | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandDetails:
    """Hold a hand street by street, with all that belongs to it; `played` is null where what is stored is no hand.

    Where `withheld`, its hole cards, and sentences that may name them, are left out until the broadcast delay is over.
    """

    hand: ListedHand
    withheld: bool
    played: Hand | None
    findings: list[StoredFinding]
    clips: list[ShownClip]
    instructions: list[ShownInstruction]
    disagreements: list[Disagreement]
    decisions: list[HandDecision]
    withdrawn_by: str | None
    file: str | None
    created_at: datetime
    changed_at: datetime


@router.get("/{hand_id}", **needs(Role.VIEWER, example=EXAMPLES["details"]))
def read_one(
    connection: Reading,
    context: ContextOf,
    visibility: VisibilityOf,
    hand_id: Annotated[int, Path(ge=1, le=LARGEST, description="The number of the hand.")],
) -> HandDetails:
    """Return a hand whole: seats, streets, pots, findings, clips, instructions, decisions of people."""
    with find_named():
        listed = find_listed(connection, hand_id)
    known = read_provenance(connection, hand_id)
    is_covered = visibility.hides(known["created_at"])
    hand = _read_played(connection, hand_id)
    findings, clips = read_findings(connection, hand_id), read_linked_clips(connection, hand_id)
    places = {} if is_covered or hand is None else locate_hand(connection, context.settings, hand, clips)
    found = page_instructions(connection, InstructionFilter(hand_id=hand_id), page=Page(limit=MOST))
    disagreements = list_disagreements(connection, settled=None, hand_id=hand_id)
    return HandDetails(
        hand=cover_listed(listed) if is_covered else listed,
        withheld=is_covered,
        played=cover_hand(hand) if hand and is_covered else hand,
        findings=[cover_finding(each) if is_covered else each for each in findings],
        clips=[
            ShownClip(clip=cover_clip(each) if is_covered else each, place=places.get(each.clip_id)) for each in clips
        ],
        instructions=[show_instruction(each, visibility) for each in found],
        disagreements=[show_disagreement(each, visibility) for each in disagreements],
        decisions=[
            HandDecision(
                kind=each.kind,
                by=each.by,
                reason=WITHHELD if is_covered or visibility.hides(each.at) else each.reason,
                at=each.at,
            )
            for kind in (DecisionKind.HAND_WITHDRAWAL, DecisionKind.HAND_CORRECTION)
            for each in decisions.read_in_force(connection, kind, {"hand_id": hand_id})
        ],
        withdrawn_by=known["withdrawn_by"],
        file=known["file"],
        created_at=known["created_at"],
        changed_at=known["changed_at"],
    )


def _read_played(connection: Connection, hand_id: int) -> Hand | None:
    """Return the hand, None where what is stored is none: a finding says so."""
    try:
        return read_hand(connection, hand_id)
    except BadContent:
        return None
