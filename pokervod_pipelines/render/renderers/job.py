"""What a renderer is given, and what it has to keep to."""

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
"""How a file of each format ends; a sequence of pictures is a folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputSpec:
    """How the graphic comes out: format, size in pixels, frames a second, and how long, in seconds."""

    format: RenderFormat
    width: int
    height: int
    fps: int
    seconds: float

    @property
    def frames(self) -> int:
        """How many frames that is, at least one.

        >>> OutputSpec(format="mp4", width=1920, height=1080, fps=30, seconds=7.5).frames
        225
        """
        return max(1, round(self.seconds * self.fps))


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderJob:
    """One claim of one instruction: what to draw, and where to write it.

    ``layers`` are the values of the instruction as ``layers.check_value`` leaves them. ``target`` does not exist yet
    and its folder does; nobody but this claim writes there. For a PNG sequence it becomes a folder of files
    ``00001.png`` onward, else a file with the ending of its format.
    """

    instruction_id: int
    claim_id: UUID
    template: Template
    layers: Mapping[str, Any]
    spec: OutputSpec
    target: Path


def check_layers(template: Template, layers: Mapping[str, Any]) -> dict[str, Value]:
    """Return the values as the template takes them, none missing. Raises ``BadInstruction`` naming all at fault."""
    checked: dict[str, Value] = {}
    faults = []
    for name, value in layers.items():
        if name not in template.layers:
            faults.append(f"{name}: the template has no such layer; it has {', '.join(template.layers)}")
            continue
        try:
            checked[name] = check_value(template.layers[name], value)
        except BadValue as error:
            faults.append(f"{name}: {error}")
    missing = sorted(template.required_layers - layers.keys())
    faults += [f"{name}: the layer is needed and not given" for name in missing]
    if faults:
        raise BadInstruction(f"template {template.name}: " + "; ".join(faults))
    return checked


ReportProgress = Callable[[float], None]
"""Takes how much is done, from 0 to 1; cheap, may be called for every frame.

0 says that the job waits for its turn: its time begins anew.
"""


class Renderer(Protocol):
    """Makes files; one object serves all jobs of a worker, side by side."""

    name: str

    async def render(self, job: RenderJob, report: ReportProgress) -> None:
        """The target is written whole. Raises a failure of ``render.failures``.

        Cancelled, it stops whatever works for the job, here or elsewhere, and leaves nothing running.
        """

    def find_faults(self, template: Template) -> list[str]:
        """Return what is wrong with the template (layers, fonts, footage, output module), before a worker is used."""

    async def close(self) -> None:
        """Nothing of this renderer runs any more."""
