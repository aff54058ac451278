"""Read ``pokervod.yaml`` and ``.env``: values with the line of each one, and errors that name the line.

The meaning of the values is in ``rooms``, ``render`` and ``rollout``; plans and templates are read here too.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from pokervod_pipelines.errors import BadSettings
from pokervod_pipelines.settings.wording import word_problem
from pokervod_pipelines.suggestions import suggest_name

Location = tuple[int | str, ...]

FOLDERS = {
    "hands": ("drop_folders", "quarantine"),
    "tournaments": ("export_folders",),
    "render": ("templates", "outputs"),
    "rollout": ("plans", "folder", "pages"),
}
"""Keys that name folders, by section; relative ones are below the file's own folder."""

MAX_ENTRIES = 50_000
"""Of one file, each alias counted as what it refers to: aliases of aliases make a small file endless."""

RENAMED = {
    "tries": "attempts",
    "least": "min_severity",
    "seconds_per_try": "timeout_seconds",
    "longest_retry_seconds": "max_retry_seconds",
    "least_seconds": "min_seconds",
    "least_category": "min_category",
    "most_minutes": "timeout_minutes",
    "most_at_once": "max_running",
    "most": "limit",
    "most_seconds": "max_seconds",
    "most_silent_seconds": "max_silent_seconds",
}
"""Former names of settings and of templates' keys, to suggest the present one."""


@dataclass(frozen=True)
class SettingsFile:
    """Hold the values of a file, and the line (from 1) of each location in it."""

    path: Path | None = None
    values: dict[str, object] = field(default_factory=dict)
    lines: dict[Location, int] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    """The variables that replace values of the file, by key."""

    def place(self, location: Location, text: str = "") -> str:
        """Return ``file:line`` of the location, or of the nearest entry around it that has a line, or the variable."""
        head = text.split(":", 1)[0]
        if variable := self.variables.get(str(location[0]) if location else head):
            return variable
        if self.path is None:
            return "environment"
        if not location and (head,) in self.lines:
            location = (head,)
        while location and location not in self.lines:
            location = location[:-1]
        return f"{self.path}:{self.lines.get(location, 1)}"

    def resolved(self, folder: Path) -> dict[str, object]:
        """Return the values with absolute paths; relative ones are below the file's folder, or ``folder``."""
        base = self.path.parent if self.path else folder
        values = dict(self.values)
        for key in ("archive_roots", "sheets"):
            entries = values.get(key)
            if isinstance(entries, list):
                values[key] = [_with_absolute_path(entry, base) for entry in entries]
        for section, folder_keys in FOLDERS.items():
            if isinstance(given := values.get(section), dict):
                values[section] = given | {key: _make_absolute(given[key], base) for key in folder_keys if key in given}
        return values


