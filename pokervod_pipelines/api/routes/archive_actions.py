"""Decide about files that are gone and about libraries and archive roots: clear, confirm a loss, retire, accept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field
from sqlalchemy import Engine

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.actors import Actor
from pokervod_pipelines.api import previews
from pokervod_pipelines.api.actions import ActionRequest, Reason, Requested
from pokervod_pipelines.api.errors import find_named
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.previews import MOST_SHOWN, ExpectedChange
from pokervod_pipelines.api.routing import ReadRoute, needs
from pokervod_pipelines.errors import Conflict
from pokervod_pipelines.nas import missing, retirement
from pokervod_pipelines.nas.missing import MissingFile
from pokervod_pipelines.nas.root_marker import accept_root

router = APIRouter(prefix="/api", tags=["archive"], route_class=ReadRoute)

EXAMPLES = read_examples("archive_actions")

MISSING = "/api/missing-files"


class MissingFiles(ExpectedChange):
    """Choose the missing files of a library at or below a folder."""

    library: previews.Words = Field(min_length=1, examples=["wsop"])
    below: previews.Path = Field(
        min_length=1, description="A folder or file, from the archive root; `.` is all of the library.", examples=["A"]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovedFiles:
    """Tell how many files left, or would with ``dry_run``, and then which: the first 500."""

    dry_run: bool
    count: int
    files: Sequence[MissingFile]
    correlation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedRoot:
    """Name the root that is accepted as it is mounted; ``marker`` is null where none can be written."""

    root: str
    path: str
    marker: str | None
    correlation_id: str


REMOVAL = needs(Role.OPERATOR, example=EXAMPLES["removed"], action=True)

LibraryName = Annotated[str, Path(max_length=100, description="A library that is no longer in the settings.")]
RootName = Annotated[str, Path(max_length=100, description="The name of the archive root in the settings.")]


@router.post("/missing-files/clear", **REMOVAL)
def clear(request: Requested, body: MissingFiles) -> RemovedFiles:
    """Record that missing files were deleted on purpose: they leave the catalog, their rows are kept."""
    _require_library(request, body.library)
    chosen = {"library": body.library, "below": body.below}
    if body.dry_run:
        return _show(request, missing.list_clearable(_find_engine(request), **chosen))

    def act(engine: Engine, actor: Actor) -> RemovedFiles:
        return _count(request, missing.clear_missing(engine, **chosen, expected=body.expected, actor=actor))

    return request.run_apart(RemovedFiles, body.reason, act, look_at=MISSING)


@router.post("/missing-files/confirm-loss", **REMOVAL)
def confirm_loss(request: Requested, body: MissingFiles) -> RemovedFiles:
    """Confirm that files which a scan held back were deleted on purpose; the disk is read once more before that."""
    _require_library(request, body.library)
    settings, library, below = request.context.settings, body.library, body.below
    if body.dry_run:
        return _show(request, missing.list_lost(_find_engine(request), settings, library=library, below=below))

    def act(engine: Engine, actor: Actor) -> RemovedFiles:
        count = missing.confirm_loss(
            engine, settings, library=library, below=below, expected=body.expected, actor=actor
        )
        return _count(request, count)

    return request.run_apart(RemovedFiles, body.reason, act, look_at=MISSING)


@router.post("/libraries/{library}/retire", **REMOVAL)
def retire_library(request: Requested, library: LibraryName, body: ExpectedChange) -> RemovedFiles:
    """Retire the files of a library that was removed from the settings; the next sync builds the catalog without."""
    settings = request.context.settings
    if any(each.name == library for each in settings.libraries):
        raise Conflict(
            f"{library}: the settings have this library, so it would be scanned again; remove it there first"
        )
    if body.dry_run:
        with request.context.database.connect() as connection, find_named():
            found = retirement.find_unconfigured_library(connection, settings, library)
            files = retirement.list_retirable(connection, settings, library)
        return _show(request, files, found.files)

    def act(engine: Engine, actor: Actor) -> RemovedFiles:
        with find_named():
            retired = retirement.retire_library(engine, settings, library, actor=actor, expected=body.expected)
        return _count(request, retired.files)

    return request.run_apart(RemovedFiles, body.reason, act, look_at=MISSING)


@router.post("/roots/{root}/accept", **needs(Role.OPERATOR, example=EXAMPLES["accepted_root"], action=True))
def accept(request: Requested, root: RootName, body: Reason) -> AcceptedRoot:
    """Accept an archive root as it is mounted now, where its marker is missing or that of another one."""
    settings = request.context.settings
    with find_named():
        accepted = settings.root(root)

    def act(engine: Engine, actor: Actor) -> AcceptedRoot:
        marker = accept_root(engine, accepted, settings.scan.stall_seconds, actor=actor)
        return AcceptedRoot(root=root, path=str(accepted.path), marker=marker, correlation_id=actor.correlation_id)

    return request.run_apart(AcceptedRoot, body.reason, act, look_at="/api/log?type=nas.root", is_repeatable=True)


def _require_library(request: ActionRequest, name: str) -> None:
    """Raise for a library that is not in the settings; say what to do with one that is only stored."""
    settings = request.context.settings
    if any(each.name == name for each in settings.libraries):
        return
    with request.context.database.connect() as connection:
        found = retirement.list_unconfigured_libraries(connection, settings)
    if any(each.library == name for each in found):
        raise Conflict(f"{name}: no longer in the settings; retire its files: POST /api/libraries/{name}/retire")
    settings.library(name)


def _find_engine(request: ActionRequest) -> Engine:
    return request.context.database.require().engine


def _show(request: ActionRequest, files: Sequence[MissingFile], count: int | None = None) -> RemovedFiles:
    return RemovedFiles(
        dry_run=True,
        count=len(files) if count is None else count,
        files=files[:MOST_SHOWN],
        correlation_id=request.correlation_id,
    )


def _count(request: ActionRequest, count: int) -> RemovedFiles:
    return RemovedFiles(dry_run=False, count=count, files=(), correlation_id=request.correlation_id)
