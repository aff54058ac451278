"""What becomes of the instructions that exist when the drafts say otherwise: decided here, done in ``store``. Pure.

Only the newest version of an identity is looked at. What a worker holds or has finished is never changed under it:
it is asked to stop, or flagged.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Literal

from pokervod_pipelines.render.drafts import Draft, Drafts, Identity
from pokervod_pipelines.render.expressions import show_cards, show_chips
from pokervod_pipelines.render.triggers import GONE

LONGEST_SHOWN = 60
NOT_ASKED = "no rule asks for it any more"

Kind = Literal["supersede", "flag", "withdraw", "restore"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An instruction in force as it is stored."""

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
        """What it is in force for."""
        return self.trigger_kind, self.trigger_key, self.template


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to happen to an instruction; ``draft`` is the next version, where there is one.

    - supersede: a next version takes its place; pending is cancelled, what is rendered now is asked to stop
    - flag: finished, and ``reason`` says what is not true any more
    - withdraw: nothing asks for it any more; pending is cancelled, rendered now is asked to stop, finished is flagged
    - restore: what was said against it does not hold any more
    """

    kind: Kind
    standing: Standing
    reason: str
    draft: Draft | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do: ``new`` are drafts of identities never seen before."""

    new: tuple[Draft, ...]
    changes: tuple[Change, ...]
    unchanged: int


def plan_changes(wanted: Drafts, standing: Iterable[Standing], seen: Set[tuple[str, str]] = frozenset()) -> Plan:
    """Return what has to happen so that what stands is what is wanted; a person's instructions stand for themselves.

    ``seen`` are kind and key of the triggers that are there, so that one that is gone is told from one no rule fits.
    """
    known = {each.identity: each for each in standing}
    changes: list[Change] = []
    for identity, each in known.items():
        draft = wanted.drafts.get(identity)
        reason = wanted.refused.get(identity) or (NOT_ASKED if identity[:2] in seen else GONE.get(identity[0], ""))
        change = _compare(each, draft) if draft else _withdraw(each, reason)
        changes += [change] if change else []
    new = tuple(draft for identity, draft in wanted.drafts.items() if identity not in known)
    return Plan(new=new, changes=tuple(changes), unchanged=len(known) - len(changes))


def _compare(each: Standing, draft: Draft) -> Change | None:
    if each.state == "cancelled":
        return _supersede(each, draft, "asked for again") if each.is_withdrawn else None
    said = describe_difference(each, draft)
    if each.state == "pending":
        return _supersede(each, draft, said) if each.digest != draft.digest else None
    is_same = each.layers == draft.layers
    if each.state == "processing":
        return _supersede(each, draft, said or "asked for again") if each.is_withdrawn or not is_same else None
    if is_same:
        is_clear = each.flagged is None and not each.is_withdrawn
        return None if is_clear else Change(kind="restore", standing=each, reason="it shows the truth again")
    if draft.again or each.state != "completed":
        return _supersede(each, draft, said)
    return None if each.flagged == said else Change(kind="flag", standing=each, reason=said)


def _supersede(each: Standing, draft: Draft, reason: str) -> Change:
    return Change(kind="supersede", standing=each, reason=reason, draft=draft)


def _withdraw(each: Standing, reason: str) -> Change | None:
    if each.trigger_kind not in GONE or each.is_withdrawn or each.state == "cancelled":
        return None
    return Change(kind="withdraw", standing=each, reason=reason)


def describe_difference(each: Standing, draft: Draft) -> str:
    """Return what the next version shows or does otherwise, layer by layer; empty where nothing differs."""
    return "; ".join(
        f"{name}: {_say_change(before.get(name), after.get(name))}"
        for before, after in ((each.layers, draft.layers), (each.output, draft.output))
        for name in (*before, *(key for key in after if key not in before))
        if before.get(name) != after.get(name)
    )


def _say_change(before: Any, after: Any) -> str:
    if not (_are_rows(before) and _are_rows(after)):
        return f"{_say(before)} → {_say(after)}"
    pairs = [*zip_longest(before, after)]
    differing = [number for number, (old, new) in enumerate(pairs, 1) if old != new]
    old, new = pairs[differing[0] - 1]
    more = f" and {len(differing) - 1} more rows" if len(differing) > 1 else ""
    return f"row {differing[0]}: {_say_row(old)} → {_say_row(new)}{more}"


def _are_rows(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(row, dict) for row in value)


def _say(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, list):
        return f"{len(value)} rows" if _are_rows(value) else show_cards(value)
    return _shorten(show_chips(value) if isinstance(value, int | float) else str(value))


def _say_row(row: Mapping[str, Any] | None) -> str:
    return "nothing" if row is None else _shorten(" ".join(_say(value) for value in row.values()))


def _shorten(said: str) -> str:
    return said if len(said) <= LONGEST_SHOWN else said[: LONGEST_SHOWN - 1] + "…"
