"""What passes between the renderer and its child, a line of JSON each way, and failures as both sides know them."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.render.failures import BadInstruction, BadWorker, Passing, classify_failure
from pokervod_pipelines.render.renderers.job import Picture, RenderJob
from pokervod_pipelines.render.renderers.local.encode import MovCodec
from pokervod_pipelines.render.templates import Template

READY = "ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the child is to make."""

    template: Template
    layers: dict[str, Any]
    picture: Picture
    target: Path
    mov_codec: MovCodec


def write_order(job: RenderJob, mov_codec: MovCodec) -> str:
    """Return the job as the child reads it."""
    order = {
        "template": job.template.model_dump_json(by_alias=True, exclude_defaults=True),
        "layers": dict(job.layers),
        "picture": asdict(job.picture),
        "target": str(job.target),
        "mov_codec": mov_codec,
    }
    return json.dumps(order)


def read_order(line: str) -> Order:
    """Return what the line asks for."""
    values = json.loads(line)
    return Order(
        template=Template.model_validate_json(values["template"]),
        layers=values["layers"],
        picture=Picture(**values["picture"]),
        target=Path(values["target"]),
        mov_codec=values["mov_codec"],
    )


def write_failure(error: Exception) -> dict[str, Any]:
    """Return the error as the renderer reads it: whose fault it is, its text, and the system's number if it has one."""
    if isinstance(error, MemoryError):
        return {"kind": "bad_worker", "text": "the picture needs more memory than a child may have; make it smaller"}
    failure: dict[str, Any] = {"kind": classify_failure(error), "text": str(error)}
    if isinstance(error, OSError) and error.errno is not None:
        failure |= {"errno": error.errno, "text": error.strerror or str(error), "path": _name_file(error)}
    elif not isinstance(error, PokervodError):
        failure["text"] = f"{type(error).__name__}: {error}"
    return failure


def _name_file(error: OSError) -> str | None:
    return None if error.filename is None else str(error.filename)


def read_failure(failure: dict[str, Any]) -> Exception:
    """Return the error again: an ``OSError`` with its number, or the failure of its kind."""
    if "errno" in failure:
        return OSError(failure["errno"], failure["text"], failure["path"])
    kinds = {"bad_input": BadInstruction, "bad_worker": BadWorker, "transient": Passing}
    if failure["kind"] in kinds:
        return kinds[failure["kind"]](failure["text"])
    return RuntimeError(f"the local renderer broke down: {failure['text']}; report this with the instruction")
