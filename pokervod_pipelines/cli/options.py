"""Options that commands of several rooms share, and the actor that they make."""

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pokervod_pipelines.actors import Actor

ReasonOption = Annotated[str, typer.Option("--reason", help="Why (audited).")]
ByOption = Annotated[str, typer.Option("--by", help="Who acts; default: the user of this terminal.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def read_actor(by: str, reason: str) -> "Actor":
    """Return who acts and why, by default the user of this terminal; ``BadInput`` without a reason."""
    from pokervod_pipelines.actors import Actor  # noqa: PLC0415 - kept out of --help

    return Actor(who=by or getpass.getuser(), reason=reason)
