"""Send gspread's calls with a quota, a timeout and retries.

``request`` is gspread's own point of extension; nothing of it is patched. Import this module late: it loads gspread.
"""

import logging
from collections import Counter
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any

import google.auth.transport
import requests
from google.auth.exceptions import GoogleAuthError
from gspread.http_client import FileType, HTTPClient, ParamsType
from requests import PreparedRequest, Response, Session
from sqlalchemy import Engine

from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.events.breakers import make_breaker
from pokervod_pipelines.policies.backoff import Backoff
from pokervod_pipelines.policies.blocks import DRIVE, SHEETS
from pokervod_pipelines.policies.breakers import BreakerOpen, BreakerOptions, GuardedCall
from pokervod_pipelines.settings.rooms import GoogleSettings
from pokervod_pipelines.sheets.google.budget import block_calls, find_rate, take_call
from pokervod_pipelines.sheets.google.calls import TOKEN, Call, QuotaGroup, name_call, redirect
from pokervod_pipelines.sheets.google.clock import SYSTEM_CLOCK, Clock
from pokervod_pipelines.sheets.google.credentials import ServiceAccount
from pokervod_pipelines.sheets.google.errors import TRANSIENT, Subject, make_error, make_unclear_error
from pokervod_pipelines.sheets.google.responses import (
    AWAY,
    CallFailure,
    FailureKind,
    NextStep,
    classify_no_response,
    classify_response,
    classify_token_response,
)

MAX_QUOTA_WAIT = 300.0
"""Seconds to wait for the quota; where more are needed, the sheet is left for the next pass."""

MAX_TOKEN_RENEWALS = 2
"""How many fresh tokens in a row may be refused before the key itself counts as refused."""

PROBE_CALLS = 3
"""How long a probe may take, in time limits of a call: a token, the call itself, and the wait for the quota."""

BACKOFF = Backoff(first_seconds=0.75, limit_seconds=24.0, jitter=1 / 3)
"""From half a second to one after the first failure, at most 32 seconds."""

NEVER_SENT = (requests.exceptions.ConnectTimeout, requests.exceptions.ProxyError, requests.exceptions.SSLError)

_log = logging.getLogger(__name__)


class _CallFailed(Exception):
    """Carry the failure of one attempt."""

    def __init__(self, failure: CallFailure) -> None:
        super().__init__(failure.kind)
        self.failure = failure


@dataclass(kw_only=True)
class GoogleConnection:
    """Hold what all calls of one client share: the account with its token, the open sockets, the count of calls."""

    engine: Engine
    account: ServiceAccount
    options: GoogleSettings
    clock: Clock
    zone: tzinfo = UTC
    calls: Counter[str] = field(default_factory=Counter)
    session: Session = field(default_factory=Session, repr=False)

    def __post_init__(self) -> None:
        # Without an auth of its own a session takes what it finds in .netrc.
        self.session.auth = self._sign
        options = BreakerOptions(
            zone=self.zone, probe_seconds=PROBE_CALLS * self.options.seconds_per_call, read_clock=self._emulated_now
        )
        self._drive, self._sheets = (make_breaker(self.engine, each, options) for each in (DRIVE, SHEETS))

    def enter_breaker(self, service: QuotaGroup) -> GuardedCall:
        """Return the call that the breaker of the service lets through. Raises ``BreakerOpen`` where it lets none."""
        return (self._drive if service is QuotaGroup.DRIVE else self._sheets).enter()

    def wait_for_quota(self, service: QuotaGroup) -> None:
        """Wait until a call of the service may be made. Raises ``Unavailable`` when that would take too long."""
        rate, waited = find_rate(self.options, service), 0.0
        while seconds := take_call(self.engine, service, rate, now=self._emulated_now()):
            waited += seconds
            if waited > MAX_QUOTA_WAIT:
                raise _CallFailed(CallFailure(step=NextStep.GIVE_UP, kind=FailureKind.QUOTA))
            self.clock.sleep(seconds)

    def block(self, service: QuotaGroup, seconds: float) -> None:
        """Stop the calls of all processes to the service for this time."""
        rate = find_rate(self.options, service)
        block_calls(self.engine, service, rate, seconds, now=self._emulated_now())

    def ensure_token(self, count: Counter[str]) -> None:
        """Request a token unless the account has one that should still be valid."""
        credentials = self.account.credentials
        if credentials.token and credentials.valid:
            return
        count[TOKEN] += 1
        self.calls[TOKEN] += 1
        try:
            credentials.refresh(_TokenTransport(self.options.seconds_per_call))  # type: ignore[no-untyped-call]
        except GoogleAuthError:
            # Answers are classified before google-auth sees them; what remains is an answer in an unknown shape.
            raise _CallFailed(CallFailure(step=NextStep.RETRY, kind=FailureKind.GARBLED)) from None

    def forget_token(self) -> None:
        """Drop the token, so that the next call requests a new one."""
        self.account.credentials.token = None

    def _sign(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.account.credentials.token}"
        return request

    def _emulated_now(self) -> datetime | None:
        return None if self.clock is SYSTEM_CLOCK else self.clock.now()