def read_settings_file(path: Path | None, *, example: str = "time_zone: Europe/London") -> SettingsFile:
    """Return the content of the file, or empty settings without a path; ``example`` is a line that it may have.

    Raises ``BadSettings``, with the line if it is known, when the file cannot be read, is not a YAML mapping or repeats
    a key.
    """
    if path is None:
        return SettingsFile()
    try:
        text = path.read_text(encoding="utf-8")
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        lines = _list_lines(path, node)
        values = loader.construct_document(node) if node is not None else {}
    except OSError as error:
        raise BadSettings(f"{path}: cannot be read ({error.strerror}): check its path and permissions") from None
    except UnicodeDecodeError as error:
        raise BadSettings(f"{path}: byte {error.start} is not UTF-8: save the file as UTF-8") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        hint = "; indent with blanks, not tabs" if "'\\t'" in str(error.problem) else ""
        raise BadSettings(f"{path}:{line}: not valid YAML: {error.problem}{hint}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise BadSettings(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise BadSettings(f"{path}: lists and mappings are nested too deep: use fewer levels") from None
    if not isinstance(values, dict):
        raise BadSettings(f"{path}:1: expected a mapping such as '{example}', got {type(values).__name__}")
    return SettingsFile(path=path, values=values, lines=lines)


def read_dotenv(path: Path) -> dict[str, str]:
    """Return the ``KEY=value`` lines of a ``.env`` file; none where it is missing.

    Raises ``BadSettings`` where it cannot be read; the line is not repeated, it may be secret.
    """
    try:
        content = path.read_bytes() if path.is_file() else b""
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise BadSettings(f"{path}: cannot be read ({error.strerror}): check its permissions") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise BadSettings(f"{path}:{line}: not UTF-8: save the file as UTF-8") from None
    pairs = (line.partition("=") for line in text.splitlines() if not line.startswith("#"))
    return {key.strip().removeprefix("export "): value.strip().strip("'\"") for key, equals, value in pairs if equals}


def describe_errors(
    error: ValidationError, file: SettingsFile, model: type[BaseModel], *, noun: str = "setting"
) -> str:
    """Return a line for each error: file and line, the key, what is wrong.

    ``model`` is what the values were validated against, ``noun`` what a key of it is called.
    """
    lines = []
    for problem in error.errors(include_url=False):
        location = _read_location(problem)
        text = describe_error(problem, model, noun=noun, is_secret=_may_be_secret(location, file))
        lines.append(f"{file.place(location, text)}: {text}")
    return "\n".join(lines)


def _may_be_secret(location: Location, file: SettingsFile) -> bool:
    """Return whether the value comes from the environment, or is of a service, whose address may have a password."""
    key = str(location[0]) if location else ""
    return key not in file.values or key in file.variables or "services" in location


def describe_error(problem: Any, model: type[BaseModel], *, noun: str = "setting", is_secret: bool = False) -> str:
    """Return the key and what is wrong with it; suggest the nearest known key for an unknown one.

    What ``is_secret`` is not shown.
    """
    location = _read_location(problem)
    name = ".".join(str(part) for part in location)
    if problem["type"] == "extra_forbidden":
        return f"Unknown {noun} {name}; {_suggest(str(location[-1]), _list_keys(location[:-1], model))}"
    text = word_problem(problem, is_secret=is_secret)
    return f"{name}: {text}" if name else text


def _read_location(problem: Any) -> Location:
    return tuple(part for part in problem["loc"] if part != "[key]")


def _suggest(key: str, known: list[str]) -> str:
    return f"did you mean `{RENAMED[key]}`?" if RENAMED.get(key) in known else suggest_name(key, known)


def _list_keys(location: Location, model: type[BaseModel]) -> list[str]:
    """Return the keys of the section at the location; indexes and names of entries on the way are passed over."""
    for part in location:
        if part in model.model_fields:
            model = next(_find_models(model.model_fields[str(part)].annotation), model)
    return sorted(model.model_fields)


def _find_models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _find_models(argument)


def _list_lines(path: Path, node: yaml.Node | None) -> dict[Location, int]:
    lines: dict[Location, int] = {}
    for location, line in _walk(node, ()):
        if location in lines:
            raise BadSettings(f"{path}:{line}: duplicate key {location[-1]!r}, see line {lines[location]}: keep one")
        if len(lines) == MAX_ENTRIES:
            raise BadSettings(f"{path}: more than {MAX_ENTRIES} entries, each use of an alias counted: use fewer")
        lines[location] = line
    return lines


def _walk(node: yaml.Node | None, location: Location) -> Iterator[tuple[Location, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):  # no other can be a key; reading the values refuses it
                yield (*location, key.value), key.start_mark.line + 1
                yield from _walk(value, (*location, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield (*location, index), value.start_mark.line + 1
            yield from _walk(value, (*location, index))


def _with_absolute_path(entry: object, base: Path) -> object:
    if isinstance(entry, dict) and isinstance(entry.get("path"), str):
        return {**entry, "path": str(base / entry["path"])}
    return entry


def _make_absolute(value: object, base: Path) -> object:
    """Return a folder, or each of several, below the base; the model refuses anything else."""
    if isinstance(value, list):
        return [_make_absolute(each, base) for each in value]
    return str(base / value) if isinstance(value, str) else value
