"""Let people log in and out, by a page that needs no script."""

from dataclasses import dataclass
from http import HTTPStatus
from math import ceil
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from pokervod_pipelines.access.authentication import NewSession, require_csrf_token
from pokervod_pipelines.access.principal import Method, Principal
from pokervod_pipelines.api.clients import delete_session_cookie, is_by_tls, is_readable, set_session_cookie
from pokervod_pipelines.api.context import ApiContext, ContextOf, read_credentials, refuse_strangers
from pokervod_pipelines.api.errors import DatabaseAway, DatabaseBusy, Refused
from pokervod_pipelines.console.forms import MAX_PATH, Form, read_local_path
from pokervod_pipelines.console.languages import COOKIE, LANGUAGES, find_language
from pokervod_pipelines.console.pages import render_page
from pokervod_pipelines.errors import AccessRefused, LoginThrottled, NotAllowed, NotLoggedIn, Unavailable

router = APIRouter(include_in_schema=False)

HOME = "/docs"
"""Where people are led who ask for nothing else."""

YEAR = 365 * 24 * 3600

Next = Annotated[str, Query(alias="next", max_length=MAX_PATH)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Say why a login failed: ``kind`` chooses the words of the page, ``wait`` is for ``throttled``."""

    kind: str
    status: HTTPStatus
    wait: int = 0


UNREADABLE = Failure(kind="unreadable", status=HTTPStatus.FORBIDDEN)


@router.get("/")
def open_home(request: Request, context: ContextOf) -> Response:
    """Lead to the first page, or to the login."""
    return _redirect(HOME if find_visitor(request, context) else "/login")


@router.get("/login")
def show_login(
    request: Request,
    context: ContextOf,
    following: Next = "",
    language: Annotated[str, Query(max_length=10)] = "",
    left: bool = False,  # noqa: FBT001, FBT002 - of the query
) -> Response:
    """Show the login page; to who is logged in, the page that they wanted, or how they log out."""
    visitor = find_visitor(request, context)
    if language in LANGUAGES:
        return _keep_language(request, following, language)
    if visitor is not None and following:
        return _redirect(read_local_path(following, HOME))
    failure = UNREADABLE if visitor is None and is_readable(request, context.settings.api) else None
    status = HTTPStatus.OK
    return _show(request, visitor=visitor, failure=failure, status=status, following=following, left=left)


@router.post("/login")
def log_in(request: Request, context: ContextOf, form: Form) -> Response:
    """Begin a session, and lead to the page that was wanted; a session that this browser had ends."""
    name, following = form.get("name", ""), form.get("next", "")
    if is_readable(request, context.settings.api):
        return _show(request, failure=UNREADABLE, following=following, name=name)
    try:
        session = _begin_session(request, context, name, form.get("password", ""))
    except (AccessRefused, Unavailable) as error:
        return _show(request, failure=_explain(error), following=following, name=name)
    request.scope["state"]["who"] = session.principal.who
    response = _redirect(read_local_path(following, HOME))
    set_session_cookie(request, response, session)
    return response


@router.post("/logout")
def log_out(request: Request, context: ContextOf, form: Form) -> Response:
    """End the session of this browser."""
    visitor = find_visitor(request, context)
    if visitor is not None and visitor.how is Method.SESSION:
        require_csrf_token(visitor, form.get("csrf_token"))
        end_session(context, visitor)
    response = _redirect("/login?left=1")
    delete_session_cookie(request, response)
    return response


def find_visitor(request: Request, context: ApiContext) -> Principal | None:
    """Return who asks with a browser, None for nobody who is logged in, and while the database is away."""
    try:
        principal = context.authenticate(read_credentials(request))
        refuse_strangers(request, principal)
    except (AccessRefused, DatabaseAway, DatabaseBusy, Refused):
        return None
    request.scope["state"]["who"] = principal.who
    return principal if principal.how in {Method.SESSION, Method.LOCAL} else None


def end_session(context: ApiContext, principal: Principal) -> None:
    """End the session, also for this process while the database is away."""
    context.forget(principal)
    with context.lend_authenticator() as authenticator:
        authenticator.log_out(principal)


def _begin_session(request: Request, context: ApiContext, name: str, password: str) -> NewSession:
    before = find_visitor(request, context)
    if before is not None and before.how is Method.LOCAL:
        raise NotAllowed("there is no user")
    address = request.client.host if request.client else ""
    with context.lend_authenticator() as authenticator:
        session = authenticator.log_in(name, password, address)
    if before is not None:
        end_session(context, before)
    return session


def _explain(error: AccessRefused | Unavailable) -> Failure:
    """Return what the page says; which names exist it does not."""
    if isinstance(error, LoginThrottled):
        return Failure(kind="throttled", status=HTTPStatus.TOO_MANY_REQUESTS, wait=ceil(error.retry_after))
    if isinstance(error, NotLoggedIn):
        return Failure(kind="wrong", status=HTTPStatus.UNAUTHORIZED)
    if isinstance(error, NotAllowed):
        return Failure(kind="no_users", status=HTTPStatus.FORBIDDEN)
    kind = "away" if isinstance(error, DatabaseAway) else "busy"
    return Failure(kind=kind, status=HTTPStatus.SERVICE_UNAVAILABLE, wait=2)


def _show(
    request: Request,
    *,
    visitor: Principal | None = None,
    failure: Failure | None = None,
    status: HTTPStatus | None = None,
    following: str = "",
    name: str = "",
    left: bool = False,
) -> Response:
    language = find_language(request, visitor.locale if visitor else None)
    response = render_page(
        request,
        "login.html.j2",
        language,
        status or (failure.status if failure else HTTPStatus.OK),
        visitor=visitor,
        failure=failure,
        following=read_local_path(following, "") if following else "",
        name=name[:256],
        left=left and visitor is None and failure is None,
        is_plain=not is_by_tls(request),
        home=HOME,
    )
    if failure is not None and failure.wait:
        response.headers["Retry-After"] = str(failure.wait)
    return response


def _keep_language(request: Request, following: str, language: str) -> Response:
    path = read_local_path(following, "")
    response = _redirect(f"/login?next={quote(path, safe='')}" if path else "/login")
    response.set_cookie(COOKIE, language, max_age=YEAR, secure=is_by_tls(request), httponly=True, samesite="lax")
    return response


def _redirect(path: str) -> RedirectResponse:
    return RedirectResponse(path, HTTPStatus.SEE_OTHER, {"Cache-Control": "no-store"})
