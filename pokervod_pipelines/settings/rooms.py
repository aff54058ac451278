"""Define the sections of ``pokervod.yaml`` for the archive, sheets, media, hands, tournaments and schedules."""

from datetime import date, time
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from pokervod_pipelines.settings.fields import (
    ClockTime,
    CronLine,
    EncodingName,
    Glob,
    HttpAddress,
    Name,
    SettingsModel,
    SpreadsheetId,
)


class ArchiveRoot(SettingsModel):
    """Name a directory, usually a mounted share, that contains videos."""

    name: Name
    path: Path


class Library(SettingsModel):
    """Name one project's part of an archive root: the unit of a scan, and a partition of ``nas_files``.

    A file belongs to the library with the longest folder that contains it, so a library with the folder ``.``
    takes every file that no other library of its root contains.
    """

    name: Name
    root: Name
    folder: str = "."

    @model_validator(mode="after")
    def _folder_is_below_the_root(self) -> Self:
        parts = Path(self.folder).parts
        if Path(self.folder).is_absolute() or ".." in parts:
            message = f"folder {self.folder!r} must be relative to the root {self.root!r}, without '..'"
            raise ValueError(message)
        return self


class SheetSource(SettingsModel):
    """Locate an annotation workbook, in a file or at Google: a partition of ``sheet_rows`` and ``hand_clips``.

    ``write_back`` writes our columns into the sheet, which must be a Google sheet. ``skip_tabs`` are titles of tabs to
    leave out, as globs; the rows that such a tab had count as deleted.
    """

    name: Name
    path: Path | None = None
    spreadsheet: SpreadsheetId | None = None
    write_back: bool = False
    skip_tabs: tuple[Glob, ...] = ()
    skip_hidden_tabs: bool = False
    encoding: EncodingName | None = Field(default=None, description="Of a CSV or TSV file that is not in Unicode.")

    @model_validator(mode="after")
    def _has_one_location(self) -> Self:
        if (self.path is None) == (self.spreadsheet is None):
            message = f"sheet {self.name!r} needs either a path (a workbook file) or a spreadsheet (its Google address)"
            raise ValueError(message)
        if self.write_back and self.spreadsheet is None:
            message = f"sheet {self.name!r}: write_back is for Google sheets; files are never written to"
            raise ValueError(message)
        if self.encoding and (self.path is None or self.path.suffix.lower() not in {".csv", ".tsv"}):
            message = f"sheet {self.name!r}: encoding is for CSV and TSV files; remove it"
            raise ValueError(message)
        return self

    @property
    def place(self) -> str:
        """Return where a person finds the workbook."""
        return str(self.path) if self.path else f"https://docs.google.com/spreadsheets/d/{self.spreadsheet}"


class GoogleSettings(SettingsModel):
    """Limit the calls to Google's services; the account itself comes from ``POKERVOD_GOOGLE_CREDENTIALS``.

    ``rotation_share`` limits what is read without a sign of an edit, since Drive's version may lag behind a sheet.
    """

    calls_per_minute: int = Field(
        default=50, ge=4, le=10_000, description="For reading and for writing each, of all processes together."
    )
    drive_calls_per_minute: int = Field(
        default=300, ge=4, le=12_000, description="To Drive, of all processes together."
    )
    rotation_share: float = Field(
        default=0.2, ge=0, le=0.8, description="Of the calls for reading: one unchanged sheet at a time is read again."
    )
    seconds_per_call: float = Field(default=30.0, gt=0, le=600, description="A call that takes longer is retried.")
    attempts: int = Field(default=6, ge=1, le=20, description="Of one call, before the sheet waits for the next pass.")
    gather_seconds: float = Field(default=3.0, ge=0, le=300, description="Edits this close together are read at once.")
    endpoint: HttpAddress | None = None


class ScanSettings(SettingsModel):
    """Decide when a scan trusts what it sees."""

    settle_seconds: float = Field(default=2.0, ge=0, description="A file changed this recently is checked twice.")
    stall_seconds: float = Field(default=60.0, gt=0, description="Time limit of a listing that returns nothing.")
    loss_files: int = Field(
        default=20,
        ge=1,
        description="Fewer vanished files than this are a deletion, unless half of a library or a whole folder did.",
    )
    loss_share: float = Field(default=0.05, gt=0, le=1, description="Share of a library that may vanish in one scan.")
    ignore: tuple[Glob, ...] = Field(
        default=(), description="Globs of folders and files that are not content, beside recycle bins and snapshots."
    )
    keep: tuple[Glob, ...] = Field(
        default=(), description="Globs of folders and files that are content although their name says otherwise."
    )


