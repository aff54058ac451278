"""Show the catalog: projects, seasons, events, episodes; find videos, and what is known of one."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Path, Query, Request
from sqlalchemy import Connection

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.api.context import ApiContext, ContextOf, Reading
from pokervod_pipelines.api.errors import NotFound, Refused, find_named
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.routing import LARGEST, Items, PageOf, ReadRoute, make_items, needs
from pokervod_pipelines.api.snapshots import Snapshot
from pokervod_pipelines.api.visibility import WITHHELD, Visibility, VisibilityOf
from pokervod_pipelines.catalog.copies import CopyGroup, read_copies
from pokervod_pipelines.catalog.correction_store import Correction, read_history
from pokervod_pipelines.catalog.listing import (
    ListedCatalogEvent,
    ListedEpisode,
    ListedProject,
    ListedSeason,
    list_projects,
    list_versions,
    page_episodes,
    page_events,
    page_seasons,
)
from pokervod_pipelines.catalog.search_result import SearchResult
from pokervod_pipelines.catalog.tree import TreeProject, explain_on, read_tree_on
from pokervod_pipelines.catalog.tree_store import YearStats, read_year_stats
from pokervod_pipelines.clips.delay import find_young_clips, find_young_files
from pokervod_pipelines.clips.search import ClipFilter, ListedClip, list_clips
from pokervod_pipelines.errors import Unavailable
from pokervod_pipelines.nas.duplicates import DuplicateGroup, read_duplicates
from pokervod_pipelines.nas.missing import MissingFile, page_missing
from pokervod_pipelines.nas.store.files import PlacedFile, list_paths, place_file
from pokervod_pipelines.paging import Page
from pokervod_pipelines.periods import FORMS, PARAMETERS, read_period

router = APIRouter(prefix="/api", tags=["catalog"], route_class=ReadRoute)

EXAMPLES = read_examples("catalog")

MOST_GROUPS, MOST_CLIPS = 500, 500

REPORT_AGE = 5.0

T = TypeVar("T")

FileId = Annotated[int, Path(ge=1, le=LARGEST, description="The number of the file.")]
ProjectOf = Annotated[str | None, Query(max_length=20, description="Of this project, such as WSOP.")]
SeasonOf = Annotated[int | None, Query(ge=1, le=LARGEST, description="Of this season.")]
Since = Annotated[str, Query(max_length=40, description=f"From then on: {FORMS}.")]
Until = Annotated[str, Query(max_length=40, description="Until then.")]
Limit = Annotated[int, Query(ge=1, le=MOST_GROUPS, description="Entries at most.")]


def find_hidden(connection: Reading, visibility: VisibilityOf) -> frozenset[int]:
    """Return the files that whoever asks may not know of yet."""
    return frozenset() if visibility.since is None else find_young_files(connection, visibility.since)


Hidden = Annotated[frozenset[int], Depends(find_hidden)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports:
    """Hold what is made of the whole archive, once for all who ask within some seconds."""

    stats: Snapshot[list[YearStats]]
    copies: Snapshot[list[CopyGroup]]


def make_reports(context: ApiContext) -> Reports:
    """Return the reports that all clients of an application share."""

    def share(read: Callable[[Connection], list[T]]) -> Snapshot[list[T]]:
        def make() -> list[T]:
            with context.database.connect() as connection:
                return read(connection)

        return Snapshot(make, REPORT_AGE)

    return Reports(stats=share(read_year_stats), copies=share(read_copies))


async def find_reports(request: Request) -> Reports:
    """Return what the routes share."""
    reports: Reports = request.app.state.reports
    return reports


ReportsOf = Annotated[Reports, Depends(find_reports)]


async def _take(report: Snapshot[T]) -> T:
    taken = await report.read()
    if taken.problem:
        raise Unavailable(f"the archive cannot be read: {taken.problem}")
    return taken.value


@router.get("/catalog/projects", **needs(Role.VIEWER, example=[EXAMPLES["project"]]))
def list_all_projects(connection: Reading) -> list[ListedProject]:
    """List the projects by title, with the number of seasons and episodes."""
    return list_projects(connection)


@router.get("/catalog/seasons", **needs(Role.VIEWER, example={"items": [EXAMPLES["season"]], "next": None}))
def list_seasons(connection: Reading, page: PageOf, project: ProjectOf = None) -> Items[ListedSeason]:
    """List seasons, with the number of events and episodes."""
    return make_items(page_seasons(connection, page, project=project), page, lambda each: each.id)


@router.get("/catalog/events", **needs(Role.VIEWER, example={"items": [EXAMPLES["event"]], "next": None}))
def list_events(
    connection: Reading, page: PageOf, project: ProjectOf = None, season_id: SeasonOf = None
) -> Items[ListedCatalogEvent]:
    """List the tournaments and strands of seasons; incidents are at `/api/events`, the event log at `/api/log`."""
    found = page_events(connection, page, project=project, season_id=season_id)
    return make_items(found, page, lambda each: each.id)


@router.get("/catalog/episodes", **needs(Role.VIEWER, example={"items": [EXAMPLES["episode"]], "next": None}))
def list_episodes(
    connection: Reading,
    page: PageOf,
    hidden: Hidden,
    project: ProjectOf = None,
    season_id: SeasonOf = None,
    event_id: Annotated[int | None, Query(ge=1, le=LARGEST, description="Of this event.")] = None,
) -> Items[ListedEpisode]:
    """List episodes, with the number of their files and the preferred one."""
    found = page_episodes(connection, page, project=project, season_id=season_id, event_id=event_id, without=hidden)
    return make_items(found, page, lambda each: each.id)


@router.get("/catalog/tree", **needs(Role.VIEWER, example=EXAMPLES["tree"]))
def read_branch(
    context: ContextOf,
    visibility: VisibilityOf,
    project: Annotated[str, Query(min_length=1, max_length=20, description="The project, such as WSOP.")],
    season_id: SeasonOf = None,
) -> TreeProject:
    """Return a project, or one season of it, down to its files."""
    with context.database.begin() as connection:  # it is streamed
        hidden = find_hidden(connection, visibility)
        found = read_tree_on(connection, project.upper(), season_id=season_id, without=hidden)
    if not found:
        raise NotFound(f"project {project!r} has no such season, or is unknown; GET /api/catalog/seasons lists them")
    return found[0]


@router.get("/catalog/stats", **needs(Role.VIEWER, example=[EXAMPLES["stats"]]))
async def read_stats(reports: ReportsOf) -> list[YearStats]:
    """Return files, episodes, hours, terabytes and clips of each project and year; at most five seconds old."""
    return await _take(reports.stats)


@router.get("/catalog/corrections", **needs(Role.VIEWER, example={"items": [EXAMPLES["correction"]], "next": None}))
def list_corrections(
    connection: Reading,
    page: PageOf,
    hidden: Hidden,
    visibility: VisibilityOf,
    file_id: Annotated[int | None, Query(ge=1, le=LARGEST, description="Of this file.")] = None,
) -> Items[Correction]:
    """List what people corrected and undid, the oldest first: who, when, why, before and after."""
    answer = make_items(read_history(connection, file_id=file_id, page=page), page, lambda each: each.id)
    answer.items = [_show_correction(each, visibility) for each in answer.items if each.file_id not in hidden]
    return answer


def _show_correction(found: Correction, visibility: Visibility) -> Correction:
    if not visibility.hides(found.at):
        return found
    return replace(found, reason=WITHHELD, value=WITHHELD, before=WITHHELD)


@router.get("/catalog/copies", **needs(Role.VIEWER, example=[EXAMPLES["copies"]]))
async def list_copies(reports: ReportsOf, hidden: Hidden, limit: Limit = 100) -> list[CopyGroup]:
    """List videos that seem to be the same content, and copies whose names contradict each other.

    The list is at most five seconds old.
    """
    copies = await _take(reports.copies)
    return _list_copies(copies, hidden)[:limit]


def _list_copies(found: Iterable[CopyGroup], hidden: frozenset[int], *, of: int | None = None) -> list[CopyGroup]:
    """Return the groups without hidden files, or those that the file is in."""
    groups = [(each, {file.file_id for file in each.files}) for each in found]
    return [each for each, ids in groups if hidden.isdisjoint(ids) and (of is None or of in ids)]


@router.get("/missing-files", **needs(Role.VIEWER, example={"items": [EXAMPLES["missing"]], "next": None}))
def list_missing(
    connection: Reading,
    context: ContextOf,
    page: PageOf,
    hidden: Hidden,
    library: Annotated[str | None, Query(max_length=100, description="Of this library.")] = None,
    since: Since = "",
    until: Until = "",
) -> Items[MissingFile]:
    """List missing and unseen files, the longest missing first, with what refers to each."""
    period = read_period(since, until, context.settings.zone, names=PARAMETERS)
    answer = make_items(page_missing(connection, page, library, period), page, lambda each: each.file_id)
    answer.items = [each for each in answer.items if each.file_id not in hidden]
    return answer


@router.get("/duplicates", **needs(Role.VIEWER, example=[EXAMPLES["duplicates"]]))
def list_duplicates(
    connection: Reading, context: ContextOf, hidden: Hidden, since: Since = "", until: Until = "", limit: Limit = 100
) -> list[DuplicateGroup]:
    """List the same content in several places, and the same name with different content, the surest first."""
    found = read_duplicates(
        connection, context.settings, read_period(since, until, context.settings.zone, names=PARAMETERS)
    )
    names = {*list_paths(connection, hidden)}
    return [each for each in found if names.isdisjoint(each.paths)][:limit]


@router.get("/videos", **needs(Role.VIEWER, example=EXAMPLES["search"]))
def search(
    context: ContextOf,
    visibility: VisibilityOf,
    query: Annotated[str, Query(max_length=200, description="Words, whole or begun, even with a typing error.")] = "",
    project: ProjectOf = None,
    year: Annotated[int | None, Query(ge=1900, le=2100, description="Of this year.")] = None,
    game: Annotated[str | None, Query(max_length=40, description="Of this game, such as PLO.")] = None,
    stage: Annotated[str | None, Query(max_length=40, description="Of this stage, such as final_table.")] = None,
    version: Annotated[str | None, Query(max_length=40, description="Of this cut, such as clean.")] = None,
    player: Annotated[str | None, Query(max_length=100, description="With this player.")] = None,
    limit: Limit = 50,
) -> SearchResult:
    """Find videos by words, the best first; `facets` counts what each other choice of a filter would give."""
    from pokervod_pipelines.catalog.search import search_on  # noqa: PLC0415 - loads NumPy

    filters: dict[str, Any] = {"project": project, "year": year, "game": game, "stage": stage, "version": version}
    with context.database.connect() as lent:
        connection = lent.execution_options(isolation_level="REPEATABLE READ")
        hidden = find_hidden(connection, visibility)
        return search_on(connection, query, filters, player=player, limit=limit, without=hidden)


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoEpisode:
    """Identify an episode of a video; ``keys`` are those of project, season, event and episode."""

    id: int
    title: str
    keys: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoFact:
    """Hold a fact of a video, and which words of which name, or whose correction, say so."""

    field: str
    value: Any
    source: str
    text: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoDetails:
    """Hold a video: the file, why it is where it is, and what belongs to it.

    ``reason`` explains one that is in no episode. ``versions`` are the other files of its episodes, ``copies`` those
    that seem to be the same content.
    """

    file_id: int
    title: str | None
    version: str | None
    reason: str | None
    file: PlacedFile
    episodes: list[VideoEpisode]
    facts: list[VideoFact]
    versions: list[int]
    copies: list[CopyGroup]
    clips: list[ListedClip]
    corrections: list[Correction]


@router.get("/videos/{file_id}", **needs(Role.VIEWER, example=EXAMPLES["video"]))
def read_video(connection: Reading, hidden: Hidden, visibility: VisibilityOf, file_id: FileId) -> VideoDetails:
    """Return a video with its versions, copies, clips and corrections, and why it is where it is."""
    found = place_file(connection, file_id)
    if found is None or found.category != "video" or found.is_junk:
        raise NotFound(f"unknown video {file_id}; GET /api/videos finds the numbers")
    if file_id in hidden:
        raise Refused(403, f"video {file_id}: {WITHHELD}; ask an operator, or again later")
    with find_named():
        known = explain_on(connection, file_id)
    without = frozenset() if visibility.since is None else find_young_clips(connection, visibility.since)
    return VideoDetails(
        file_id=file_id,
        title=known.title,
        version=known.version,
        reason=known.reason,
        file=found,
        episodes=[VideoEpisode(id=id_, title=title, keys=keys) for id_, title, keys in known.episodes],
        facts=[VideoFact(**each._asdict()) for each in known.findings],
        versions=[each for each in list_versions(connection, file_id) if each not in hidden],
        copies=_list_copies(read_copies(connection, size=found.size), hidden, of=file_id),
        clips=list_clips(connection, ClipFilter(file_id=file_id, without=without), Page(limit=MOST_CLIPS)),
        corrections=[_show_correction(each, visibility) for each in read_history(connection, file_id=file_id)],
    )
