"""What one scan of a library found, counted: for the operator's page, the command line and the scan's record."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

PROBLEMS_SHOWN = 200
"""A report carries so many problems; the exact number stands beside them."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanReport:
    """How a library stands after a scan.

    ``seen`` is every file met, once, and the sum of added, changed, moved, returned, unchanged and held. ``removed``
    are the files found missing by this scan; ``missing`` and ``unseen`` are all that are so now. ``problems`` are the
    first places that could not be read or stored, each with what to do.
    """

    library: str
    status: str
    seen: int
    added: int
    changed: int
    removed: int
    moved: int
    returned: int
    unchanged: int
    held: int
    missing: int
    unseen: int
    junk: int
    videos: int
    links: int
    seconds: float
    oldest: datetime | None
    newest: datetime | None
    problem_count: int
    problems: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Tally:
    """A scan's counts while they grow."""

    seen: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    moved: int = 0
    returned: int = 0
    held: int = 0
    links: int = 0
    problems: list[tuple[str, str]] = field(default_factory=list)

    @property
    def shown(self) -> tuple[tuple[str, str], ...]:
        """The problems that fit into a report, in the order of their places."""
        return tuple(sorted(self.problems)[:PROBLEMS_SHOWN])

    @property
    def counts(self) -> dict[str, int]:
        """What the scan's record keeps."""
        names = ("seen", "added", "changed", "removed", "moved", "returned", "held", "links")
        counted = {name: int(getattr(self, name)) for name in names}
        differing = self.added + self.changed + self.moved + self.returned + self.held
        return counted | {"unchanged": self.seen - differing, "problem_count": len(self.problems)}


def make_report(library: str, tally: Tally, totals: dict[str, Any], *, status: str, seconds: float) -> ScanReport:
    """The report of a scan that ended; ``totals`` is how the library stands in the database."""
    return ScanReport(
        library=library,
        status=status,
        seconds=round(seconds, 3),
        missing=totals["missing"],
        unseen=totals["unseen"],
        junk=totals["junk"],
        videos=totals["videos"],
        oldest=_moment(totals["oldest_ns"]),
        newest=_moment(totals["newest_ns"]),
        problems=tally.shown,
        **tally.counts,
    )


def _moment(nanoseconds: int | None) -> datetime | None:
    """The time, or None where a disk holds one that no calendar has."""
    if nanoseconds is None:
        return None
    try:
        return _EPOCH + timedelta(microseconds=nanoseconds // 1_000)
    except OverflowError:
        return None
