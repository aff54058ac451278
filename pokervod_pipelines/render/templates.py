"""The templates: graphics as data, one YAML file each, checked whole when they are loaded.

A new graphic is a new file here, or in a folder that the settings name. How one is drawn is its renderer's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.render.layers import LONGEST_TEXT, Layer
from pokervod_pipelines.settings.file import SettingsFile, read_settings_file

SHIPPED = Path(__file__).parent / "templates"

Format = Literal["png_sequence", "mov_alpha", "mp4"]
LayerName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]

OWN_COLUMNS = frozenset({"template", "priority", "format", "seconds", "duration", "id", "day"})
"""What the columns of a person's CSV mean besides layers, so that no layer may be called so."""


class BadTemplate(BadInput):
    """A template cannot be used; the text names file and line of everything that is wrong."""


class Template(BaseModel):
    """A graphic: its layers, its size in pixels, frames a second, the formats it can be had in, seconds on screen.

    ``source`` is the project file that the renderer ``nexrender`` opens, ``composition`` what it renders of it and
    ``output_module`` how After Effects writes it. A render of it may last ``most_seconds`` and say nothing for
    ``most_silent_seconds``; without them what the settings say of all holds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: LayerName
    title: str = Field(min_length=1, max_length=80)
    description: str = Field(default="", max_length=LONGEST_TEXT)
    renderer: Literal["local", "nexrender"] = "local"
    source: str | None = None
    composition: str = Field(min_length=1, max_length=80)
    width: int = Field(default=1920, ge=16, le=7680, multiple_of=2)
    height: int = Field(default=1080, ge=16, le=4320, multiple_of=2)
    fps: int = Field(default=30, ge=1, le=120)
    formats: list[Format] = Field(min_length=1)
    seconds: float = Field(gt=0, le=600)
    layers: Mapping[LayerName, Layer] = Field(min_length=1)
    output_module: str | None = Field(default=None, min_length=1, max_length=80)
    most_seconds: float | None = Field(default=None, gt=0, le=86_400)
    most_silent_seconds: float | None = Field(default=None, gt=0, le=86_400)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if len({*self.formats}) < len(self.formats):
            message = "formats: one stands there twice"
            raise ValueError(message)
        if taken := sorted(OWN_COLUMNS & self.layers.keys()):
            message = f"layers: {taken[0]!r} is a column of its own in a person's CSV; call the layer otherwise"
            raise ValueError(message)
        if (self.renderer == "nexrender") != (self.source is not None):
            message = "source: the project file is needed by nexrender, and by no other renderer"
            raise ValueError(message)
        return self

    @property
    def required_layers(self) -> frozenset[str]:
        """The layers without which the graphic has a hole."""
        return frozenset(name for name, layer in self.layers.items() if layer.required)


Templates = Mapping[str, Template]
"""Templates by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFiles:
    """What the files of templates say: the sound ones, and by name what is wrong with each of the others."""

    sound: Templates = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)


def load_templates(folders: Iterable[Path] = ()) -> Templates:
    """Return the templates that are shipped and those of the folders; a later one replaces another of its name.

    Raises ``BadTemplate`` that names every fault by file and line.
    """
    files = read_templates(folders)
    if files.faults:
        raise BadTemplate("\n".join(files.faults.values()))
    return files.sound


def read_templates(folders: Iterable[Path]) -> TemplateFiles:
    """Return the same for one to whom a broken file is no reason to do without the others.

    What it replaces is not used in its place. Raises ``BadTemplate`` for a folder that is not there.
    """
    sound = {template.name: template for template in _read_shipped()}
    faults: dict[str, str] = {}
    for path in [path for folder in folders for path in list_files(folder)]:
        try:
            sound[path.stem] = read_template(path)
            faults.pop(path.stem, None)
        except BadInput as error:
            sound.pop(path.stem, None)
            faults[path.stem] = str(error)
    return TemplateFiles(sound=sound, faults=faults)


@cache
def _read_shipped() -> tuple[Template, ...]:
    """Read once: what the package brings does not change while it runs."""
    return tuple(read_template(path) for path in list_files(SHIPPED))


def list_files(folder: Path) -> list[Path]:
    """Return the files of templates in the folder. Raises ``BadTemplate`` where it cannot be listed."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".yaml")
    except OSError as error:
        told = f"{folder}: no folder of templates ({error.strerror}); mend render.templates or make it"
        raise BadTemplate(told) from None


def read_template(path: Path) -> Template:
    """Return the template in the file. Raises ``BadInput`` that names every fault by file and line."""
    file = read_settings_file(path)
    try:
        template = Template.model_validate(file.values)
    except ValidationError as error:
        raise BadTemplate(_describe(error, file)) from None
    if template.name != path.stem:
        raise BadTemplate(f"{file.place(('name',))}: name: {template.name!r} must be the file's, {path.stem!r}")
    return template


def _describe(error: ValidationError, file: SettingsFile) -> str:
    lines = []
    for fault in error.errors(include_url=False, include_input=False):
        location = tuple(part for part in fault["loc"] if part != "[key]")
        text = fault["msg"].removeprefix("Value error, ")
        where = ".".join(str(part) for part in location)
        lines.append(f"{file.place(location, text)}: {where + ': ' if where else ''}{text}")
    return "\n".join(lines)
