"""Make the clips of one sheet."""

from pokervod_pipelines.workflows.workflow import SheetName, Step, Workflow, WorkflowInput


class SheetInput(WorkflowInput):
    """Name the sheet."""

    sheet: SheetName


WORKFLOW = Workflow(
    name="clips_update",
    description="Make the clips of one sheet from the rows that were read last.",
    input=SheetInput,
    steps=(Step(asset="hand_clips"),),
)
