"""Read premium hands as triggers; test hands, withdrawn ones and those still being played trigger nothing."""

from collections.abc import Mapping
from datetime import UTC, date
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.render.expressions import show_title
from pokervod_pipelines.render.triggers import DayRule, Trigger


def read_premium_hands(connection: Connection, _: DayRule, day: date | None) -> list[Trigger]:
    """Return the premium hands of the day, or of all days, in order of time."""
    rows = connection.execute(_PREMIUM, {"day": day}).mappings()
    return [trigger for row in rows if (trigger := _make_valid_trigger(row))]


_PREMIUM = text("""
    select h.id, h.session_id, h.table_name, h.hand_number, h.started_at, h.broadcast_day, h.source, h.grade,
           h.best_category, h.best_rank, h.pot, h.winners, h.duration_ms, h.content, h.is_shown, (
               select min(v.parsed ->> 'project_code') from hand_clip_links m
               join hand_clips c on c.id = m.clip_id join video_files v on v.file_id = c.file_id
               where m.hand_id = h.id and c.retired_at is null) as project
    from premium_hands h
    where cast(:day as date) is null or h.broadcast_day = :day
    order by h.started_at, h.session_id
""")


def _make_valid_trigger(row: Mapping[Any, Any]) -> Trigger | None:
    """Return the trigger, None for a stored hand that is not valid: its replay has a finding that says so."""
    try:
        return _make_trigger(row)
    except (TypeError, ValueError, LookupError, AttributeError):
        return None


def _make_trigger(row: Mapping[Any, Any]) -> Trigger:
    content = row["content"]
    seats = {seat["number"]: seat for seat in content.get("seats") or ()}
    category = (row["best_category"] or "hand").replace("_", " ")
    return Trigger(
        kind="premium_hand",
        key=f"{row['session_id']}/{row['started_at'].astimezone(UTC).isoformat(timespec='microseconds')}",
        day=row["broadcast_day"],
        title=f"{category}, hand {row['hand_number']} of {row['table_name'] or 'an unnamed table'}",
        facts={
            "number": row["hand_number"],
            "table": row["table_name"],
            "event": content.get("event_title"),
            "source": row["source"],
            "grade": row["grade"],
            "category": row["best_category"],
            "rank": row["best_rank"],
            "shown": row["is_shown"],
            "pot": _scale(row["pot"], content),
            "seconds": None if row["duration_ms"] is None else row["duration_ms"] / 1000,
            "board": _read_board(content),
            "project": row["project"],
            **_describe_best(content.get("best_hand") or {}, seats),
            **_describe_winners(row["winners"], seats, content),
        },
        hand_id=row["id"],
    )


def _describe_best(best: Mapping[str, Any], seats: Mapping[int, Any]) -> dict[str, Any]:
    """Return who has the best hand; if several have equal ones, all their names and no hole cards."""
    holders = best.get("seats") or []
    alone = seats.get(holders[0]) if len(holders) == 1 else None
    return {
        "best.player": " / ".join(name for name in (_name(seats.get(number)) for number in holders) if name),
        "best.seat": holders[0] if holders else None,
        "best.cards": list(best.get("cards") or ()),
        "best.name": best.get("name") or show_title(best.get("category") or ""),
        "best.hole_cards": list(alone["hole_cards"]) if alone else [],
    }


def _describe_winners(winners: Any, seats: Mapping[int, Any], content: Mapping[str, Any]) -> dict[str, Any]:
    won = [seats[number] for number in winners or () if number in seats]
    chips = sum(seat["end_stack"] - seat["start_stack"] for seat in won)  # 0 where a program wrote no stacks at the end
    return {
        "winner.players": " / ".join(_name(seat) for seat in won),
        "winner.chips": _scale(chips, content) if chips else None,
    }


def _read_board(content: Mapping[str, Any]) -> list[str]:
    """Return the board that the best hand was made on, the first without a best hand."""
    boards = content.get("boards") or [[]]
    return list(boards[(content.get("best_hand") or {}).get("board", 0)])


def _scale(amount: int, content: Mapping[str, Any]) -> float:
    """Return an amount in chips or money; a hand of cents holds it in cents."""
    decimals = int(content.get("decimals", 0))
    unit: int = 10**decimals
    return amount / unit if amount % unit else amount // unit


def _name(seat: Mapping[str, Any] | None) -> str:
    if seat is None:
        return ""
    return seat.get("long_name") or seat.get("name") or f"Seat {seat['number']}"
