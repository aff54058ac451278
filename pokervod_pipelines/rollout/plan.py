"""Describe the plan of a rollout: its weeks in order, the criteria of each, and the fixers; ``plan_file`` reads one."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.rollout.criteria.base import Criterion
from pokervod_pipelines.rollout.criteria.fields import Name, PlanModel, Summary, require
from pokervod_pipelines.rollout.criteria.kinds import list_kinds
from pokervod_pipelines.rollout.criteria.result import ErrorClass
from pokervod_pipelines.settings.fields import Title, matching
from pokervod_pipelines.settings.rollout import RolloutService

DAY, WEEK = timedelta(days=1), timedelta(days=7)

LAST_DAY = date(2999, 12, 31)
"""Early enough for all weeks after it."""

Day = Annotated[date, Field(ge=date(1900, 1, 1), le=LAST_DAY)]
Attempts = Annotated[int, Field(ge=1, le=20)]
WaitSeconds = Annotated[float, Field(ge=0, le=86_400.0)]

_SERVICE_NAME = matching(r"(?!all$)[a-z_][a-z0-9_]*", "a name of lower-case letters, digits and '_' other than 'all'")


def _read_entry(value: object, info: ValidationInfo) -> list[Criterion]:
    """Return the criterion, or one for each service of the plan where it has ``service: all``."""
    if isinstance(value, Criterion):
        return [value]
    if not isinstance(value, Mapping):
        raise PydanticCustomError("dict_type", "expected a mapping")
    name, kinds = value.get("kind"), list_kinds()
    if not (isinstance(name, str) and name in kinds):
        problem = f"unknown {name!r}" if "kind" in value else "required"
        raise _locate(("kind",), f"{problem}; known are {', '.join(kinds)}")
    kind = kinds[name]
    return [kind.model_validate(each, context=info.context) for each in _spread(value, kind, info)]


def _spread(value: Mapping[Any, Any], kind: type[Criterion], info: ValidationInfo) -> Iterator[Mapping[Any, Any]]:
    if value.get("service") != "all" or not info.context or not info.context.own:
        yield value
        return
    # A kind without the field ``service`` can also be repeated for each.
    kept = {key: each for key, each in value.items() if key != "service" or key in kind.model_fields}
    for name in info.context.own:
        own = {"service": name, "name": f"{value.get('name')}_{name}"}
        yield {
            key: own.get(key, each.replace("{service}", name)) if isinstance(each, str) else each
            for key, each in kept.items()
        }


_ENTRIES = TypeAdapter(list[Annotated[list[Criterion], PlainValidator(_read_entry)]])


def _read_criteria(values: object, info: ValidationInfo) -> tuple[Criterion, ...]:
    criteria: dict[str, Criterion] = {}
    for at, entry in enumerate(_ENTRIES.validate_python(values, context=info.context)):
        for each in entry:
            if each.name in criteria:
                raise _locate((at, "name"), f"{each.name!r} is a duplicate in its week; rename one")
            criteria[each.name] = each
    require(criteria, "expected at least one, got none; a week without criteria would always pass")
    return tuple(criteria.values())


def _locate(location: tuple[int | str, ...], text: str) -> ValidationError:
    problem = PydanticCustomError("plan", "{text}", {"text": text})
    return ValidationError.from_exception_data("plan", [InitErrorDetails(type=problem, loc=location, input=None)])


class FixerEntry(BaseModel):
    """Declare a fixer: its kind and parameters, and the error classes, weeks and criteria (None: all) that it is for.

    The fixer's own class validates the parameters.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Name
    on: tuple[ErrorClass, ...] = Field(min_length=1)
    weeks: tuple[int, ...] | None = Field(default=None, min_length=1)
    criteria: tuple[str, ...] | None = Field(default=None, min_length=1)
    parameters: Mapping[str, Any] = Field(default_factory=dict, validate_default=True)

    @model_validator(mode="before")
    @classmethod
    def _name_on(cls, values: object) -> object:
        """Name the key ``on``, which YAML 1.1 reads as true."""
        return {"on" if key is True else key: each for key, each in values.items()} if type(values) is dict else values

    @field_validator("kind")
    @classmethod
    def _check_kind(cls, kind: str, info: ValidationInfo) -> str:
        known = info.context.fixers if info.context else [kind]
        require(kind in known, f"unknown fixer {kind!r}; known are {', '.join(known)}")
        return kind

    @field_validator("parameters")
    @classmethod
    def _check_parameters(cls, values: Mapping[str, Any], info: ValidationInfo) -> Mapping[str, Any]:
        if info.context and "kind" in info.data:
            info.context.fixers[info.data["kind"]].model_validate(values, context=info.context)
        return values


