"""Probe one library."""

from pokervod_pipelines.workflows.declared.nas_sync import SCAN_SECONDS, LibraryInput
from pokervod_pipelines.workflows.workflow import Step, Workflow

WORKFLOW = Workflow(
    name="media_sync",
    description="Probe the new and changed videos of one library.",
    input=LibraryInput,
    steps=(Step(asset="media_facts"),),
    timeout_seconds=SCAN_SECONDS,
    retries=1,
)
