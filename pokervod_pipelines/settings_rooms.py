"""What the administrator decides about each room: typed models, one for each section of ``pokervod.yaml``.

A new knob of a room belongs here as a typed, documented field with a default. How the whole is found and loaded is in
``settings``.
"""

import re
from datetime import date, time
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

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
    if type(value) is int and 0 <= value < 24 * 60:
        return time(*divmod(value, 60))
    if isinstance(value, str | time):
        return value
    message = f"{value!r} is no time of day such as '06:00'"
    raise ValueError(message)


ClockTime = Annotated[time, BeforeValidator(_read_clock)]
"""A time of day such as 06:00."""

SpreadsheetId = Annotated[str, AfterValidator(_check_spreadsheet)]
"""A spreadsheet's id; its whole address in the browser will do."""

HttpAddress = Annotated[str, AfterValidator(_check_address)]
"""The root of a server, without a slash at its end."""


class SettingsModel(BaseModel):
    """A section: unknown keys are refused, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ArchiveRoot(SettingsModel):
    """A directory, usually a mounted share, below which videos live."""

    name: Name
    path: Path


class Library(SettingsModel):
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


class SheetSource(SettingsModel):
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


class Google(SettingsModel):
    """How Google's services are spoken to; the account itself comes from ``POKERVOD_GOOGLE_CREDENTIALS``."""

    calls_per_minute: int = Field(
        default=50, ge=4, le=10_000, description="For reading and for writing each, of all processes together."
    )
    seconds_per_call: float = Field(default=30.0, gt=0, le=600, description="A call that takes longer is tried again.")
    tries: int = Field(default=6, ge=1, le=20, description="Of one call, before the sheet is left for the next pass.")
    gather_seconds: float = Field(default=3.0, ge=0, le=300, description="Edits so close together are read at once.")
    endpoint: HttpAddress | None = None


class Scan(SettingsModel):
    """When a scan believes what it sees."""

    settle_seconds: float = Field(default=2.0, ge=0, description="A file changed this recently is looked at twice.")
    stall_seconds: float = Field(default=60.0, gt=0, description="A listing that brings nothing for so long hangs.")
    loss_files: int = Field(
        default=20,
        ge=1,
        description="Fewer vanished files than this are a deletion, unless half of a library or a whole folder went.",
    )
    loss_share: float = Field(default=0.05, gt=0, le=1, description="Share of a library that may vanish in one scan.")


class Media(SettingsModel):
    """How much of a video's own facts (length, rate, tracks) is read."""

    enabled: bool = True
    seconds_per_file: float = Field(default=20.0, gt=0, description="A file that takes longer is left with a reason.")
    workers: int = Field(default=2, ge=1, le=32)


class Grading(SettingsModel):
    """What makes a hand an A, a B or premium; the categories are those of ``hands.evaluation``."""

    premium_categories: tuple[str, ...] = ("royal_flush", "straight_flush", "four_of_a_kind", "full_house")
    least_seconds: float = Field(default=120.0, ge=0)
    least_category: str = "three_of_a_kind"
    needs_showdown: bool = False


class Hands(SettingsModel):
    """Where the tables drop their session files, and how hands are graded and put into days."""

    drop_folders: tuple[Path, ...] = ()
    quarantine: Path | None = Field(default=None, description="For files that are no sessions; default below ``home``.")
    settle_seconds: float = Field(default=2.0, ge=0, description="A file changed this recently is left for later.")
    first_day: date = Field(default=date(2024, 1, 1), description="The first broadcast day that has a partition.")
    day_starts_at: ClockTime = Field(default=time(6), description="When a broadcast day begins, in ``time_zone``.")
    rule: Grading = Grading()


class Tournaments(SettingsModel):
    """Where the tournament system puts its exports."""

    export_folders: tuple[Path, ...] = ()


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
    if re.search(r"\}\{id\}|\{id\}\{", text):
        message = f"{text!r}: put a sign such as _ between {{id}} and its neighbours, or two graphics have one path"
        raise ValueError(message)
    if Path(text).is_absolute() or ".." in Path(text).parts or "\\" in text or "\0" in text:
        message = f"{text!r} must stay below the folder of the graphics: relative, without '..' and backslashes"
        raise ValueError(message)
    return text


