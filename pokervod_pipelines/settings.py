"""What the administrator decides: typed settings from ``pokervod.yaml`` and the environment, checked once at load.

A new knob belongs here as a typed, documented field with a default. Reading the environment anywhere else does not
belong, and neither does a secret's value in any message: secrets are ``SecretStr``.

Precedence, highest first: environment variable, ``.env`` beside the configuration, ``pokervod.yaml``, default.
"""

import os
import re
from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    model_validator,
)

from pokervod_pipelines.errors import BadSettings
from pokervod_pipelines.settings_file import SettingsFile, read_dotenv, read_settings_file

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$")]
"""A name that is also a Dagster partition key and a part of a command: letters, digits, ``_`` and ``-``."""


def _check_cron(text: str) -> str:
    if not re.fullmatch(r"\s*([\d*/,A-Za-z-]+\s+){4}[\d*/,A-Za-z-]+\s*", text) or not any(map(str.isdigit, text)):
        message = f"{text!r} is no cron line such as '0 3 * * *' (minute hour day month weekday)"
        raise ValueError(message)
    return text


def _check_time_zone(name: str) -> str:
    if name not in available_timezones():
        message = f"{name!r} is no IANA time zone such as 'Europe/London'"
        raise ValueError(message)
    return name


CronLine = Annotated[str, AfterValidator(_check_cron)]
"""Five fields: minute, hour, day of month, month, day of week."""

TimeZone = Annotated[str, AfterValidator(_check_time_zone)]
"""A name of the IANA database."""


def _check_spreadsheet(text: str) -> str:
    found = re.search(r"/spreadsheets/d/([A-Za-z0-9_-]+)", text) or re.fullmatch(r"\s*([A-Za-z0-9_-]{20,})\s*", text)
    if found is None:
        message = f"{text!r} is no Google sheet; paste the address that the browser shows while the sheet is open"
        raise ValueError(message)
    return found[1]


