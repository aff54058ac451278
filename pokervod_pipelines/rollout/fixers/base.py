"""Define a fixer: parameters from the plan, a step that it prepares, and a report of the result.

``prepare`` says what a fixer would do or why it cannot, without changing anything; only the step's ``run`` makes
changes. So a dry run asks the same questions as a real one.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from pydantic import ValidationInfo, field_validator

from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.rollout.context import RolloutContext
from pokervod_pipelines.rollout.criteria.fields import PlanModel, require
from pokervod_pipelines.text.folding import make_storable

MAX_REPORT_LENGTH = 1000


class CannotFix(PokervodError):
    """Raised when the fixer did not fix anything; the text says why and, where a person can help, how."""


@dataclass(frozen=True, slots=True)
class FixReport:
    """Tell whether the fixer did its work, and what it did, would do, or why it cannot; without secrets."""

    done: bool
    summary: str


@dataclass(frozen=True, slots=True)
class FixStep:
    """Describe what a fixer is about to do: ``intent`` continues "would", ``run`` does it and returns a summary.

    ``run`` takes a folder of its own, which is removed afterwards.
    """

    intent: str
    run: Callable[[Path], str]


class Fixer(PlanModel, ABC):
    """Fix one kind of failure; the fields are the parameters in the plan."""

    kind: ClassVar[str]

    def fix(self, context: RolloutContext, *, dry_run: bool) -> FixReport:
        """Fix what failed, or report why not; with ``dry_run`` only report. Never raises for what happens outside."""
        try:
            require_right(context, "kinds", self.kind)
            step = self.prepare(context)
            with TemporaryDirectory(prefix="pokervod-fix-") as folder:
                done, summary = (False, f"would {step.intent}") if dry_run else (True, step.run(Path(folder)))
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
    def prepare(self, context: RolloutContext) -> FixStep:
        """Return what would be done, without changes. Raises ``CannotFix`` if nothing should be done."""


def require_right(context: RolloutContext, kind: str, name: str) -> None:
    """Raise ``CannotFix`` if the settings do not allow this of ``kinds``, ``commands`` or ``units``."""
    allowed: Collection[str] = getattr(context.settings.rollout.fixers, kind)
    if name not in allowed:
        known, noun = ", ".join(sorted(allowed)) or "none", "fixer" if kind == "kinds" else kind.removesuffix("s")
        step = f"an administrator adds it to rollout.fixers.{kind} in the settings"
        raise CannotFix(f"the {noun} {name!r} is not allowed (allowed: {known}); {step}")
