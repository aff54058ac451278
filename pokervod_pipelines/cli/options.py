"""Define the options that commands of several rooms share, and the actor that they make."""

import getpass
from typing import Annotated

import typer

from pokervod_pipelines.actors import Actor

ReasonOption = Annotated[str, typer.Option("--reason", help="Why (audited).")]
ByOption = Annotated[str, typer.Option("--by", help="Who acts; default: the user of this terminal.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
LimitOption = Annotated[int, typer.Option("--limit", "-n", min=1, help="Show at most this many.")]


def read_actor(by: str, reason: str) -> Actor:
    """Return who acts and why, by default the user of this terminal; ``BadInput`` without a reason."""
    return Actor(who=by or getpass.getuser(), reason=reason)
