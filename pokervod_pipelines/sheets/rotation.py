"""Compare sheets at Google with what was read of them, since Drive's version may lag behind the sheet.

A sheet may have changed although its version did not: one at a time is read again, within a share of the quota. And a
version may be new although the sheet did not change since it was read: that of our own write, or of an edit that a pass
has read already. A run is requested only where the sheet reads differently.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import Engine

from pokervod_pipelines.actors import new_correlation_id
from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.holds.listing import find_hold, find_holds
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.settings.rooms import SheetSource
from pokervod_pipelines.sheets.column_setup import locate_managed_columns
from pokervod_pipelines.sheets.google.budget import take_reading
from pokervod_pipelines.sheets.google.clock import SYSTEM_CLOCK, Clock
from pokervod_pipelines.sheets.polling import (
    IN_USE,
    REQUESTED,
    RETRY_AFTER,
    UNCHANGED,
    Observation,
    PollDecision,
    ReadRequest,
    decide,
    find_in_use,
    find_unread,
    hurry,
    observe_sheets,
    record_refusals,
)
from pokervod_pipelines.sheets.reading import choose_tabs, read_workbook
from pokervod_pipelines.sheets.reading_digest import (
    StoredReading,
    digest_reading,
    is_same_content,
    read_stored_readings,
    store_revision,
)
from pokervod_pipelines.sheets.sources import open_shared
from pokervod_pipelines.subjects import SubjectKind

LAG_SECONDS = 30.0
"""An edit that Drive dates this long after a reading, or before it, may be in the reading."""

READ_ALREADY = "its new version reads as before"


def poll_sheets(engine: Engine, settings: Settings, memory: Mapping[str, ReadRequest]) -> PollDecision:
    """Observe all sheets and decide which to read now; what only a person can correct is stored as their failure.

    Those that a person holds are not looked at: what was edited meanwhile is read once they are released.
    """
    held = _describe_held(engine, settings)
    sheets = [each for each in settings.sheets if each.name not in held]
    seen = observe_sheets(engine, settings, sheets)
    record_refusals(engine, seen, new_correlation_id())
    in_use = find_in_use(engine, sheets)
    now = datetime.now(UTC)
    decision = decide(
        seen,
        memory,
        in_use=in_use,
        unread=find_unread(engine, seen, sheets),
        now=now,
        gather_seconds=settings.google.gather_seconds,
    )
    decision = compare_sheets(engine, settings, seen, decision, now=now)
    remembered = {name: memory[name] for name in held if name in memory}
    return replace(decision, memory=remembered | decision.memory, reasons=held | decision.reasons)


def _describe_held(engine: Engine, settings: Settings) -> dict[str, str]:
    """Return who holds what, by sheet; all of them where the workflow that reads them is held."""
    with engine.connect() as connection:
        reading = find_hold(connection, SubjectKind.WORKFLOW, "sheets_sync")
        holds = find_holds(connection, SubjectKind.SHEET)
    names = [each.name for each in settings.sheets]
    found = {name: hold for name in names if (hold := holds.get(name) or reading)}
    return {name: hold.describe(settings.zone) for name, hold in found.items()}


def compare_sheets(
    engine: Engine,
    settings: Settings,
    seen: Mapping[str, Observation],
    decision: PollDecision,
    *,
    now: datetime,
    clock: Clock = SYSTEM_CLOCK,
) -> PollDecision:
    """Return the decision without the sheets that read as before, or with one in rotation that reads differently.

    At most one sheet is read; what could not be compared stays as decided.
    """
    readings = _read_readings(engine)
    doubtful = [name for name, _, _ in decision.due if _may_be_read(seen[name], readings.get(name))]
    idle = [] if decision.due or decision.quiet_seconds else _list_in_rotation(seen, decision)
    name = next(iter((*doubtful, *idle)), None)
    if name is None or not take_reading(engine, settings.google, now=None if clock is SYSTEM_CLOCK else clock.now()):
        return decision
    source = settings.sheet(name)
    remembered = replace(decision.memory[name], compared_at=now.isoformat())
    decision = replace(decision, memory={**decision.memory, name: remembered})
    try:
        digest = _read_digest(engine, settings, source, clock)
    except PokervodError as error:
        return decision if doubtful else _skip(decision, name, f"could not be compared: {error}")
    if find_in_use(engine, [source]):
        return _skip(decision, name, IN_USE)
    last = _read_readings(engine)[name]
    if not doubtful:
        return _rotate(decision, name, seen[name], digest, last, now=now)
    return decision if digest != last.digest else _accept(engine, decision, name, seen[name])


def _may_be_read(observation: Observation, last: StoredReading | None) -> bool:
    """Return whether the edit may be one that the last pass read, or its own write."""
    if not observation.place or last is None or last.has_failed or last.place != observation.place:
        return False
    return last.digest is not None and observation.age_seconds + LAG_SECONDS >= last.age_seconds


def _list_in_rotation(seen: Mapping[str, Observation], decision: PollDecision) -> list[str]:
    """Return the unchanged sheets at Google, the one first that was compared longest ago."""
    unchanged = [name for name, reason in decision.reasons.items() if reason == UNCHANGED and seen[name].place]
    return sorted(unchanged, key=lambda name: decision.memory[name].compared_at)


def _rotate(
    decision: PollDecision, name: str, observation: Observation, digest: str, last: StoredReading, *, now: datetime
) -> PollDecision:
    """Return the decision with the sheet, if it changed and was not requested a while ago with these contents."""
    if last.digest is not None and is_same_content(digest, last.digest):
        return decision
    before = decision.memory[name]
    if before.digest == digest and now - datetime.fromisoformat(before.at) < RETRY_AFTER:
        return _skip(decision, name, REQUESTED)
    request = replace(before, digest=digest, at=now.isoformat())
    reasons = {other: reason for other, reason in decision.reasons.items() if other != name}
    key = f"{name}:{observation.place}:{observation.revision}:{now.isoformat()}"
    return replace(
        decision,
        due=((name, observation.revision, key),),
        memory={**decision.memory, name: request},
        reasons=reasons,
    )


def _accept(engine: Engine, decision: PollDecision, name: str, observation: Observation) -> PollDecision:
    """Return the decision without the sheet, whose new version is known from now on."""
    with engine.begin() as connection:
        store_revision(connection, name, observation.revision)
    return _skip(decision, name, READ_ALREADY)


def _skip(decision: PollDecision, name: str, reason: str) -> PollDecision:
    due = tuple(request for request in decision.due if request[0] != name)
    return replace(decision, due=due, reasons={**decision.reasons, name: reason})


def _read_digest(engine: Engine, settings: Settings, source: SheetSource, clock: Clock) -> str:
    with open_shared(engine, hurry(settings), source, clock=clock) as workbook:
        reading = read_workbook(workbook, choose_tabs(source))
        return digest_reading(reading, locate_managed_columns(workbook, reading))


def _read_readings(engine: Engine) -> dict[str, StoredReading]:
    with engine.connect() as connection:
        return read_stored_readings(connection)
