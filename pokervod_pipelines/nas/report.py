"""Count what one scan of a library found: for the operator's page, the command line and the scan's record."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pokervod_pipelines.problems import Problem

MAX_PROBLEMS = 200
"""A report carries no more problems; ``problem_count`` is the whole number."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanReport:
    """Describe a library after a scan.

    ``seen`` is every file found, once, and the sum of added, changed, moved, returned, unchanged and held. ``removed``
    are the files that this scan found missing; ``missing`` and ``unseen`` are all that are so now; junk is left out of
    the three. ``problems`` are the first places that could not be read or stored, each with what to do.
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
    problems: tuple[Problem, ...]


@dataclass(slots=True)
class ScanTally:
    """Collect the counts of a running scan."""

    seen: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    moved: int = 0
    returned: int = 0
    held: int = 0
    links: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def first_problems(self) -> tuple[Problem, ...]:
        """Return the problems that fit into a report, in the order of their places."""
        return tuple(sorted(self.problems, key=lambda problem: (problem.where, problem.what))[:MAX_PROBLEMS])

    @property
    def counts(self) -> dict[str, int]:
        """Return the counts that the scan's record keeps."""
        names = ("seen", "added", "changed", "removed", "moved", "returned", "held", "links")
        counted = {name: int(getattr(self, name)) for name in names}
        differing = self.added + self.changed + self.moved + self.returned + self.held
        return counted | {"unchanged": self.seen - differing, "problem_count": len(self.problems)}


def make_report(library: str, tally: ScanTally, totals: dict[str, Any], *, status: str, seconds: float) -> ScanReport:
    """Return the report of a scan that ended; ``totals`` counts the library's rows in the database."""
    return ScanReport(
        library=library,
        status=status,
        seconds=round(seconds, 3),
        missing=totals["missing"],
        unseen=totals["unseen"],
        junk=totals["junk"],
        videos=totals["videos"],
        oldest=_read_time(totals["oldest_ns"]),
        newest=_read_time(totals["newest_ns"]),
        problems=tally.first_problems,
        **tally.counts,
    )


def _read_time(nanoseconds: int | None) -> datetime | None:
    """Return the time, or None where the disk has one that no calendar has."""
    if nanoseconds is None:
        return None
    try:
        return _EPOCH + timedelta(microseconds=nanoseconds // 1_000)
    except OverflowError:
        return None
