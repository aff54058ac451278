"""Describe what events of clips, hands, tournaments and graphics say."""

from datetime import date, datetime

from pokervod_pipelines.events.payloads.base import Payload, SignedPayload


class ClipReference(Payload):
    """Name a clip, the row that it was made of, and its video, if it is known; ``by`` and ``reason`` of a person."""

    clip_id: int
    sheet: str
    row_id: int | None = None
    file_id: int | None = None
    by: str | None = None
    reason: str | None = None


class TaggedClip(Payload):
    """Name the tags that a clip has now; ``by`` and ``reason`` where a person decided them."""

    clip_id: int
    sheet: str
    tags: tuple[str, ...]
    by: str | None = None
    reason: str | None = None


class PlayerAlias(Payload):
    """Hold for which player a spelling counts; None where that was taken back."""

    alias: str
    player: str | None
    before: str | None
    by: str


class HandReference(Payload):
    """Name a hand with its grade; ``by`` and ``reason`` where a person changed it."""

    hand_id: int
    session_id: int
    hand_number: int
    started_at: datetime
    broadcast_day: date
    grade: str | None
    is_premium: bool
    is_test: bool
    is_withdrawn: bool = False
    by: str | None = None
    reason: str | None = None


class QuarantinedFile(Payload):
    """Name a session file that cannot be read, why, and where its copy is."""

    path: str
    reason: str
    kept_as: str


class DisagreeingFacts(Payload):
    """Hold what a hand says and what the sheet's row of its clip says."""

    disagreement_id: int
    hand_id: int
    clip_id: int
    field: str
    hand_says: str
    sheet_says: str


class SettledDisagreement(SignedPayload):
    """Name a disagreement that a person settled."""

    disagreement_id: int
    hand_id: int
    clip_id: int
    field: str


class TournamentChange(Payload):
    """Say what an export changed of a tournament, or of a day of the schedule."""

    what: str
    tournament_number: str | None = None
    day: date | None = None
    is_new: bool | None = None
    fields: tuple[str, ...] | None = None
    players: int | None = None
    player_key: str | None = None
    player: str | None = None


class ImportedExport(Payload):
    """Count what was read of an export."""

    path: str
    kind: str
    seen_at: datetime
    rows: int
    changed: int
    problems: int


class EndedLevel(Payload):
    """Name the level that ended; ``next_level`` is None after the last."""

    tournament_number: str
    level: int
    next_level: int | None
    ended_at: datetime


class EliminatedPlayer(Payload):
    """Name a player who is out; ``elimination`` counts those of re-entries."""

    tournament_number: str
    player_key: str
    player: str
    elimination: int
    eliminated_at: datetime
    place: int | None
    table_number: int | None
    seat_number: int | None
    was_seen_playing: bool


class InstructionReference(Payload):
    """Name an instruction, what happened to it, and the state before and after."""

    instruction_id: int
    template: str | None = None
    trigger_kind: str | None = None
    trigger_key: str | None = None
    version: int | None = None
    hand_id: int | None = None
    priority: int | None = None
    priority_before: int | None = None
    broadcast_day: date | None = None
    change: str | None = None
    state_before: str | None = None
    state: str | None = None
    superseded_by: int | None = None
    worker: str | None = None
    attempt: int | None = None
    outcome: str | None = None
    kind: str | None = None
    by: str | None = None
    reason: str | None = None


class PausedScope(SignedPayload):
    """Name which part of the render queue is paused or resumed; ``until`` is when it ends by itself."""

    scope: str
    until: datetime | None = None


class RenderWorkerReference(Payload):
    """Name a render worker that may not claim, or may again."""

    worker: str
    reason: str
    by: str | None = None
