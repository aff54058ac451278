"""Launch and cancel runs from a program that does not load Dagster: its child process does, and keeps it for a while.

What stands here imports no Dagster; ``LAUNCHER`` is the child, whose functions below do.
"""

import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.errors import Conflict
from pokervod_pipelines.processes.supervised import ChildProgram
from pokervod_pipelines.workflows.declared import list_workflows
from pokervod_pipelines.workflows.intent import choose_workflow
from pokervod_pipelines.workflows.setup import find_dagster_home, prepare_folder

if TYPE_CHECKING:
    from pokervod_pipelines.defs.launch import Launcher

LAUNCHER = ChildProgram(name="launcher of runs", modules=("pokervod_pipelines.defs.launch",))

QUEUE_DAEMON = "QUEUED_RUN_COORDINATOR"

HEARTBEAT_SECONDS = 90
"""A daemon tells every 30 seconds that it lives."""

NO_DAEMON = "no Dagster daemon takes runs from the queue; start `pokervod dev`, then run this again"

ALONE = frozenset({"full_sync"})
"""Workflows of which a second run is refused while one waits or goes on: it would do the same again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """Name a launched run and the request that it belongs to."""

    workflow: str
    run_id: str
    correlation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOrder:
    """Ask for a run; without a workflow the input decides. ``folder`` is that of the settings."""

    folder: Path
    workflow: str | None
    given: Mapping[str, Any]
    actor: Actor
    priority: int


def launch_run(order: RunOrder) -> Launch:
    """Launch the run and return at once. Raises ``Conflict`` where the same sync waits or goes on."""
    from pokervod_pipelines.defs.launch import require_daemon  # noqa: PLC0415 - only the child loads Dagster

    launcher = _open_launcher(order.folder)
    workflow, checked = choose_workflow(list_workflows(), order.workflow, order.given, launcher.settings)
    require_daemon(launcher.instance)
    if workflow.name in ALONE and (other := launcher.find_unfinished(workflow.name)):
        raise Conflict(f"{workflow.name} waits or goes on already: run {other}; wait for its end, or cancel it")
    return launcher.launch(workflow, checked, order.actor, priority=order.priority)


def cancel_run(folder: Path, run_id: str, actor: Actor) -> bool:
    """Cancel the run; return False where it has ended."""
    return _open_launcher(folder).cancel(run_id, actor)


@cache
def _open_launcher(folder: Path) -> "Launcher":
    """Open the database and Dagster's instance of the folder until this process ends."""
    import dagster as dg  # noqa: PLC0415

    from pokervod_pipelines.defs.launch import Launcher  # noqa: PLC0415

    os.chdir(folder)  # Dagster's storage reads the settings of the current folder
    settings = prepare_folder()
    home = find_dagster_home(settings)
    os.environ["DAGSTER_HOME"] = str(home)
    stack = ExitStack()
    engine = stack.enter_context(open_database(settings))
    return Launcher(stack.enter_context(dg.DagsterInstance.from_config(str(home))), engine, settings)
