"""Define what a line of a log is: how a record becomes one, and how it is read again.

``2026-11-30T13:31:02.123+01:00 INFO nas 4242 RUN CORRELATION message``: time, level, room, process id, run, request,
each without blanks, ``-`` for none. Further lines of a message or an exception begin with blanks, so a name with a line
break cannot pass as a line.
"""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from pokervod_pipelines.logs.context import read_context
from pokervod_pipelines.text.controls import show_controls
from pokervod_pipelines.text.redaction import hide_statements

INDENT = "    "
NONE = "-"
PACKAGE = "pokervod_pipelines."

MAX_CHARACTERS = 20_000
"""Of a message with its exception; a statement with thousands of parameters is longer."""

OWN = frozenset({*vars(logging.makeLogRecord({})), "message", "asctime", "run_id", "correlation_id", "is_shown"})
"""Attributes of a record that are not facts of its message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """Hold a line as it was read: ``text`` is the message with its further lines, the ids are "" for none."""

    at: datetime
    level: str
    process: str
    room: str
    pid: int
    run_id: str
    correlation_id: str
    text: str


class LineFormatter(logging.Formatter):
    """Make a line of a record, with its time in the zone; no secret, statement or control character is in it."""

    def __init__(self, zone: ZoneInfo, hide: Callable[[str], str]) -> None:
        super().__init__()
        self._zone, self._hide = zone, hide

    def format(self, record: logging.LogRecord) -> str:
        """Return the line or lines of the record, without the last line break."""
        at = datetime.fromtimestamp(record.created, self._zone).isoformat(timespec="milliseconds")
        context = read_context()
        run_id = getattr(record, "run_id", "") or context.run_id
        correlation_id = getattr(record, "correlation_id", "") or context.correlation_id
        ids = (_make_word(each) for each in (run_id, correlation_id))
        head = " ".join((at, record.levelname, name_room(record.name), str(record.process or 0), *ids))
        return f"{head} {self._describe(record)}"

    def _describe(self, record: logging.LogRecord) -> str:
        text = _make_message(record)
        if record.exc_info:
            text = f"{text}\n{self.formatException(record.exc_info)}"
        text = show_controls(self._hide(hide_statements(text))).rstrip()
        if len(text) > MAX_CHARACTERS:
            text = f"{text[:MAX_CHARACTERS]}… ({len(text):,} characters)"
        return text.replace("\n", f"\n{INDENT}")


def name_room(logger: str) -> str:
    """Return the room of a logger, or the library that wrote.

    >>> name_room("pokervod_pipelines.render.worker.database"), name_room("dagster.daemon.SensorDaemon")
    ('render', 'dagster')
    """
    return _make_word(logger.removeprefix(PACKAGE).partition(".")[0])


def _make_word(text: str) -> str:
    return re.sub(r"\s+", "_", show_controls(text)) or NONE


def _make_message(record: logging.LogRecord) -> str:
    """Return the message with the facts beside it; one that does not fit its arguments as it was written."""
    try:
        text = record.getMessage()
    except Exception:  # noqa: BLE001 - a wrong message must not fail the work that it describes
        text = f"{record.msg} {record.args}"
    facts = ", ".join(f"{name}={value}" for name, value in vars(record).items() if name not in OWN)
    return f"{text} ({facts})" if facts else text


_HEAD = re.compile(r"(\d{4}-\d\d-\d\dT\S+) ([A-Z]+) (\S+) (\d+) (\S+) (\S+) ?(.*)", re.DOTALL)


def read_line(process: str, text: str) -> LogLine | None:
    """Return the line of a log with its further lines, None for what is not one: the rest of a write that was cut."""
    found = _HEAD.fullmatch(text)
    if found is None:
        return None
    at, level, room, pid, run_id, correlation_id, message = found.groups()
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return LogLine(
        at=moment,
        level=level,
        process=process,
        room=room,
        pid=int(pid),
        run_id="" if run_id == NONE else run_id,
        correlation_id="" if correlation_id == NONE else correlation_id,
        text=message.replace(f"\n{INDENT}", "\n"),
    )
