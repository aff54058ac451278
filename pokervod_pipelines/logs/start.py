"""Start the log of a process: once, when it is known what the process is."""

import logging
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from pokervod_pipelines.logs.files import LogHandler
from pokervod_pipelines.logs.lines import LineFormatter
from pokervod_pipelines.logs.outages import OutageFilter
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.settings.file import read_dotenv
from pokervod_pipelines.text.controls import show_controls
from pokervod_pipelines.text.redaction import find_secrets, hide_known, hide_statements

ROOMS = "pokervod_pipelines"

COMMAND = "command"
"""The process of every command that has no log of its own."""

PROCESSES = (
    COMMAND,
    "sync",
    "dev",
    "watch",
    "serve",
    "rollout",
    "render-worker",
    "webserver",
    "daemon",
    "code-server",
    "run",
    "dagster",
)
"""Every name of a process; ``dagster`` is whatever of Dagster has no name of its own."""

_log = logging.getLogger(__name__)


def find_logs(settings: Settings) -> Path:
    """Return the folder of the logs."""
    return settings.home / "logs"


def start_log(settings: Settings, process: str, *, has_console: bool = False) -> LogHandler:
    """Let everything that rooms log at INFO, and others at WARNING, go to the log of the process; return its handler.

    A log that this process had started before ends. Warnings still go to standard error, as they do without a log,
    unless what runs here ``has_console`` for them.
    """
    end_log()
    handler = LogHandler(
        find_logs(settings) / f"{process}.log",
        file_bytes=settings.logs.file_bytes,
        kept_bytes=settings.logs.kept_bytes,
    )
    secrets = find_secrets({**read_dotenv(Path.cwd() / ".env"), **os.environ})
    handler.setFormatter(LineFormatter(settings.zone, lambda text: hide_known(text, secrets)))
    handler.addFilter(OutageFilter())
    root = logging.getLogger()
    root.addHandler(handler)
    if not has_console:
        root.addHandler(_TerminalHandler())
    logging.getLogger(ROOMS).setLevel(logging.INFO)
    _log_uncaught()
    return handler


def end_log() -> None:
    """Close the log of this process."""
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, LogHandler | _TerminalHandler)]:
        root.removeHandler(handler)
        handler.close()
    logging.getLogger(ROOMS).setLevel(logging.NOTSET)


def find_handler() -> LogHandler | None:
    """Return the handler of this process, None where no log was started."""
    return next((each for each in logging.getLogger().handlers if isinstance(each, LogHandler)), None)


class _TerminalHandler(logging.Handler):
    """Print warnings on standard error, as ``logging`` does where nothing is set up.

    Records with ``is_shown`` are left out: the command itself tells them.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)

    def emit(self, record: logging.LogRecord) -> None:
        if not getattr(record, "is_shown", False):
            try:
                print(show_controls(hide_statements(self.format(record))), file=sys.stderr)  # noqa: T201 - as `logging.lastResort`
            except Exception:  # noqa: BLE001 - what is told never fails the work
                with suppress(Exception):  # standard error may be closed
                    self.handleError(record)


def _log_uncaught() -> None:
    """Log the exceptions that end this process or one of its threads, before they are printed as they would be."""
    if not isinstance(sys.excepthook, _ProcessHook):
        sys.excepthook = _ProcessHook(sys.excepthook)
    if not isinstance(threading.excepthook, _ThreadHook):
        threading.excepthook = _ThreadHook(threading.excepthook)


@dataclass(frozen=True, slots=True)
class _ProcessHook:
    """Log what ends the process, then call the hook that was there, such as that of Typer."""

    print_it: Callable[[type[BaseException], BaseException, TracebackType | None], object]

    def __call__(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            _log.critical("the process ends", exc_info=(kind, error, trace), extra={"is_shown": True})
        self.print_it(kind, error, trace)


@dataclass(frozen=True, slots=True)
class _ThreadHook:
    """Log what ends a thread, then call the hook that was there."""

    print_it: Callable[[threading.ExceptHookArgs], object]

    def __call__(self, arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None and not issubclass(arguments.exc_type, SystemExit):
            found = (arguments.exc_type, arguments.exc_value, arguments.exc_traceback)
            _log.critical("a thread ends", exc_info=found, extra={"is_shown": True})
        self.print_it(arguments)
