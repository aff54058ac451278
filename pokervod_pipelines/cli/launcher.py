"""Fork the programs of ``pokervod dev`` from one process that has loaded what they share.

Each would take 120 MB and 2 s of a processor by itself; most of it is Dagster's code and ours, which all of them load.
``python -m pokervod_pipelines.cli.launcher FILE`` reads them from a file, as JSON: its own command line would name them
all, and each fork has it, too.
"""

import json
import logging
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from pokervod_pipelines.cli.services import Service, report, run_services
from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.logs.start import end_log, start_log
from pokervod_pipelines.processes.forked import ForkedProgram, ProgramStart, fork_program, share_memory
from pokervod_pipelines.processes.process_tags import VARIABLE, end_tagged
from pokervod_pipelines.settings import load_settings

SHARED = (
    "dagster._api.list_repositories",
    "dagster._cli.api",
    "dagster._core.instance.factory",
    "dagster._daemon.cli",
    "dagster._grpc.server",
    "dagster_postgres",
    "dagster_webserver.cli",
    "openpyxl",
    "pokervod_pipelines.api.app",
    "pokervod_pipelines.api.server",
    "pokervod_pipelines.cli.render",
    "pokervod_pipelines.cli.serve",
    "pokervod_pipelines.cli.watch",
    "pokervod_pipelines.definitions",
    "pokervod_pipelines.defs.storage",
    "pokervod_pipelines.defs.warm_runs",
    "pokervod_pipelines.hands.replay",
    "pokervod_pipelines.render.renderers.local.check",
    "pokervod_pipelines.render.worker.run",
    "psycopg2.extras",
    "upath.implementations.local",
)
"""What the programs load; one that cannot be loaded here tells so where it is needed."""

_log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class ForkedService(Service):
    """Run one Python program in forks of this process; ``command`` is its module and its arguments."""

    title: str

    def launch(self, environ: Mapping[str, str], output: int | None) -> ForkedProgram:
        """Fork it; the log of this process is not its own."""
        module, *arguments = self.command
        return fork_program(
            ProgramStart(
                module=module,
                arguments=arguments,
                title=self.title,
                environ=environ,
                output=output,
                forget=end_log,
            )
        )


def main(programs: Path) -> None:
    """Run the programs until SIGINT or SIGTERM; end first what an earlier launcher of the same `dev` left."""
    end_tagged(os.environ[VARIABLE])
    settings = load_settings()
    for module in SHARED:
        try:
            import_module(module)
        except PokervodError:
            _log.exception("%s is not loaded before the programs are", module)
    share_memory()
    start_log(settings, "dev", has_console=True)
    run_services([_make_service(each) for each in json.loads(programs.read_text(encoding="utf-8"))], os.environ, report)
    end_log()


def _make_service(program: Mapping[str, Any]) -> Service:
    return ForkedService(**{**program, "log": Path(program["log"]) if program["log"] else None})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
