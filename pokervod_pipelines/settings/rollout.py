"""Define the section ``rollout`` of ``pokervod.yaml``.

A plan may ask for less than these settings allow, never for more: a plan names commands and units, and only the
settings define them, so whoever writes a plan cannot run a program.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from pokervod_pipelines.settings.fields import HttpAddress, Name, RelativePath, SettingsModel, Title, matching

FixerKind = Literal["apply_migrations", "restart_service", "rerun_tests", "regenerate_document", "rebuild_mocks"]

Argument = Annotated[str, StringConstraints(min_length=1, max_length=4096, pattern=r"^[^\x00]*$")]

Unit = Annotated[str, matching(r"[A-Za-z0-9_][A-Za-z0-9:_.@\\-]{0,200}\.service", "a unit such as 'search.service'")]
"""A systemd service such as ``pokervod-search.service``; never an option."""


class FixerRights(SettingsModel):
    """Allow fixers, and the commands and units that they may use.

    The defaults destroy nothing and reach no other program: migrations are those that every start applies anyway, and
    tests run only by a command that is named here. A command is a list of arguments, run without a shell in the plan's
    folder; ``{output}`` in one is the file that ``regenerate_document`` has to write.
    """

    kinds: frozenset[FixerKind] = frozenset({"apply_migrations", "rerun_tests"})
    commands: Mapping[Name, Annotated[tuple[Argument, ...], Field(min_length=1)]] = Field(default_factory=dict)
    units: frozenset[Unit] = frozenset()


class RolloutService(SettingsModel):
    """Describe a service under rollout: its document (below the plan's folder), its addresses, its owner.

    An address from the environment may contain a user and password.
    """

    document: RelativePath | None = None
    address: HttpAddress | None = None
    mock: HttpAddress | None = None
    production: HttpAddress | None = None
    owner: Title | None = None


class RolloutSettings(SettingsModel):
    """Name the plans, locate their services, and allow what may be done for them.

    Without ``plans`` the one that comes with the package is used; its relative paths are below ``folder``.
    """

    plans: tuple[Path, ...] = ()
    folder: Path | None = None
    services: Mapping[str, RolloutService] = Field(default_factory=dict)
    attempts: int | None = Field(default=None, ge=1, le=20, description="Instead of the plan's value.")
    wait_seconds: float | None = Field(default=None, ge=0, le=86_400, description="Instead of the plan's value.")
    seconds_per_criterion: float = Field(default=60.0, gt=0, le=3600, description="Time limit of one evaluation.")
    allow_commands: bool = Field(default=False, description="Criteria may run commands, of ``programs`` only.")
    programs: tuple[str, ...] = ()
    fixers: FixerRights = FixerRights()
    link: HttpAddress | None = Field(default=None, description="A page with more information; part of messages.")
    pages: Path | None = Field(default=None, description="Folder of the progress pages; default below ``home``.")
