"""Read the templates: graphics as data, one YAML file each, checked whole when they are loaded.

A new graphic is a new file here, or in the folder ``render.templates`` of the settings. How one is drawn is up to its
renderer. People add, change and break templates while a worker runs for days: it reads them through a
``TemplateCache``.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.processes.path_check import require_answer
from pokervod_pipelines.render.layers import MAX_CHARACTERS, Layer
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.settings.file import describe_errors, read_settings_file

SHIPPED = Path(__file__).parent / "templates"

Format = Literal["png_sequence", "mov_alpha", "mp4"]
LayerName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]

OWN_COLUMNS = frozenset({"template", "priority", "format", "seconds", "duration", "id", "day"})
"""Columns of a person's CSV that are not layers, so that no layer may have such a name."""

_log = logging.getLogger(__name__)


class BadTemplate(BadInput):
    """Report a template that cannot be used; the text names file and line of every problem."""


class Template(BaseModel):
    """Describe a graphic: its layers, size in pixels, frames a second, formats, and seconds on screen.

    ``source`` is the project file that the renderer ``nexrender`` opens, ``composition`` what it renders of it and
    ``output_module`` how After Effects writes it. A render may last ``max_seconds`` and report no progress for
    ``max_silent_seconds``; without them the limit of the settings applies.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: LayerName
    title: str = Field(min_length=1, max_length=80)
    description: str = Field(default="", max_length=MAX_CHARACTERS)
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
    max_seconds: float | None = Field(default=None, gt=0, le=86_400)
    max_silent_seconds: float | None = Field(default=None, gt=0, le=86_400)

    @model_validator(mode="after")
    def _check_consistency(self) -> Self:
        if len({*self.formats}) < len(self.formats):
            message = "formats: one is listed twice"
            raise ValueError(message)
        if taken := sorted(OWN_COLUMNS & self.layers.keys()):
            message = f"layers: {taken[0]!r} is a column of its own in a person's CSV; rename the layer"
            raise ValueError(message)
        if (self.renderer == "nexrender") != (self.source is not None):
            message = "source: the project file is required for nexrender, and not allowed for other renderers"
            raise ValueError(message)
        return self

    @property
    def required_layers(self) -> frozenset[str]:
        """Return the layers without which the graphic has a hole."""
        return frozenset(name for name, layer in self.layers.items() if layer.required)


Templates = Mapping[str, Template]
"""Templates by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFiles:
    """Hold the valid templates, and by name the problem of each invalid one."""

    valid: Templates = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)

    def list_time_limits(self) -> dict[str, float]:
        """Return the seconds that a render may last, of each template that has a limit of its own."""
        return {name: each.max_seconds for name, each in self.valid.items() if each.max_seconds is not None}


ReadTemplates = Callable[[], TemplateFiles]
"""Return what the template files say now."""


def load_templates(folders: Iterable[Path] = ()) -> Templates:
    """Return the shipped templates and those of the folders; a later one replaces another of its name.

    Raises ``BadTemplate`` that names every problem by file and line.
    """
    files = read_templates(folders)
    if files.problems:
        raise BadTemplate("\n".join(files.problems.values()))
    return files.valid


def load_configured_templates(settings: Settings) -> Templates:
    """Return the shipped templates and those of the folder in the settings. Raises ``BadTemplate``."""
    return load_templates(find_template_folders(settings))


def find_template_folders(settings: Settings) -> list[Path]:
    """Return the folder of templates that the settings name, if any; raise where it does not answer."""
    folders = locate_templates(settings)
    require_answer(*folders)
    return folders


def locate_templates(settings: Settings) -> list[Path]:
    """Return the folder of templates that the settings name, if any, without looking for it."""
    folder = settings.render.templates
    base = settings.source.parent if settings.source else Path.cwd()
    return [base / folder] if folder else []


def read_time_limits(settings: Settings) -> dict[str, float]:
    """Return the seconds that a render of each template may last, of all templates that can be read.

    A broken folder is reported elsewhere; it must not keep lost jobs from being requeued.
    """
    try:
        return read_templates(find_template_folders(settings)).list_time_limits()
    except BadTemplate:
        return TemplateFiles(valid=load_templates()).list_time_limits()


def read_templates(folders: Iterable[Path]) -> TemplateFiles:
    """Return the valid templates and the problems of the others, so that a broken file costs no other one.

    A template that a broken file would replace is not used either. Raises ``BadTemplate`` for a missing folder.
    """
    valid = {template.name: template for template in _read_shipped()}
    problems: dict[str, str] = {}
    for path in [path for folder in folders for path in list_files(folder)]:
        try:
            valid[path.stem] = read_template(path)
            problems.pop(path.stem, None)
        except BadInput as error:
            valid.pop(path.stem, None)
            problems[path.stem] = str(error)
    return TemplateFiles(valid=valid, problems=problems)


@cache
def _read_shipped() -> tuple[Template, ...]:
    """Read the package's templates once: they do not change while it runs."""
    return tuple(read_template(path) for path in list_files(SHIPPED))


def list_files(folder: Path) -> list[Path]:
    """Return the template files in the folder. Raises ``BadTemplate`` where it cannot be listed."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".yaml")
    except OSError as error:
        message = (
            f"{folder}: cannot list the folder of templates ({error.strerror}); correct render.templates or create it"
        )
        raise BadTemplate(message) from None


def read_template(path: Path) -> Template:
    """Return the template in the file. Raises ``BadInput`` that names every problem by file and line."""
    file = read_settings_file(path)
    try:
        template = Template.model_validate(file.values)
    except ValidationError as error:
        raise BadTemplate(describe_errors(error, file, Template, noun="key")) from None
    if template.name != path.stem:
        raise BadTemplate(
            f"{file.place(('name',))}: name: expected the file's name {path.stem!r}, got {template.name!r}"
        )
    return template


class TemplateCache:
    """Cache the templates of the package and of the folders; files are read again only when one has changed.

    Raises ``BadTemplate`` for a missing folder.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders
        self._lock = threading.Lock()
        self._is_unavailable = False
        self._stamps = _stamp_files(folders)
        self._files = self._read_files()

    def read(self) -> TemplateFiles:
        """Return what the files say now; callable from any thread, and what was returned before stays as it was.

        Where a folder cannot be listed, the cached templates are returned: an unmounted share removes no template.
        """
        with self._lock:
            try:
                stamps = _stamp_files(self._folders)
                if stamps != self._stamps:
                    self._files = self._read_files()
                    self._stamps = stamps
                self._is_unavailable = False
            except BadTemplate as error:
                self._warn_unavailable(error)
            return self._files

    def _read_files(self) -> TemplateFiles:
        files = read_templates(self._folders)
        for name, problem in files.problems.items():
            _log.warning("template %s cannot be used until it is corrected: %s", name, problem)
        return files

    def _warn_unavailable(self, error: BadTemplate) -> None:
        if not self._is_unavailable:
            _log.warning("cached templates are used, their folder is unavailable: %s", error)
        self._is_unavailable = True


def _stamp_files(folders: Sequence[Path]) -> list[tuple[Path, tuple[int, ...]]]:
    """Return what changes with the content of each file: time, size, inode. Raises ``BadTemplate``."""
    return [(path, _stamp(path)) for folder in folders for path in list_files(folder)]


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        found = path.stat()
    except OSError:
        return ()
    return (found.st_mtime_ns, found.st_size, found.st_ino)
