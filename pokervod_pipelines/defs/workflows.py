"""Define a Dagster job for each declared workflow, with its limits and retries as tags."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from pokervod_pipelines.defs.stages import CORRELATION_TAG
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.declared import list_workflows
from pokervod_pipelines.workflows.workflow import Workflow, WorkflowInput

WORKFLOW_TAG, INPUT_TAG, ATTEMPT_TAG = "pokervod/workflow", "pokervod/input", "pokervod/attempt"
PARTITION_TAG, PRIORITY_TAG = "dagster/partition", "dagster/priority"
EXCLUSIVE_TAG = {"pokervod/exclusive": "sync"}
"""One run with it is in progress at a time: see ``dagster.yaml``."""


def define_workflow_jobs(settings: Settings) -> list[UnresolvedAssetJobDefinition]:
    """Define the jobs of all workflows that are a selection of assets; those of ops have their own files."""
    return [
        dg.define_asset_job(
            each.name,
            selection=[step.asset for step in each.steps],
            description=each.description,
            tags=limit_tags(each, settings),
        )
        for each in list_workflows().values()
        if each.steps
    ]


def limit_tags(workflow: Workflow, settings: Settings) -> dict[str, str]:
    """Return the tags that tell Dagster how long a run may take, and how often one whose process dies is started."""
    retries = settings.workflows.retries if workflow.retries is None else workflow.retries
    return {
        WORKFLOW_TAG: workflow.name,
        "dagster/max_runtime": str(round(workflow.timeout_seconds or settings.workflows.timeout_seconds)),
        "dagster/max_retries": str(retries),
    }


def request_tags(given: WorkflowInput, *, correlation_id: str, priority: int, attempt: int = 1) -> dict[str, str]:
    """Return the tags of one run: its request, input and place in the queue."""
    return {
        CORRELATION_TAG: correlation_id,
        INPUT_TAG: dump_input(given),
        PRIORITY_TAG: str(priority),
        **({ATTEMPT_TAG: str(attempt)} if attempt > 1 else {}),
    }


def dump_input(given: WorkflowInput) -> str:
    """Return the input as the tag of its run has it."""
    return given.model_dump_json(exclude_defaults=True)


def read_input(tags: Mapping[str, str], workflow: Workflow) -> dict[str, Any]:
    """Return the input of a run; one that a person launched in the UI names only its partition.

    A tag that a person edited into nonsense there is not read.
    """
    with suppress(ValueError):
        if isinstance(given := json.loads(tags.get(INPUT_TAG, "null")), dict):
            return given
    field, key = workflow.partition_field, tags.get(PARTITION_TAG)
    return {field: key} if field and key else {}


def read_attempt(tags: Mapping[str, str]) -> int:
    """Return which attempt a run is, 1 where its tags do not say it."""
    attempt = tags.get(ATTEMPT_TAG, "")
    return int(attempt) if attempt.isdecimal() else 1
