"""Load the settings of a folder.

Precedence, highest first: environment variable, ``.env`` beside the configuration, ``pokervod.yaml``, default.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self, TypeVar
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationError, model_validator

from pokervod_pipelines.errors import BadSettings
from pokervod_pipelines.settings.alerts import AlertSettings
from pokervod_pipelines.settings.api import ApiSettings
from pokervod_pipelines.settings.cron import MONDAY, read_cron
from pokervod_pipelines.settings.fields import SettingsModel, TimeZone, require_unique
from pokervod_pipelines.settings.file import SettingsFile, describe_errors, read_dotenv, read_settings_file
from pokervod_pipelines.settings.monitoring import MonitoringSettings
from pokervod_pipelines.settings.render import RenderSettings
from pokervod_pipelines.settings.rollout import RolloutSettings
from pokervod_pipelines.settings.rooms import (
    ArchiveRoot,
    EventSettings,
    GoogleSettings,
    HandSettings,
    Library,
    LogSettings,
    MediaSettings,
    RetrySettings,
    ScanSettings,
    ScheduleSettings,
    SheetSource,
    TeamSettings,
    TournamentSettings,
    WorkflowSettings,
)
from pokervod_pipelines.suggestions import suggest_name

WEEKLY_CLOSE = datetime(2026, 11, 30, 7)  # noqa: DTZ001 - a clock time of any Monday
"""When weeks are closed by default: after the nightly sync."""


class Settings(SettingsModel):
    """Hold all settings, with absolute paths.

    ``source`` is the file the settings came from, or None when everything came from the environment;
    ``home`` is the folder for state that is not in the database.
    """

    home: Path
    source: Path | None = None
    time_zone: TimeZone = "UTC"
    archive_roots: tuple[ArchiveRoot, ...] = ()
    libraries: tuple[Library, ...] = ()
    sheets: tuple[SheetSource, ...] = ()
    scan: ScanSettings = ScanSettings()
    media: MediaSettings = MediaSettings()
    hands: HandSettings = HandSettings()
    tournaments: TournamentSettings = TournamentSettings()
    render: RenderSettings = RenderSettings()
    rollout: RolloutSettings = RolloutSettings()
    alerts: AlertSettings = AlertSettings()
    events: EventSettings = EventSettings()
    logs: LogSettings = LogSettings()
    workflows: WorkflowSettings = WorkflowSettings()
    monitoring: MonitoringSettings = MonitoringSettings()
    api: ApiSettings = ApiSettings()
    google: GoogleSettings = GoogleSettings()
    schedules: ScheduleSettings = ScheduleSettings()
    retries: RetrySettings = RetrySettings()
    teams: TeamSettings = TeamSettings()
    database_url: SecretStr | None = None
    dagster_database_url: SecretStr | None = None
    google_credentials: SecretStr | None = None
    nexrender_secret: SecretStr | None = None
    admin_username: str | None = None
    admin_password: SecretStr | None = None
    alert_urls: dict[str, SecretStr] = Field(default_factory=dict)
    hook_tokens: dict[str, SecretStr] = Field(default_factory=dict)
    service_addresses: dict[str, SecretStr] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_are_unique_and_known(self) -> Self:
        for section, entries in (
            ("archive_roots", self.archive_roots),
            ("sheets", self.sheets),
            ("libraries", self.libraries),
        ):
            require_unique(section, [entry.name for entry in entries])
        roots = {root.name for root in self.archive_roots}
        for library in self.libraries:
            if library.root not in roots:
                message = f"libraries: {library.name!r} has the unknown root {library.root!r}; known: {sorted(roots)}"
                raise ValueError(message)
        if unknown := sorted(self.monitoring.hooks.remount.keys() - roots):
            message = f"monitoring.hooks.remount: unknown archive root {unknown[0]!r}; known: {sorted(roots)}"
            raise ValueError(message)
        folders = [(library.root, Path(library.folder)) for library in self.libraries]
        if len(set(folders)) < len(folders):
            message = "libraries: two libraries have the same root and folder"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _weeks_are_closed_after_their_end(self) -> Self:
        if self.schedules.weekly_close is None:
            return self
        times, ends_at = read_cron(self.schedules.weekly_close), self.hands.day_starts_at
        if times.only_weekday == MONDAY and times.latest < ends_at:
            message = (
                f"schedules.weekly_close: {self.schedules.weekly_close!r} is before the week has ended, on Monday at "
                f"{ends_at:%H:%M} (hands.day_starts_at), so each week would be closed a week late; set a later time"
            )
            raise ValueError(message)
        return self

    @property
    def weekly_close(self) -> str:
        """Return when weeks are closed, as cron has it: by default 07:00 on Monday, or an hour after a week's end."""
        if self.schedules.weekly_close is not None:
            return self.schedules.weekly_close
        at = max(WEEKLY_CLOSE, datetime.combine(WEEKLY_CLOSE, self.hands.day_starts_at) + timedelta(hours=1))
        return f"{at.minute} {at.hour} * * {at.isoweekday()}"

    @property
    def zone(self) -> ZoneInfo:
        """Return the zone in which days begin and schedules run."""
        return ZoneInfo(self.time_zone)

    @property
    def renders(self) -> Path:
        """Return the folder of all graphics."""
        return self.render.outputs or self.home / "renders"

    def root_of(self, library: Library) -> ArchiveRoot:
        """Return the archive root that contains the library."""
        return self.root(library.root)

    def root(self, name: str) -> ArchiveRoot:
        """Return the archive root of that name; ``BadSettings`` lists the known ones."""
        return _find("archive root", name, self.archive_roots)

    def library(self, name: str) -> Library:
        """Return the library of that name; ``BadSettings`` lists the known ones."""
        return _find("library", name, self.libraries)

    def sheet(self, name: str) -> SheetSource:
        """Return the sheet of that name; ``BadSettings`` lists the known ones."""
        return _find("sheet", name, self.sheets)


