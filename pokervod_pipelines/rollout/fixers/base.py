"""Define a fixer: parameters from the plan, a step that it prepares, and a report of the result.

``prepare`` says what a fixer would do or why it cannot, without changing anything; only the step's ``run`` makes
changes. So a dry run asks the same questions as a real one.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator
from sqlalchemy import Engine

from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.processes.process_tags import VARIABLE
from pokervod_pipelines.rollout.commands import CommandResult, CommandTimeout, run_command
from pokervod_pipelines.rollout.criteria.fields import require
from pokervod_pipelines.rollout.redaction import hide_secrets
from pokervod_pipelines.rollout.services import ServiceUnderRollout, list_addresses
from pokervod_pipelines.settings.rollout import FixerRights
from pokervod_pipelines.text.folding import make_storable

MAX_REPORT_LENGTH = 1000

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

    def require(self, kind: str, name: str) -> None:
        """Raise ``CannotFix`` if the settings do not allow this of ``kinds``, ``commands`` or ``units``."""
        allowed: Collection[str] = getattr(self.rights, kind)
        if name not in allowed:
            known, noun = ", ".join(sorted(allowed)) or "none", "fixer" if kind == "kinds" else kind.removesuffix("s")
            step = f"an administrator adds it to rollout.fixers.{kind} in the settings"
            raise CannotFix(f"the {noun} {name!r} is not allowed (allowed: {known}); {step}")

    def run(self, name: str, arguments: Sequence[str], seconds: float) -> CommandResult:
        """Run the command to its end in the folder. Raises ``CannotFix`` if it cannot be started or its time is up."""
        kept = {key: value for key, value in self.environment.items() if not key.startswith(SECRETS)}
        environment = {key: value for key, value in kept.items() if key != VARIABLE}  # a restarted service outlives dev
        try:
            return run_command(
                arguments, folder=self.folder, environment=environment, seconds=seconds, keeps_children=True
            )
        except OSError as error:
            raise CannotFix(f"the command {name!r} cannot be started: {error.strerror}: {arguments[0]}") from None
        except CommandTimeout:
            raise CannotFix(f"the command {name!r} did not finish within {seconds:g} s and was stopped") from None


@dataclass(frozen=True, slots=True)
class FixReport:
    """Tell whether the fixer did its work, and what it did, would do, or why it cannot; without secrets."""

    done: bool
    summary: str


@dataclass(frozen=True, slots=True)
class FixStep:
    """Describe what a fixer is about to do: ``intent`` continues "would", ``run`` does it and returns a summary."""

    intent: str
    run: Callable[[], str]


class Fixer(BaseModel, ABC):
    """Fix one kind of failure; the fields are the parameters in the plan."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    kind: ClassVar[str]

    def fix(self, context: FixContext, *, dry_run: bool) -> FixReport:
        """Fix what failed, or report why not; with ``dry_run`` only report. Never raises for what happens outside."""
        try:
            context.require("kinds", self.kind)
            step = self.prepare(context)
            done, summary = (False, f"would {step.intent}") if dry_run else (True, step.run())
        except PokervodError as error:
            done, summary = False, str(error)
        except Exception as error:  # noqa: BLE001 - an error in a fixer must not stop the rollout
            lines = str(error).strip().splitlines() or ["no further message"]
            done, summary = False, f"unexpected error in {self.kind}: {type(error).__name__}: {lines[0]}"
        return FixReport(done, make_storable(context.hide_secrets(summary))[:MAX_REPORT_LENGTH])

    @field_validator("service", "command", "unit", check_fields=False)
    @classmethod
    def _check_known(cls, name: str | None, info: ValidationInfo) -> str | None:
        """Refuse an unknown service, and a command or unit that a fixer which is switched on may not use."""
        if info.context is None or name is None:
            return name
        known: dict[str | None, Collection[str]] = {"service": info.context.services}
        rights = info.context.settings.fixers if info.context.settings else None
        if rights is not None and cls.kind in rights.kinds:
            known |= {"command": rights.commands, "unit": rights.units}
        names = known.get(info.field_name, [name])
        where = "" if info.field_name == "service" else f" in rollout.fixers.{info.field_name}s of the settings"
        require(name in names, f"unknown {name!r}{where}; known are {', '.join(sorted(names)) or 'none'}")
        return name

    @abstractmethod
    def prepare(self, context: FixContext) -> FixStep:
        """Return what would be done, without changes. Raises ``CannotFix`` if nothing should be done."""
