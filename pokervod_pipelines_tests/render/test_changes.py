"""What becomes of an instruction in each state when what it shows, or what asks for it, changes."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from pokervod_pipelines.render.changes import Standing, describe_difference, plan_changes
from pokervod_pipelines.render.drafts import Draft, Drafts

LAYERS: dict[str, Any] = {"player": "Ana", "pot": 1000}
OUTPUT = {"format": "mp4", "seconds": 8.0}
DRAFT = Draft(
    trigger_kind="premium_hand",
    trigger_key="k",
    template="premium_hand",
    layers=LAYERS,
    output=OUTPUT,
    priority=2,
    day=date(2031, 5, 4),
    by="rule premium_hand",
    reason="a hand",
)
STANDING = Standing(
    id=1,
    trigger_kind="premium_hand",
    trigger_key="k",
    template="premium_hand",
    version=1,
    state="pending",
    digest=DRAFT.digest,
    layers=LAYERS,
    output=OUTPUT,
    flagged=None,
    is_withdrawn=False,
)
SAME = DRAFT
OTHER = replace(DRAFT, layers={"player": "Ana", "pot": 1200})
OUTPUT_ONLY = replace(DRAFT, output={**OUTPUT, "seconds": 9.0})
AGAIN = replace(OTHER, again=True)
SAID = "pot: 1,000 → 1,200"

TABLE = [
    ("pending", {}, SAME, None),
    ("pending", {}, OTHER, "supersede"),
    ("pending", {}, OUTPUT_ONLY, "supersede"),
    ("pending", {}, None, "withdraw"),
    ("processing", {}, SAME, None),
    ("processing", {}, OTHER, "supersede"),
    ("processing", {}, OUTPUT_ONLY, None),
    ("processing", {}, None, "withdraw"),
    ("processing", {"is_withdrawn": True}, None, None),
    ("processing", {"is_withdrawn": True}, SAME, "supersede"),
    ("completed", {}, SAME, None),
    ("completed", {}, OTHER, "flag"),
    ("completed", {"flagged": SAID}, OTHER, None),
    ("completed", {"flagged": "pot: 1,000 → 900"}, OTHER, "flag"),
    ("completed", {"flagged": SAID}, SAME, "restore"),
    ("completed", {}, OUTPUT_ONLY, None),
    ("completed", {}, AGAIN, "supersede"),
    ("completed", {}, None, "withdraw"),
    ("completed", {"flagged": "gone", "is_withdrawn": True}, None, None),
    ("completed", {"flagged": "gone", "is_withdrawn": True}, SAME, "restore"),
    ("completed", {"flagged": "gone", "is_withdrawn": True}, OTHER, "flag"),
    ("failed", {}, SAME, None),
    ("failed", {}, OTHER, "supersede"),
    ("failed", {}, None, "withdraw"),
    ("failed", {"is_withdrawn": True}, SAME, "restore"),
    ("timed_out", {}, SAME, None),
    ("timed_out", {}, OTHER, "supersede"),
    ("cancelled", {}, SAME, None),
    ("cancelled", {}, OTHER, None),
    ("cancelled", {}, None, None),
    ("cancelled", {"is_withdrawn": True}, SAME, "supersede"),
    ("cancelled", {"is_withdrawn": True}, None, None),
]


def wish(*drafts: Draft) -> Drafts:
    return Drafts({draft.identity: draft for draft in drafts})


@pytest.mark.parametrize(("state", "marks", "draft", "kind"), TABLE)
def test_every_state_has_its_change(state: str, marks: dict[str, Any], draft: Draft | None, kind: str | None) -> None:
    standing = replace(STANDING, state=state, **marks)

    plan = plan_changes(wish(draft) if draft else Drafts(), [standing])

    assert [change.kind for change in plan.changes] == ([kind] if kind else [])
    assert plan.unchanged == (0 if kind else 1)
    assert [change.draft for change in plan.changes] == ([draft if kind == "supersede" else None] if kind else [])
    assert all(change.reason for change in plan.changes)


def test_what_nobody_has_seen_is_new() -> None:
    other = replace(DRAFT, trigger_key="l")

    assert plan_changes(wish(DRAFT, other), [STANDING]).new == (other,)


def test_what_a_person_asked_for_is_never_withdrawn() -> None:
    assert not plan_changes(Drafts(), [replace(STANDING, trigger_kind="person")]).changes


def test_the_reason_tells_what_is_gone_from_what_no_rule_fits_and_from_what_cannot_be_drawn() -> None:
    seen = {STANDING.identity[:2]}
    refused = Drafts({}, {STANDING.identity: "layer 'player' is not known"})

    reasons = [
        plan_changes(wanted, [STANDING], there).changes[0].reason
        for wanted, there in ((Drafts(), set[tuple[str, str]]()), (Drafts(), seen), (refused, seen))
    ]

    assert reasons == [
        "the hand is not premium any more, or is a test",
        "no rule asks for it any more",
        "layer 'player' is not known",
    ]


DIFFERENCES = [
    ({"pot": 1200}, "pot: 1,000 → 1,200"),
    ({"event": "WSOP"}, "event: nothing → WSOP"),
    ({"cards": ["As", "Td"]}, "cards: nothing → A♠ T♦"),
    ({"player": "x" * 80}, f"player: Ana → {'x' * 59}…"),
    ({"rows": [{"a": 1}]}, "rows: row 2: 2 b → nothing"),
    ({"rows": [{"a": 1}, {"a": 3, "b": "b"}, {"a": 4}]}, "rows: row 2: 2 b → 3 b and 1 more rows"),
]


@pytest.mark.parametrize(("change", "said"), DIFFERENCES)
def test_a_difference_is_said_layer_by_layer(change: dict[str, Any], said: str) -> None:
    before = {**LAYERS, **({"rows": [{"a": 1}, {"a": 2, "b": "b"}]} if "rows" in change else {})}
    standing = replace(STANDING, layers=before)

    assert describe_difference(standing, replace(DRAFT, layers={**before, **change})) == said
    assert describe_difference(standing, replace(DRAFT, layers=before)) == ""
    assert describe_difference(STANDING, OUTPUT_ONLY) == "seconds: 8 → 9"