WORK_VARIABLES = ("POKERVOD_ARCHIVE_ROOTS", "POKERVOD_SHEETS", "POKERVOD_DATABASE_URL")
"""Any of them is enough without a file: a render worker on another machine has only the last."""

TEXT_VARIABLES = {
    "time_zone": "POKERVOD_TIME_ZONE",
    "database_url": "POKERVOD_DATABASE_URL",
    "dagster_database_url": "POKERVOD_DAGSTER_DATABASE_URL",
    "google_credentials": "POKERVOD_GOOGLE_CREDENTIALS",
    "nexrender_secret": "POKERVOD_NEXRENDER_SECRET",
    "admin_username": "POKERVOD_ADMIN_USERNAME",
    "admin_password": "POKERVOD_ADMIN_PASSWORD",
}
PATH_VARIABLES = {"archive_roots": "POKERVOD_ARCHIVE_ROOTS", "sheets": "POKERVOD_SHEETS"}
"""Variables of one text or of several paths, by the key that they replace."""

PREFIXES = {
    "alert_urls": "POKERVOD_ALERT_",
    "hook_tokens": "POKERVOD_HOOK_",
    "service_addresses": "POKERVOD_SERVICE_",
}
"""Beginnings of variables that are kept by their names."""

NEVER_IN_FILE = {
    "home": "POKERVOD_HOME",
    "source": "POKERVOD_CONFIG",
    "alert_urls": "POKERVOD_ALERT_<NAME>",
    "hook_tokens": "POKERVOD_HOOK_<NAME>",
    "service_addresses": "POKERVOD_SERVICE_<SERVICE>_ADDRESS",
    **{key: name for key, name in TEXT_VARIABLES.items() if key != "time_zone"},
}
"""What is secret, or known before the file is read, with the variable to set instead."""

_Entry = TypeVar("_Entry", ArchiveRoot, Library, SheetSource)


def _find(kind: str, name: str, entries: Sequence[_Entry]) -> _Entry:
    for entry in entries:
        if entry.name == name:
            return entry
    raise BadSettings(f"unknown {kind} {name!r}; {suggest_name(name, [entry.name for entry in entries])}")


