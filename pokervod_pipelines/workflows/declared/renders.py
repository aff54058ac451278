"""Render a broadcast day's graphics."""

from pokervod_pipelines.workflows.declared.hands_to_renders import DayInput
from pokervod_pipelines.workflows.workflow import Step, Workflow

WORKFLOW = Workflow(
    name="renders",
    description="Render the pending graphics of one broadcast day, and check the finished ones.",
    input=DayInput,
    steps=(Step(asset="render_outputs"),),
    timeout_seconds=4 * 3600,
    retries=1,
)
