"""Hands, from the drop folder to the clips that show them: the steps of several rooms, in their order.

The words of a sheet are read by ``clips``, which ``hands`` never meets, so clips and hands are tied here.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from pokervod_pipelines.clips.hole_cards import HoleCards, parse_hands, parse_hole_cards
from pokervod_pipelines.clips.players import make_player_key
from pokervod_pipelines.hands import listing, moment_store
from pokervod_pipelines.hands.hand import Hand
from pokervod_pipelines.hands.imports import ImportReport, import_hands
from pokervod_pipelines.hands.moment_store import ClipWords
from pokervod_pipelines.hands.moments import (
    PlayedMoment,
    PlayedSeat,
    ShownMoment,
    Side,
    compare_moments,
    fold_name,
    link_moments,
)
from pokervod_pipelines.hands.pgfx import name_table
from pokervod_pipelines.hands.replays import ReplayReport, replay_hands
from pokervod_pipelines.render.listing import InstructionFilter, list_instructions
from pokervod_pipelines.render.outputs.store import find_output
from pokervod_pipelines.settings import Settings

EVENT_HEADERS = ("event", "event name", "episodeevent", "tournament")
POT_HEADERS = ("pot", "final pot", "pot size", "팟")
TIMECODE = re.compile(r"(\d\d):(\d\d):(\d\d)[:;.](\d\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkReport:
    """What tying came to; ``linked`` counts all links that stand, ``disagreements`` those that are news."""

    clips: int
    linked: int
    made: int
    gone: int
    disagreements: int


NO_LINKS = LinkReport(clips=0, linked=0, made=0, gone=0, disagreements=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandsReport:
    """An import with what follows it."""

    imported: ImportReport
    replayed: ReplayReport
    links: LinkReport


def take_in_hands(
    engine: Engine,
    settings: Settings,
    paths: Sequence[Path],
    *,
    correlation_id: str,
    most_replay_seconds: float = 600.0,
    may_vanish: bool = False,
    progress: Callable[[int], None] | None = None,
) -> HandsReport:
    """The files' hands are stored, played again by the rules, and tied to the clips that show them.

    What is not played again within ``most_replay_seconds`` is so by the next call. Raises what ``import_hands`` raises.
    """
    imported = import_hands(
        engine, settings, paths, correlation_id=correlation_id, may_vanish=may_vanish, progress=progress
    )
    replayed = replay_hands(engine, most_seconds=most_replay_seconds)
    is_news = bool(imported.created or imported.changed)
    links = link_hands(engine, settings.zone, correlation_id=correlation_id) if is_news else NO_LINKS
    return HandsReport(imported=imported, replayed=replayed, links=links)


def link_hands(engine: Engine, zone: ZoneInfo, *, correlation_id: str) -> LinkReport:
    """Every clip is tied to the hand it shows, where exactly one can be; what they say differently is on the list."""
    with engine.begin() as connection:
        moment_store.lock_moments(connection)
        words = moment_store.read_clip_words(connection)
        clips = [read_shown_moment(each, zone) for each in words]
        days = {clip.day for clip in clips if clip.day}
        events = {fold_name(clip.event) for clip in clips if clip.event and not clip.day}
        near = moment_store.read_hands_near(connection, days, events) if days or events else []
        hands = [read_played_moment(hand_id, day, hand) for hand_id, day, hand in near]
        links = link_moments(clips, hands)
        made, gone = moment_store.replace_links(connection, links)
        shown, played = {clip.clip_id: clip for clip in clips}, {hand.hand_id: hand for hand in hands}
        differences = [one for link in links for one in compare_moments(shown[link.clip_id], played[link.hand_id])]
        news = moment_store.update_disagreements(connection, differences, correlation_id)
    return LinkReport(clips=len(clips), linked=len(links), made=made, gone=gone, disagreements=news)


def read_played_moment(hand_id: int, day: date, hand: Hand) -> PlayedMoment:
    """Return a hand as far as clips can speak of it."""
    seats = tuple(
        PlayedSeat(
            keys=frozenset(filter(None, map(make_player_key, (seat.name, seat.long_name)))),
            name=seat.shown_name,
            cards=seat.hole_cards,
            is_winner=seat.number in hand.winners,
        )
        for seat in hand.seats
        if not seat.is_sitting_out
    )
    return PlayedMoment(
        hand_id=hand_id,
        day=day,
        event=hand.event_title,
        table=hand.table,
        hand_number=hand.hand_number,
        started_at=hand.started_at,
        ended_at=hand.ended_at,
        seats=seats,
        pot=hand.pot,
    )


def read_shown_moment(clip: ClipWords, zone: ZoneInfo) -> ShownMoment:
    """Return a clip as far as hands can be known by it; times are there where the video carries the time of day."""
    day = _read_day(clip.parsed)
    begin = _read_clock(clip, day, zone)
    winner = parse_hole_cards(clip.winner)
    number = clip.parsed.get("hand_number")
    return ShownMoment(
        clip_id=clip.clip_id,
        day=day,
        event=_find_extra(clip.content, EVENT_HEADERS) or clip.event or "",
        table=name_table(clip.path or ""),
        hand_number=number if isinstance(number, int) else None,
        starts_at=begin + timedelta(milliseconds=clip.in_ms) if begin and clip.in_ms is not None else None,
        ends_at=begin + timedelta(milliseconds=clip.out_ms) if begin and clip.out_ms is not None else None,
        players=clip.players,
        sides=tuple(map(_make_side, parse_hands(clip.hands).hole_cards)),
        winner=_make_side(winner) if winner else None,
        winner_name="" if winner else make_player_key(clip.winner),
        pot=_find_extra(clip.content, POT_HEADERS),
    )


def _make_side(cards: HoleCards) -> Side:
    return Side(cards.ranks, cards.suited, cards.cards)


def _read_day(parsed: dict[str, Any]) -> date | None:
    """Return the day of the recording that a hand clip's name tells; the day of an edit is another matter."""
    if parsed.get("hand_number") is None and parsed.get("project_code") == "GOG":
        return None
    try:
        return date.fromisoformat(str(parsed.get("date")))
    except ValueError:
        return None


