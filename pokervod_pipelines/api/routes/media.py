"""Send the bytes of videos and graphics by their ids, and pictures of graphics, also of one that is not enqueued."""

from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.api.context import ApiContext, ContextOf, Reading
from pokervod_pipelines.api.errors import NotFound, Refused
from pokervod_pipelines.api.files import FilePlace, FileSender, answer_file
from pokervod_pipelines.api.problems import describe_responses
from pokervod_pipelines.api.routing import LARGEST, Asking, ReadRoute, needs
from pokervod_pipelines.api.visibility import WITHHELD, Visibility, VisibilityOf, refuse_hidden
from pokervod_pipelines.clips.delay import find_young_files
from pokervod_pipelines.nas.store.files import place_file
from pokervod_pipelines.render.drafts import make_output
from pokervod_pipelines.render.failures import BadInstruction
from pokervod_pipelines.render.outputs.store import PlacedOutput, place_output
from pokervod_pipelines.render.previews import PreviewRenderer
from pokervod_pipelines.render.renderers.job import OutputSpec
from pokervod_pipelines.render.templates import load_configured_templates
from pokervod_pipelines.settings.render import RenderOutput
from pokervod_pipelines.suggestions import suggest_name

router = APIRouter(prefix="/api", tags=["media"], route_class=ReadRoute)

BYTES = {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}

MAX_PIXELS = 3840 * 2160
"""Size of the graphic of a preview, which is shown smaller."""

OutputId = Annotated[int, Path(ge=1, le=LARGEST, description="The number of the instruction.")]
FileId = Annotated[int, Path(ge=1, le=LARGEST, description="The number of the file, as the catalog has it.")]


def _needs_file() -> dict[str, Any]:
    """Return the arguments of a route that sends a file."""
    declared = needs(Role.VIEWER, example=None)
    declared["responses"] |= {200: BYTES, 206: {"description": "The bytes that `Range` asks for.", **BYTES}}
    declared["responses"] |= describe_responses(416)
    return declared | {"response_class": Response}


def _needs_picture(media_type: str, role: Role, *, action: bool = False) -> dict[str, Any]:
    declared = needs(role, example=None, action=action)
    declared["responses"][200] = {"content": {media_type: {"schema": {"type": "string", "format": "binary"}}}}
    return declared | {"response_class": Response}


@router.head("/videos/{file_id}/file", **_needs_file())
@router.get("/videos/{file_id}/file", **_needs_file())
async def send_video(
    request: Request, context: ContextOf, principal: Asking, visibility: VisibilityOf, file_id: FileId
) -> Response:
    """Send a video of the inventory, or the bytes that `Range` asks for.

    Inside the broadcast delay viewers get none that came or changed, or shows a hand that came.
    """
    place = await anyio.to_thread.run_sync(_place_video, context, visibility, file_id)
    return await _send(request, place, principal.who)


def _place_video(context: ApiContext, visibility: Visibility, file_id: int) -> FilePlace:
    with context.database.connect() as connection:
        found = place_file(connection, file_id)
        if found is None or found.category != "video" or found.is_junk:
            raise NotFound(f"unknown video {file_id}; GET /api/videos finds the numbers")
        if visibility.since is not None and file_id in find_young_files(connection, visibility.since):
            raise Refused(403, f"video {file_id}: {WITHHELD}; ask an operator, or again later")
    folder = next((root.path for root in context.settings.archive_roots if root.name == found.root), None)
    if folder is None:
        said = f"video {file_id} is below the archive root {found.root!r}, which is not in the settings any more"
        raise NotFound(f"{said}; add it to `archive_roots`")
    advice = f"the inventory has it as {found.state}; `pokervod nas scan` looks again"
    return FilePlace(folder=folder, path=found.path, name=found.path, advice=advice)


