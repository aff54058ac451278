"""Define the time limits of the farm, in seconds; tests use shorter ones."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class NexrenderTimeouts:
    """Limit each wait, in seconds.

    ``outage``: how long the server may be unreachable, so that it can be restarted while jobs run. ``answer``: one
    call. ``unclaimed``: a job that no render node takes while none works at all. ``still``: a running job without any
    change; its node counts as dead after it, unless the waiting job's template allows more. ``share``: until a
    finished file is visible here whole. ``shutdown``: for removing a job at its end.
    """

    outage: float = 90.0
    answer: float = 15.0
    unclaimed: float = 120.0
    still: float = 600.0
    share: float = 30.0
    shutdown: float = 5.0

    @property
    def probe(self) -> float:
        """Return the lease of the one call that finds out whether the server answers again."""
        return 3 * self.answer
