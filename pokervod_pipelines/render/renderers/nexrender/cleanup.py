"""Remove what killed processes of ours left at the farm: jobs that nobody follows, files that nobody fetches.

Only entries with our name are touched, and only when they are older than any render may last: several installations
may share one server, and each knows only its own claims.
"""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

from pokervod_pipelines.render.renderers.nexrender import pickup
from pokervod_pipelines.render.renderers.nexrender.client import NexrenderClient
from pokervod_pipelines.render.renderers.nexrender.farm import FarmFolder
from pokervod_pipelines.render.renderers.nexrender.job_builder import OUR_NAME
from pokervod_pipelines.render.renderers.nexrender.states import JobStatus

ABANDONED_AFTER = timedelta(days=2)
"""A template may let a render last for a day."""


async def sweep(client: NexrenderClient, farm: FarmFolder, *, now: datetime) -> list[str]:
    """Delete our abandoned jobs and files; return what they were. Raises ``NoAnswer``, ``OSError``."""
    removed = []
    for status in await client.list_jobs():
        if is_abandoned(status, now):
            await client.delete_job(status.uid)
            removed.append(f"job {status.uid} ({status.state})")
    return removed + await asyncio.to_thread(_remove_files, farm.here, now)


def is_abandoned(status: JobStatus, now: datetime) -> bool:
    """Return whether the job is ours and has not changed for longer than a render may last."""
    is_ours = any(OUR_NAME.fullmatch(tag) for tag in status.tags)
    return is_ours and status.updated_at is not None and now - status.updated_at > ABANDONED_AFTER


def _remove_files(folder: Path, now: datetime) -> list[str]:
    oldest = (now - ABANDONED_AFTER).timestamp()
    left = [path for path in folder.iterdir() if OUR_NAME.fullmatch(path.stem) and path.stat().st_mtime < oldest]
    for path in left:
        pickup.remove(path)
    return [f"file {path.name}" for path in left]
