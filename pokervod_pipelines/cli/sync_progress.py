"""Show a person how a sync goes on: a moving line on a terminal, a line for each finished stage everywhere."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.markup import escape
from rich.status import Status

from pokervod_pipelines.cli.output import SafeConsole, err
from pokervod_pipelines.workflows.stage_result import StageResult


@contextmanager
def show_progress() -> Iterator["ProgressLine"]:
    """Yield the progress on standard error as it is now.

    Dagster puts a pipe in its place while a step runs. What is written there reaches the terminal all the same, but as
    for a file: without the moving line, and not wrapped.
    """
    if not sys.stderr.isatty():
        yield ProgressLine(err)
        return
    with os.fdopen(os.dup(sys.stderr.fileno()), "w", encoding="utf-8", errors="surrogateescape") as terminal:
        console = SafeConsole(file=terminal, highlight=False, soft_wrap=True)
        with console.status("starting") as status:
            yield ProgressLine(console, status)


class ProgressLine:
    """Print how each stage ends; ``status`` is the moving line if there is one."""

    def __init__(self, console: SafeConsole, status: Status | None = None) -> None:
        self.console = console
        self._status = status
        self._printed_errors: set[str | None] = set()

    def show(self, text: str) -> None:
        """Replace the text of the moving line."""
        if self._status is not None:
            self._status.update(escape(text))

    def close(self) -> None:
        """Remove the moving line, for good."""
        if self._status is not None:
            self._status.stop()

    def started(self, stage: str, name: str) -> None:
        """Show that a stage began."""
        self.show(f"{stage} {name}")

    def advanced(self, stage: str, name: str, done: int) -> None:
        """Show how many entries a stage has done."""
        self.show(f"{stage} {name}: {done:,}")

    def waiting(self, reason: str) -> None:
        """Print what the sync waits for."""
        self.console.print(f"[yellow]…[/]      {escape(reason)}")

    def finished(self, result: StageResult) -> None:
        """Print how a stage ended; an error that several have, such as that of their share, is printed once."""
        if not result.succeeded and result.error in self._printed_errors:
            return
        self._printed_errors.add(result.error)
        mark = "[green]ok[/]    " if result.succeeded else "[bold red]failed[/]"
        detail = f"{result.seconds:6.2f} s" if result.succeeded else str(result.error)
        if result.held:
            mark, detail = "[yellow]held[/]  ", result.held.removeprefix("held ")
        self.console.print(f"{mark} {escape(f'{result.stage:9}{result.name:24} {detail}')}")
