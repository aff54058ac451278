"""How long the farm is waited for, in seconds; tests are less patient."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Each is a limit in seconds.

    ``outage``: so long the server may be away, so that it can be restarted under running jobs. ``answer``: one call.
    ``unclaimed``: a job that no render node takes while none works at all. ``still``: what a node works on without any
    change; a node counts as dead after it, unless the waiting job's own template allows more. ``share``: until a file
    that the farm has finished is seen here whole. ``farewell``: for taking a job back when it is over.
    """

    outage: float = 90.0
    answer: float = 15.0
    unclaimed: float = 120.0
    still: float = 600.0
    share: float = 30.0
    farewell: float = 5.0
