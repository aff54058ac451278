"""Describe a workflow: what a person or an event may ask for, with its typed input, and what becomes of a failure.

Each is declared in a file of ``workflows.declared``; Dagster runs it as a job of the same name.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError, ValidationInfo

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.events import EventType
from pokervod_pipelines.hands.times import BroadcastDays
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.first_day import find_first_day

PARTITIONS = ("library", "sheet", "day")
"""Fields of an input that name a partition; a workflow's input has at most one of them."""

ITS_INPUT = " Its input: "
"""Between what is wrong with an input and what it may have."""


class WorkflowInput(BaseModel):
    """Hold what a workflow is told; an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _check_library(name: str, info: ValidationInfo) -> str:
    return _find_name(name, lambda settings: settings.library(name).name, info)


def _check_sheet(name: str, info: ValidationInfo) -> str:
    return _find_name(name, lambda settings: settings.sheet(name).name, info)


def _find_name(name: str, find: Any, info: ValidationInfo) -> str:
    if info.context is None:
        return name
    try:
        return str(find(info.context))
    except BadInput as error:
        raise ValueError(str(error)) from None


def _check_day(day: date, info: ValidationInfo) -> date:
    settings: Settings | None = info.context
    if settings is None:
        return day
    first, last = find_first_day(settings), find_today(settings)
    if not first <= day <= last:
        raise ValueError(f"{day} is no broadcast day; the first is {first}, the last {last}")
    return day


LibraryName = Annotated[str, AfterValidator(_check_library)]
"""A library of the settings."""

SheetName = Annotated[str, AfterValidator(_check_sheet)]
"""A sheet of the settings."""

BroadcastDay = Annotated[date, AfterValidator(_check_day)]
"""A broadcast day from the first one up to today's."""


def find_today(settings: Settings) -> date:
    """Return the broadcast day of this moment."""
    return BroadcastDays(settings.zone, settings.hands.day_starts_at).find_day(datetime.now(UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Name an asset that the workflow materializes; ``only_if`` names the input's field that must be true for it."""

    asset: str
    only_if: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnError:
    """Say what follows a failed run: up to ``retries`` more after a wait in seconds, then another workflow, if any.

    The other one gets the fields of the input that it has, too.
    """

    retries: int = 0
    retry_after_seconds: float = 60.0
    fallback: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """Describe a workflow.

    ``steps`` are materialized in the order of the asset graph, side by side where it allows. Without steps it is a job
    of ops of that name, which materialize all partitions of the assets ``covers``. ``request`` is the type of event
    that asks for it. A run longer than ``timeout_seconds`` is ended. Such a run, and one whose process dies, is started
    again up to ``retries`` times. Both default to the settings. ``notify`` tells the alert channels how a run ended.
    """

    name: str
    description: str
    input: type[WorkflowInput] = WorkflowInput
    steps: tuple[Step, ...] = ()
    covers: tuple[str, ...] = ()
    request: EventType | None = None
    timeout_seconds: float | None = None
    retries: int | None = None
    on_error: OnError = OnError()
    notify: bool = False

    @property
    def partition_field(self) -> str | None:
        """Return the field of the input that names the partition."""
        return next((field for field in PARTITIONS if field in self.input.model_fields), None)

    def read_input(self, given: Mapping[str, Any], settings: Settings) -> WorkflowInput:
        """Return the checked input. Raises ``BadInput`` with what is wrong and what would be valid."""
        try:
            return self.input.model_validate(dict(given), context=settings)
        except ValidationError as error:
            problems = "; ".join(self._describe_problem(each) for each in error.errors())
            end = "" if problems.endswith((".", "?")) else "."
            raise BadInput(f"{self.name}: {problems}{end}{ITS_INPUT}{self.describe_input()}") from None

    def describe_input(self) -> str:
        """Return the fields of the input with their types, as a person would write them down."""
        fields = self.input.model_fields.items()
        described = [
            f"{name} ({self._name_type(name)}{'' if field.is_required() else ', optional'})" for name, field in fields
        ]
        return ", ".join(described) or "nothing"

    def _name_type(self, field: str) -> str:
        return _NAMES_OF_TYPES.get(self.input.model_fields[field].annotation, "text")

    def _describe_problem(self, problem: Any) -> str:
        field = ".".join(map(str, problem["loc"])) or "input"
        if problem["type"] == "extra_forbidden":
            return f"{field} is unknown"
        if problem["type"] == "missing":
            return f"{field} is missing"
        if problem["type"] == "value_error":  # of a check of ours
            return f"{field}: {problem['msg'].removeprefix('Value error, ')}"
        if not problem["loc"]:  # a name that is no text
            return f"{field}: {problem['msg']}"
        return f"{field}: expected {self._name_type(str(problem['loc'][0]))}, got {json.dumps(problem['input'])}"

    def find_partition(self, given: WorkflowInput, settings: Settings) -> str | None:
        """Return the partition key: the library, the sheet, or the day, today's where none is given."""
        if self.partition_field is None:
            return None
        value = getattr(given, self.partition_field)
        return str(find_today(settings) if value is None else value)

    @property
    def assets(self) -> frozenset[str]:
        """Return every asset that it may materialize."""
        return frozenset((*self.covers, *(step.asset for step in self.steps)))

    def select_steps(self, given: WorkflowInput) -> tuple[str, ...]:
        """Return the assets to materialize with this input."""
        return tuple(step.asset for step in self.steps if step.only_if is None or getattr(given, step.only_if))


_NAMES_OF_TYPES: Mapping[Any, str] = {
    bool: "true or false",
    int: "number",
    BroadcastDay | None: "a day as YYYY-MM-DD",
}
