"""Describe what events of the archive, the catalog and the sheets say."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from pokervod_pipelines.events.payloads.base import Payload, SignedPayload


class ScanSummary(Payload):
    """Count what a scan found; ``error`` says why it failed."""

    library: str
    scan_id: int
    seen: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    moved: int = 0
    returned: int = 0
    held: int = 0
    links: int = 0
    unchanged: int = 0
    problem_count: int = 0
    missing: int = 0
    unseen: int = 0
    junk: int = 0
    videos: int = 0
    error: str | None = None


class ScanRequest(SignedPayload):
    """Ask for a scan of a library."""

    library: str


class AcceptedRoot(SignedPayload):
    """Name an archive root that is the right one as it is mounted, with its marker, and the one before."""

    root: str
    marker: str | None
    before: str | None


class FileFacts(Payload):
    """Name a file of the inventory; ``size`` in bytes. A moved one has its places ``from`` and ``to``.

    ``by`` and ``reason`` say that a person declared its absence intended, or not.
    """

    file_id: int
    library: str
    path: str
    size: int | None = None
    category: str | None = None
    version_type: str | None = None
    moved_from: str | None = Field(default=None, alias="from")
    moved_to: str | None = Field(default=None, alias="to")
    by: str | None = None
    reason: str | None = None


class ProbedFiles(Payload):
    """Name the videos of which other media facts are known now."""

    library: str
    file_ids: tuple[int, ...]


class CatalogSummary(Payload):
    """Count what the catalog has, and which rows a build changed, by table."""

    projects: int
    seasons: int
    events: int
    episodes: int
    video_files: int
    unknown: int
    reparsed: int
    created: Mapping[str, int]
    changed: Mapping[str, int]
    removed: Mapping[str, int]


class CatalogRequest(SignedPayload):
    """Ask for the catalog to be built from the inventory."""


class NewProject(Payload):
    """Name a project of the catalog; ``by`` and ``reason`` where a person created it."""

    project: str
    title: str
    by: str | None = None
    reason: str | None = None


class CatalogEpisode(Payload):
    """Name an episode of the catalog; ``by`` and ``reason`` where a person created it."""

    episode_id: int
    project: str
    title: str
    by: str | None = None
    reason: str | None = None


class CorrectedFact(SignedPayload):
    """Hold a person's correction of a fact of a name; ``undoes`` is the correction that it takes back."""

    correction_id: int
    file_id: int
    path: str
    field: str
    before: Any
    value: Any
    undoes: int | None


class SheetRequest(SignedPayload):
    """Ask for a sheet to be read; ``statuses`` says whether its status columns are written."""

    sheet: str
    statuses: bool = True


class SheetSummary(Payload):
    """Count the rows of a sheet after a pass that changed something."""

    sheet: str
    rows: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    skipped: int = 0
    matched: int = 0
    ambiguous: int = 0
    unmatched: int = 0
    with_id: int = 0


class SheetFailure(Payload):
    """Say why a sheet could not be read."""

    sheet: str
    error: str


class ChangedRow(Payload):
    """Say what happened to a row of a sheet, with its content before and after; ``by`` and ``reason`` for pins."""

    sheet: str
    row_id: int
    change: str
    tab: str | None = None
    row_number: int | None = None
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    pin: str | None = None
    by: str | None = None
    reason: str | None = None
