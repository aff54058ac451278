"""Poll the queue as an old program does, until killed: ``python -m pokervod_pipelines_tests.hub.poller URL``."""

import asyncio
import random
import sys

from pokervod_pipelines_tests.hub.old_library import OldLibrary


async def take_one(library: OldLibrary) -> int | None:
    """Take the best instruction that nobody else has; None where there is none."""
    for row in await library.list_pending():
        if await library.set_status(row["id"], "processing"):
            return int(row["id"])
    return None


async def poll(url: str) -> None:
    """Take, render for a moment, and complete, again and again."""
    async with OldLibrary(url) as library:
        while True:
            number = await take_one(library)
            await asyncio.sleep(random.uniform(0.01, 0.1))
            if number is not None:
                await library.set_status(number, "completed")


if __name__ == "__main__":
    asyncio.run(poll(sys.argv[1]))
