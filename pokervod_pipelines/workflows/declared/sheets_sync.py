"""Read one sheet."""

from pokervod_pipelines.events import EventType
from pokervod_pipelines.workflows.workflow import OnError, SheetName, Step, Workflow, WorkflowInput


class SheetReadingInput(WorkflowInput):
    """Name the sheet; ``statuses`` says whether its status columns are written, where write-back is on."""

    sheet: SheetName
    statuses: bool = True


WORKFLOW = Workflow(
    name="sheets_sync",
    description="Read one sheet, make its clips, and write its status columns where write-back is on.",
    input=SheetReadingInput,
    steps=(Step(asset="sheet_rows"), Step(asset="hand_clips"), Step(asset="sheet_statuses", only_if="statuses")),
    request=EventType.SHEETS_SYNC_REQUESTED,
    timeout_seconds=1800,
    on_error=OnError(fallback="clips_update"),
)
"""A sheet that cannot be read keeps its last rows, from which clips are made. Five growing waits outlast a quota."""
