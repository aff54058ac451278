"""Read a broadcast day's hands."""

from pokervod_pipelines.workflows.workflow import BroadcastDay, Step, Workflow, WorkflowInput


class DayInput(WorkflowInput):
    """Name the broadcast day, today's by default."""

    day: BroadcastDay | None = None


WORKFLOW = Workflow(
    name="hands_to_renders",
    description="Read new files of the tables and the tournament system, and decide which graphics to render.",
    input=DayInput,
    steps=(Step(asset="hands"), Step(asset="tournaments"), Step(asset="render_instructions")),
)
