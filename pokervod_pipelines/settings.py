"""What the administrator decides: typed settings from ``pokervod.yaml`` and the environment, checked once at load.

A new knob belongs here as a typed, documented field with a default. Reading the environment anywhere else does not
belong, and neither does a secret's value in any message: secrets are ``SecretStr``.

Precedence, highest first: environment variable, ``.env`` beside the configuration, ``pokervod.yaml``, default.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationError, model_validator

from pokervod_pipelines.errors import BadSettings
from pokervod_pipelines.settings_alerts import Alerts
from pokervod_pipelines.settings_file import SettingsFile, read_dotenv, read_settings_file
from pokervod_pipelines.settings_rollout import Rollout
from pokervod_pipelines.settings_rooms import (
    ArchiveRoot,
    Google,
    Hands,
    Library,
    Media,
    Render,
    Retries,
    Scan,
    Schedules,
    SettingsModel,
    SheetSource,
    TimeZone,
    Tournaments,
)


class Settings(SettingsModel):
    """Everything configured, with absolute paths.

    ``source`` is the file the settings came from, or None when everything came from the environment;
    ``home`` is the folder for state that is not in the database.
    """

    home: Path
    source: Path | None = None
    time_zone: TimeZone = "UTC"
    archive_roots: tuple[ArchiveRoot, ...] = ()
    libraries: tuple[Library, ...] = ()
    sheets: tuple[SheetSource, ...] = ()
    scan: Scan = Scan()
    media: Media = Media()
    hands: Hands = Hands()
    tournaments: Tournaments = Tournaments()
    render: Render = Render()
    rollout: Rollout = Rollout()
    alerts: Alerts = Alerts()
    google: Google = Google()
    schedules: Schedules = Schedules()
    retries: Retries = Retries()
    database_url: SecretStr | None = None
    dagster_database_url: SecretStr | None = None
    google_credentials: SecretStr | None = None
    nexrender_secret: SecretStr | None = None
    alert_urls: dict[str, SecretStr] = Field(default_factory=dict)
    hook_tokens: dict[str, SecretStr] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_are_unique_and_known(self) -> Self:
        for what, named in (
            ("archive_roots", self.archive_roots),
            ("sheets", self.sheets),
            ("libraries", self.libraries),
        ):
            names = [each.name for each in named]
            if len(set(names)) < len(names):
                message = f"{what}: the name {max(names, key=names.count)!r} stands twice"
                raise ValueError(message)
        roots = {root.name for root in self.archive_roots}
        for library in self.libraries:
            if library.root not in roots:
                message = f"libraries: {library.name!r} names the root {library.root!r}, known are {sorted(roots)}"
                raise ValueError(message)
        places = [(library.root, Path(library.folder)) for library in self.libraries]
        if len(set(places)) < len(places):
            message = "libraries: two libraries have the same root and folder"
            raise ValueError(message)
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which days begin and schedules fire."""
        return ZoneInfo(self.time_zone)

    @property
    def renders(self) -> Path:
        """The folder below which all graphics lie."""
        return self.render.outputs or self.home / "renders"

    def root_of(self, library: Library) -> ArchiveRoot:
        """The archive root the library lies in."""
        return next(root for root in self.archive_roots if root.name == library.root)

    def library(self, name: str) -> Library:
        """The library of that name; ``BadSettings`` lists the known ones."""
        for library in self.libraries:
            if library.name == name:
                return library
        raise BadSettings(f"no library {name!r}; configured are: {_listed(self.libraries)}")

    def sheet(self, name: str) -> SheetSource:
        """The sheet of that name; ``BadSettings`` lists the known ones."""
        for sheet in self.sheets:
            if sheet.name == name:
                return sheet
        raise BadSettings(f"no sheet {name!r}; configured are: {_listed(self.sheets)}")


def load_settings(environ: Mapping[str, str] | None = None, folder: Path | None = None) -> Settings:
    """The settings that hold in ``folder`` (default: the current directory).

    Raises ``BadSettings`` naming file and line, or the environment variable, of everything that is wrong.
    """
    folder = (folder or Path.cwd()).absolute()
    env = {**read_dotenv(folder / ".env"), **(os.environ if environ is None else environ)}
    home = folder / env.get("POKERVOD_HOME", ".pokervod")
    file = read_settings_file(_settings_path(env, folder, home))
    values = file.resolved(folder) | _from_environment(env, folder)
    values.setdefault("libraries", [{"name": r["name"], "root": r["name"]} for r in _named(values, "archive_roots")])
    try:
        return Settings.model_validate({**values, "home": home, "source": file.path})
    except ValidationError as error:
        raise BadSettings(_describe(error, file)) from None


def _settings_path(env: Mapping[str, str], folder: Path, home: Path) -> Path | None:
    if "POKERVOD_CONFIG" in env:
        path = folder / env["POKERVOD_CONFIG"]
        if not path.is_file():
            raise BadSettings(f"POKERVOD_CONFIG names {path}, which is no file: create it or unset the variable")
        return path
    if (folder / "pokervod.yaml").exists():
        return folder / "pokervod.yaml"
    if "POKERVOD_ARCHIVE_ROOTS" in env:
        return None
    sample = home / "sample" / "pokervod.yaml"
    return sample if sample.exists() else None


def _from_environment(env: Mapping[str, str], folder: Path) -> dict[str, object]:
    values: dict[str, object] = {
        field: env[variable]
        for field, variable in (
            ("time_zone", "POKERVOD_TIME_ZONE"),
            ("database_url", "POKERVOD_DATABASE_URL"),
            ("dagster_database_url", "POKERVOD_DAGSTER_DATABASE_URL"),
            ("google_credentials", "POKERVOD_GOOGLE_CREDENTIALS"),
            ("nexrender_secret", "POKERVOD_NEXRENDER_SECRET"),
        )
        if env.get(variable)
    }
    for field, prefix in (("alert_urls", "POKERVOD_ALERT_"), ("hook_tokens", "POKERVOD_HOOK_")):
        values[field] = {name: value for name, value in env.items() if name.startswith(prefix)}
    for field, variable in (("archive_roots", "POKERVOD_ARCHIVE_ROOTS"), ("sheets", "POKERVOD_SHEETS")):
        if env.get(variable):
            values[field] = [_named_path(entry, folder) for entry in env[variable].split(os.pathsep) if entry]
    return values


def _named_path(entry: str, folder: Path) -> dict[str, str]:
    """``name=path`` or a path alone, which is named after its last part."""
    name, equals, path = entry.partition("=")
    if not equals or "/" in name:
        name, path = "", entry
    plain = "".join(c if c.isascii() and c.isalnum() else "_" for c in name or Path(path).stem).strip("_-")
    return {"name": plain or "archive", "path": str(folder / path)}


def _named(values: Mapping[str, object], key: str) -> list[dict[str, str]]:
    entries = values.get(key)
    entries = entries if isinstance(entries, list) else []
    return [entry for entry in entries if isinstance(entry, dict) and isinstance(entry.get("name"), str)]


def _describe(error: ValidationError, file: SettingsFile) -> str:
    lines = []
    for problem in error.errors(include_url=False, include_input=False):
        where = ".".join(str(part) for part in problem["loc"])
        text = problem["msg"].removeprefix("Value error, ")
        lines.append(f"{file.place(problem['loc'], text)}: {where + ': ' if where else ''}{text}")
    return "\n".join(lines)


def _listed(named: tuple[Library, ...] | tuple[SheetSource, ...]) -> str:
    return ", ".join(each.name for each in named) or "none"