def load_settings(environ: Mapping[str, str] | None = None, folder: Path | None = None) -> Settings:
    """Return the settings of ``folder`` (default: the current directory).

    Raises ``BadSettings`` naming file and line, or the environment variable, of everything that is wrong.
    """
    folder = (folder or Path.cwd()).absolute()
    env = _read_variables(environ, folder)
    home = folder / env.get("POKERVOD_HOME", ".pokervod")
    given = {key: name for key, name in (TEXT_VARIABLES | PATH_VARIABLES).items() if env.get(name)}
    file = replace(_read_file(_find_file(env, folder, home)), variables=given)
    values = file.resolved(folder) | _read_environment(env, folder)
    values.setdefault("libraries", [{"name": name, "root": name} for name in _list_root_names(values)])
    try:
        return Settings.model_validate({**values, "home": home, "source": file.path})
    except ValidationError as error:
        raise BadSettings(describe_errors(error, file, Settings)) from None


def require_settings(environ: Mapping[str, str] | None = None, folder: Path | None = None) -> None:
    """Raise ``BadSettings`` where neither a file nor a variable says what to work on."""
    folder = (folder or Path.cwd()).absolute()
    env = _read_variables(environ, folder)
    file = _find_file(env, folder, folder / env.get("POKERVOD_HOME", ".pokervod"))
    if file is None and not any(env.get(variable) for variable in WORK_VARIABLES):
        near = next((each for each in folder.parents if (each / "pokervod.yaml").is_file()), None)
        instead = "write one (docs/settings.md); `pokervod setup` lays out a sample archive"
        if (folder / "pokervod.yml").exists():
            instead = "rename pokervod.yml"
        elif near is not None:
            instead = f"use the one of {near} by `pokervod -C {near}`"
        raise BadSettings(f"{folder}: no settings here, pokervod.yaml is missing. Change to its folder, or {instead}")


def _read_variables(environ: Mapping[str, str] | None, folder: Path) -> dict[str, str]:
    return {**read_dotenv(folder / ".env"), **(os.environ if environ is None else environ)}


def _find_file(env: Mapping[str, str], folder: Path, home: Path) -> Path | None:
    if "POKERVOD_CONFIG" in env:
        path = folder / env["POKERVOD_CONFIG"]
        if not path.is_file():
            raise BadSettings(f"POKERVOD_CONFIG names {path}, which is not a file: create it or unset the variable")
        return path
    if os.path.lexists(folder / "pokervod.yaml"):  # a link to nowhere is refused when it is read
        return folder / "pokervod.yaml"
    if "POKERVOD_ARCHIVE_ROOTS" in env:
        return None
    sample = home / "sample" / "pokervod.yaml"
    return sample if sample.exists() else None


def _read_file(path: Path | None) -> SettingsFile:
    file = read_settings_file(path)
    refused = [
        f"{file.place((key,))}: {key}: not read from the file; set {NEVER_IN_FILE[key]} in the environment or in .env"
        for key in file.values
        if key in NEVER_IN_FILE
    ]
    if refused:
        raise BadSettings("\n".join(refused))
    return file


def _read_environment(env: Mapping[str, str], folder: Path) -> dict[str, object]:
    values: dict[str, object] = {key: env[name] for key, name in TEXT_VARIABLES.items() if env.get(name)}
    for field, prefix in PREFIXES.items():
        values[field] = {name: value for name, value in env.items() if name.startswith(prefix)}
    for field, variable in PATH_VARIABLES.items():
        if env.get(variable):
            values[field] = [_name_path(entry, folder) for entry in env[variable].split(os.pathsep) if entry]
    return values


def _name_path(entry: str, folder: Path) -> dict[str, str]:
    """Return name and path of ``name=path``, or of a path alone, which is named after its last part."""
    name, equals, path = entry.partition("=")
    if not equals or "/" in name:
        name, path = "", entry
    plain = "".join(c if c.isascii() and c.isalnum() else "_" for c in name or Path(path).stem).strip("_-")
    return {"name": plain or "archive", "path": str(folder / path)}


def _list_root_names(values: Mapping[str, object]) -> list[str]:
    entries = values.get("archive_roots")
    entries = entries if isinstance(entries, list) else []
    return [entry["name"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("name"), str)]
