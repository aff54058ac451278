"""What every fixer is: parameters from the plan, a step that it prepares, and a report of what became of it.

A kind says in ``prepare`` what it would do and why it cannot, without touching anything; only the step's ``run``
changes the world. So a dry run asks the same questions as a real one.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.rollout.criteria.base import Fault, House
from pokervod_pipelines.rollout.criteria.evidence import ErrorClass
from pokervod_pipelines.rollout.fixers.world import FixerWorld
from pokervod_pipelines.text.folding import make_storable

LONGEST_SAYING = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedCriterion:
    """A criterion that failed in the attempt that just ended."""

    week: int
    name: str
    error_class: ErrorClass
    summary: str


@dataclass(frozen=True, slots=True)
class FixReport:
    """Whether the fixer did its work, and what it did, would do, or why it cannot; no secret is in it."""

    done: bool
    said: str


class CannotFix(PokervodError):
    """The fixer leaves things as they are; the text says why and, where a person can help, how."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a fixer is about to do: ``intent`` goes on from "would", ``run`` does it and returns what to say of it."""

    intent: str
    run: Callable[[], str]


class Fixer(BaseModel, ABC):
    """One way to mend something; its fields are its parameters in the plan."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    kind: ClassVar[str]

    def fix(self, world: FixerWorld, failed: Sequence[FailedCriterion], *, dry_run: bool) -> FixReport:
        """Mend what failed, or say why not; with ``dry_run`` only say. Never raises for what the world does."""
        try:
            self._check_right(world)
            step = self.prepare(world, failed)
            done, said = (False, f"would {step.intent}") if dry_run else (True, step.run())
        except PokervodError as error:
            done, said = False, str(error)
        except Exception as error:  # noqa: BLE001 - a fixer that breaks must not break the programme
            lines = str(error).strip().splitlines() or ["nothing more is known"]
            done, said = False, f"{self.kind} broke down: {type(error).__name__}: {lines[0]}"
        return FixReport(done, make_storable(world.hide_secrets(said))[:LONGEST_SAYING])

    def find_faults(self, house: House) -> Iterator[Fault]:
        """Tell which service nobody knows, and which command or unit a fixer that is switched on may not use."""
        known: dict[str, Collection[str]] = {"service": house.services}
        if house.rights is not None and self.kind in house.rights.kinds:
            known |= {"command": house.rights.commands, "unit": house.rights.units}
        for field, there in known.items():
            name = getattr(self, field, None)
            if name is not None and name not in there:
                where = "" if field == "service" else f" in rollout.fixers.{field}s of the settings"
                yield (field,), f"{field}: there is no {name!r}{where}; there are {', '.join(sorted(there)) or 'none'}"

    @abstractmethod
    def prepare(self, world: FixerWorld, failed: Sequence[FailedCriterion]) -> Step:
        """Return what would be done. Changes nothing; raises ``CannotFix`` where nothing should be done."""

    def _check_right(self, world: FixerWorld) -> None:
        if self.kind not in world.rights.kinds:
            allowed = ", ".join(sorted(world.rights.kinds)) or "none"
            raise CannotFix(
                f"the fixer {self.kind} is not switched on (on: {allowed}); an administrator adds it to "
                "rollout.fixers.kinds in the settings"
            )
