"""Classify the answers of Google, and missing ones: done, retry, renew the token, or leave it to a person.

Pure and total: every status, body and failure has a class. The text for the person belongs in ``errors``; acting on
the class, in ``transport``.
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
"""Reasons of a 403 by which Drive means 429."""

DISABLED_REASONS = frozenset({"accessnotconfigured", "service_disabled"})
TRANSIENT_STATUSES = frozenset({408, 409, 425, 429})
"""Statuses below 500 after which the same call may succeed."""

TRANSIENT_TOKEN_ERRORS = frozenset({"internal_failure", "server_error", "temporarily_unavailable"})


class NextStep(StrEnum):
    """List what can happen after a failed call."""

    RETRY = "retry"
    RENEW_TOKEN = "renew token"  # noqa: S105 - the name of a step
    GIVE_UP = "give up"


class FailureKind(StrEnum):
    """List how a call can fail; the last group needs a person."""

    QUOTA = "too many calls"
    SERVER_ERROR = "an error of Google's"
    GARBLED = "an answer cut off or not understood"
    NO_ANSWER = "no answer"
    TOKEN = "the token is not accepted"  # noqa: S105 - the name of a failure
    CHANGED_MEANWHILE = "the sheet was changed between two calls"

    NOT_SHARED = "not shared"
    READ_ONLY = "shared for reading only"
    PROTECTED = "a protected range"
    NOT_FOUND = "deleted, or never created"
    NOT_FOUND_IN_DRIVE = "deleted or not shared, Drive does not say which"
    NOT_A_GOOGLE_SHEET = "a file of another program"
    API_DISABLED = "the API is not enabled"
    KEY_REFUSED = "the key is not accepted"
    REFUSED = "refused for another reason"


AWAY = frozenset({FailureKind.SERVER_ERROR, FailureKind.GARBLED, FailureKind.NO_ANSWER})
"""Failures of the service itself; in all others it answered, and a breaker counts them as such."""

KIND_BY_MESSAGE = {
    "not supported for this document": FailureKind.NOT_A_GOOGLE_SHEET,
    "protected cell or object": FailureKind.PROTECTED,
    "unable to parse range": FailureKind.CHANGED_MEANWHILE,
    "exceeds grid limits": FailureKind.CHANGED_MEANWHILE,
    "outside the grid": FailureKind.CHANGED_MEANWHILE,
    "but tried writing to": FailureKind.CHANGED_MEANWHILE,
    "no grid with id": FailureKind.CHANGED_MEANWHILE,
    "no namedrange with id": FailureKind.CHANGED_MEANWHILE,
    "named range with that name exists": FailureKind.CHANGED_MEANWHILE,
}
"""Phrases in the message of a 400, which has no reasons."""

PERMISSION_REASONS = frozenset({"insufficientfilepermissions"})
PERMISSION_MESSAGE = "does not have permission"
"""What a 403 says that is about sharing; a policy or a suspended project has other words."""

MAX_WORDS_LENGTH = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFailure:
    """Describe how a call failed and what happens next.

    ``wait`` is the time in seconds that Google asked for. ``is_unclear`` means that the call may have been carried out.
    ``words`` are Google's own.
    """

    step: NextStep
    kind: FailureKind
    wait: float | None = None
    is_unclear: bool = False
    words: str = ""


def classify_response(call: Call, status: int, headers: Mapping[str, str], body: bytes) -> CallFailure | None:
    """Return the failure in an answer that arrived whole; None for a usable one."""
    if 200 <= status < 300:
        garbled = CallFailure(step=NextStep.RETRY, kind=FailureKind.GARBLED, is_unclear=True)
        return None if _parse(body) is not None else garbled
    error = _ErrorBody.from_body(body)
    if status == 401:
        return CallFailure(step=NextStep.RENEW_TOKEN, kind=FailureKind.TOKEN, words=error.words)
    if status == 429 or (status == 403 and error.reasons & RATE_REASONS):
        return CallFailure(step=NextStep.RETRY, kind=FailureKind.QUOTA, wait=read_retry_after(headers) or WINDOW)
    if status >= 500 or status < 400 or status in TRANSIENT_STATUSES or not error.is_from_google:
        is_unclear = status >= 500 or status == 408
        wait = read_retry_after(headers)
        return CallFailure(step=NextStep.RETRY, kind=FailureKind.SERVER_ERROR, wait=wait, is_unclear=is_unclear)
    return CallFailure(step=NextStep.GIVE_UP, kind=_classify_refusal(call, status, error), words=error.words)


def classify_token_response(status: int, headers: Mapping[str, str], body: bytes) -> CallFailure | None:
    """Return the failure in an answer to a request for a token; None for a usable one."""
    answer = _parse(body) or {}
    if 200 <= status < 300:
        garbled = CallFailure(step=NextStep.RETRY, kind=FailureKind.GARBLED)
        return None if isinstance(answer.get("access_token"), str) and _is_lifetime(answer) else garbled
    error = answer.get("error")
    if 400 <= status < 500 and status != 429 and isinstance(error, str) and error not in TRANSIENT_TOKEN_ERRORS:
        words = _make_quotable(f"{error}: {answer.get('error_description', '')}".rstrip(": "))
        return CallFailure(step=NextStep.GIVE_UP, kind=FailureKind.KEY_REFUSED, words=words)
    kind = FailureKind.QUOTA if status == 429 else FailureKind.SERVER_ERROR
    return CallFailure(step=NextStep.RETRY, kind=kind, wait=read_retry_after(headers))


def classify_no_response(*, was_sent: bool) -> CallFailure:
    """Return the failure of a call without a whole answer; ``was_sent`` unless no connection was made."""
    return CallFailure(step=NextStep.RETRY, kind=FailureKind.NO_ANSWER, is_unclear=was_sent)


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait that the header names, as a number or a date; None if it is missing or invalid.

    >>> read_retry_after({"Retry-After": "7"})
    7.0
    """
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdecimal():
        return float(min(int(value), 10**6))
    until, now = read_moment(value), read_moment(headers.get("Date", ""))
    return None if until is None or now is None else max(0.0, (until - now).total_seconds())


