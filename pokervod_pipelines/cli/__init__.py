"""Define the ``pokervod`` command: each file has one room's commands, each command calls one public function of it.

A command decides what is shown to a person or a program; the work belongs in its room. ``loading`` imports a file only
when one of its commands is called, so a file may import its room at the top; only what takes a large part of a second
(Dagster, av, pokerkit) is imported inside the one command that needs it.
"""

import os
import signal
import sys
from contextlib import suppress

INTERRUPTED = 128 + signal.SIGINT


def main() -> None:
    """Run the command; Ctrl-C ends it in peace also while it is imported."""
    with suppress(ValueError):  # in another thread than the main one no handler can be set
        before = signal.signal(signal.SIGINT, lambda *_: os._exit(find_interrupt_status()))
    from pokervod_pipelines.cli.app import main as run  # noqa: PLC0415 - the handler comes first

    with suppress(ValueError):
        signal.signal(signal.SIGINT, before)
    run()


def find_interrupt_status() -> int:
    """Return the exit status after Ctrl-C: 0 for what is ended that way, whatever it has come to."""
    words = sys.argv[1:]
    follows = "--follow" in words or ("-f" in words and "export" not in words)  # where it is --format
    return 0 if follows else INTERRUPTED