class RetryingClient(HTTPClient):
    """Make the calls about one subject, counted by kind in ``calls``."""

    def __init__(self, connection: GoogleConnection, subject: Subject, calls: Counter[str]) -> None:
        # gspread takes a session in place of credentials, but does not say so in its types.
        super().__init__(auth=None, session=connection.session)  # type: ignore[arg-type]
        self.set_timeout(connection.options.seconds_per_call)
        self.connection = connection
        self.subject = subject
        self.calls = calls

    def request(
        self,
        method: str,
        endpoint: str,
        params: ParamsType | None = None,
        data: bytes | None = None,
        json: Mapping[str, Any] | None = None,
        files: FileType = None,
        headers: MutableMapping[str, str] | None = None,
    ) -> Response:
        """Return the answer, which is JSON as Google sends it.

        Raises the error for whoever can act; ``Unavailable`` after as many attempts as the settings allow.
        """
        call = name_call(method, endpoint)
        sent = {"params": params, "data": data, "json": json, "files": files, "headers": headers}
        try:
            guarded = self.connection.enter_breaker(call.service)
        except BreakerOpen as error:
            raise BreakerOpen(str(error), lasting=TRANSIENT[1].format(name=self.subject.name)) from None
        attempts = 1 if guarded.is_probe else self.connection.options.attempts
        with guarded:
            try:
                return self._try_often(call, method, endpoint, sent, attempts)
            except _CallFailed as failed:
                failure = failed.failure
            if failure.kind in AWAY:
                guarded.fail(f"{call.kind}: {failure.kind.value}")
            elif failure.kind is FailureKind.QUOTA:  # it has a wait of its own
                guarded.abandon()
            else:
                guarded.succeed()
        raise self._explain(failure, call)

    def _explain(self, failure: CallFailure, call: Call) -> PokervodError:
        if failure.is_unclear and not call.repeatable:
            return make_unclear_error(self.subject, call)
        return make_error(failure, self.subject, call)

    def _try_often(self, call: Call, method: str, endpoint: str, sent: dict[str, Any], attempts: int) -> Response:
        """Return the answer of the first attempt that has one. Raises ``_CallFailed`` after the last."""
        renewals = failures = 0
        while True:
            try:
                return self._try_once(call, method, endpoint, sent)
            except _CallFailed as failed:
                failure = failed.failure
            _log.warning("call to Google failed: %s: %s", call.kind, failure.kind.value)
            renewals = renewals + 1 if failure.step is NextStep.RENEW_TOKEN else 0
            failures += not renewals
            if failure.step is NextStep.GIVE_UP or renewals > MAX_TOKEN_RENEWALS:
                raise _CallFailed(failure)
            if failure.is_unclear and not call.repeatable:
                raise _CallFailed(failure)
            self._prepare_retry(failure, call, attempts_left=attempts - failures, failures=failures)
            if failures >= attempts:
                raise _CallFailed(failure)

    def _try_once(self, call: Call, method: str, endpoint: str, sent: dict[str, Any]) -> Response:
        self.connection.ensure_token(self.calls)
        self.connection.wait_for_quota(call.service)
        self.calls[call.kind] += 1
        self.connection.calls[call.kind] += 1
        address = redirect(endpoint, self.connection.options.endpoint)
        response = _send(self.session, method, address, timeout=self.timeout, **sent)
        failure = classify_response(call, response.status_code, response.headers, response.content)
        if failure is not None:
            raise _CallFailed(failure)
        return response

    def _prepare_retry(self, failure: CallFailure, call: Call, *, failures: int, attempts_left: int) -> None:
        """Wait before the next attempt; after too many calls all other callers of the service wait too."""
        if failure.step is NextStep.RENEW_TOKEN:
            self.connection.forget_token()
        elif failure.kind is FailureKind.QUOTA and failure.wait is not None:
            self.connection.block(call.service, failure.wait)
        elif attempts_left:
            wait = max(failure.wait or 0.0, BACKOFF.find_wait(failures))
            if wait > MAX_QUOTA_WAIT:
                raise _CallFailed(failure)
            self.connection.clock.sleep(wait)


class _TokenTransport(google.auth.transport.Request):
    """Request tokens for google-auth; its own transport has no time limit of ours, and sleeps for real."""

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout

    def __call__(self, url: str, method: str = "GET", body: Any = None, headers: Any = None, *_: Any, **__: Any) -> Any:
        with Session() as session:
            session.auth = _keep_unsigned
            response = _send(session, method, url, data=body, headers=headers, timeout=self.timeout)
        failure = classify_token_response(response.status_code, response.headers, response.content)
        if failure is not None:
            raise _CallFailed(failure)
        return _TokenResponse(response)


class _TokenResponse(google.auth.transport.Response):
    """Give an answer the shape that google-auth expects."""

    def __init__(self, response: Response) -> None:
        self._response = response

    @property
    def status(self) -> int:
        return self._response.status_code

    @property
    def headers(self) -> Mapping[str, str]:
        return self._response.headers

    @property
    def data(self) -> bytes:
        return self._response.content


def _keep_unsigned(request: PreparedRequest) -> PreparedRequest:
    return request


def _send(session: Session, method: str, address: str, **sent: Any) -> Response:
    """Return the answer, read to its end. Raises ``_CallFailed`` without one."""
    try:
        return session.request(method, address, **sent)
    except requests.RequestException as error:
        raise _CallFailed(classify_no_response(was_sent=not isinstance(error, NEVER_SENT))) from None
