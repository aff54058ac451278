"""Who makes the files for a worker."""

from collections.abc import Callable, Mapping
from typing import Protocol

from pokervod_pipelines.render.queue import Made
from pokervod_pipelines.render.queue_store import Claim
from pokervod_pipelines.render.states import Held

Report = Callable[[float], None]
"""Takes how much is done, from 0 to 1; 0 says that it waits for its turn, so that its time begins anew."""

RENDERED = 0.9
"""How far a graphic is when its file is written and not yet checked. Checking says nothing, so silence is no fault."""


class Maker(Protocol):
    """Makes graphics, many side by side."""

    slots: Mapping[str, int]
    """How many graphics at once, by renderer."""

    async def make(self, claim: Claim, report: Report) -> Made:
        """Return the graphic, made and found to be what was asked for, not yet at its place.

        Raises a failure of ``render.failures``. Cancelled, it leaves nothing running and nothing behind.
        """

    def discard(self, held: Held) -> None:
        """Nothing is left of what the claim made."""

    async def close(self) -> None:
        """Nothing of it runs any more."""
