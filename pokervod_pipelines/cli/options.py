"""Define the options that commands of several rooms share, the actor that they make, and what a sync prints first."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.cli.output import err
from pokervod_pipelines.cli.usage import MOST_LISTED
from pokervod_pipelines.errors import BadInput, BadSettings, OperatorNeeded
from pokervod_pipelines.files import find_full_disk
from pokervod_pipelines.periods import FORMS
from pokervod_pipelines.settings import Settings

ReasonOption = Annotated[str, typer.Option("--reason", help="Why (audited).")]
ByOption = Annotated[str, typer.Option("--by", help="Who acts; default: the user of this terminal.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
SinceOption = Annotated[str, typer.Option("--since", metavar="TIME", help=f"From then on: {FORMS}.")]
UntilOption = Annotated[str, typer.Option("--until", metavar="TIME", help="Until then; a day includes all of it.")]
PreviewOption = Annotated[bool, typer.Option("--preview", help="Only list what would change.")]
LimitOption = Annotated[int, typer.Option("--limit", "-n", min=1, max=MOST_LISTED, help="Show at most this many.")]


def read_day(text: str) -> date:
    """Return the day that a person wrote."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"expected a day such as 2026-05-04, got {text!r}") from None


DayOption = Annotated[
    date | None, typer.Option("--day", metavar="DAY", parser=read_day, help="Of this broadcast day: 2026-05-04.")
]


@contextmanager
def write_to(path: Path) -> Iterator[None]:
    """Raise ``BadInput`` where the output path that a person gave cannot be written, or name the full disk."""
    try:
        yield
    except OSError as error:
        if disk := find_full_disk(error, path):
            raise OperatorNeeded(f"{path}: {error.strerror}: free space on {disk}, then run it again") from None
        raise BadInput(f"{path}: cannot be written ({error.strerror}); correct the path or its rights") from None


def read_actor(by: str, reason: str) -> Actor:
    """Return who acts and why, by default the user of this terminal; ``BadInput`` without a reason."""
    return Actor(who=by or getpass.getuser(), reason=reason)


def print_sources(settings: Settings) -> None:
    """Print which settings and archive roots a sync uses, beside its output; ``BadSettings`` where it has none."""
    roots = ", ".join(f"{root.name} {root.path}" for root in settings.archive_roots) or "none"
    err.print(f"settings: {settings.source or 'environment'} · roots: {roots}", markup=False)
    if not settings.libraries and not settings.sheets:
        raise BadSettings("nothing to sync: add archive_roots or sheets to the settings (docs/settings.md)")
