"""List and search the clips that show a hand, show one, and export clips as lists for editing programs."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Response
from sqlalchemy import Connection

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.api.context import ContextOf, Reading
from pokervod_pipelines.api.errors import NotFound, Refused, find_named
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.routing import LARGEST, Items, PageOf, ReadRoute, make_items, needs
from pokervod_pipelines.api.visibility import WITHHELD, Visibility, VisibilityOf
from pokervod_pipelines.clips.delay import find_young_clips
from pokervod_pipelines.clips.edits import ClipDecision, find_clip, list_decisions
from pokervod_pipelines.clips.export.collect import collect_clips, collect_listed_clips
from pokervod_pipelines.clips.export.lists import ListFormat, WrittenList, read_rate, write_lists
from pokervod_pipelines.clips.export.output_files import make_file_names
from pokervod_pipelines.clips.roster import ListedTag, read_tags
from pokervod_pipelines.clips.search import ClipFilter, ListedClip, list_clips
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.paging import EVERYTHING, Page
from pokervod_pipelines.periods import FORMS, PARAMETERS, read_period
from pokervod_pipelines.problems import Problem

router = APIRouter(prefix="/api/clips", tags=["clips"], route_class=ReadRoute)

EXAMPLES = read_examples("clips")

MOST_EXPORTED = 10_000

NOT_EXPORTED = "not exported.txt"

MEDIA_TYPES: Mapping[ListFormat, str] = {
    ListFormat.EDL: "text/plain",
    ListFormat.FCPXML: "application/xml",
    ListFormat.OTIO: "application/json",
    ListFormat.CSV: "text/csv",
}

ClipId = Annotated[int, Path(ge=1, le=LARGEST, description="The number of the clip.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipDetails:
    """Hold a clip, and what people decided about it, the oldest decision first."""

    clip: ListedClip
    decisions: list[ClipDecision]


def find_hidden(connection: Reading, visibility: VisibilityOf) -> frozenset[int]:
    """Return the clips that whoever asks may not see yet."""
    return frozenset() if visibility.since is None else find_young_clips(connection, visibility.since)


Hidden = Annotated[frozenset[int], Depends(find_hidden)]


def read_filter(
    context: ContextOf,
    hidden: Hidden,
    query: Annotated[
        str, Query(max_length=200, description="Words of the title, file, hand, players or tags; all of them.")
    ] = "",
    player: Annotated[
        str, Query(max_length=100, description="With this player; an alias or a part of the name is enough.")
    ] = "",
    tag: Annotated[str, Query(max_length=100, description="With this tag, in any spelling.")] = "",
    grade: Annotated[int | None, Query(ge=1, le=3, description="With this number of stars.")] = None,
    project: Annotated[str, Query(max_length=20, description="Of this project, such as WSOP.")] = "",
    sheet: Annotated[str, Query(max_length=100, description="From this sheet.")] = "",
    file_id: Annotated[int | None, Query(ge=1, le=LARGEST, description="Of this video.")] = None,
    problems: Annotated[bool | None, Query(description="Those that cannot be cut, or only those that can.")] = None,
    since: Annotated[str, Query(description=f"Made or changed from then on: {FORMS}.", max_length=40)] = "",
    until: Annotated[str, Query(description="Made or changed until then.", max_length=40)] = "",
) -> ClipFilter:
    """Return the filters that are asked for; what may not be seen yet is left out."""
    return ClipFilter(
        query=query,
        player=player,
        tag=tag,
        grade=grade,
        project=project,
        sheet=sheet,
        file_id=file_id,
        has_problem=problems,
        period=read_period(since, until, context.settings.zone, names=PARAMETERS),
        without=hidden,
    )


Filters = Annotated[ClipFilter, Depends(read_filter)]


@router.get("", **needs(Role.VIEWER, example={"items": [EXAMPLES["clip"]], "next": 2}))
def list_all(connection: Reading, page: PageOf, filters: Filters) -> Items[ListedClip]:
    """List clips by sheet and row; viewers do not see those that were made or changed inside the broadcast delay."""
    return make_items(list_clips(connection, filters, page), page, lambda each: each.id)


@router.get("/tags", **needs(Role.VIEWER, example=[EXAMPLES["tag"]]))
def list_tags(
    connection: Reading,
    hidden: Hidden,
    unknown: Annotated[bool | None, Query(description="Only tags that are not in the list of known tags.")] = None,
) -> list[ListedTag]:
    """List the tags on clips, the most frequent first."""
    return [tag for tag in read_tags(connection, without=hidden) if not (unknown and tag.is_known)]


@router.get("/decisions", **needs(Role.VIEWER, example={"items": [EXAMPLES["decision"]], "next": None}))
def list_decided(connection: Reading, page: PageOf, hidden: Hidden, visibility: VisibilityOf) -> Items[ClipDecision]:
    """List the clips and tags that people decided, the oldest decision first."""
    found = list_decisions(connection, None, page)
    answer = make_items(found, page, lambda each: each.id)
    answer.items = _show_decisions(answer.items, hidden, visibility)
    return answer


def _show_decisions(
    found: Sequence[ClipDecision], hidden: frozenset[int], visibility: Visibility
) -> list[ClipDecision]:
    """Return the decisions about clips that may be seen, without reasons inside the delay."""
    shown = [each for each in found if each.clip_id not in hidden]
    return [replace(each, reason=WITHHELD) if visibility.hides(each.at) else each for each in shown]


def _needs_export() -> dict[str, Any]:
    declared = needs(Role.VIEWER, example=None)
    binary = {"schema": {"type": "string", "format": "binary"}}
    kinds = {*MEDIA_TYPES.values(), "application/zip"}
    declared["responses"][200] = {"content": dict.fromkeys(sorted(kinds), binary)}
    return declared | {"response_class": Response}


@router.get("/export", **_needs_export())
def export(
    connection: Reading,
    context: ContextOf,
    filters: Filters,
    form: Annotated[ListFormat, Query(alias="format", description="What to write.")] = ListFormat.EDL,
    title: Annotated[str, Query(max_length=100, description="Name of the lists.")] = "pokervod",
    assume_rate: Annotated[
        str, Query(max_length=20, description="Frames a second where unknown, such as 25 or 30000/1001.")
    ] = "",
) -> Response:
    """Download the usable clips of a search as a list; several, for several frame rates, as a zip.

    The zip also names the clips that cannot be exported, each with the reason, where there are any.
    """
    listed = list_clips(connection, replace(filters, has_problem=False), Page(limit=MOST_EXPORTED + 1))
    if len(listed) > MOST_EXPORTED:
        raise Refused(422, f"more than {MOST_EXPORTED:,} clips match; narrow the search")
    if not listed:
        raise BadInput("no usable clip matches, so there is nothing to export; GET /api/clips lists them")
    collect = collect_listed_clips if form is ListFormat.CSV else collect_clips
    roots = {root.name: root.path for root in context.settings.archive_roots}
    clips, problems = collect(connection, [clip.id for clip in listed], roots, assumed_rate=read_rate(assume_rate))
    if not clips:
        raise BadInput(f"none of {len(listed):,} clips can be exported; {problems[0].where}: {problems[0].what}")
    return _answer_lists(write_lists(clips, form, title), problems, form, title)


def _answer_lists(lists: list[WrittenList], problems: list[Problem], form: ListFormat, title: str) -> Response:
    if len(lists) == 1 and not problems:
        return _download(lists[0].text.encode(), lists[0].name, MEDIA_TYPES[form])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in lists:
            archive.writestr(zipfile.ZipInfo(each.name), each.text.encode(), zipfile.ZIP_DEFLATED)
        if problems:
            lines = "".join(f"{each.where}: {each.what}\n" for each in problems)
            archive.writestr(zipfile.ZipInfo(NOT_EXPORTED), lines.encode(), zipfile.ZIP_DEFLATED)
    return _download(buffer.getvalue(), make_file_names([title], ".zip")[0], "application/zip")


def _download(content: bytes, name: str, media_type: str) -> Response:
    disposition = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return Response(content, media_type=media_type, headers={"Content-Disposition": disposition})


@router.get("/{clip_id}", **needs(Role.VIEWER, example=EXAMPLES["clip_details"]))
def read_one(connection: Reading, hidden: Hidden, visibility: VisibilityOf, clip_id: ClipId) -> ClipDetails:
    """Return a clip with what people decided about it."""
    if clip_id in hidden:
        raise Refused(403, f"clip {clip_id}: {WITHHELD}; ask an operator, or again later")
    found = list_clips(connection, ClipFilter(clip_id=clip_id), EVERYTHING)
    if not found:
        raise NotFound(_explain_absence(connection, clip_id))
    decisions = _show_decisions(list_decisions(connection, clip_id), hidden, visibility)
    return ClipDetails(clip=found[0], decisions=decisions)


def _explain_absence(connection: Connection, clip_id: int) -> str:
    with find_named():
        find_clip(connection, clip_id)
    return f"clip {clip_id} is retired: its row was deleted or its creation undone; GET /api/clips lists the others"