class WeekPlace(BaseModel):
    """Define the keys by which a week has its place; it is planned from ``starts`` to ``ends`` (included)."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    number: int = Field(ge=1, le=520)
    title: Title
    starts: Day
    ends: Day


class PlannedWeek(WeekPlace):
    """Describe a rollout week.

    It starts after the previous one and gets ``attempts``, with waits of ``wait_seconds`` × attempt between them.
    """

    model_config = PlanModel.model_config

    summary: Summary
    milestone: Title | None = None
    attempts: Attempts
    wait_seconds: WaitSeconds
    criteria: Annotated[tuple[Criterion, ...], PlainValidator(_read_criteria)] = Field(
        default=(), validate_default=True
    )

    def find_criterion(self, name: str) -> Criterion | None:
        """Return the criterion of that name, or None if the week does not have it."""
        return next((each for each in self.criteria if each.name == name), None)

    @field_validator("ends")
    @classmethod
    def _check_end(cls, ends: date, info: ValidationInfo) -> date:
        starts = info.data.get("starts", ends)
        require(starts <= ends, f"week {info.data.get('number')} ends on {ends}, before it starts on {starts}")
        return ends


class PlanFile(PlanModel):
    """Define the keys of a plan; a week takes what it does not have from the plan or the previous week."""

    name: Name
    title: Title
    starts: Day
    attempts: Attempts = 3
    wait_seconds: WaitSeconds = 300.0
    services: Mapping[
        Annotated[str, _SERVICE_NAME],
        Annotated[RolloutService, BeforeValidator(lambda value: value or {})],
    ] = Field(default_factory=dict)
    weeks: tuple[PlannedWeek, ...] = Field(strict=False)
    fixers: tuple[FixerEntry, ...] = Field(default=(), strict=False)

    @field_validator("weeks", mode="before")
    @classmethod
    def _fill_weeks(cls, weeks: object, info: ValidationInfo) -> object:
        """Add the plan's attempts and waits, and the dates of seven days a week, where a week has no own."""
        if not isinstance(weeks, list):
            return weeks
        require(weeks, "expected at least one, got none")
        own = {key: info.data.get(key, cls.model_fields[key].default) for key in ("attempts", "wait_seconds")}
        first = info.data.get("starts", date(2000, 1, 1))
        filled = [_fill_week(each, {**own, "starts": first + WEEK * at}) for at, each in enumerate(weeks)]
        if info.context and "starts" in info.data:
            info.context.problems.extend(_find_disorder(filled))
        return filled


def _fill_week(week: object, defaults: Mapping[str, object]) -> object:
    if not isinstance(week, dict):
        return week
    filled = {**defaults, **{key: each for key, each in week.items() if each is not None}}
    starts = filled["starts"]
    is_day = type(starts) is date and starts <= LAST_DAY
    return {"ends": starts + WEEK - DAY if is_day else LAST_DAY, **filled}


def _find_disorder(entries: Sequence[object]) -> Iterator[tuple[tuple[int | str, ...], str]]:
    """Yield the first wrong number, titles that are there twice, and dates out of order, of the weeks so far valid."""
    weeks: dict[int, WeekPlace] = {}
    for at, entry in enumerate(entries):
        with suppress(ValidationError):
            weeks[at] = WeekPlace.model_validate(entry)
    # An invalid week is reported as such, and leaves a gap.
    wrong = [at for at, week in weeks.items() if week.number != at + 1 and len(weeks) == len(entries)]
    for at in wrong[:1]:
        number = weeks[at].number
        problem = "is a duplicate" if number <= at else f"is out of order, week {at + 1} is missing"
        yield ("weeks", at, "number"), f"number: week {number} {problem}"
    for (_, before), (at, week) in pairwise(weeks.items()):
        if week.starts <= before.ends:
            problem = f"starts on {week.starts}, before week {before.number} ends on {before.ends}"
            yield ("weeks", at, "starts"), f"starts: week {week.number} {problem}"
        if week.title in {weeks[other].title for other in weeks if other < at}:
            problem = f"{week.title!r} is a duplicate; progress is kept by title, so rename one"
            yield ("weeks", at, "title"), f"title: {problem}"


class RolloutPlan(PlanFile):
    """Describe a valid plan from the file ``source``; its relative paths are below ``folder``.

    ``is_first`` marks the first plan of the settings, which is used where none is named.
    """

    source: Path
    folder: Path
    is_first: bool = True

    def week(self, number: int) -> PlannedWeek:
        """Return the week of that number. Raises ``BadInput`` if the plan does not have it."""
        if not 1 <= number <= len(self.weeks):
            raise BadInput(f"unknown week {number}; plan {self.name!r} has weeks 1 to {len(self.weeks)}")
        return self.weeks[number - 1]