class MediaSettings(SettingsModel):
    """Limit the probing of videos (duration, frame rate, tracks)."""

    enabled: bool = True
    seconds_per_file: float = Field(default=20.0, gt=0, description="A file that takes longer is left with a reason.")
    workers: int = Field(default=2, ge=1, le=32)


class Grading(SettingsModel):
    """Decide what makes a hand an A, a B or premium; the categories are those of ``hands.evaluation``."""

    premium_categories: tuple[str, ...] = ("royal_flush", "straight_flush", "four_of_a_kind", "full_house")
    min_seconds: float = Field(default=120.0, ge=0)
    min_category: str = "three_of_a_kind"
    needs_showdown: bool = False


class HandSettings(SettingsModel):
    """Locate the session files that the tables write, and decide how hands are graded and put into days."""

    drop_folders: tuple[Path, ...] = ()
    quarantine: Path | None = Field(default=None, description="For files that are not sessions; default in ``home``.")
    settle_seconds: float = Field(default=2.0, ge=0, description="A file changed this recently is left for later.")
    first_day: date | None = Field(default=None, description="The first partition; default: the first day with data.")
    day_starts_at: ClockTime = Field(default=time(6), description="When a broadcast day begins, in ``time_zone``.")
    rule: Grading = Grading()


class TournamentSettings(SettingsModel):
    """Locate the exports of the tournament system."""

    export_folders: tuple[Path, ...] = ()


KeptDays = Annotated[int, Field(ge=1, le=36_500)] | None


class EventSettings(SettingsModel):
    """Decide how many days the event log keeps an event; null keeps it for good, and signed ones are always kept.

    ``keep_days_of`` sets other days for a type, such as ``nas.file.added``, or for all that begin so.
    """

    keep_days: KeptDays = 730
    keep_days_of: dict[str, KeptDays] = Field(default={"nas.file": 180, "media": 180})


class LogSettings(SettingsModel):
    """Limit the logs: one is rotated when it is full, and the oldest rotated ones are deleted."""

    file_bytes: int = Field(default=5_000_000, ge=10_000, le=1_000_000_000, description="A log is not longer.")
    kept_bytes: int = Field(
        default=200_000_000, ge=10_000, le=1_000_000_000_000, description="Rotated logs of all processes together."
    )


class WorkflowSettings(SettingsModel):
    """Limit the runs of workflows, and what those of one request share."""

    enabled: bool = Field(default=True, description="Whether events and `pokervod execute` start workflows.")
    at_once: int = Field(default=5, ge=1, le=100, description="So many runs are in progress at once at most.")
    timeout_seconds: float = Field(
        default=300.0, gt=0, le=7 * 86_400, description="A run fails after this time, unless its workflow says another."
    )
    retries: int = Field(
        default=3, ge=0, le=20, description="A run whose process dies is started again so often, unless it says so."
    )
    context_ttl_seconds: float = Field(
        default=3600.0, gt=0, le=30 * 86_400, description="A context ends this long after its last use."
    )
    context_bytes: int = Field(
        default=10 * 1024 * 1024, ge=1, le=1024**3, description="The values of a context, as JSON, are not larger."
    )


class RetrySettings(SettingsModel):
    """Set another first wait, in seconds, before a block retries what failed outside; None is that of its policy."""

    nas_seconds: float | None = Field(default=None, ge=0, description="Of archive and catalog.")
    sheets_seconds: float | None = Field(default=None, ge=0, description="Of the sheets; later waits grow.")
    clips_seconds: float | None = Field(default=None, ge=0, description="Of clips, hands, tournaments and graphics.")


class TeamSettings(SettingsModel):
    """Name the team that owns the assets of each group in Dagster; ``default`` owns the others."""

    default: Name = "archive"
    nas: Name | None = None
    media: Name | None = None
    catalog: Name | None = None
    sheets: Name | None = None
    clips: Name | None = None
    hands: Name | None = None
    tournaments: Name | None = None
    render: Name | None = None
    rollout: Name | None = None

    def find_owner(self, group: str) -> str:
        """Return the team of the group."""
        return getattr(self, group, None) or self.default


class ScheduleSettings(SettingsModel):
    """Set when the schedules run, as cron lines in ``time_zone``."""

    full_sync: CronLine = "0 3 * * *"
    nas_changes: CronLine = "17 * * * *"
    weekly_close: CronLine | None = None
