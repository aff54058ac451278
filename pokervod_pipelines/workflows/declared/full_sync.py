"""Sync everything again."""

from pokervod_pipelines.workflows.declared.catalog_update import LEVELS
from pokervod_pipelines.workflows.workflow import Workflow

ASSETS = (
    *("nas_files", "media_facts", *LEVELS, "sheet_rows", "hand_clips", "sheet_statuses"),
    *("hands", "tournaments", "render_instructions"),
)
"""What a sync materializes."""

SYNC_SECONDS = 4 * 3600
"""A first sync of a large archive takes hours."""

WORKFLOW = Workflow(
    name="full_sync",
    description="Everything again: scan, catalog, sheets, clips, hands, instructions, checks.",
    covers=ASSETS,
    timeout_seconds=SYNC_SECONDS,
    retries=1,
)
