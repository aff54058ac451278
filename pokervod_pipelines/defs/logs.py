"""Start the logs of Dagster's processes, and take over what Dagster says of runs.

Every process of Dagster opens the instance's storage, which calls ``start_dagster_log``. What rooms log in a run goes
to Dagster, too (``managed_python_loggers`` of ``dagster.yaml``), which shows it with the run; it puts the run into each
record, and a filter gives that to our line.
"""

import logging
import multiprocessing
import sys
from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.logs.files import LogHandler
from pokervod_pipelines.logs.start import find_handler, start_log
from pokervod_pipelines.settings import load_settings

META = "dagster_meta"
"""Attribute that Dagster gives to the records of a run."""


def start_dagster_log(folder: Path) -> None:
    """Start the log of this process, unless it has one; settings that are wrong are said elsewhere."""
    handler = find_handler()
    try:
        if handler is None:
            process = "run" if multiprocessing.parent_process() else name_process(sys.argv)
            handler = start_log(load_settings(folder=folder), process, has_console=True)
    except PokervodError:
        return
    if not handler.filters:
        handler.addFilter(RunFacts())


def name_process(arguments: Sequence[str]) -> str:
    """Return what a process of Dagster is, by how it was started; a run of the code server is a child of Python.

    >>> name_process(["/x/dagster_webserver/__main__.py", "-w", "y"]), name_process(["/x/bin/dagster-daemon", "run"])
    ('webserver', 'daemon')
    """
    program, *words = arguments
    name = program.replace("_", "-")
    if "dagster-webserver" in name:
        return "webserver"
    if "dagster-daemon" in name or "dagster/-daemon" in name:
        return "daemon"
    kinds = {"grpc": "code-server", "execute-run": "run", "execute-step": "run", "grpc-health-check": "dagster"}
    return kinds.get(words[1].replace("_", "-"), "dagster") if words[:1] == ["api"] and words[1:] else "dagster"


class RunFacts(logging.Filter):
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


@dg.logger(
    config_schema={
        "name": dg.Field(str, default_value="dagster", is_required=False),
        "log_level": dg.Field(str, default_value="WARNING", is_required=False),
    },
    description="Problems on the console; the UI has the rest.",
)
def console(context: dg.InitLoggerContext) -> logging.Logger:
    """Print problems only: what Dagster does is in the UI, and would fill the log of ``pokervod dev``."""
    return dg.colored_console_logger.logger_fn(context)


@dg.logger({}, "Failures of steps and runs in .pokervod/logs; what rooms log is there already.")
def failures(context: dg.InitLoggerContext) -> logging.Logger:
    """Log what Dagster says when a step or a run fails."""
    logger = logging.getLogger("dagster.runs")
    logger.propagate = False
    logger.setLevel(logging.ERROR)
    handler = find_handler()
    logger.handlers = [_FailureHandler(handler)] if handler else [logging.NullHandler()]
    return logger


class _FailureHandler(logging.Handler):
    """Pass the records of Dagster's events to the log of the process, with the error that they carry."""

    def __init__(self, handler: LogHandler) -> None:
        super().__init__()
        self._handler = handler

    def emit(self, record: logging.LogRecord) -> None:
        meta = getattr(record, META, {})
        event = meta.get("dagster_event")
        if event is None:
            return
        error = getattr(event.event_specific_data, "error", None)
        if error is not None:
            meta = meta | {"orig_message": f"{meta['orig_message']}\n{error.to_string()}"}
        self._handler.handle(logging.makeLogRecord(vars(record) | {META: meta}))


LOGGERS = {"console": console, "failures": failures}
