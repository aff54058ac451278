"""Serve the files that pages are made of: what is listed here, by its name, and nothing else of the disk."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from pokervod_pipelines.api.errors import NotFound
from pokervod_pipelines.api.routing import answer_unchanged

router = APIRouter(prefix="/static", include_in_schema=False)

FILES: Mapping[str, str] = {"style.css": "text/css; charset=utf-8"}
"""Each file with its type; anybody may read them, since the login page needs them."""


@router.get("/{name}")
def read_file(request: Request, name: Annotated[str, Path(max_length=50)]) -> Response:
    """Return a file of the pages."""
    if name not in FILES:
        raise NotFound(f"the pages have no file {name!r}")
    return answer_unchanged(request, Response(_read(name), media_type=FILES[name]))


@cache
def _read(name: str) -> bytes:
    return files("pokervod_pipelines.console").joinpath("static", name).read_bytes()
