"""What processes of ours left at the farm when they were killed: jobs that nobody watches, files that nobody fetches.

Only what is called as ours is looked at, and only when it is older than any render may last: several installations may
share one server, and each knows its own claims only.
"""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

from pokervod_pipelines.render.renderers.nexrender import pickup
from pokervod_pipelines.render.renderers.nexrender.client import Client
from pokervod_pipelines.render.renderers.nexrender.farm import Farm
from pokervod_pipelines.render.renderers.nexrender.orders import OURS
from pokervod_pipelines.render.renderers.nexrender.states import Status

LEFT_AFTER = timedelta(days=2)
"""A template may let a render last for a day."""


async def sweep(client: Client, farm: Farm, *, now: datetime) -> list[str]:
    """The server and the folder have no leftovers of ours; return what they were. Raises ``NoAnswer``, ``OSError``."""
    removed = []
    for status in await client.list_jobs():
        if is_leftover(status, now):
            await client.delete_job(status.uid)
            removed.append(f"job {status.uid} ({status.state})")
    return removed + await asyncio.to_thread(_remove_files, farm.here, now)


def is_leftover(status: Status, now: datetime) -> bool:
    """Whether the job is ours and nothing was heard of it for longer than a render may last."""
    is_ours = any(OURS.fullmatch(tag) for tag in status.tags)
    return is_ours and status.updated_at is not None and now - status.updated_at > LEFT_AFTER


def _remove_files(folder: Path, now: datetime) -> list[str]:
    oldest = (now - LEFT_AFTER).timestamp()
    left = [path for path in folder.iterdir() if OURS.fullmatch(path.stem) and path.stat().st_mtime < oldest]
    for path in left:
        pickup.remove(path)
    return [f"file {path.name}" for path in left]
