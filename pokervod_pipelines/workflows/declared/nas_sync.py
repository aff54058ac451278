"""Scan one library."""

from pokervod_pipelines.events import EventType
from pokervod_pipelines.workflows.workflow import LibraryName, Step, Workflow, WorkflowInput

SCAN_SECONDS = 4 * 3600
"""A first scan of a large share takes hours."""


class LibraryInput(WorkflowInput):
    """Name the library."""

    library: LibraryName


WORKFLOW = Workflow(
    name="nas_sync",
    description="Scan one library.",
    input=LibraryInput,
    steps=(Step(asset="nas_files"),),
    request=EventType.NAS_SCAN_REQUESTED,
    timeout_seconds=SCAN_SECONDS,
    retries=1,
)
