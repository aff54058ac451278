"""Start workflows; nothing runs them here, so that only what was asked for is compared."""

import dagster as dg

from pokervod_pipelines.workflows.setup import find_dagster_home, prepare_folder
from pokervod_pipelines_tests.api.parity import ParityCase, World
from pokervod_pipelines_tests.defs.test_launch import beat


def start_daemon(_: World) -> dict[str, str]:
    """Let a daemon be alive, which starts nothing."""
    with dg.DagsterInstance.from_config(str(find_dagster_home(prepare_folder()))) as instance:
        beat(instance)
    return {}


CASES = [
    ParityCase(
        path="/api/orchestrator/execute",
        prepare=start_daemon,
        body={"workflow": "nas_sync", "input": {"library": "shows"}},
        command=["execute", "nas_sync", "--input", '{{"library": "shows"}}'],
    ),
    ParityCase(
        path="/api/orchestrator/sync",
        query="?sync_type=full",
        prepare=start_daemon,
        command=["execute", "full_sync"],
    ),
]
