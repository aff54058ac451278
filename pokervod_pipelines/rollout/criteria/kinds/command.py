"""Check ``command``: a program ends with the expected status. No shell; only programs that the settings allow."""

import os
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationInfo, field_validator

from pokervod_pipelines.rollout.commands import CommandTimeout, run_command
from pokervod_pipelines.rollout.criteria.base import Criterion
from pokervod_pipelines.rollout.criteria.context import CheckContext
from pokervod_pipelines.rollout.criteria.fields import MAX_EVIDENCE
from pokervod_pipelines.rollout.criteria.result import CriterionResult, ErrorClass

Argument = Annotated[str, StringConstraints(min_length=1, max_length=4000, pattern=r"^[^\x00]*$")]

_NEXT_STEP = "an administrator sets rollout.allow_commands and adds it to rollout.programs, or remove the criterion"


class Command(Criterion):
    """Run the program ``run`` with its arguments in the plan's folder and expect ``exit_status``.

    It gets the environment without PokerVOD's own variables, because those contain secrets.
    """

    kind: Literal["command"] = "command"
    run: list[Argument] = Field(min_length=1, max_length=100)
    exit_status: int = Field(default=0, ge=0, le=255)

    @field_validator("run")
    @classmethod
    def _check_allowed(cls, run: list[str], info: ValidationInfo) -> list[str]:
        if (plan := info.context) and not (plan.allow_commands and run[0] in plan.programs):
            problem = f"program {run[0]!r} is" if plan.allow_commands else "commands are"
            message = f"{problem} not allowed here; {_NEXT_STEP}"
            raise ValueError(message)
        return run

    def check(self, context: CheckContext) -> CriterionResult:
        """Return how the program ended, with the end of its output; the processes it started are killed."""
        if not context.allow_commands or self.run[0] not in context.programs:
            return CriterionResult.fails(ErrorClass.NOT_ALLOWED, f"{self.run[0]!r} is not allowed; {_NEXT_STEP}")
        seconds = context.take_seconds()
        program = self.run[0]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("POKERVOD_")}
        try:
            ended = run_command(self.run, folder=context.folder, environment=environment, seconds=seconds)
        except OSError as error:
            message = f"{program!r} cannot be started ({error.strerror})"
            return CriterionResult.fails(ErrorClass.UNREACHABLE, message)
        except CommandTimeout as timeout:
            message = f"{program!r} did not finish within {seconds:.1f} s and was stopped"
            return CriterionResult.fails(ErrorClass.UNREACHABLE, message, evidence=timeout.lines[-MAX_EVIDENCE:])
        evidence, figures = ended.lines[-MAX_EVIDENCE:], {"exit_status": ended.status}
        if ended.status != self.exit_status:
            message = f"{program!r} ended with {ended.status}, expected {self.exit_status}"
            return CriterionResult.fails(ErrorClass.CHECK, message, evidence=evidence, figures=figures)
        return CriterionResult.passes(f"{program!r} ended with {ended.status}", evidence=evidence, figures=figures)
