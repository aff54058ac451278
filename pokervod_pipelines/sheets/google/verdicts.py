"""What an answer of Google's, or none, means for the call: done, once more, a new token, or a person's turn.

Pure and total: every status, body and failure has a verdict. What is said to the person belongs in ``complaints``;
acting upon a verdict, in ``transport``.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any

from pokervod_pipelines.sheets.google.budget import WINDOW
from pokervod_pipelines.sheets.google.calls import Call

LONGEST_BACKOFF = 32.0
RATE_REASONS = frozenset(
    {
        "ratelimitexceeded",
        "rate_limit_exceeded",
        "userratelimitexceeded",
        "sharingratelimitexceeded",
        "quotaexceeded",
        "dailylimitexceeded",
    }
)
"""How Drive says 429: in the reasons of a 403."""

DISABLED_REASONS = frozenset({"accessnotconfigured", "service_disabled"})
PASSING_STATUSES = frozenset({408, 409, 425, 429})
"""Refusals below 500 that the same call may overcome."""

PASSING_GRANT_ERRORS = frozenset({"internal_failure", "server_error", "temporarily_unavailable"})


class Step(StrEnum):
    """What happens next."""

    REPEAT = "repeat"
    RENEW_TOKEN = "renew token"  # noqa: S105 - the name of a step
    GIVE_UP = "give up"


class Trouble(StrEnum):
    """What is the matter; the last group is for people."""

    QUOTA = "too many calls"
    BROKEN = "an error of Google's"
    GARBLED = "an answer cut off or not understood"
    NO_ANSWER = "no answer"
    TOKEN = "the token is not accepted"  # noqa: S105 - the name of a trouble
    CHANGED_MEANWHILE = "the sheet was changed between two calls"

    NOT_SHARED = "not shared"
    READ_ONLY = "shared for reading only"
    PROTECTED = "a protected range"
    GONE = "deleted, or never there"
    NOT_FOUND_IN_DRIVE = "deleted or not shared, Drive does not say which"
    NO_GOOGLE_SHEET = "a file of another program"
    API_DISABLED = "the API is not enabled"
    KEY_REFUSED = "the key is not accepted"
    REFUSED = "refused for another reason"


TOLD_BY_MESSAGE = {
    "not supported for this document": Trouble.NO_GOOGLE_SHEET,
    "protected cell or object": Trouble.PROTECTED,
}
"""Words in the messages of a 400, which has no reasons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is the matter and what happens next.

    ``wait`` are the seconds that Google asked for. ``is_unclear`` says that the call may have been carried out.
    """

    step: Step
    trouble: Trouble
    wait: float | None = None
    is_unclear: bool = False


def judge_answer(call: Call, status: int, headers: Mapping[str, str], body: bytes) -> Verdict | None:
    """The verdict on an answer that arrived whole; None for one that can be used."""
    if 200 <= status < 300:
        garbled = Verdict(step=Step.REPEAT, trouble=Trouble.GARBLED, is_unclear=True)
        return None if _parse(body) is not None else garbled
    if status == 401:
        return Verdict(step=Step.RENEW_TOKEN, trouble=Trouble.TOKEN)
    error = _Error.from_body(body)
    if status == 429 or (status == 403 and error.reasons & RATE_REASONS):
        return Verdict(step=Step.REPEAT, trouble=Trouble.QUOTA, wait=read_retry_after(headers) or WINDOW)
    if status >= 500 or status < 400 or status in PASSING_STATUSES or not error.is_of_google:
        is_unclear = status >= 500 or status == 408
        wait = read_retry_after(headers)
        return Verdict(step=Step.REPEAT, trouble=Trouble.BROKEN, wait=wait, is_unclear=is_unclear)
    return Verdict(step=Step.GIVE_UP, trouble=_name_refusal(call, status, error))


def judge_grant(status: int, headers: Mapping[str, str], body: bytes) -> Verdict | None:
    """The verdict on an answer to the question for a token; None for one that can be used."""
    answer = _parse(body) or {}
    if 200 <= status < 300:
        garbled = Verdict(step=Step.REPEAT, trouble=Trouble.GARBLED)
        return None if isinstance(answer.get("access_token"), str) and _is_lifetime(answer) else garbled
    error = answer.get("error")
    if 400 <= status < 500 and status != 429 and isinstance(error, str) and error not in PASSING_GRANT_ERRORS:
        return Verdict(step=Step.GIVE_UP, trouble=Trouble.KEY_REFUSED)
    trouble = Trouble.QUOTA if status == 429 else Trouble.BROKEN
    return Verdict(step=Step.REPEAT, trouble=trouble, wait=read_retry_after(headers))


def judge_silence(*, was_sent: bool) -> Verdict:
    """The verdict on a call that brought no whole answer; ``was_sent`` unless no connection came about."""
    return Verdict(step=Step.REPEAT, trouble=Trouble.NO_ANSWER, is_unclear=was_sent)


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds to wait that the answer asks for, given as such or as a date; None where it does not, or not rightly.

    >>> read_retry_after({"Retry-After": "7"})
    7.0
    """
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdecimal():
        return float(min(int(value), 10**6))
    until, now = read_moment(value), read_moment(headers.get("Date", ""))
    return None if until is None or now is None else max(0.0, (until - now).total_seconds())


def read_moment(value: str) -> datetime | None:
    """The aware moment that a header such as ``Date`` names."""
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def back_off(failures: int, spread: float) -> float:
    """Seconds to wait after so many failures in a row: twice as long each time; ``spread``, 0 to 1, parts the crowd.

    >>> [back_off(n, 1.0) for n in (1, 2, 3, 9)], back_off(3, 0.0)
    ([1.0, 2.0, 4.0, 32.0], 2.0)
    """
    return min(2.0 ** (failures - 1), LONGEST_BACKOFF) * (1 + spread) / 2


@dataclass(frozen=True, slots=True)
class _Error:
    """What an error's body says, in either service's shape.

    A body of another shape is not ``is_of_google``: a proxy on the way sent it, which knows nothing of sheets.
    """

    is_of_google: bool
    reasons: frozenset[str]
    message: str

    @classmethod
    def from_body(cls, body: bytes) -> "_Error":
        error = (_parse(body) or {}).get("error")
        if not isinstance(error, dict):
            return cls(is_of_google=False, reasons=frozenset(), message="")
        said = [str(entry.get("reason", "")) for key in ("errors", "details") for entry in _entries(error.get(key))]
        reasons = frozenset(reason.casefold() for reason in said)
        return cls(is_of_google=True, reasons=reasons, message=str(error.get("message", "")).casefold())


def _entries(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        yield from (entry for entry in value if isinstance(entry, dict))


def _name_refusal(call: Call, status: int, error: _Error) -> Trouble:
    if status == 403 and error.reasons & DISABLED_REASONS:
        return Trouble.API_DISABLED
    if status == 403:
        return Trouble.READ_ONLY if call.writes else Trouble.NOT_SHARED
    if status in {404, 410}:
        return Trouble.NOT_FOUND_IN_DRIVE if call.kind.startswith("drive.") else Trouble.GONE
    return _name_bad_request(call, error) if status == 400 else Trouble.REFUSED


def _name_bad_request(call: Call, error: _Error) -> Trouble:
    for words, trouble in TOLD_BY_MESSAGE.items():
        if words in error.message:
            return trouble
    return Trouble.CHANGED_MEANWHILE if call.writes or call.reads_ranges else Trouble.REFUSED


def _parse(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _is_lifetime(answer: Mapping[str, Any]) -> bool:
    return str(answer.get("expires_in", 3600)).isdecimal()
