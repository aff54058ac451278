"""Withdraw, correct and restore stored hands: what a person decides stays, whatever a file says later."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines import decisions
from pokervod_pipelines.actors import Actor
from pokervod_pipelines.decisions import DecisionKind
from pokervod_pipelines.errors import Conflict
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.hands import store
from pokervod_pipelines.hands.hand import Hand
from pokervod_pipelines.hands.listing import UnknownHand
from pokervod_pipelines.hands.parsed_sessions import CORRECTED, Weight, make_row, weigh_hand


def withdraw_hand(connection: Connection, hand_id: int, *, actor: Actor) -> None:
    """Withdraw a hand: it stays stored, but counts nowhere; raise ``Conflict`` for a withdrawn one."""
    if _lock(connection, hand_id)["withdrawn_by"] == "person":
        raise Conflict(f"hand {hand_id} is withdrawn already; `pokervod hands restore {hand_id}` restores it")
    decisions.record(connection, DecisionKind.HAND_WITHDRAWAL, {"hand_id": hand_id}, value=True, actor=actor)
    _set_withdrawn(connection, hand_id, "person")
    _report_change(connection, hand_id, actor)


def correct_hand(connection: Connection, hand_id: int, corrected: Hand, *, actor: Actor) -> None:
    """Replace a hand by what a person wrote; its place, session and source stay as they are."""
    stored = _lock(connection, hand_id)
    before = _read_correction(connection, hand_id) or {"content": stored["content"], "weight": stored["weight"]}
    known = Hand.from_content(stored["content"])
    hand = replace(corrected, session_id=known.session_id, started_at=known.started_at, source=known.source)
    weight = (CORRECTED, *weigh_hand(hand)[1:])
    subject = {"hand_id": hand_id}
    decisions.record(connection, DecisionKind.HAND_CORRECTION, subject, hand.to_content(), actor=actor, before=before)
    _write(connection, hand_id, stored, hand, weight)
    _report_change(connection, hand_id, actor)


def restore_hand(connection: Connection, hand_id: int, *, actor: Actor) -> None:
    """Undo withdrawal and correction; the file of the hand is read again by the next import.

    Raises ``Conflict`` for a hand that nobody changed.
    """
    stored = _lock(connection, hand_id)
    before = _read_correction(connection, hand_id)
    if before is None and stored["withdrawn_by"] != "person":
        raise Conflict(f"hand {hand_id} is neither withdrawn nor corrected by a person")
    for kind in (DecisionKind.HAND_WITHDRAWAL, DecisionKind.HAND_CORRECTION):
        if decisions.read_in_force(connection, kind, {"hand_id": hand_id}):
            decisions.withdraw(connection, kind, {"hand_id": hand_id}, actor=actor)
    _set_withdrawn(connection, hand_id, None)
    if before is not None:
        trust, events, milliseconds, cards, digest = before["weight"]
        weight = (trust, events, milliseconds, cards, digest)
        _write(connection, hand_id, stored, Hand.from_content(before["content"]), weight)
    connection.execute(text("update hand_files set digest = '' where id = :id"), {"id": stored["file_id"]})
    _report_change(connection, hand_id, actor)


def _lock(connection: Connection, hand_id: int) -> Mapping[Any, Any]:
    row = connection.execute(
        text("select session_id, content, weight, file_id, withdrawn_by from hands where id = :id for update"),
        {"id": hand_id},
    ).one_or_none()
    if row is None:
        raise UnknownHand(f"unknown hand {hand_id}; `pokervod hands list` shows the ids")
    return dict(row._mapping)


def _read_correction(connection: Connection, hand_id: int) -> dict[str, Any] | None:
    """Return what the hand was before a person corrected it, None for an uncorrected hand."""
    found = decisions.read_in_force(connection, DecisionKind.HAND_CORRECTION, {"hand_id": hand_id})
    before: dict[str, Any] | None = found[-1].before if found else None
    return before


def _set_withdrawn(connection: Connection, hand_id: int, by: str | None) -> None:
    connection.execute(text("update hands set withdrawn_by = :by where id = :id"), {"by": by, "id": hand_id})


def _write(connection: Connection, hand_id: int, stored: Mapping[Any, Any], hand: Hand, weight: Weight) -> None:
    session = store.read_session_record(connection, stored["session_id"])
    assert session is not None  # noqa: S101 - the hand refers to it
    row = make_row(hand, weight)
    store.change_hands(connection, session, {hand_id: row}, None)
    store.replace_findings(connection, {hand_id: row.findings}, "record")


def _report_change(connection: Connection, hand_id: int, actor: Actor) -> None:
    payload = connection.execute(
        text("""
            select jsonb_build_object('hand_id', id, 'session_id', session_id, 'hand_number', hand_number,
                'started_at', started_at, 'broadcast_day', broadcast_day, 'grade', grade, 'is_premium', is_premium,
                'is_test', is_test, 'is_withdrawn', withdrawn_by is not null, 'by', cast(:by as text),
                'reason', cast(:reason as text))
            from hands where id = :id
        """),
        {"id": hand_id, "by": actor.who, "reason": actor.reason},
    ).scalar_one()
    append_events(connection, "hands", actor.correlation_id, [NewEvent(EventType.HAND_CHANGED, payload)])