def _read_clock(clip: ClipWords, day: date | None, zone: ZoneInfo) -> datetime | None:
    """Return when the video begins, by a timecode that is the time of day; one from 00:00 or 01:00 is a tape's."""
    found = TIMECODE.fullmatch(clip.start_timecode or "")
    if day is None or not found or not clip.rate or found[0][:8] in {"00:00:00", "01:00:00", "10:00:00"}:
        return None
    hours, minutes, seconds, frames = (int(part) for part in found.groups())
    if hours > 23 or minutes > 59 or seconds > 59:
        return None
    begin = datetime.combine(day, time(hours, minutes, seconds), tzinfo=zone).astimezone(UTC)
    return begin + timedelta(seconds=frames / clip.rate)


def _find_extra(content: dict[str, Any], headers: Sequence[str]) -> str:
    """Return the first filled cell below one of the headers."""
    extra = content.get("extra") or {}
    cells = {fold_name(header): str(cell) for header, cell in extra.items()}
    return next((cells[header] for header in headers if cells.get(header, "").strip()), "")


def data_flow(engine: Engine, hand_id: int) -> dict[str, Any]:
    """A hand and what came of it, with times and states: clips, instructions, files, what waits for a person, events.

    Raises ``NoHand``.
    """
    with engine.connect() as connection:
        hand = listing.read_hand(connection, hand_id)
        provenance = listing.read_provenance(connection, hand_id)
        clips = listing.read_linked_clips(connection, hand_id)
        disagreements = moment_store.list_disagreements(connection, settled=None, hand_id=hand_id)
        instructions = list_instructions(connection, InstructionFilter(hand_id=hand_id))
        outputs = {one.id: find_output(connection, one.id) for one in instructions}
        events = listing.read_hand_events(connection, hand_id)
    told = {"board": hand.board, "winners": hand.winners, "pot": hand.pot, "grade": hand.grade or None}
    return {
        "hand": provenance | told,
        "clips": [asdict(clip) for clip in clips],
        "instructions": [
            asdict(one) | {"output": output and asdict(output)} for one in instructions for output in [outputs[one.id]]
        ],
        "disagreements": [asdict(one) for one in disagreements],
        "events": events,
    }
