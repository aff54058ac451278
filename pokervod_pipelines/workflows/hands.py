"""Import hands, replay them and link them to the clips that show them.

``clips`` parses the cells of a sheet and ``hands`` does not import it, so clips and hands are linked here.
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
from pokervod_pipelines.hands import clip_link_store, listing
from pokervod_pipelines.hands.clip_link_store import ClipText
from pokervod_pipelines.hands.clip_links import (
    ClipFacts,
    HandFacts,
    SeatFacts,
    WrittenCards,
    compare_facts,
    find_links,
)
from pokervod_pipelines.hands.hand import Hand
from pokervod_pipelines.hands.imports import ImportReport, import_hands
from pokervod_pipelines.hands.pgfx import name_table
from pokervod_pipelines.hands.stored_replay import ReplayReport, replay_beside, replay_hands
from pokervod_pipelines.render.listing import InstructionFilter, list_instructions
from pokervod_pipelines.render.outputs.store import find_output
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.text.folding import fold_name
from pokervod_pipelines.workflows.first_day import record_first_day

EVENT_HEADERS = ("event", "event name", "episodeevent", "tournament")
POT_HEADERS = ("pot", "final pot", "pot size", "팟")
TIMECODE = re.compile(r"(\d\d):(\d\d):(\d\d)[:;.](\d\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkReport:
    """Count links; ``linked`` are all of them, ``made`` and ``gone`` the new and deleted, ``disagreements`` the new."""

    clips: int
    linked: int
    made: int
    gone: int
    disagreements: int


NO_LINKS = LinkReport(clips=0, linked=0, made=0, gone=0, disagreements=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandsReport:
    """Report an import and the steps that follow it."""

    imported: ImportReport
    replayed: ReplayReport
    links: LinkReport


def import_and_link_hands(
    engine: Engine,
    settings: Settings,
    paths: Sequence[Path],
    *,
    correlation_id: str,
    day: date | None = None,
    replay_seconds_limit: float = 600.0,
    may_vanish: bool = False,
    progress: Callable[[int], None] | None = None,
) -> HandsReport:
    """Store the files' hands, replay them by the rules, and link them to the clips that show them.

    Hands that are not replayed within ``replay_seconds_limit`` are replayed by the next call. Raises what
    ``import_hands`` raises.
    """
    with replay_beside(engine) as count:
        imported = import_hands(
            engine, settings, paths, correlation_id=correlation_id, day=day, may_vanish=may_vanish, progress=progress
        )
    replayed = replay_hands(engine, seconds_limit=replay_seconds_limit, before=count)
    is_changed = bool(imported.created or imported.changed)
    links = link_hands(engine, settings.zone, correlation_id=correlation_id) if is_changed else NO_LINKS
    record_first_day(engine, settings)
    return HandsReport(imported=imported, replayed=replayed, links=links)


def link_hands(engine: Engine, zone: ZoneInfo, *, correlation_id: str) -> LinkReport:
    """Link each clip to the hand it shows, where exactly one matches, and list what they report differently."""
    with engine.begin() as connection:
        clip_link_store.lock_links(connection)
        clips = [read_clip_facts(each, zone) for each in clip_link_store.read_clip_texts(connection)]
        days = {clip.day for clip in clips if clip.day}
        events = {fold_name(clip.event) for clip in clips if clip.event and not clip.day}
        near = clip_link_store.read_hands_near(connection, days, events) if days or events else []
        hands = [read_hand_facts(hand_id, day, hand) for hand_id, day, hand in near]
        links = find_links(clips, hands)
        made, gone = clip_link_store.replace_links(connection, links)
        shown, played = {clip.clip_id: clip for clip in clips}, {hand.hand_id: hand for hand in hands}
        differences = [one for link in links for one in compare_facts(shown[link.clip_id], played[link.hand_id])]
        new = clip_link_store.update_disagreements(connection, differences, correlation_id)
    return LinkReport(clips=len(clips), linked=len(links), made=made, gone=gone, disagreements=new)


def read_hand_facts(hand_id: int, day: date, hand: Hand) -> HandFacts:
    """Return what clips can be compared with."""
    seats = tuple(
        SeatFacts(
            keys=frozenset(filter(None, map(make_player_key, (seat.name, seat.long_name)))),
            name=seat.shown_name,
            cards=seat.hole_cards,
            is_winner=seat.number in hand.winners,
        )
        for seat in hand.seats
        if not seat.is_sitting_out
    )
    return HandFacts(
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


def read_clip_facts(clip: ClipText, zone: ZoneInfo) -> ClipFacts:
    """Return what hands can be found by; with times where the video's timecode is the time of day."""
    day = _read_day(clip.parsed)
    begin = _read_clock(clip, day, zone)
    winner = parse_hole_cards(clip.winner)
    number = clip.parsed.get("hand_number")
    return ClipFacts(
        clip_id=clip.clip_id,
        day=day,
        event=_find_extra(clip.content, EVENT_HEADERS) or clip.event or "",
        table=name_table(clip.path or ""),
        hand_number=number if isinstance(number, int) else None,
        starts_at=begin + timedelta(milliseconds=clip.in_ms) if begin and clip.in_ms is not None else None,
        ends_at=begin + timedelta(milliseconds=clip.out_ms) if begin and clip.out_ms is not None else None,
        players=clip.players,
        hole_cards=tuple(map(_make_written_cards, parse_hands(clip.hands).hole_cards)),
        winner=_make_written_cards(winner) if winner else None,
        winner_name="" if winner else make_player_key(clip.winner),
        pot=_find_extra(clip.content, POT_HEADERS),
    )


def _make_written_cards(cards: HoleCards) -> WrittenCards:
    return WrittenCards(cards.ranks, cards.suited, cards.cards)


def _read_day(parsed: dict[str, Any]) -> date | None:
    """Return the day of the recording from a hand clip's name; the day of an edit does not count."""
    if parsed.get("hand_number") is None and parsed.get("project_code") == "GOG":
        return None
    try:
        return date.fromisoformat(str(parsed.get("date")))
    except ValueError:
        return None


def _read_clock(clip: ClipText, day: date | None, zone: ZoneInfo) -> datetime | None:
    """Return when the video begins, by a timecode that is the time of day; 00:00, 01:00 and 10:00 are a tape's."""
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


def read_data_flow(engine: Engine, hand_id: int) -> dict[str, Any]:
    """Return a hand with its clips, instructions, output files, disagreements and events.

    Raises ``UnknownHand``.
    """
    with engine.connect() as connection:
        hand = listing.read_hand(connection, hand_id)
        provenance = listing.read_provenance(connection, hand_id)
        clips = listing.read_linked_clips(connection, hand_id)
        disagreements = clip_link_store.list_disagreements(connection, settled=None, hand_id=hand_id)
        instructions = list_instructions(connection, InstructionFilter(hand_id=hand_id))
        outputs = {one.id: find_output(connection, one.id) for one in instructions}
        events = listing.read_hand_events(connection, hand_id)
    facts = {"board": hand.made_board, "winners": hand.winners, "pot": hand.pot, "grade": hand.grade or None}
    return {
        "hand": provenance | facts,
        "clips": [asdict(clip) for clip in clips],
        "instructions": [
            asdict(one) | {"output": output and asdict(output)} for one in instructions for output in [outputs[one.id]]
        ],
        "disagreements": [asdict(one) for one in disagreements],
        "events": events,
    }
