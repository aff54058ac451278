"""Check the change of an instruction in each state when its content or its trigger changes."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from pokervod_pipelines.render.changes import StoredInstruction, describe_difference, plan_changes
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
STORED = StoredInstruction(
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
DIFFERENCE = "pot: 1,000 → 1,200"

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
    ("completed", {"flagged": DIFFERENCE}, OTHER, None),
    ("completed", {"flagged": "pot: 1,000 → 900"}, OTHER, "flag"),
    ("completed", {"flagged": DIFFERENCE}, SAME, "restore"),
    ("completed", {}, OUTPUT_ONLY, None),
    ("completed", {}, AGAIN, "supersede"),
    ("completed", {}, None, "withdraw"),
    ("completed", {"flagged": "outdated", "is_withdrawn": True}, None, None),
    ("completed", {"flagged": "outdated", "is_withdrawn": True}, SAME, "restore"),
    ("completed", {"flagged": "outdated", "is_withdrawn": True}, OTHER, "flag"),
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


def collect(*drafts: Draft) -> Drafts:
    return Drafts({draft.identity: draft for draft in drafts})


@pytest.mark.parametrize(("state", "marks", "draft", "kind"), TABLE)
def test_every_state_has_its_change(state: str, marks: dict[str, Any], draft: Draft | None, kind: str | None) -> None:
    stored = replace(STORED, state=state, **marks)

    plan = plan_changes(collect(draft) if draft else Drafts(), [stored])

    assert [change.kind for change in plan.changes] == ([kind] if kind else [])
    assert plan.unchanged == (0 if kind else 1)
    assert [change.draft for change in plan.changes] == ([draft if kind == "supersede" else None] if kind else [])
    assert all(change.reason for change in plan.changes)


def test_an_unknown_identity_is_new() -> None:
    other = replace(DRAFT, trigger_key="l")

    assert plan_changes(collect(DRAFT, other), [STORED]).new == (other,)


def test_a_person_s_request_is_never_withdrawn() -> None:
    assert not plan_changes(Drafts(), [replace(STORED, trigger_kind="person")]).changes


def test_the_reason_tells_a_deleted_trigger_a_missing_rule_and_a_bad_value_apart() -> None:
    seen = {STORED.identity[:2]}
    refused = Drafts({}, {STORED.identity: "layer 'player' is unknown"})

    reasons = [
        plan_changes(drafts, [STORED], existing).changes[0].reason
        for drafts, existing in ((Drafts(), set[tuple[str, str]]()), (Drafts(), seen), (refused, seen))
    ]

    assert reasons == [
        "the hand is not premium any more, is a test, or was withdrawn",
        "no rule makes it any more",
        "layer 'player' is unknown",
    ]


DIFFERENCES = [
    ({"pot": 1200}, "pot: 1,000 → 1,200"),
    ({"event": "WSOP"}, "event: nothing → WSOP"),
    ({"cards": ["As", "Td"]}, "cards: nothing → A♠ T♦"),
    ({"player": "x" * 80}, f"player: Ana → {'x' * 59}…"),
    ({"rows": [{"a": 1}]}, "rows: row 2: 2 b → nothing"),
    ({"rows": [{"a": 1}, {"a": 3, "b": "b"}, {"a": 4}]}, "rows: row 2: 2 b → 3 b and 1 more rows"),
]


@pytest.mark.parametrize(("change", "difference"), DIFFERENCES)
def test_a_difference_is_described_layer_by_layer(change: dict[str, Any], difference: str) -> None:
    before = {**LAYERS, **({"rows": [{"a": 1}, {"a": 2, "b": "b"}]} if "rows" in change else {})}
    stored = replace(STORED, layers=before)

    assert describe_difference(stored, replace(DRAFT, layers={**before, **change})) == difference
    assert describe_difference(stored, replace(DRAFT, layers=before)) == ""
    assert describe_difference(STORED, OUTPUT_ONLY) == "seconds: 8 → 9"
