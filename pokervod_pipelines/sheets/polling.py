"""Poll the sheets for changes: observe them cheaply, and decide which to read.

``observe_sheets`` asks the outside, once for all sheets; ``decide`` is pure. A failed check is an observation of its
own, never "unchanged" and never "empty".
"""

import json
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, TypeAdapter
from sqlalchemy import Engine

from pokervod_pipelines.db.locks import is_locked
from pokervod_pipelines.errors import PokervodError, Unavailable
from pokervod_pipelines.processes.share_reader import read_state
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.settings.rooms import SheetSource
from pokervod_pipelines.sheets.reading_digest import read_stored_readings
from pokervod_pipelines.sheets.sources import make_client
from pokervod_pipelines.sheets.sync import record_failure
from pokervod_pipelines.text.cursors import read_cursor

MAX_GATHER_FACTOR = 4
"""An edit waits for further edits at most this many times ``google.gather_seconds``."""

UNCHANGED = "unchanged"
REQUESTED = "requested, not read yet"
STILL_EDITED = "edited a moment ago; it will be read when the edits stop"

IN_USE = "a pass is reading or writing it; it is checked again afterwards"

CLOCK_GRAIN_SECONDS = 1.0
"""Google reports its time in whole seconds."""

RETRY_AFTER = timedelta(minutes=10)
"""A revision that was requested and is not read by then is requested again."""

SECONDS_PER_CALL = 8.0
"""A check takes up to six calls, and Dagster ends a sensor after 60 seconds, without its cursor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Hold what a check of a sheet found: its revision and how long ago it was edited, or the error.

    ``place`` is the sheet's id at Google, where revisions count for each sheet. A file's revision is its time stamp,
    which cannot be compared with the digest that its reading recorded. ``is_refused`` is an error for a person.
    """

    place: str = ""
    revision: str = ""
    age_seconds: float = 0.0
    is_comparable: bool = True
    is_refused: bool = False
    error: str = ""


def _check_moment(text: str) -> str:
    """Return a time with its zone as it is, or nothing."""
    if text and datetime.fromisoformat(text).tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return text


