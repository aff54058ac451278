"""Build the catalog."""

from pokervod_pipelines.events import EventType
from pokervod_pipelines.workflows.workflow import Step, Workflow

LEVELS = ("projects", "seasons", "events", "episodes", "video_files")
"""The levels of the catalog's tree, which one step builds together."""

WORKFLOW = Workflow(
    name="catalog_update",
    description="Build the catalog from the inventory.",
    steps=tuple(Step(asset=level) for level in LEVELS),
    request=EventType.CATALOG_UPDATE_REQUESTED,
)
