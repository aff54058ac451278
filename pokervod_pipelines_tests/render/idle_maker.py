"""A maker of no files, whose graphics take as long as one likes: for what the queue itself does and costs."""

import asyncio
from collections.abc import Mapping

from pokervod_pipelines.render.queue import Made
from pokervod_pipelines.render.queue_store import Claim, OutputFacts
from pokervod_pipelines.render.states import Held
from pokervod_pipelines.render.worker.maker import Report


class IdleMaker:
    """Says at once that the graphic is made; the file that it names does not exist."""

    def __init__(self, slots: Mapping[str, int], seconds: float = 0.0) -> None:
        self.slots = slots
        self.seconds = seconds

    async def make(self, claim: Claim, report: Report) -> Made:
        if self.seconds:
            await asyncio.sleep(self.seconds)
        return Made(held=claim.held, facts=name_output(claim.held), publish=lambda: None)

    def discard(self, held: Held) -> None:
        """There is nothing to leave."""

    async def close(self) -> None:
        """Nothing runs."""


def name_output(held: Held) -> OutputFacts:
    """Return what would be known of the file of this graphic."""
    return OutputFacts(
        path=f"{held.id}.mov",
        sha256="",
        size_bytes=0,
        mtime_ns=0,
        frames=1,
        width=1920,
        height=1080,
        fps=30,
        seconds=1,
        pixel_format="argb",
        picture_hash=None,
        preview=None,
    )
