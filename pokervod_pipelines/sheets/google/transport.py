"""gspread's HTTP client, made patient: each call waits its turn, has a timeout and is tried again where that may help.

``request`` is gspread's own point of extension; nothing of it is patched. Import this module late: it loads gspread.
"""

import logging
import random
from collections import Counter
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NoReturn

import google.auth.transport
import requests
from google.auth.exceptions import GoogleAuthError
from gspread.http_client import FileType, HTTPClient, ParamsType
from requests import PreparedRequest, Response, Session
from sqlalchemy import Engine

from pokervod_pipelines.errors import Unavailable
from pokervod_pipelines.settings_rooms import Google
from pokervod_pipelines.sheets.google import store
from pokervod_pipelines.sheets.google.budget import Pace
from pokervod_pipelines.sheets.google.calls import TOKEN, Call, Service, name_call, redirect
from pokervod_pipelines.sheets.google.clock import SYSTEM_CLOCK, Clock
from pokervod_pipelines.sheets.google.complaints import PASSING, Subject, explain, explain_unclear
from pokervod_pipelines.sheets.google.credentials import ServiceAccount
from pokervod_pipelines.sheets.google.verdicts import (
    Step,
    Trouble,
    Verdict,
    back_off,
    judge_answer,
    judge_grant,
    judge_silence,
)

LONGEST_TURN = 300.0
"""Seconds to wait for one's turn; where more is wanted, the sheet is left for the next pass."""

MOST_RENEWALS = 2
"""Fresh tokens that are refused one after the other before the key itself is to blame."""

NEVER_SENT = (requests.exceptions.ConnectTimeout, requests.exceptions.ProxyError, requests.exceptions.SSLError)

_log = logging.getLogger(__name__)


class _Failed(Exception):
    """One try brought nothing."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.trouble)
        self.verdict = verdict


@dataclass(kw_only=True)
class Connection:
    """What all calls of one client share: the account with its token, the open sockets, the count of calls."""

    engine: Engine
    account: ServiceAccount
    options: Google
    clock: Clock
    calls: Counter[str] = field(default_factory=Counter)
    session: Session = field(default_factory=Session, repr=False)

    def __post_init__(self) -> None:
        # Without an auth of its own a session takes what it finds in .netrc.
        self.session.auth = self._sign

    def take_turn(self, service: Service) -> None:
        """A call of the service may be made now. Raises ``Unavailable`` when that would take too long."""
        pace, waited = Pace.within(self.options.calls_per_minute), 0.0
        while seconds := store.take(self.engine, service, pace, now=self._emulated_now()):
            waited += seconds
            if waited > LONGEST_TURN:
                raise _Failed(Verdict(step=Step.GIVE_UP, trouble=Trouble.QUOTA))
            self.clock.sleep(seconds)

    def close(self, service: Service, seconds: float) -> None:
        """No process calls the service for so long."""
        pace = Pace.within(self.options.calls_per_minute)
        store.close(self.engine, service, pace, seconds, now=self._emulated_now())

    def ensure_token(self, count: Counter[str]) -> None:
        """The account has a token that should still be good."""
        credentials = self.account.credentials
        if credentials.token and credentials.valid:
            return
        count[TOKEN] += 1
        self.calls[TOKEN] += 1
        try:
            credentials.refresh(_TokenTransport(self.options.seconds_per_call))  # type: ignore[no-untyped-call]
        except GoogleAuthError:
            # Answers are judged before google-auth sees them; what is left is an answer in no known shape.
            raise _Failed(Verdict(step=Step.REPEAT, trouble=Trouble.GARBLED)) from None

    def forget_token(self) -> None:
        """The next call asks for a new token."""
        self.account.credentials.token = None

    def _sign(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.account.credentials.token}"
        return request

    def _emulated_now(self) -> datetime | None:
        return None if self.clock is SYSTEM_CLOCK else self.clock.now()


class PatientClient(HTTPClient):
    """The calls about one subject, counted by kind in ``calls``."""

    def __init__(self, connection: Connection, subject: Subject, calls: Counter[str]) -> None:
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
        """The answer, which is JSON as Google sends it.

        Raises the error of whoever can act; ``Unavailable`` after as many tries as the settings allow.
        """
        call, renewals = name_call(method, endpoint), 0
        sent = {"params": params, "data": data, "json": json, "files": files, "headers": headers}
        for failures in range(1, self.connection.options.tries + 1):
            try:
                return self._try_once(call, method, endpoint, sent)
            except _Failed as failed:
                verdict = failed.verdict
            _log.warning("a call of Google failed", extra={"call": call.kind, "trouble": verdict.trouble.value})
            renewals = renewals + 1 if verdict.step is Step.RENEW_TOKEN else 0
            if verdict.step is Step.GIVE_UP or renewals > MOST_RENEWALS:
                self._give_up(verdict, call)
            if verdict.is_unclear and not call.repeatable:
                raise explain_unclear(self.subject, call)
            self._prepare_next(verdict, call, failures)
        raise Unavailable(PASSING[1].format(name=self.subject.name))

    def _try_once(self, call: Call, method: str, endpoint: str, sent: dict[str, Any]) -> Response:
        self.connection.ensure_token(self.calls)
        self.connection.take_turn(call.service)
        self.calls[call.kind] += 1
        self.connection.calls[call.kind] += 1
        address = redirect(endpoint, self.connection.options.endpoint)
        response = _send(self.session, method, address, timeout=self.timeout, **sent)
        verdict = judge_answer(call, response.status_code, response.headers, response.content)
        if verdict is not None:
            raise _Failed(verdict)
        return response

    def _prepare_next(self, verdict: Verdict, call: Call, failures: int) -> None:
        """The next try may begin; whoever else calls the service waits too, if it has had too many calls."""
        if verdict.step is Step.RENEW_TOKEN:
            self.connection.forget_token()
        elif verdict.trouble is Trouble.QUOTA and verdict.wait is not None:
            self.connection.close(call.service, verdict.wait)
        elif failures < self.connection.options.tries:
            wait = max(verdict.wait or 0.0, back_off(failures, random.random()))  # noqa: S311 - no secret
            if wait > LONGEST_TURN:
                self._give_up(verdict, call)
            self.connection.clock.sleep(wait)

    def _give_up(self, verdict: Verdict, call: Call) -> NoReturn:
        raise explain(verdict.trouble, self.subject, call)


class _TokenTransport(google.auth.transport.Request):
    """How google-auth reaches the token endpoint; its own is as patient as it likes, and sleeps for real."""

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout

    def __call__(self, url: str, method: str = "GET", body: Any = None, headers: Any = None, *_: Any, **__: Any) -> Any:
        with Session() as session:
            session.auth = _leave_as_it_is
            response = _send(session, method, url, data=body, headers=headers, timeout=self.timeout)
        verdict = judge_grant(response.status_code, response.headers, response.content)
        if verdict is not None:
            raise _Failed(verdict)
        return _TokenAnswer(response)


class _TokenAnswer(google.auth.transport.Response):
    """An answer in google-auth's shape."""

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


def _leave_as_it_is(request: PreparedRequest) -> PreparedRequest:
    return request


def _send(session: Session, method: str, address: str, **sent: Any) -> Response:
    """The answer, read to its end. Raises ``_Failed`` without one."""
    try:
        return session.request(method, address, **sent)
    except requests.RequestException as error:
        raise _Failed(judge_silence(was_sent=not isinstance(error, NEVER_SENT))) from None
