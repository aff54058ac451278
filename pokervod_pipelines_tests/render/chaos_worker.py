"""A worker process whose graphics are small files of known content, written slowly enough to be killed in the middle.

``python -m pokervod_pipelines_tests.render.chaos_worker URL ROOT NAME``. Asked for a player called ``impossible`` it
fails for good, for ``moody`` on the first try.
"""

import asyncio
import random
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from pokervod_pipelines.db.engine import make_engine
from pokervod_pipelines.render import crew
from pokervod_pipelines.render.failures import BadInstruction, Passing
from pokervod_pipelines.render.outputs.paths import make_target, place_output
from pokervod_pipelines.render.outputs.publish import publish
from pokervod_pipelines.render.queue import Made
from pokervod_pipelines.render.queue_store import Claim
from pokervod_pipelines.render.states import Held
from pokervod_pipelines.render.worker.ledger import Ledger
from pokervod_pipelines.render.worker.loop import Shift, Worker
from pokervod_pipelines.render.worker.maker import Report
from pokervod_pipelines.settings.render import RenderQueueSettings
from pokervod_pipelines_tests.render.idle_maker import name_output

LIMITS = RenderQueueSettings(lease_seconds=4, retry_seconds=0.2, poll_seconds=1)
SLOTS = {"local": 3}
PIECES = 8


def write_content(instruction_id: int) -> bytes:
    """Return what the whole file of the instruction holds."""
    return f"graphic {instruction_id}\n".encode() * PIECES


class SlowMaker:
    """Writes the file piece by piece."""

    def __init__(self, root: Path) -> None:
        self.slots = SLOTS
        self.root = root

    async def make(self, claim: Claim, report: Report) -> Made:
        held, player = claim.held, claim.layers["player"]
        target = make_target(self.root, held.claim_id, "mov_alpha")
        pause = random.Random(held.id).uniform(0.01, 0.05)
        with target.open("wb", buffering=0) as file:
            for piece in range(PIECES):
                file.write(f"graphic {held.id}\n".encode())
                report((piece + 1) / PIECES)
                await asyncio.sleep(pause)
        if player == "impossible" or (player == "moody" and held.retry_count == 0):
            target.unlink()
            raise BadInstruction("nobody can draw that") if player == "impossible" else Passing("it broke off")
        facts = name_output(held)
        final = place_output(self.root, Path(f"2031-05-04/{held.id}"), "mov_alpha")
        return Made(held=held, facts=facts, publish=_once(target, final))

    def discard(self, held: Held) -> None:
        self._target(held.claim_id).unlink(missing_ok=True)

    def _target(self, claim_id: UUID) -> Path:
        return self.root / ".unfinished" / f"{claim_id}.mov"

    async def close(self) -> None:
        """Nothing runs."""


def _once(target: Path, final: Path) -> Callable[[], None]:
    def move() -> None:
        if target.exists():
            publish(target, final)

    return move


def main(url: str, root: str, name: str) -> None:
    """Work until killed."""

    async def run() -> None:
        engine, maker = make_engine(url), SlowMaker(Path(root))
        signed = await Ledger().call(lambda: crew.sign_on(engine, name, maker.slots))
        await Worker(engine, LIMITS, maker, Shift(name=signed)).run()

    asyncio.run(run())


if __name__ == "__main__":
    main(*sys.argv[1:])