_Moment = Annotated[str, AfterValidator(_check_moment)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRequest:
    """Remember the last request for a sheet: its revision, when, and how often; since when edits are awaited.

    ``compared_at`` is when the sheet was last compared with its reading, ``digest`` what it read when it had changed.
    The field names are keys of the sensor's cursor.
    """

    place: str = ""
    revision: str = ""
    at: _Moment = ""
    times: int = 0
    waiting_since: _Moment = ""
    compared_at: _Moment = ""
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PollDecision:
    """List the sheets to read now, with revision and run key, what to remember, and why each other one is skipped.

    ``quiet_seconds`` is the time until awaited edits count as finished, if no more follow; 0 without any.
    """

    due: tuple[tuple[str, str, str], ...]
    memory: dict[str, ReadRequest]
    reasons: dict[str, str]
    quiet_seconds: float = 0.0


def observe_sheets(engine: Engine, settings: Settings, sheets: Sequence[SheetSource]) -> dict[str, Observation]:
    """Check each sheet, by name: files by their time stamp, all Google sheets with one call."""
    google = {each.name: each.spreadsheet for each in sheets if each.spreadsheet}
    seen = {each.name: _check_file(each) for each in sheets if each.path}
    if google:
        seen |= _check_google(engine, settings, google)
    return seen


def hurry(settings: Settings) -> Settings:
    """Return the settings with one short attempt for each call to Google: what fails is checked at the next tick."""
    seconds = min(settings.google.seconds_per_call, SECONDS_PER_CALL)
    google = settings.google.model_copy(update={"attempts": 1, "seconds_per_call": seconds})
    return settings.model_copy(update={"google": google})


def record_refusals(engine: Engine, seen: Mapping[str, Observation], correlation_id: str) -> None:
    """Store why sheets cannot be read where a person has to act: until then there is nothing to run."""
    for name, observation in seen.items():
        if observation.is_refused:
            record_failure(engine, name, observation.error, correlation_id)


def _check_file(sheet: SheetSource) -> Observation:
    assert sheet.path is not None  # noqa: S101 - narrows the type
    try:
        stamp = read_state(sheet.path)
    except Unavailable as error:
        return Observation(error=str(error))
    except OSError as error:
        return Observation(error=f"{sheet.path}: {error.strerror or error}")
    age = datetime.now().timestamp() - stamp.st_mtime  # noqa: DTZ005 - a difference of stamps
    return Observation(revision=f"{stamp.st_mtime_ns}-{stamp.st_size}", age_seconds=max(age, 0.0), is_comparable=False)


def _check_google(engine: Engine, settings: Settings, sheets: Mapping[str, str]) -> dict[str, Observation]:
    try:
        with closing(make_client(engine, hurry(settings))) as client:
            versions = client.read_versions([*sheets.values()])
    except PokervodError as error:
        return {name: _observe_error(identity, error) for name, identity in sheets.items()}
    seen = {}
    for name, identity in sheets.items():
        version = versions[identity]
        if isinstance(version, PokervodError):
            seen[name] = _observe_error(identity, version)
        else:
            age = (version.seen_at - version.modified_at).total_seconds()
            seen[name] = Observation(place=identity, revision=version.revision, age_seconds=max(age, 0.0))
    return seen


def _observe_error(place: str, error: PokervodError) -> Observation:
    return Observation(place=place, error=str(error), is_refused=not isinstance(error, Unavailable))


def decide(
    seen: Mapping[str, Observation],
    memory: Mapping[str, ReadRequest],
    *,
    unread: Mapping[str, bool],
    now: datetime,
    gather_seconds: float,
    in_use: Collection[str] = (),
) -> PollDecision:
    """Decide which sheets to read now.

    ``unread`` tells for each sheet whether its last reading failed or has another revision than the one seen. A
    revision is requested once its edits have stopped, and again only if it was not read for ``RETRY_AFTER``. A sheet
    ``in_use`` is left to its pass, whose own write may be what was seen.
    """
    due: list[tuple[str, str, str]] = []
    remembered: dict[str, ReadRequest] = {}
    reasons: dict[str, str] = {}
    for name, observation in seen.items():
        before = memory.get(name, ReadRequest())
        if before.place != observation.place:
            before = ReadRequest(place=observation.place)
        reason, after = IN_USE, before
        if observation.error or name not in in_use:
            reason, after = _decide_one(
                observation, before, is_unread=unread[name], now=now, gather_seconds=gather_seconds
            )
        remembered[name] = after
        if reason:
            reasons[name] = reason
        else:
            parts = (name, observation.place, observation.revision, str(after.times) if after.times > 1 else "")
            due.append((name, observation.revision, ":".join(filter(None, parts))))
    ages = [seen[name].age_seconds for name, reason in reasons.items() if reason == STILL_EDITED]
    quiet = gather_seconds - min(ages) + CLOCK_GRAIN_SECONDS if ages else 0.0
    return PollDecision(due=tuple(due), memory=remembered, reasons=reasons, quiet_seconds=quiet)


def _decide_one(
    observation: Observation, before: ReadRequest, *, is_unread: bool, now: datetime, gather_seconds: float
) -> tuple[str, ReadRequest]:
    """Return why the sheet is skipped ("" if it is not), and what to remember of it."""
    if observation.error:
        return f"could not be checked: {observation.error}", before
    if observation.revision == before.revision:
        is_due = is_unread and now - datetime.fromisoformat(before.at) >= RETRY_AFTER * before.times
        if not is_due:
            return REQUESTED if is_unread else UNCHANGED, before
        return "", replace(before, at=now.isoformat(), times=before.times + 1)
    request = replace(before, revision=observation.revision, at=now.isoformat(), times=1, waiting_since="")
    if observation.is_comparable and not is_unread:
        return UNCHANGED, request
    since = before.waiting_since or now.isoformat()
    waited = (now - datetime.fromisoformat(since)).total_seconds()
    if observation.age_seconds < gather_seconds and waited < gather_seconds * MAX_GATHER_FACTOR:
        return STILL_EDITED, replace(before, waiting_since=since)
    return "", request


def find_unread(engine: Engine, seen: Mapping[str, Observation], sheets: Sequence[SheetSource]) -> dict[str, bool]:
    """Tell for each sheet whether its last reading failed or has another revision than the one seen."""
    with engine.connect() as connection:
        readings = read_stored_readings(connection)
    unread = {}
    for sheet in sheets:
        last, observation = readings.get(sheet.name), seen[sheet.name]
        unread[sheet.name] = (
            last is None
            or last.has_failed
            or last.place not in {None, sheet.spreadsheet}
            or (observation.is_comparable and last.revision != observation.revision)
        )
    return unread


def find_in_use(engine: Engine, sheets: Sequence[SheetSource]) -> frozenset[str]:
    """Return the sheets that a pass of any process is reading or writing; asked for before ``find_unread``."""
    with engine.connect() as connection:
        return frozenset(sheet.name for sheet in sheets if is_locked(connection, f"reading of sheet {sheet.name}"))


_MEMORY = TypeAdapter(dict[str, ReadRequest])


def load_memory(cursor: str | None) -> dict[str, ReadRequest]:
    """Return what ``dump_memory`` wrote; an empty memory without a cursor, or for one that is no memory."""
    memory = read_cursor(_MEMORY, cursor, "sheet_changes") or {}
    return {name: each for name, each in memory.items() if each.at or not each.revision}


def dump_memory(memory: Mapping[str, ReadRequest]) -> str:
    """Return the memory as text for a cursor."""
    values: dict[str, Any] = {name: asdict(request) for name, request in memory.items()}
    return json.dumps(values, sort_keys=True)
