"""Start the logs of Dagster's processes, and say there what sensors request.

Every process of Dagster opens the instance's storage, which calls ``start_dagster_log``. What rooms log in a run goes
to Dagster, too (``managed_python_loggers`` of ``dagster.yaml``), which shows it with the run; it puts the run into each
record, and a filter gives that to our line.
"""

import logging
import multiprocessing
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import dagster as dg

from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.logs.start import find_handler, start_log
from pokervod_pipelines.settings import load_settings

_log = logging.getLogger(__name__)

META = "dagster_meta"
"""Attribute that Dagster gives to the records of a run."""


def start_dagster_log() -> None:
    """Start the log of this process in the current folder, unless it has one; wrong settings are said elsewhere."""
    handler = find_handler()
    try:
        if handler is None:
            process = "run" if multiprocessing.parent_process() else name_process(sys.argv)
            handler = start_log(load_settings(), process, has_console=True)
    except PokervodError:
        return
    if not any(isinstance(each, RunIds) for each in handler.filters):
        handler.addFilter(RunIds())


def name_process(arguments: Sequence[str]) -> str:
    """Return what a process of Dagster is, by how it was started; a run of the code server is a child of Python.

    >>> name_process(["/x/dagster_webserver/__main__.py", "-w", "y"]), name_process(["/x/bin/dagster-daemon", "run"])
    ('webserver', 'daemon')
    """
    program, *words = arguments
    path = Path(program)
    name = (path.parent if path.name == "__main__.py" else path).name.replace("_", "-")
    if name in {"dagster-webserver", "dagster-daemon", "-daemon"}:
        return name.rpartition("-")[2]
    kinds = {"grpc": "code-server", "execute-run": "run", "execute-step": "run", "grpc-health-check": "dagster"}
    return kinds.get(words[1].replace("_", "-"), "dagster") if words[:1] == ["api"] and words[1:] else "dagster"


class RunIds(logging.Filter):
    """Give a record of a run its run and request, and take away what Dagster added to it, which is done with it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record; the handlers of the root are the last that get it."""
        meta = getattr(record, META, None)
        if isinstance(meta, dict):
            from pokervod_pipelines.defs.stages import CORRELATION_TAG  # noqa: PLC0415 - the UI does without stages

            record.msg, record.args = meta["orig_message"], ()
            run_id, tags = meta.get("run_id") or "", meta.get("job_tags") or {}
            vars(record).update(run_id=run_id, correlation_id=tags.get(CORRELATION_TAG, run_id))
            for name in [each for each in vars(record) if each.startswith("dagster_")]:
                delattr(record, name)
        return True


def log_requests(sensor: str, requests: Iterable[dg.RunRequest]) -> None:
    """Log the runs that a sensor requests; one that has nothing to do writes nothing."""
    from pokervod_pipelines.defs.stages import CORRELATION_TAG  # noqa: PLC0415 - the UI does without stages

    for each in requests:
        words = " ".join(filter(None, (each.job_name, each.partition_key, f"by key {each.run_key}")))
        ids = {"correlation_id": each.tags.get(CORRELATION_TAG, "")}
        _log.info("sensor %s requests a run: %s", sensor, words, extra=ids)
