"""Define the types of settings: names, times of day, cron lines, encodings, addresses, and the base of all sections."""

import codecs
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import time
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from pokervod_pipelines.settings.cron import MINUTES, read_cron
from pokervod_pipelines.suggestions import suggest_name

OTHER_CLOCKS = ("posix", "right/")
"""Of the names of zones that some systems have besides those of IANA; ``right`` counts leap seconds."""


class SettingsModel(BaseModel):
    """Refuse unknown keys, and changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def require_unique(section: str, names: Sequence[str]) -> None:
    """Raise ``ValueError`` when a name is there twice."""
    if len(set(names)) < len(names):
        message = f"{section}: duplicate name {max(names, key=names.count)!r}; rename one"
        raise ValueError(message)


def _check_line(text: str) -> str:
    if text.splitlines() != [text]:
        message = f"expected one line of text, got {text!r}"
        raise ValueError(message)
    return text


def matching(pattern: str, expected: str) -> AfterValidator:
    """Require text that matches the whole pattern; ``expected`` says it in words."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text, re.DOTALL):
            message = f"expected {expected}, got {text!r}"
            raise ValueError(message)
        return text

    return AfterValidator(check)


def _check_cron(text: str) -> str:
    try:
        times = read_cron(text)
    except ValueError as error:
        message = f"expected a cron line such as '0 3 * * *' (minute hour day month weekday), got {text!r}: {error}"
        raise ValueError(message) from None
    if times.is_hourly and len(times.minutes) == MINUTES:
        message = f"expected a cron line that names a minute, such as '0 3 * * *', got {text!r}, which is every minute"
        raise ValueError(message)
    return text


def _check_time_zone(name: str) -> str:
    with suppress(ValueError, OSError, ZoneInfoNotFoundError):
        if ZoneInfo(name) and not name.startswith(OTHER_CLOCKS):
            return name
    suggestion = suggest_name(name, sorted(available_timezones()))  # listing them takes 28 ms
    message = f"expected an IANA time zone such as 'Europe/London', got {name!r}; {suggestion}"
    raise ValueError(message)


def _check_spreadsheet(text: str) -> str:
    found = re.search(r"/spreadsheets/d/([A-Za-z0-9_-]+)", text) or re.fullmatch(r"\s*([A-Za-z0-9_-]{20,})\s*", text)
    if found is None:
        message = f"expected a Google sheet, got {text!r}; paste the address that the browser shows for the sheet"
        raise ValueError(message)
    return found[1]


def _check_encoding(text: str) -> str:
    try:
        "".encode(text)  # refuses codecs of bytes, which codecs.lookup knows too
        return codecs.lookup(text).name
    except LookupError:
        known = "'cp1252' (Windows), 'cp949' (Korean Windows) or 'mac_roman'"
        message = f"expected an encoding such as {known}, got {text!r}"
        raise ValueError(message) from None


def _check_address(text: str) -> str:
    if not re.fullmatch(r"https?://([\w.-]+|\[[\da-fA-F:.]+\])(:\d+)?(/[^\s?#@]*)?", text) or not _has_valid_port(text):
        is_secret = "@" in text or "%40" in text  # a user, wherever it ends; so may be a query
        shown = "one with `@`" if is_secret else repr(re.sub(r"(?<=[?#]).*", "…", text))
        message = f"expected an address such as 'http://host:8080', without user, query or blank, got {shown}"
        raise ValueError(message)
    return text.rstrip("/")


def _has_valid_port(address: str) -> bool:
    try:
        return urlsplit(address).port != 0
    except ValueError:
        return False


def _check_glob(text: str) -> str:
    if not re.search(r"[^*?/.\s]", text):
        message = (
            f"expected a glob such as '*.old' or 'ARCHIVE/tmp*', got {text!r}, which matches everything or nothing"
        )
        raise ValueError(message)
    return text


def _read_clock(value: object) -> object:
    """Return a time of day; YAML reads ``6:30`` without quotes as the number 390."""
    if type(value) is int and 0 <= value < 24 * 60:
        return time(*divmod(value, 60))
    if isinstance(value, str | time):
        return value
    message = f"expected a time of day such as '06:00', got {value!r}"
    raise ValueError(message)


Name = Annotated[str, matching("[A-Za-z0-9][A-Za-z0-9_-]{0,62}", "a name of letters, digits, '_' and '-'")]
"""A name that is also a Dagster partition key and a part of a command."""

CronLine = Annotated[str, AfterValidator(_check_cron)]
"""Five fields: minute, hour, day of month, month, day of week."""

TimeZone = Annotated[str, AfterValidator(_check_time_zone)]
"""A name of the IANA database."""

ClockTime = Annotated[time, BeforeValidator(_read_clock)]
"""A time of day such as 06:00."""

SpreadsheetId = Annotated[str, AfterValidator(_check_spreadsheet)]
"""The id of a spreadsheet; its whole address in the browser is accepted too."""

EncodingName = Annotated[str, AfterValidator(_check_encoding)]
"""A text encoding that Python knows, by any of its names."""

HttpAddress = Annotated[str, AfterValidator(_check_address)]
"""The root of a server, without a slash at its end."""

ONE_LINE = AfterValidator(_check_line)

Glob = Annotated[str, AfterValidator(_check_glob), ONE_LINE]
"""A file name or path with ``*``, ``?`` and ``[...]``."""

RelativePath = Annotated[
    str,
    matching(
        r"(?!/|~|(.*/)?\.\.(/|$))[^\\\0]{1,400}", "a path that stays below the plan's folder, relative and without '..'"
    ),
    ONE_LINE,
]
"""A path below the folder of a plan."""

READABLE = matching(r".*\S.*", "text for a person to read")

Title = Annotated[str, Field(max_length=120), READABLE, ONE_LINE]
"""A line of text that is not blank."""