OutputPath = Annotated[str, AfterValidator(_check_output_path)]
"""Where a graphic goes below the folder of the graphics, without its ending; ``{id}`` and the like are filled in."""


class RenderOutput(SettingsModel):
    """How a graphic comes out; what is not said is as the template has it: its first format, its size, rate, length."""

    format: RenderFormat | None = None
    width: int | None = Field(default=None, ge=16, le=7680, multiple_of=2)
    height: int | None = Field(default=None, ge=16, le=4320, multiple_of=2)
    fps: int | None = Field(default=None, ge=1, le=120)
    seconds: float | None = Field(default=None, gt=0, le=600)
    path: OutputPath | None = None


class RenderRule(SettingsModel):
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
        return (
            {"on" if key is True else key: value for key, value in values.items()}
            if isinstance(values, dict)
            else values
        )


class RenderQueue(SettingsModel):
    """How long a worker may hold a graphic, and what is tried again when."""

    lease_seconds: float = Field(
        default=30.0, ge=1, le=3600, description="A worker that is silent for so long has lost what it held."
    )
    most_minutes: float = Field(
        default=10.0, gt=0, le=1440, description="A render that takes longer is stopped, unless its template says."
    )
    poll_seconds: float = Field(default=5.0, gt=0, le=60, description="The net below the notifications.")
    retry_seconds: float = Field(
        default=5.0, ge=0, le=600, description="First wait before a failed graphic is tried again; it triples."
    )
    pause_seconds: float = Field(
        default=30.0, gt=0, le=3600, description="How long a renderer rests when no licence or place is free."
    )
    most_at_once: dict[str, Annotated[int, Field(ge=1, le=10_000)]] = Field(
        default_factory=dict, description="Of a renderer or a template, on all machines together."
    )


class Nexrender(SettingsModel):
    """The nexrender server. Its secret is ``POKERVOD_NEXRENDER_SECRET``, never here.

    The farm writes to ``folder`` as this machine sees it, which is ``farm_folder`` as the farm sees it.
    """

    url: HttpAddress | None = None
    folder: Path | None = None
    farm_folder: str | None = None
    poll_seconds: float = Field(default=1.0, gt=0, le=60)
    jobs: int = Field(default=100, ge=1, le=1000, description="How many one worker has at the server at once.")


class Render(SettingsModel):
    """Which graphics are made by themselves, and how graphics come out.

    ``templates`` is a folder of templates besides those that come with the package, ``outputs`` the folder below which
    all graphics lie (default: ``renders`` below ``home``); relative ones are taken from the settings file.
    """

    templates: Path | None = None
    outputs: Path | None = None
    path: OutputPath = "{day}/{template}/{template}_{id}"
    mov_codec: Literal["animation", "prores_4444"] = Field(
        default="animation", description="Of MOV with alpha: animation is lossless and fast, ProRes plays everywhere."
    )
    queue: RenderQueue = RenderQueue()
    nexrender: Nexrender = Nexrender()
    output: RenderOutput = RenderOutput()
    rules: tuple[RenderRule, ...] = ()

    @model_validator(mode="after")
    def _rules_have_names_of_their_own(self) -> Self:
        names = [rule.name for rule in self.rules]
        if len(set(names)) < len(names):
            message = f"rules: the name {max(names, key=names.count)!r} stands twice"
            raise ValueError(message)
        return self


class Retries(SettingsModel):
    """First wait, in seconds, before a room tries again what failed outside; later waits grow."""

    nas_seconds: float = Field(default=5.0, ge=0)
    sheets_seconds: float = Field(default=10.0, ge=0)
    clips_seconds: float = Field(default=2.0, ge=0)


class Schedules(SettingsModel):
    """When the schedules fire, as cron lines in ``time_zone``."""

    full_sync: CronLine = "0 3 * * *"
    nas_changes: CronLine = "17 * * * *"
