"""Declare routes: each with the role that it requires, its errors and an example; reads with an ETag."""

import hashlib
import hmac
from collections.abc import Callable, Coroutine, Sequence
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query, Request, Response
from fastapi.routing import APIRoute, APIWebSocketRoute
from pydantic import BaseModel, Field
from starlette.requests import HTTPConnection

from pokervod_pipelines.access.principal import Method, Principal, Role, authorize
from pokervod_pipelines.api.context import ContextOf, read_credentials, refuse_strangers
from pokervod_pipelines.api.errors import Refused
from pokervod_pipelines.api.guard import SAFE_METHODS
from pokervod_pipelines.api.invalid import refuse_unknown_query
from pokervod_pipelines.api.problems import ROLE, describe_responses
from pokervod_pipelines.paging import Page

T = TypeVar("T")

READ_ERRORS = (400, 401, 403, 404, 422, 429, 500, 503)
ACTION_ERRORS = (*READ_ERRORS, 408, 409, 413)

MOST = 500
"""Entries of a page."""

LARGEST = 2**63 - 1

CSRF_HEADER = "X-CSRF-Token"


class Items(BaseModel, Generic[T]):
    """Hold a page of entries; ``next`` is the cursor of the following page, null on the last one."""

    items: list[T]
    next: int | None = Field(default=None, description="Give it as `after` for the next page.")


async def read_page(
    limit: Annotated[int, Query(ge=1, le=MOST, description="Entries of the page at most.")] = 100,
    after: Annotated[
        int | None, Query(ge=1, le=LARGEST, description="`next` of the page before; none: the first page.")
    ] = None,
) -> Page:
    """Return the page that is asked for."""
    return Page(limit=limit, after=after)


PageOf = Annotated[Page, Depends(read_page)]


def make_items(found: Sequence[T], page: Page, find_id: Callable[[T], int]) -> Items[T]:
    """Return the page of what was found; a full one names the next."""
    following = find_id(found[-1]) if found and len(found) == page.limit else None
    return Items[T].model_construct(items=[*found], next=following)


def needs(role: Role, *, example: object, action: bool = False, texts: Sequence[str] = ()) -> dict[str, Any]:
    """Return the arguments of a route that requires the role.

    ``example`` is one of its answers, ``texts`` are the types of those that are no JSON.
    """
    responses = describe_responses(*(ACTION_ERRORS if action else READ_ERRORS))
    if example is not None:
        responses[200] = {"content": {"application/json": {"example": example}}}
    for each in texts:
        responses.setdefault(200, {"content": {}})["content"][each] = {"schema": {"type": "string"}}
    if not action:
        responses[304] = {"description": "Nothing has changed since the answer with the ETag of If-None-Match."}
    return {
        "dependencies": [Depends(make_check(role)), Depends(refuse_unknown_query)],
        "responses": responses,
        "openapi_extra": {ROLE: role.value},
    }


def find_principal(request: HTTPConnection, context: ContextOf) -> Principal:
    """Return who asks; a change that a browser asks for needs the token of its session."""
    principal = context.authenticate(read_credentials(request))
    request.scope["state"]["who"] = principal.who
    refuse_strangers(request, principal)
    if principal.how is Method.SESSION and request.scope.get("method", "GET") not in SAFE_METHODS:
        given, token = request.headers.get(CSRF_HEADER, ""), principal.csrf_token or ""
        if not token or not hmac.compare_digest(given.encode(), token.encode()):
            raise Refused(403, f"a change needs the token of the session in {CSRF_HEADER}; load the page again")
    return principal


Asking = Annotated[Principal, Depends(find_principal)]


def make_check(role: Role) -> Callable[[Principal], Coroutine[Any, Any, None]]:
    """Return the dependency that refuses whoever does not have the role."""

    async def check(principal: Asking) -> None:
        authorize(principal, role)

    vars(check)[ROLE] = role.value
    return check


def find_role(route: APIWebSocketRoute) -> str | None:
    """Return the role that a WebSocket requires; FastAPI has no place for it, nor the document."""
    found = [vars(each.dependency).get(ROLE) for each in route.dependencies if each.dependency is not None]
    return next(filter(None, found), None)


class ReadRoute(APIRoute):
    """Answer 304 to a client that has what would be answered."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler of the route with that."""
        handle = super().get_route_handler()

        async def handle_read(request: Request) -> Response:
            return answer_unchanged(request, await handle(request))

        return handle_read


def answer_unchanged(request: Request, response: Response) -> Response:
    """Return the answer with its ETag, or 304 where the client has it."""
    if request.method not in {"GET", "HEAD"} or response.status_code != 200:
        return response
    if "etag" not in response.headers:
        response.headers["ETag"] = make_etag(bytes(response.body))
    if response.headers["ETag"] in list_known(request):
        kept = {
            name: value for name, value in response.headers.items() if name not in {"content-length", "content-type"}
        }
        return Response(status_code=304, headers=kept)
    return response


def list_known(request: Request) -> list[str]:
    """Return the ETags of what the client has."""
    return [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]


def make_etag(body: bytes) -> str:
    """Return what names the content of the body."""
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