def _check_address(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", text):
        message = f"{text!r} is no address such as 'http://host:8080', without user, query or blank"
        raise ValueError(message)
    return text.rstrip("/")


def _read_clock(value: object) -> object:
    """YAML takes ``6:30`` without quotes for the number 390."""
    return time(*divmod(value, 60)) if type(value) is int and 0 <= value < 24 * 60 else value


ClockTime = Annotated[time, BeforeValidator(_read_clock)]
"""A time of day such as 06:00."""

SpreadsheetId = Annotated[str, AfterValidator(_check_spreadsheet)]
"""A spreadsheet's id; its whole address in the browser will do."""

HttpAddress = Annotated[str, AfterValidator(_check_address)]
"""The root of a server, without a slash at its end."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ArchiveRoot(_Model):
    """A directory, usually a mounted share, below which videos live."""

    name: Name
    path: Path


class Library(_Model):
    """One project's part of an archive root: the unit of a scan, and a partition of ``nas_files``.

    A file belongs to the library with the longest folder that contains it, so a library with the folder ``.``
    takes whatever no other library of its root claims.
    """

    name: Name
    root: Name
    folder: str = "."

    @model_validator(mode="after")
    def _folder_stays_below_the_root(self) -> Self:
        parts = Path(self.folder).parts
        if Path(self.folder).is_absolute() or ".." in parts:
            message = f"folder {self.folder!r} must be relative to the root {self.root!r}, without '..'"
            raise ValueError(message)
        return self


class SheetSource(_Model):
    """An annotation workbook, in a file or at Google: a partition of ``sheet_rows`` and ``hand_clips``.

    ``write_back`` lets the columns of ours stand in the sheet, which only a Google sheet can.
    """

    name: Name
    path: Path | None = None
    spreadsheet: SpreadsheetId | None = None
    write_back: bool = False

    @model_validator(mode="after")
    def _is_in_one_place(self) -> Self:
        if (self.path is None) == (self.spreadsheet is None):
            message = f"sheet {self.name!r} needs either a path (a workbook file) or a spreadsheet (its Google address)"
            raise ValueError(message)
        if self.write_back and self.spreadsheet is None:
            message = f"sheet {self.name!r}: write_back is for Google sheets; files are never written to"
            raise ValueError(message)
        return self

    @property
    def place(self) -> str:
        """Where a person finds the workbook."""
        return str(self.path) if self.path else f"https://docs.google.com/spreadsheets/d/{self.spreadsheet}"


class Google(_Model):
    """How Google's services are spoken to; the account itself comes from ``POKERVOD_GOOGLE_CREDENTIALS``."""

    calls_per_minute: int = Field(
        default=50, ge=4, le=10_000, description="For reading and for writing each, of all processes together."
    )
    seconds_per_call: float = Field(default=30.0, gt=0, le=600, description="A call that takes longer is tried again.")
    tries: int = Field(default=6, ge=1, le=20, description="Of one call, before the sheet is left for the next pass.")
    gather_seconds: float = Field(default=3.0, ge=0, le=300, description="Edits so close together are read at once.")
    endpoint: HttpAddress | None = None


class Scan(_Model):
    """When a scan believes what it sees."""

    settle_seconds: float = Field(default=2.0, ge=0, description="A file changed this recently is looked at twice.")
    stall_seconds: float = Field(default=60.0, gt=0, description="A listing that brings nothing for so long hangs.")
    loss_files: int = Field(
        default=20,
        ge=1,
        description="Fewer vanished files than this are a deletion, unless half of a library or a whole folder went.",
    )
    loss_share: float = Field(default=0.05, gt=0, le=1, description="Share of a library that may vanish in one scan.")


class Media(_Model):
    """How much of a video's own facts (length, rate, tracks) is read."""

    enabled: bool = True
    seconds_per_file: float = Field(default=20.0, gt=0, description="A file that takes longer is left with a reason.")
    workers: int = Field(default=2, ge=1, le=32)


class Grading(_Model):
    """What makes a hand an A, a B or premium; the categories are those of ``hands.evaluation``."""

    premium_categories: tuple[str, ...] = ("royal_flush", "straight_flush", "four_of_a_kind", "full_house")
    least_seconds: float = Field(default=120.0, ge=0)
    least_category: str = "three_of_a_kind"
    needs_showdown: bool = False


class Hands(_Model):
    """Where the tables drop their session files, and how hands are graded and put into days."""

    drop_folders: tuple[Path, ...] = ()
    quarantine: Path | None = Field(default=None, description="For files that are no sessions; default below ``home``.")
    settle_seconds: float = Field(default=2.0, ge=0, description="A file changed this recently is left for later.")
    day_starts_at: ClockTime = Field(default=time(6), description="When a broadcast day begins, in ``time_zone``.")
    rule: Grading = Grading()


RenderFormat = Literal["png_sequence", "mov_alpha", "mp4"]
"""What a graphic can be had in: pictures or a film with transparency, or a film without."""

OUTPUT_NAMES = ("day", "template", "kind", "key", "id", "version")
"""What may stand in braces in the path of a graphic."""


def _check_output_path(text: str) -> str:
    names = re.findall(r"\{([^{}]*)\}", text)
    plain = re.sub(r"\{[^{}]*\}", "", text)
    if unknown := [name for name in names if name not in OUTPUT_NAMES] or re.findall(r"[{}]", plain):
        message = f"{unknown[0]!r} is nothing to put in braces; there are {', '.join(OUTPUT_NAMES)}"
        raise ValueError(message)
    if "id" not in names:
        message = f"{text!r} needs {{id}}: without it two graphics would have one path"
        raise ValueError(message)
    if Path(text).is_absolute() or ".." in Path(text).parts or "\\" in text or "\0" in text:
        message = f"{text!r} must stay below the folder of the graphics: relative, without '..' and backslashes"
        raise ValueError(message)
    return text


OutputPath = Annotated[str, AfterValidator(_check_output_path)]
"""Where a graphic goes below the folder of the graphics, without its ending; ``{id}`` and the like are filled in."""


class RenderOutput(_Model):
    """How a graphic comes out; what is not said is as the template has it: its first format, its size, rate, length."""

    format: RenderFormat | None = None
    width: int | None = Field(default=None, ge=16, le=7680, multiple_of=2)
    height: int | None = Field(default=None, ge=16, le=4320, multiple_of=2)
    fps: int | None = Field(default=None, ge=1, le=120)
    seconds: float | None = Field(default=None, gt=0, le=600)
    path: OutputPath | None = None


class RenderRule(_Model):
    """What makes a graphic by itself; ``render.rules`` reads it against the template.

    A rule with the name of one that comes with the package changes only what it says of it.
    """

    name: Name
    on: Literal["premium_hand", "elimination", "level_end", "payout", "schedule_entry"] | None = None
    where: dict[str, bool | int | float | str | list[bool | int | float | str]] = Field(default_factory=dict)
    template: str | None = None
    layers: dict[str, int | float | str] = Field(default_factory=dict)
    priority: int = Field(default=5, ge=1, le=10, description="1 is the highest.")
    output: RenderOutput = RenderOutput()
    enabled: bool = True
    again: bool = Field(default=False, description="Make a new graphic when a finished one no longer shows the truth.")

    @model_validator(mode="before")
    @classmethod
    def _read_on_as_a_word(cls, values: object) -> object:
        """YAML takes a bare ``on`` for true."""
        return {"on" if key is True else key: value for key, value in values.items()} if isinstance(values, dict) else values


class Render(_Model):
    """Which graphics are made by themselves, and how graphics come out.

    ``templates`` is a folder of templates besides those that come with the package, relative to the settings file.
    """

    templates: Path | None = None
    path: OutputPath = "{day}/{template}/{template}_{id}"
    output: RenderOutput = RenderOutput()
    rules: tuple[RenderRule, ...] = ()

    @model_validator(mode="after")
    def _rules_have_names_of_their_own(self) -> Self:
        names = [rule.name for rule in self.rules]
        if len(set(names)) < len(names):
            message = f"rules: the name {max(names, key=names.count)!r} stands twice"
            raise ValueError(message)
        return self


class Retries(_Model):
    """First wait, in seconds, before a room tries again what failed outside; later waits grow."""

    nas_seconds: float = Field(default=5.0, ge=0)
    sheets_seconds: float = Field(default=10.0, ge=0)
    clips_seconds: float = Field(default=2.0, ge=0)


class Schedules(_Model):
    """When the schedules fire, as cron lines in ``time_zone``."""

    full_sync: CronLine = "0 3 * * *"
    nas_changes: CronLine = "17 * * * *"


class Settings(_Model):
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
    render: Render = Render()
    google: Google = Google()
    schedules: Schedules = Schedules()
    retries: Retries = Retries()
    database_url: SecretStr | None = None
    dagster_database_url: SecretStr | None = None
    google_credentials: SecretStr | None = None

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
        )
        if env.get(variable)
    }
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
