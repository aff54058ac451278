"""Declare the workflows, one a file: each module here has a ``WORKFLOW``.

Another file is another workflow; nothing else has to be edited.
"""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from pokervod_pipelines.workflows.workflow import Workflow


def list_workflows() -> Mapping[str, Workflow]:
    """Return the declared workflows by name. Raises ``ValueError`` for a declaration that cannot work."""
    declared = [import_module(f"{__name__}.{each.name}").WORKFLOW for each in iter_modules(__path__)]
    workflows: dict[str, Workflow] = {each.name: each for each in sorted(declared, key=lambda each: each.name)}
    if len(workflows) != len(declared):
        raise ValueError("two files of workflows/declared have the same name of a workflow")
    for each in declared:
        if problem := _find_problem(each, workflows):
            raise ValueError(f"workflow {each.name}: {problem}")
    return workflows


def _find_problem(workflow: Workflow, workflows: Mapping[str, Workflow]) -> str | None:
    """Return what is wrong with a declaration, None for nothing."""
    answer, fields = workflow.on_error, workflow.input.model_fields
    if not workflow.assets:
        return "it has no steps, and covers no assets"
    if wrong := [step.only_if for step in workflow.steps if step.only_if not in (None, *fields)]:
        return f"its input has no field {wrong[0]}, which a step needs"
    if not workflow.steps and (answer.retries or answer.fallback):
        return "only a workflow of assets has retries after a wait, or a fallback"
    passed = [workflow.name]
    while (fallback := workflows[passed[-1]].on_error.fallback) is not None:
        if fallback not in workflows or not workflows[fallback].steps:
            return f"its fallback {fallback} is no declared workflow of assets"
        if fallback in passed:
            return f"its fallbacks lead back to {fallback}"
        passed.append(fallback)
    return None
