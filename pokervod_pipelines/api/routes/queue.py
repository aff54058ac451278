"""List instructions, their outputs and the workers, and follow a hand to its graphics."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.api.context import ContextOf, Reading
from pokervod_pipelines.api.errors import NotFound, find_named
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.hand_visibility import show_hands
from pokervod_pipelines.api.routing import LARGEST, Items, PageOf, ReadRoute, make_items, needs
from pokervod_pipelines.api.visibility import ShownInstruction, VisibilityOf, show_instruction, show_output
from pokervod_pipelines.hands.listing import ListedHand, find_listed
from pokervod_pipelines.paging import Page
from pokervod_pipelines.periods import FORMS, PARAMETERS, read_period
from pokervod_pipelines.render.listing import InstructionFilter, page_instructions, show_versions
from pokervod_pipelines.render.outputs.store import StoredOutput, find_output, list_of_hand, page_outputs
from pokervod_pipelines.render.states import State
from pokervod_pipelines.render.workers import RegisteredWorker, list_workers

router = APIRouter(prefix="/api", tags=["queue"], route_class=ReadRoute)

EXAMPLES = read_examples("queue")

MOST_OF_HAND = 500

InstructionId = Annotated[int, Path(ge=1, le=LARGEST, description="The number of the instruction.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionDetails:
    """Hold an instruction, every version of its graphic, the oldest first, and its file; null where it has none."""

    instruction: ShownInstruction
    versions: list[ShownInstruction]
    output: StoredOutput | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainLink:
    """Tell how far one step from hand to file is."""

    step: Literal["Hand", "RenderInstruction", "RenderOutput"]
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFlow:
    """Follow a hand to its graphics; ``status_chain`` has it in a line, ``chain`` step by step."""

    hand: ListedHand
    instructions: list[ShownInstruction]
    outputs: list[StoredOutput]
    status_chain: str
    chain: list[ChainLink]


@router.get("/instructions", **needs(Role.VIEWER, example={"items": [EXAMPLES["instruction"]], "next": 41}))
def list_all(
    connection: Reading,
    context: ContextOf,
    page: PageOf,
    visibility: VisibilityOf,
    state: Annotated[list[State] | None, Query(description="In these states.")] = None,
    template: Annotated[str | None, Query(description="Of this template.", max_length=100)] = None,
    day: Annotated[date | None, Query(description="Of this broadcast day.")] = None,
    hand_id: Annotated[int | None, Query(ge=1, le=LARGEST, description="Made of this hand.")] = None,
    flagged: Annotated[
        bool | None, Query(description="Only those that a person should look at, or the others.")
    ] = None,
    in_force: Annotated[bool | None, Query(description="Without, or only, what a next version replaced.")] = None,
    since: Annotated[str, Query(description=f"Changed from then on: {FORMS}.", max_length=40)] = "",
    until: Annotated[str, Query(description="Changed until then.", max_length=40)] = "",
) -> Items[ShownInstruction]:
    """List render instructions, the newest first. Inside the broadcast delay viewers see no layers."""
    filters = InstructionFilter(
        states=tuple(state or ()),
        template=template,
        day=day,
        hand_id=hand_id,
        is_flagged=flagged,
        is_in_force=in_force,
        period=read_period(since, until, context.settings.zone, names=PARAMETERS),
    )
    found = page_instructions(connection, filters, page=page)
    return make_items([show_instruction(each, visibility) for each in found], page, lambda each: each.id)


@router.get("/instructions/{instruction_id}", **needs(Role.VIEWER, example=EXAMPLES["instruction_details"]))
def read_one(connection: Reading, visibility: VisibilityOf, instruction_id: InstructionId) -> InstructionDetails:
    """Return an instruction with every version of its graphic, and its file."""
    with find_named():
        versions = [show_instruction(each, visibility) for each in show_versions(connection, instruction_id)]
    output = find_output(connection, instruction_id)
    return InstructionDetails(
        instruction=next(each for each in versions if each.id == instruction_id),
        versions=versions,
        output=output and show_output(output, visibility),
    )


@router.get("/outputs", **needs(Role.VIEWER, example={"items": [EXAMPLES["output"]], "next": None}))
def list_outputs(
    connection: Reading,
    page: PageOf,
    visibility: VisibilityOf,
    instruction_id: Annotated[int | None, Query(ge=1, le=LARGEST, description="The file of this one.")] = None,
) -> Items[StoredOutput]:
    """List the files of completed instructions, the newest instruction first; paths are below the outputs folder."""
    found = [show_output(each, visibility) for each in page_outputs(connection, page, instruction_id=instruction_id)]
    return make_items(found, page, lambda each: each.instruction_id)


@router.get("/outputs/{instruction_id}", **needs(Role.VIEWER, example=EXAMPLES["output"]))
def read_output(connection: Reading, visibility: VisibilityOf, instruction_id: InstructionId) -> StoredOutput:
    """Return the facts of the file of an instruction; its bytes are at `/file`, a picture of it at `/preview`."""
    found = find_output(connection, instruction_id)
    if found is None:
        raise NotFound(f"instruction {instruction_id} has no file; GET /api/instructions/{instruction_id} says why")
    return show_output(found, visibility)


@router.get("/workers", **needs(Role.VIEWER, example=[EXAMPLES["worker"]]))
def list_registered(connection: Reading) -> list[RegisteredWorker]:
    """List every worker that was ever registered, those alive first."""
    return list_workers(connection)


@router.get("/data-flow", **needs(Role.VIEWER, example=EXAMPLES["data_flow"]))
def follow_hand(
    connection: Reading,
    visibility: VisibilityOf,
    hand_id: Annotated[int, Query(ge=1, le=LARGEST, description="The hand to follow.")],
) -> DataFlow:
    """Follow a hand to its instructions and their files."""
    with find_named():
        [hand] = show_hands(connection, [find_listed(connection, hand_id)], visibility)
    page = Page(limit=MOST_OF_HAND)
    found = page_instructions(connection, InstructionFilter(hand_id=hand_id), page=page)
    outputs = [show_output(each, visibility) for each in list_of_hand(connection, hand_id)]
    chain = [
        ChainLink(step="Hand", state=_describe_hand(hand)),
        ChainLink(step="RenderInstruction", state=_count(each.state for each in found if each.superseded_by is None)),
        ChainLink(step="RenderOutput", state=_count("damaged" if each.problem else "completed" for each in outputs)),
    ]
    return DataFlow(
        hand=hand,
        instructions=[show_instruction(each, visibility) for each in found],
        outputs=outputs,
        status_chain=" → ".join(f"{each.step} ({each.state})" for each in chain),
        chain=chain,
    )


def _describe_hand(hand: ListedHand) -> str:
    if hand.is_test:
        return "test"
    return f"grade {hand.grade}{', premium' if hand.is_premium else ''}" if hand.grade else "not graded"


def _count(states: Iterable[str]) -> str:
    """Return how many are in each state, the bare state where there is one.

    >>> _count(["completed", "pending", "completed"]), _count(["pending"]), _count([])
    ('2 completed, 1 pending', 'pending', 'none')
    """
    counts = Counter(map(str, states))
    if counts.total() == 1:
        return next(iter(counts))
    return ", ".join(f"{count} {state}" for state, count in counts.items()) or "none"
