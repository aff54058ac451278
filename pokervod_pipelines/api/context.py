"""Hold what all routes of an application share, and lend it to them."""

import asyncio
import hashlib
import hmac
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import Depends
from fastapi.concurrency import contextmanager_in_threadpool
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoneLeft
from starlette.requests import HTTPConnection

from pokervod_pipelines.access.authentication import Authenticator
from pokervod_pipelines.access.principal import Credentials, Method, Principal
from pokervod_pipelines.api.clients import LOCAL_NAMES, is_forwarded, is_loopback, is_readable, read_session_cookie
from pokervod_pipelines.api.database import Database, end_statement
from pokervod_pipelines.api.errors import DatabaseAway, DatabaseBusy, Refused
from pokervod_pipelines.db.failures import is_transient, read_first_line
from pokervod_pipelines.errors import AccessRefused
from pokervod_pipelines.settings import Settings

AWAY_SECONDS = 300.0
"""While the database is away, those whom it knew within this time may read what is left."""

MOST_KNOWN = 1_000

PORT = re.compile(r":\d*$")


@dataclass(kw_only=True)
class ApiContext:
    """Hold the settings, the database, and who was known lately."""

    settings: Settings
    database: Database
    _authenticator: tuple[Engine, Authenticator] | None = None
    _known: OrderedDict[bytes, tuple[float, Principal]] = field(default_factory=OrderedDict)
    _secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def authenticate(self, credentials: Credentials) -> Principal:
        """Return who asks; while the database is away, who was known lately. Raises as the authenticator does."""
        key = self._make_key(credentials)
        try:
            with self.lend_authenticator() as authenticator:
                principal = authenticator.authenticate(credentials)
        except AccessRefused:
            self._known.pop(key, None)
            raise
        except DatabaseAway:
            at, known = self._known.get(key, (float("-inf"), None))
            if known is None or time.monotonic() - at > AWAY_SECONDS:
                raise
            return known
        self._known[key] = time.monotonic(), principal
        self._known.move_to_end(key)
        while len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        return principal

    def forget(self, principal: Principal) -> None:
        """Forget who logged out, also for the time when the database is away."""
        for key, (_, known) in [*self._known.items()]:
            if known.session_id is not None and known.session_id == principal.session_id:
                self._known.pop(key, None)

    @contextmanager
    def lend_authenticator(self) -> Iterator[Authenticator]:
        """Lend what checks credentials. Raises ``DatabaseAway``."""
        opened = self.database.require()
        try:
            yield self._find_authenticator(opened.engine)
        except NoneLeft:
            raise DatabaseBusy from None
        except DBAPIError as error:
            if not is_transient(error):
                raise
            said = read_first_line(error)
            self.database.note_failure(opened, said)
            raise DatabaseAway(f"the database does not answer: {said}") from None

    def _find_authenticator(self, engine: Engine) -> Authenticator:
        if self._authenticator is None or self._authenticator[0] is not engine:
            self._authenticator = engine, Authenticator(engine, self.settings.api)
        return self._authenticator[1]

    def _make_key(self, credentials: Credentials) -> bytes:
        """Return what recognizes the same credentials in this process, and tells nobody what they are."""
        given = (credentials.address, credentials.session, credentials.authorization, credentials.api_key)
        return hmac.new(self._secret, repr(given).encode(), hashlib.sha256).digest()


async def find_context(request: HTTPConnection) -> ApiContext:
    """Return what the routes share."""
    context: ApiContext = request.app.state.context
    return context


async def lend_connection(context: "ContextOf") -> AsyncIterator[Connection]:
    """Lend a connection that reads for the time of a request; a request that is over ends its statement."""
    lending = context.database.connect()
    async with context.database.take_turn(), contextmanager_in_threadpool(lending) as connection:
        try:
            yield connection
        except asyncio.CancelledError:
            await run_sync(end_statement, connection, limiter=CapacityLimiter(1))
            raise


def read_credentials(request: HTTPConnection) -> Credentials:
    """Return what the request shows of itself."""
    return Credentials(
        address=request.client.host if request.client else "",
        session=read_session_cookie(request),
        authorization=request.headers.get("authorization"),
        api_key=request.headers.get("x-api-key"),
    )


def refuse_strangers(request: HTTPConnection, principal: Principal) -> None:
    """Refuse a request that nobody logged in for, where it may come from another machine or a page of another site."""
    if principal.how is not Method.LOCAL:
        return
    name = PORT.sub("", request.headers.get("host", ""))
    is_local = request.client is not None and is_loopback(request.client.host) and name in LOCAL_NAMES
    if not is_local or is_forwarded(request):
        raise Refused(403, "without users only this machine may ask, at 127.0.0.1; add one: pokervod users add NAME")


ContextOf = Annotated[ApiContext, Depends(find_context)]


async def require_private_line(request: HTTPConnection, context: ContextOf) -> None:
    """Refuse a password that others could read on its way."""
    if is_readable(request, context.settings.api):
        raise Refused(403, "the connection is not encrypted, so the password could be read; ask by https")


Reading = Annotated[Connection, Depends(lend_connection)]
