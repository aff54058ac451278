"""Give a fixer all that it may touch; it finds nothing by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine

from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.rollout.commands import CommandResult, CommandTimeout, run_command
from pokervod_pipelines.rollout.redaction import hide_secrets
from pokervod_pipelines.rollout.services import ServiceUnderRollout, list_addresses
from pokervod_pipelines.settings.rollout import FixerRights

SECRETS = ("POKERVOD_HOOK_", "POKERVOD_SERVICE_")
"""Prefixes of the variables with tokens of hooks and addresses of services, which no command needs."""


class CannotFix(PokervodError):
    """Raised when the fixer changes nothing; the text says why and, where a person can help, how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FixContext:
    """Offer the database, the folder of the plan's relative paths, its services, and what the settings allow.

    ``environment`` contains the tokens of hooks; commands get it without them.
    """

    engine: Engine
    folder: Path
    rights: FixerRights
    services: Mapping[str, ServiceUnderRollout] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    def hide_secrets(self, text: str) -> str:
        """Return the text without any secret that is known here or looks like one."""
        database = self.engine.url.render_as_string(hide_password=False)
        return hide_secrets(text, self.environment, [database, *list_addresses(self.services.values())])

    def resolve(self, path: str) -> Path:
        """Return the path below the plan's folder, links followed; raise ``CannotFix`` if a link leads out."""
        found = (self.folder / path).resolve()
        if not found.is_relative_to(self.folder.resolve()):
            raise CannotFix(f"{path} leads out of the plan's folder by a link; put the file itself there")
        return found

    def find_command(self, name: str) -> tuple[str, ...]:
        """Return the arguments of a command of the settings. Raises ``CannotFix`` if it is not among them."""
        if name not in self.rights.commands:
            known = ", ".join(sorted(self.rights.commands)) or "none"
            raise CannotFix(
                f"the command {name!r} is not allowed (allowed: {known}); an administrator adds it to "
                "rollout.fixers.commands in the settings"
            )
        return self.rights.commands[name]

    def run(self, name: str, arguments: Sequence[str], seconds: float) -> CommandResult:
        """Run the command to its end in the folder. Raises ``CannotFix`` if it cannot be started or its time is up."""
        environment = {key: value for key, value in self.environment.items() if not key.startswith(SECRETS)}
        try:
            return run_command(
                arguments, folder=self.folder, environment=environment, seconds=seconds, keeps_children=True
            )
        except OSError as error:
            raise CannotFix(f"the command {name!r} cannot be started: {error.strerror}: {arguments[0]}") from None
        except CommandTimeout:
            raise CannotFix(f"the command {name!r} did not finish within {seconds:g} s and was stopped") from None

    def run_to_success(self, name: str, arguments: Sequence[str], seconds: float) -> CommandResult:
        """Run the command like ``run``; raises ``CannotFix`` also if the command fails."""
        result = self.run(name, arguments, seconds)
        if result.status != 0:
            raise CannotFix(f"the command {name!r} failed, {result.describe()}")
        return result
