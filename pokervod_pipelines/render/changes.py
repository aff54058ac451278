"""Plan how stored instructions change when the drafts differ from them; ``store`` applies the plan. Pure.

Only the newest version of an identity counts. A running or completed instruction is never changed in place: it is
stopped, or flagged.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Literal

from pokervod_pipelines.render.drafts import Draft, Drafts, Identity
from pokervod_pipelines.render.expressions import show_cards, show_chips
from pokervod_pipelines.render.triggers import WITHDRAWAL_REASONS

MAX_SHOWN = 60
NO_RULE = "no rule makes it any more"

ChangeKind = Literal["supersede", "flag", "withdraw", "restore"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredInstruction:
    """Hold the part of an instruction in force that decides whether it changes."""

    id: int
    trigger_kind: str
    trigger_key: str
    template: str
    version: int
    state: str
    digest: str
    layers: Mapping[str, Any]
    output: Mapping[str, Any]
    flagged: str | None
    is_withdrawn: bool

    @property
    def identity(self) -> Identity:
        """Return the identity that it is in force for."""
        return self.trigger_kind, self.trigger_key, self.template


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionChange:
    """Describe what happens to an instruction; ``draft`` is the next version, where there is one.

    - supersede: a next version replaces it; a pending one is cancelled, a running one is stopped
    - flag: it is completed, and ``reason`` says what it shows that is outdated
    - withdraw: nothing triggers it any more; pending is cancelled, running is stopped, completed is flagged
    - restore: its flag or withdrawal is removed, since it is up to date again
    """

    kind: ChangeKind
    stored: StoredInstruction
    reason: str
    draft: Draft | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionPlan:
    """List what to do: ``new`` are drafts of identities without any instruction."""

    new: tuple[Draft, ...]
    changes: tuple[InstructionChange, ...]
    unchanged: int


def plan_changes(
    drafts: Drafts, stored: Iterable[StoredInstruction], seen: Set[tuple[str, str]] = frozenset()
) -> InstructionPlan:
    """Return what has to change so that the stored instructions are as the drafts; those of people stay as they are.

    ``seen`` are kind and key of the triggers that exist, to tell a deleted trigger from one that no rule fits.
    """
    known = {each.identity: each for each in stored}
    changes: list[InstructionChange] = []
    for identity, each in known.items():
        draft = drafts.drafts.get(identity)
        reason = drafts.refused.get(identity) or (
            NO_RULE if identity[:2] in seen else WITHDRAWAL_REASONS.get(identity[0], "")
        )
        change = _compare(each, draft) if draft else _withdraw(each, reason)
        changes += [change] if change else []
    new = tuple(draft for identity, draft in drafts.drafts.items() if identity not in known)
    return InstructionPlan(new=new, changes=tuple(changes), unchanged=len(known) - len(changes))


def _compare(each: StoredInstruction, draft: Draft) -> InstructionChange | None:
    if each.state == "cancelled":
        return _supersede(each, draft, "requested again") if each.is_withdrawn else None
    difference = describe_difference(each, draft)
    if each.state == "pending":
        return _supersede(each, draft, difference) if each.digest != draft.digest else None
    is_same = each.layers == draft.layers
    if each.state == "processing":
        is_outdated = each.is_withdrawn or not is_same
        return _supersede(each, draft, difference or "requested again") if is_outdated else None
    if is_same:
        is_clear = each.flagged is None and not each.is_withdrawn
        return None if is_clear else InstructionChange(kind="restore", stored=each, reason="it is up to date again")
    if draft.again or each.state != "completed":
        return _supersede(each, draft, difference)
    return None if each.flagged == difference else InstructionChange(kind="flag", stored=each, reason=difference)


def _supersede(each: StoredInstruction, draft: Draft, reason: str) -> InstructionChange:
    return InstructionChange(kind="supersede", stored=each, reason=reason, draft=draft)


def _withdraw(each: StoredInstruction, reason: str) -> InstructionChange | None:
    if each.trigger_kind not in WITHDRAWAL_REASONS or each.is_withdrawn or each.state == "cancelled":
        return None
    return InstructionChange(kind="withdraw", stored=each, reason=reason)


def describe_difference(each: StoredInstruction, draft: Draft) -> str:
    """Return what differs in the next version, layer by layer; empty where nothing does."""
    return "; ".join(
        f"{name}: {_describe_change(before.get(name), after.get(name))}"
        for before, after in ((each.layers, draft.layers), (each.output, draft.output))
        for name in (*before, *(key for key in after if key not in before))
        if before.get(name) != after.get(name)
    )


def _describe_change(before: Any, after: Any) -> str:
    if not (_are_rows(before) and _are_rows(after)):
        return f"{_describe(before)} → {_describe(after)}"
    pairs = [*zip_longest(before, after)]
    differing = [number for number, (old, new) in enumerate(pairs, 1) if old != new]
    old, new = pairs[differing[0] - 1]
    more = f" and {len(differing) - 1} more rows" if len(differing) > 1 else ""
    return f"row {differing[0]}: {_describe_row(old)} → {_describe_row(new)}{more}"


def _are_rows(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(row, dict) for row in value)


def _describe(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, list):
        return f"{len(value)} rows" if _are_rows(value) else show_cards(value)
    return _shorten(show_chips(value) if isinstance(value, int | float) else str(value))


def _describe_row(row: Mapping[str, Any] | None) -> str:
    return "nothing" if row is None else _shorten(" ".join(_describe(value) for value in row.values()))


def _shorten(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"
