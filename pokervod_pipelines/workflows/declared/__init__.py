"""Declare the workflows, one a file: each module here has a ``WORKFLOW``.

Another file is another workflow; nothing else has to be edited.
"""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from pokervod_pipelines.workflows.workflow import Workflow


def list_workflows() -> Mapping[str, Workflow]:
    """Return the declared workflows by name. Raises ``ValueError`` for a name twice or an unknown fallback."""
    declared = [import_module(f"{__name__}.{each.name}").WORKFLOW for each in iter_modules(__path__)]
    workflows: dict[str, Workflow] = {each.name: each for each in sorted(declared, key=lambda each: each.name)}
    if len(workflows) != len(declared):
        raise ValueError("two files of workflows/declared have the same name of a workflow")
    for each in declared:
        if each.on_error.fallback not in (None, *workflows):
            raise ValueError(f"workflow {each.name}: the fallback {each.on_error.fallback} is not declared")
    return workflows
