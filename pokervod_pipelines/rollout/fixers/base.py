"""Define a fixer: parameters from the plan, a step that it prepares, and a report of the result.

``prepare`` says what a fixer would do or why it cannot, without changing anything; only the step's ``run`` makes
changes. So a dry run asks the same questions as a real one.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator

from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.rollout.criteria.result import ErrorClass
from pokervod_pipelines.rollout.fixers.context import CannotFix, FixContext
from pokervod_pipelines.text.folding import make_storable

MAX_REPORT_LENGTH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedCriterion:
    """Describe a criterion that failed in the attempt that just ended, and the service that it is about, if any."""

    week: int
    name: str
    service: str | None = None
    error_class: ErrorClass
    summary: str


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

    def fix(self, context: FixContext, failed: Sequence[FailedCriterion], *, dry_run: bool) -> FixReport:
        """Fix what failed, or report why not; with ``dry_run`` only report. Never raises for what happens outside."""
        try:
            self._check_right(context)
            step = self.prepare(context, failed)
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
        if info.context.rights is not None and cls.kind in info.context.rights.kinds:
            known |= {"command": info.context.rights.commands, "unit": info.context.rights.units}
        names = known.get(info.field_name, (name,))
        if name not in names:
            where = "" if info.field_name == "service" else f" in rollout.fixers.{info.field_name}s of the settings"
            message = f"unknown {name!r}{where}; known are {', '.join(sorted(names)) or 'none'}"
            raise ValueError(message)
        return name

    @abstractmethod
    def prepare(self, context: FixContext, failed: Sequence[FailedCriterion]) -> FixStep:
        """Return what would be done, without changes. Raises ``CannotFix`` if nothing should be done."""

    def _check_right(self, context: FixContext) -> None:
        if self.kind not in context.rights.kinds:
            allowed = ", ".join(sorted(context.rights.kinds)) or "none"
            raise CannotFix(
                f"the fixer {self.kind} is not switched on (on: {allowed}); an administrator adds it to "
                "rollout.fixers.kinds in the settings"
            )