def read_moment(value: str) -> datetime | None:
    """Return the moment, with its time zone, in a header such as ``Date``; None if it is not a date."""
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _ErrorBody:
    """Read the body of an error, in the shape of either service.

    A body of another shape is not ``is_from_google``: a proxy on the way sent it, which knows nothing of sheets.
    """

    is_from_google: bool
    reasons: frozenset[str]
    words: str

    @classmethod
    def from_body(cls, body: bytes) -> "_ErrorBody":
        error = (_parse(body) or {}).get("error")
        if not isinstance(error, dict):
            return cls(is_from_google=False, reasons=frozenset(), words="")
        found = [str(entry.get("reason", "")) for key in ("errors", "details") for entry in _entries(error.get(key))]
        reasons = frozenset(reason.casefold() for reason in found)
        return cls(is_from_google=True, reasons=reasons, words=_make_quotable(str(error.get("message", ""))))

    def mentions(self, phrase: str) -> bool:
        """Return whether the words contain the phrase, in whatever case."""
        return phrase in self.words.casefold()


def _entries(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        yield from (entry for entry in value if isinstance(entry, dict))


def _classify_refusal(call: Call, status: int, error: _ErrorBody) -> FailureKind:
    if status == 403 and error.reasons & DISABLED_REASONS:
        return FailureKind.API_DISABLED
    if status == 403 and (not error.words or error.reasons & PERMISSION_REASONS or error.mentions(PERMISSION_MESSAGE)):
        return FailureKind.READ_ONLY if call.writes else FailureKind.NOT_SHARED
    if status in {404, 410}:
        return FailureKind.NOT_FOUND_IN_DRIVE if call.kind.startswith("drive.") else FailureKind.NOT_FOUND
    return _classify_bad_request(error) if status == 400 else FailureKind.REFUSED


def _classify_bad_request(error: _ErrorBody) -> FailureKind:
    return next((kind for phrase, kind in KIND_BY_MESSAGE.items() if error.mentions(phrase)), FailureKind.REFUSED)


def _make_quotable(words: str) -> str:
    """Return the words in one line of printable characters, cut where they are long."""
    line = " ".join("".join(character if character.isprintable() else " " for character in words).split())
    return line if len(line) <= MAX_WORDS_LENGTH else line[: MAX_WORDS_LENGTH - 1] + "…"


def _parse(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _is_lifetime(answer: Mapping[str, Any]) -> bool:
    return str(answer.get("expires_in", 3600)).isdecimal()