@router.head("/outputs/{instruction_id}/file", **_needs_file())
@router.get("/outputs/{instruction_id}/file", **_needs_file())
async def send_output(
    request: Request,
    context: ContextOf,
    principal: Asking,
    visibility: VisibilityOf,
    instruction_id: OutputId,
    frame: Annotated[int | None, Query(ge=1, le=99_999, description="Of a PNG sequence: the frame, from 1.")] = None,
) -> Response:
    """Send the file of an instruction, or the bytes that `Range` asks for; of a PNG sequence one frame.

    Inside the broadcast delay viewers get none.
    """
    place = await anyio.to_thread.run_sync(_place_output_file, context, visibility, instruction_id, frame)
    return await _send(request, place, principal.who)


def _place_output_file(
    context: ApiContext, visibility: Visibility, instruction_id: int, frame: int | None
) -> FilePlace:
    with context.database.connect() as connection:
        found = _find_output(connection, visibility, instruction_id)
    path = found.find_file(frame)
    advice = f"POST /api/actions/remake renders instruction {instruction_id} again"
    return FilePlace(folder=context.settings.renders, path=path, name=path, advice=advice)


def _find_output(
    connection: Connection, visibility: Visibility, instruction_id: int, *, with_preview: bool = False
) -> PlacedOutput:
    found = place_output(connection, instruction_id, with_preview=with_preview)
    if found is None:
        raise NotFound(f"instruction {instruction_id} has no file; GET /api/instructions/{instruction_id} says why")
    refuse_hidden(found.instructed_at, f"graphic {instruction_id}", visibility)
    return found


async def _send(request: Request, place: FilePlace, who: str) -> Response:
    sender: FileSender = request.app.state.files
    file = await sender.open(place, who)
    return answer_file(request, file, place.name.rpartition("/")[2])


@router.get("/outputs/{instruction_id}/preview", **_needs_picture("image/jpeg", Role.VIEWER))
def send_preview(connection: Reading, visibility: VisibilityOf, instruction_id: OutputId) -> Response:
    """Return the middle frame of a graphic as a small picture. Inside the broadcast delay viewers get none."""
    found = _find_output(connection, visibility, instruction_id, with_preview=True)
    if found.preview is None:
        raise NotFound(f"no frame of graphic {instruction_id} was found; its file is at ../file")
    return Response(found.preview, media_type="image/jpeg")


class PreviewOutput(BaseModel, extra="forbid"):
    """Set the size of a graphic as an instruction does; the template decides the rest."""

    width: int | None = Field(default=None, ge=16, le=7680, multiple_of=2)
    height: int | None = Field(default=None, ge=16, le=4320, multiple_of=2)


class PreviewRequest(BaseModel, extra="forbid"):
    """Name a template and the values of its layers."""

    template: str = Field(max_length=100, examples=["elimination"])
    layers: dict[str, Any] = Field(max_length=200, examples=[{"player": "Anna Karlsson", "place": "12"}])
    output: PreviewOutput = PreviewOutput()


@router.post("/instructions/preview", **_needs_picture("image/png", Role.OPERATOR, action=True))
def draw_preview(request: Request, context: ContextOf, body: PreviewRequest) -> Response:
    """Draw a graphic as it would be when it is complete, without enqueueing it; at most 1280 pixels across."""
    settings = context.settings
    templates = load_configured_templates(settings)
    if body.template not in templates:
        raise Refused(422, f"template: unknown {body.template!r}; {suggest_name(body.template, templates)}")
    template = templates[body.template]
    own = RenderOutput(width=body.output.width, height=body.output.height)
    made = make_output(settings.render, template, own)
    spec = OutputSpec(**{name: made[name] for name in ("format", "width", "height", "fps", "seconds")})
    if spec.width * spec.height > MAX_PIXELS:
        raise Refused(422, f"output: a preview has at most {MAX_PIXELS:,} pixels, not {spec.width} × {spec.height}")
    renderer: PreviewRenderer = request.app.state.previews
    try:
        return Response(renderer.draw(template, body.layers, spec), media_type="image/png")
    except BadInstruction as error:
        raise Refused(422, f"layers: {error}") from None
