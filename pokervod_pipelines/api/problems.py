"""Answer every error as ``application/problem+json`` (RFC 9457), in words, without statement or traceback."""

import logging
import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field
from sqlalchemy.exc import TimeoutError as NoneLeft
from starlette.exceptions import HTTPException

from pokervod_pipelines.api.context import read_credentials
from pokervod_pipelines.api.errors import DatabaseBusy, NotFound, Refused
from pokervod_pipelines.api.invalid import InvalidField, list_invalid
from pokervod_pipelines.db.failures import DatabaseError, translate_error
from pokervod_pipelines.errors import (
    BadInput,
    Conflict,
    LoginThrottled,
    NotAllowed,
    NotLoggedIn,
    OperatorNeeded,
    PokervodError,
    Unavailable,
)
from pokervod_pipelines.logs.context import read_context

MEDIA_TYPE = "application/problem+json"

ROLE = "x-role"
"""The key of an operation of the document that names its role."""

RETRY_SECONDS = 1
"""When a client may ask again that met a database that does not answer."""

STATUSES: Sequence[tuple[type[PokervodError], HTTPStatus]] = (
    (NotLoggedIn, HTTPStatus.UNAUTHORIZED),
    (NotAllowed, HTTPStatus.FORBIDDEN),
    (LoginThrottled, HTTPStatus.TOO_MANY_REQUESTS),
    (NotFound, HTTPStatus.NOT_FOUND),
    (BadInput, HTTPStatus.BAD_REQUEST),
    (Unavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (Conflict, HTTPStatus.CONFLICT),
    (OperatorNeeded, HTTPStatus.CONFLICT),
)
"""The status of each kind of error, the first that fits."""

_log = logging.getLogger(__name__)


class ProblemDocument(BaseModel):
    """Say what is wrong and what to do; the correlation id finds the lines of the log."""

    type: str = Field(default="about:blank", examples=["about:blank"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["no incident has the number 7. List them: pokervod incidents list"])
    instance: str = Field(examples=["/api/events/7"])
    correlation_id: str = Field(examples=["5b8f0a6c5f0f4a0e9d0c5a7f7c0b9e11"])
    fields: list[InvalidField] = Field(default_factory=list)


def describe_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return how the document of the API describes these errors."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


def make_problem(
    status: int,
    detail: str,
    instance: str,
    *,
    fields: Sequence[InvalidField] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the answer of an error."""
    document = ProblemDocument(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=instance,
        correlation_id=read_context().correlation_id,
        fields=[*fields],
    )
    return Response(document.model_dump_json(), status, headers, MEDIA_TYPE)


def add_handlers(app: FastAPI) -> None:
    """Let the application answer each error as a problem."""
    app.add_exception_handler(HTTPException, _answer_status)
    for invalid in (RequestValidationError, WebSocketRequestValidationError):
        app.add_exception_handler(invalid, _answer_invalid)
    for kind in (PokervodError, *DatabaseError.__args__):
        app.add_exception_handler(kind, _answer_error)
    app.add_exception_handler(NoneLeft, _answer_busy)
    app.add_exception_handler(Exception, _answer_bug)


def _answer_status(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - narrows the type
    if error.status_code == HTTPStatus.BAD_REQUEST and (refusal := _find_refusal(request)) is not None:
        return refusal
    detail = error.detail
    if error.status_code == HTTPStatus.NOT_FOUND and detail == HTTPStatus.NOT_FOUND.phrase:
        detail = f"no route has the path {request.url.path}; /docs lists the routes"
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        detail = f"{request.url.path} does not take {request.method}; /docs lists what it takes"
    return make_problem(error.status_code, str(detail), request.url.path, headers=error.headers)


def _answer_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError | WebSocketRequestValidationError)  # noqa: S101 - narrows the type
    if (refusal := _find_refusal(request)) is not None:
        return refusal
    fields = list_invalid(error.errors(), request)
    named = "; ".join(f"{each.where}: {each.what}" for each in fields)
    return make_problem(422, f"the request is not valid: {named}", request.url.path, fields=fields)


def _find_refusal(request: Request) -> Response | None:
    """Return what a stranger is answered: a body that cannot be read is found before anybody looks who sends it."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute) or ROLE not in (route.openapi_extra or {}) or "who" in request.scope["state"]:
        return None
    try:
        request.app.state.context.authenticate(read_credentials(request))
    except (PokervodError, *DatabaseError.__args__) as refusal:
        return _answer_error(request, refusal)
    return None


def answer_known(error: PokervodError, instance: str) -> Response:
    """Return the answer of an error that PokerVOD knows."""
    if isinstance(error, Refused):
        return make_problem(error.status, str(error), instance, headers=error.headers)
    status = next((status for kind, status in STATUSES if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)
    return make_problem(status, str(error), instance, headers=_list_headers(error))


def _list_headers(error: PokervodError) -> Mapping[str, str]:
    """Return the headers that tell a program what to do."""
    if isinstance(error, LoginThrottled):
        return {"Retry-After": str(math.ceil(error.retry_after))}
    if isinstance(error, NotLoggedIn):
        return {"WWW-Authenticate": 'Basic realm="PokerVOD", charset="UTF-8"'}
    return {"Retry-After": str(RETRY_SECONDS)} if isinstance(error, Unavailable) else {}


def _answer_error(request: Request, error: Exception) -> Response:
    if isinstance(error, PokervodError):
        return answer_known(error, request.url.path)
    assert isinstance(error, DatabaseError)  # noqa: S101 - narrows the type
    known = translate_error(error)
    if isinstance(known, OperatorNeeded):
        _log.error("%s failed: %s", request.url.path, known)
        return make_problem(500, str(known), request.url.path)
    return answer_known(known, request.url.path)


def _answer_busy(request: Request, _: Exception) -> Response:
    return answer_known(DatabaseBusy(), request.url.path)


def _answer_bug(request: Request, error: Exception) -> Response:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    detail = "an error of PokerVOD; `pokervod logs` has the details under the correlation id. Report it."
    return make_problem(500, detail, request.url.path)
