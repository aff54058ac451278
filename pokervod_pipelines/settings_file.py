"""``pokervod.yaml`` and ``.env`` as they stand on disk: values with the line each one came from.

Reading and locating belongs here; what the values mean is in ``settings``.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from pokervod_pipelines.errors import BadSettings

Location = tuple[int | str, ...]

FOLDERS = {
    "hands": ("drop_folders", "quarantine"),
    "tournaments": ("export_folders",),
    "render": ("templates", "outputs"),
    "rollout": ("plans", "folder", "pages"),
}
"""The keys that name folders, by section; relative ones are taken from the file's own folder."""

MOST_ENTRIES = 50_000
"""Of one file, where each alias counts as what it stands for: aliases of aliases make a small file endless."""


@dataclass(frozen=True)
class SettingsFile:
    """A settings file's values, and for each location in it the line (from 1) where it stands."""

    path: Path | None = None
    values: dict[str, object] = field(default_factory=dict)
    lines: dict[Location, int] = field(default_factory=dict)

    def place(self, location: Location, text: str = "") -> str:
        """``file:line`` of the location, or of the nearest thing around it that has a line."""
        if self.path is None:
            return "environment"
        head = text.split(":", 1)[0]
        if not location and (head,) in self.lines:
            location = (head,)
        while location and location not in self.lines:
            location = location[:-1]
        return f"{self.path}:{self.lines.get(location, 1)}"

    def resolved(self, folder: Path) -> dict[str, object]:
        """The values with paths made absolute, taken relative to the file's own folder."""
        base = self.path.parent if self.path else folder
        values = dict(self.values)
        for key in ("archive_roots", "sheets"):
            entries = values.get(key)
            if isinstance(entries, list):
                values[key] = [_with_absolute_path(entry, base) for entry in entries]
        for section, folder_keys in FOLDERS.items():
            if isinstance(given := values.get(section), dict):
                values[section] = given | {key: _absolute(given[key], base) for key in folder_keys if key in given}
        return values


def read_settings_file(path: Path | None) -> SettingsFile:
    """The file's content; ``BadSettings`` with its line where it is no YAML mapping, repeats a key or is endless."""
    if path is None:
        return SettingsFile()
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        lines = _list_lines(path, node)
        values = yaml.safe_load(text) if node is not None else {}
    except OSError as error:
        raise BadSettings(f"{path}: cannot be read ({error.strerror}): check that it exists and its rights") from None
    except UnicodeDecodeError as error:
        raise BadSettings(f"{path}: byte {error.start} is not UTF-8: save the file as UTF-8") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadSettings(f"{path}:{line}: not valid YAML: {error.problem}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise BadSettings(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise BadSettings(f"{path}: lists and mappings stand too deep in one another: write it flatter") from None
    if not isinstance(values, dict):
        raise BadSettings(f"{path}:1: must be a mapping of settings such as 'time_zone: Europe/London'")
    return SettingsFile(path=path, values=values, lines=lines)


def read_dotenv(path: Path) -> dict[str, str]:
    """``KEY=value`` lines of a ``.env`` file; missing file means no lines."""
    if not path.is_file():
        return {}
    pairs = (line.partition("=") for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return {key.strip().removeprefix("export "): value.strip().strip("'\"") for key, equals, value in pairs if equals}


def _list_lines(path: Path, node: yaml.Node | None) -> dict[Location, int]:
    lines: dict[Location, int] = {}
    for location, line in _walk(node, ()):
        if location in lines:
            raise BadSettings(f"{path}:{line}: {location[-1]!r} stands here and in line {lines[location]}: keep one")
        if len(lines) == MOST_ENTRIES:
            raise BadSettings(f"{path}: more than {MOST_ENTRIES} entries, each alias as what it stands for: use fewer")
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


def _absolute(value: object, base: Path) -> object:
    """A folder, or each of several, below the base; anything else is for the model to refuse."""
    if isinstance(value, list):
        return [_absolute(each, base) for each in value]
    return str(base / value) if isinstance(value, str) else value
