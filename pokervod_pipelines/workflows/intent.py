"""Choose the workflow that a request means: by its name, or by the input that only one of them takes."""

from collections.abc import Mapping
from typing import Any

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.suggestions import suggest_name
from pokervod_pipelines.workflows.workflow import ITS_INPUT, Workflow, WorkflowInput


def choose_workflow(
    workflows: Mapping[str, Workflow], name: str | None, given: Mapping[str, Any], settings: Settings
) -> tuple[Workflow, WorkflowInput]:
    """Return the workflow and its checked input.

    Raises ``BadInput`` for an unknown name, an invalid input, and an input that several workflows take, or none.
    """
    if name is not None:
        if name not in workflows:
            raise BadInput(f"unknown workflow {name!r}; {suggest_name(name, workflows)}")
        return workflows[name], workflows[name].read_input(given, settings)
    if not given:
        raise BadInput(f"name a workflow, or give an input that one takes; known: {', '.join(workflows)}")
    fitting: list[tuple[Workflow, WorkflowInput]] = []
    refusals: list[str] = []
    for workflow in workflows.values():
        try:
            fitting.append((workflow, workflow.read_input(given, settings)))
        except BadInput as error:
            refusals.append(str(error).partition(ITS_INPUT)[0].removesuffix("."))
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = ", ".join(workflow.name for workflow, _ in fitting)
        raise BadInput(f"this input fits {len(fitting)} workflows: {names}; name one of them")
    raise BadInput("this input fits no workflow:\n" + "\n".join(f"  {each}" for each in refusals))
