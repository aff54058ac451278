"""Sync what changed."""

from pokervod_pipelines.workflows.declared.full_sync import ASSETS, SYNC_SECONDS
from pokervod_pipelines.workflows.workflow import Workflow

WORKFLOW = Workflow(
    name="incremental_sync",
    description="What changed: every library is scanned, only changed sheets are read.",
    covers=ASSETS,
    timeout_seconds=SYNC_SECONDS,
    retries=1,
)
