"""Which sheets have changed since they were read: observed cheaply, decided by plain rules.

``observe_sheets`` asks the outside, once for all sheets; ``decide`` is pure. "Could not look" is an observation of its
own, never "unchanged" and never "empty".
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.settings_rooms import SheetSource
from pokervod_pipelines.sheets import store
from pokervod_pipelines.sheets.sources import make_client

GATHERED_AT_MOST = 4
"""An edit waits for those that follow it at most so many times ``google.gather_seconds``."""

GATHERING = "edited just now; more edits may follow"

CLOCK_GRAIN_SECONDS = 1.0
"""Google tells its own time in whole seconds."""

AGAIN_AFTER = timedelta(minutes=10)
"""A revision that was asked for and is not read by then is asked for again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A sheet as it was just seen: its revision and how long ago it was edited, or why it could not be seen.

    A file's revision is its stamp, which cannot be compared with the digest that its reading recorded.
    """

    revision: str = ""
    age_seconds: float = 0.0
    is_comparable: bool = True
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was decided of a sheet before: the revision asked for, when, and how often; when ``waiting`` began."""

    revision: str = ""
    at: str = ""
    times: int = 0
    waiting_since: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The sheets to read now, with revision and run key, what to remember, and why each other one is left.

    ``rest_seconds`` is how long until the edits that are waited for have rested, if no more follow; 0 for none.
    """

    wanted: tuple[tuple[str, str, str], ...]
    memory: dict[str, Asked]
    reasons: dict[str, str]
    rest_seconds: float = 0.0


def observe_sheets(engine: Engine, settings: Settings, sheets: Sequence[SheetSource]) -> dict[str, Seen]:
    """Each sheet as it is now, by name: files by their stamp, all Google sheets by one call."""
    google = {each.name: each.spreadsheet for each in sheets if each.spreadsheet}
    seen = {each.name: _look_at_file(each) for each in sheets if each.path}
    if google:
        seen |= _look_at_google(engine, settings, google)
    return seen


def _look_at_file(sheet: SheetSource) -> Seen:
    assert sheet.path is not None  # noqa: S101 - narrows the type
    try:
        stamp = sheet.path.stat()
    except OSError as error:
        return Seen(error=f"{sheet.path}: {error.strerror or error}")
    age = datetime.now().timestamp() - stamp.st_mtime  # noqa: DTZ005 - a difference of stamps
    return Seen(revision=f"{stamp.st_mtime_ns}-{stamp.st_size}", age_seconds=max(age, 0.0), is_comparable=False)


def _look_at_google(engine: Engine, settings: Settings, sheets: Mapping[str, str]) -> dict[str, Seen]:
    try:
        with closing(make_client(engine, settings)) as client:
            versions = client.read_versions([*sheets.values()])
    except PokervodError as error:
        return dict.fromkeys(sheets, Seen(error=str(error)))
    seen = {}
    for name, identity in sheets.items():
        version = versions[identity]
        if isinstance(version, PokervodError):
            seen[name] = Seen(error=str(version))
        else:
            age = (version.seen_at - version.modified_at).total_seconds()
            seen[name] = Seen(revision=version.revision, age_seconds=max(age, 0.0))
    return seen


def decide(
    seen: Mapping[str, Seen],
    memory: Mapping[str, Asked],
    *,
    unread: Mapping[str, bool],
    now: datetime,
    gather_seconds: float,
) -> Decision:
    """Which sheets to read now.

    ``unread`` says of each sheet whether its last reading failed or is of another revision than the one seen. A
    revision is asked for once its edits have rested, and again only if it was not read for ``AGAIN_AFTER``.
    """
    wanted: list[tuple[str, str, str]] = []
    remembered: dict[str, Asked] = {}
    reasons: dict[str, str] = {}
    for name, look in seen.items():
        before = memory.get(name, Asked())
        verdict, after = _decide_one(look, before, is_unread=unread[name], now=now, gather_seconds=gather_seconds)
        remembered[name] = after
        if verdict:
            reasons[name] = verdict
        else:
            attempt = f":{after.times}" if after.times > 1 else ""
            wanted.append((name, look.revision, f"{name}:{look.revision}{attempt}"))
    ages = [seen[name].age_seconds for name, reason in reasons.items() if reason == GATHERING]
    rest = gather_seconds - min(ages) + CLOCK_GRAIN_SECONDS if ages else 0.0
    return Decision(wanted=tuple(wanted), memory=remembered, reasons=reasons, rest_seconds=rest)


def _decide_one(
    look: Seen, before: Asked, *, is_unread: bool, now: datetime, gather_seconds: float
) -> tuple[str, Asked]:
    """Why the sheet is left ("" if it is not), and what to remember of it."""
    if look.error:
        return f"could not be looked at: {look.error}", before
    if look.revision == before.revision:
        is_due = is_unread and now - datetime.fromisoformat(before.at) >= AGAIN_AFTER * before.times
        if not is_due:
            return "asked for, not read yet" if is_unread else "unchanged", before
        return "", replace(before, at=now.isoformat(), times=before.times + 1)
    asked = Asked(revision=look.revision, at=now.isoformat(), times=1)
    if look.is_comparable and not is_unread:
        return "unchanged", asked
    since = before.waiting_since or now.isoformat()
    waited = (now - datetime.fromisoformat(since)).total_seconds()
    if look.age_seconds < gather_seconds and waited < gather_seconds * GATHERED_AT_MOST:
        return GATHERING, replace(before, waiting_since=since)
    return "", asked


def find_unread(engine: Engine, seen: Mapping[str, Seen], sheets: Sequence[SheetSource]) -> dict[str, bool]:
    """Of each sheet, whether its last reading failed or is known to be of another revision than the one seen."""
    with engine.connect() as connection:
        readings = store.read_revisions(connection)
    unread = {}
    for sheet in sheets:
        revision, failed = readings.get(sheet.name, (None, True))
        look = seen[sheet.name]
        unread[sheet.name] = failed or (look.is_comparable and revision != look.revision)
    return unread


def load_memory(cursor: str | None) -> dict[str, Asked]:
    """What ``dump_memory`` wrote; nothing where nothing was."""
    return {name: Asked(**values) for name, values in json.loads(cursor or "{}").items()}


def dump_memory(memory: Mapping[str, Asked]) -> str:
    """The memory as text for a cursor."""
    values: dict[str, Any] = {name: asdict(asked) for name, asked in memory.items()}
    return json.dumps(values, sort_keys=True)
