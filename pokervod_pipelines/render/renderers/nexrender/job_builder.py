"""Build the server's job JSON for a claim: template, layers by name, target file. Pure, but reads pictures.

A template's layers are the project's by name. A layer with several values is several text layers: ``cards 1`` and so
on, ``rows 1 player`` and so on. Every layer of the template is always written, with an empty text when the instruction
has no value for it, so that no placeholder of the project goes on air.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

from pokervod_pipelines.render.failures import BadInstruction
from pokervod_pipelines.render.layers import MAX_CARDS, Layer
from pokervod_pipelines.render.renderers.job import SUFFIXES, RenderJob
from pokervod_pipelines.render.renderers.nexrender.farm import FarmFolder, is_local, name_file, write_address
from pokervod_pipelines.render.templates import Template
from pokervod_pipelines.settings.render import RenderFormat

Asset = dict[str, Any]

ENDINGS: Mapping[RenderFormat, str] = {"mov_alpha": "mov", "mp4": "mp4", "png_sequence": "png"}
"""File endings for nexrender, by format; ``png`` makes it expect a sequence."""

SEQUENCE = "[#####].png"

OUR_NAME = re.compile(r"pokervod-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-\d+")
"""Name of a job of ours: its tag, and its file's name without ending."""


def name_job(claim_id: UUID, number: int) -> str:
    """Return the name of the claim's job of that number, at the server and in the farm's folder.

    >>> bool(OUR_NAME.fullmatch(name_job(UUID(int=7), 1)))
    True
    """
    return f"pokervod-{claim_id}-{number}"


def build_job(job: RenderJob, name: str, farm: FarmFolder) -> dict[str, Any]:
    """Return the job as the server takes it; its tag is also its file's name.

    Raises ``BadInstruction`` for values that After Effects cannot use or a node could not find.
    """
    _refuse_other_picture(job)
    file = name + SUFFIXES[job.spec.format]
    body: dict[str, Any] = {
        "tags": name,
        "template": {
            **_make_footage_asset(job.template.source or "", "source", farm),
            "composition": job.template.composition,
            "continueOnMissing": False,
            "outputModule": job.template.output_module,
            "outputExt": ENDINGS[job.spec.format],
            "frameStart": 0,
            "frameEnd": job.spec.frames - 1,
        },
        "assets": make_assets(job.template, job.layers, farm),
        "actions": {"postrender": [{"module": "@nexrender/action-copy", "output": farm.name_on_nodes(file)}]},
    }
    if job.spec.format == "png_sequence":
        # The copying action takes one file only, so After Effects writes pictures where they belong.
        body["template"]["output"] = farm.name_on_nodes(name) + farm.name_on_nodes("")[-1] + SEQUENCE
        body["actions"] = {"postrender": []}
    return body


def _refuse_other_picture(job: RenderJob) -> None:
    template, picture = job.template, job.spec
    if (picture.width, picture.height, picture.fps) != (template.width, template.height, template.fps):
        raise BadInstruction(
            f"{template.name}: After Effects renders its composition, {template.width}×{template.height} at "
            f"{template.fps} frames a second, not {picture.width}×{picture.height} at {picture.fps}; leave out "
            "size and rate, or make a template of that composition"
        )


def make_assets(template: Template, layers: Mapping[str, Any], farm: FarmFolder) -> list[Asset]:
    """Return the assets that fill every layer of the template, with or without a value."""
    return [
        asset
        for name, layer in template.layers.items()
        for asset in _make_layer_assets(name, layer, layers.get(name), farm)
    ]


def _make_layer_assets(name: str, layer: Layer, value: Any, farm: FarmFolder) -> Iterator[Asset]:
    if layer.kind != "image":
        texts = dict.fromkeys(list_layer_names(name, layer), "") | dict(_read_texts(name, layer, value))
        yield from (_make_data_asset(layer_name, "Source Text", text) for layer_name, text in texts.items())
    elif value is None:
        yield _make_data_asset(name, "Opacity", 0)
    else:
        footage = _make_footage_asset(value, name, farm)
        yield {"type": "image", "layerName": name, **footage, "name": f"{name}-{footage.get('name', 'picture')}"}


def hash_content(template: Template, layers: Mapping[str, Any]) -> str:
    """Return a hash of what viewers are to see, the same for values that look the same.

    Numbers count as they are written, pictures of this machine by their content, blank layers not at all.
    """
    shown = dict(pair for name, layer in template.layers.items() for pair in _read_shown(name, layer, layers.get(name)))
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()


def _read_shown(name: str, layer: Layer, value: Any) -> Iterator[tuple[str, str]]:
    if layer.kind != "image":
        yield from _read_texts(name, layer, value)
    elif value is not None:
        yield name, _hash_footage(value)


def _hash_footage(place: str) -> str:
    """Return the hash of the file, or the path itself where it cannot be read."""
    if is_local(place):
        with suppress(OSError), Path(place).open("rb") as picture:
            return hashlib.file_digest(picture, "sha256").hexdigest()
    return place


def list_layer_names(name: str, layer: Layer) -> list[str]:
    """Return the layers that the project must have for one layer of the template.

    >>> list_layer_names("hand", Layer(type="cards", required=True, most=2, description="two cards"))
    ['hand 1', 'hand 2']
    """
    match layer.kind:
        case "cards":
            return [f"{name} {number}" for number in range(1, (layer.limit or MAX_CARDS) + 1)]
        case "rows":
            rows = range(1, (layer.limit or 0) + 1)
            return [f"{name} {number} {column}" for number in rows for column in layer.columns]
        case _:
            return [name]


def _read_texts(name: str, layer: Layer, value: Any) -> Iterator[tuple[str, str]]:
    if value is None:
        return
    match layer.kind:
        case "cards":
            yield from ((f"{name} {number}", card) for number, card in enumerate(value, 1))
        case "rows":
            for number, row in enumerate(value, 1):
                yield from ((f"{name} {number} {column}", write_text(cell)) for column, cell in row.items())
        case _:
            yield name, write_text(value)


def write_text(value: str | float) -> str:
    """Return the value as viewers read it: numbers with separators and at most two decimals, lines as After Effects.

    >>> write_text(1250000), write_text(17.5), write_text("Day 2")
    ('1,250,000', '17.5', 'Day 2')
    """
    if isinstance(value, str):
        return value.replace("\n", "\r")
    return f"{value:,}" if isinstance(value, int) else f"{round(value, 2) + 0.0:,.2f}".rstrip("0").rstrip(".")


def _make_data_asset(layer_name: str, prop: str, value: str | int) -> Asset:
    return {"type": "data", "layerName": layer_name, "property": prop, "value": value}


def _make_footage_asset(place: str, what: str, farm: FarmFolder) -> Asset:
    """Return the address and a ``name``: without it nexrender uses the whole path as file name and cannot write it."""
    if is_local(place) and not Path(place).is_file():
        raise BadInstruction(f"{what}: {place} is not a file on this machine; correct the path or mount its folder")
    try:
        address = write_address(farm.translate(place))
    except ValueError:
        raise BadInstruction(f"{what}: {place!r} is neither an absolute path nor an address; write one") from None
    name = name_file(address)
    return {"src": address, "name": name} if name else {"src": address}
