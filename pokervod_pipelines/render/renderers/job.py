"""Define what a renderer is given, and what it must do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from pokervod_pipelines.render.failures import BadInstruction
from pokervod_pipelines.render.layers import BadValue, Value, check_value
from pokervod_pipelines.render.templates import Template
from pokervod_pipelines.settings.render import RenderFormat

SUFFIXES: Mapping[RenderFormat, str] = {"mov_alpha": ".mov", "mp4": ".mp4", "png_sequence": ""}
"""Suffix of each format; a PNG sequence is a folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputSpec:
    """Specify the output: format, size in pixels, frames per second, and duration in seconds."""

    format: RenderFormat
    width: int
    height: int
    fps: int
    seconds: float

    @property
    def frames(self) -> int:
        """Return the number of frames, at least one.

        >>> OutputSpec(format="mp4", width=1920, height=1080, fps=30, seconds=7.5).frames
        225
        """
        return max(1, round(self.seconds * self.fps))


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderJob:
    """Hold one claim of one instruction: what to draw, and where to write it.

    ``layers`` are the values of the instruction as ``layers.check_value`` leaves them. ``target`` does not exist yet
    and its folder does; only this claim writes there. For a PNG sequence it becomes a folder of files ``00001.png``
    onward, else a file with the suffix of its format.
    """

    instruction_id: int
    claim_id: UUID
    template: Template
    layers: Mapping[str, Any]
    spec: OutputSpec
    target: Path


def check_layers(template: Template, layers: Mapping[str, Any]) -> dict[str, Value]:
    """Return the values as the template takes them, none missing. Raises ``BadInstruction`` naming every problem."""
    checked: dict[str, Value] = {}
    faults = []
    for name, value in layers.items():
        if name not in template.layers:
            faults.append(f"{name}: unknown layer; the layers are {', '.join(template.layers)}")
            continue
        try:
            checked[name] = check_value(template.layers[name], value)
        except BadValue as error:
            faults.append(f"{name}: {error}")
    missing = sorted(template.required_layers - layers.keys())
    faults += [f"{name}: the layer is required" for name in missing]
    if faults:
        raise BadInstruction(f"template {template.name}: " + "; ".join(faults))
    return checked


ReportProgress = Callable[[float], None]
"""Takes the share that is done, from 0 to 1; cheap enough to call for every frame.

0 means that the job is still pending on a farm: its timeout starts again.
"""


class Renderer(Protocol):
    """Write files; one object serves all jobs of a worker, side by side."""

    name: str

    async def render(self, job: RenderJob, report: ReportProgress) -> None:
        """Write the whole target. Raises a failure of ``render.failures``.

        Cancelled, it stops every process of the job, here or elsewhere, and leaves nothing running.
        """

    def find_faults(self, template: Template) -> list[str]:
        """Return what is wrong with the template (layers, fonts, footage, output module), before a worker is used."""

    async def close(self) -> None:
        """Stop everything that this renderer runs."""
