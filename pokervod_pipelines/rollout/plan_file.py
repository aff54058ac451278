"""Read a plan from its file and validate it; report every problem with file and line."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from pokervod_pipelines.errors import BadInput, BadSettings
from pokervod_pipelines.rollout.criteria.fields import PlanContext
from pokervod_pipelines.rollout.criteria.kinds import list_kinds
from pokervod_pipelines.rollout.fixers.registry import FIXERS
from pokervod_pipelines.rollout.plan import PlanFile, RolloutPlan
from pokervod_pipelines.rollout.services import SERVICE_VARIABLE, ServiceUnderRollout, has_user, merge_services
from pokervod_pipelines.settings.file import Location, SettingsFile, describe_error, read_settings_file
from pokervod_pipelines.settings.rollout import RolloutSettings

SHIPPED = Path(__file__).parent / "rollout.yaml"
NO_SERVICES: Mapping[str, ServiceUnderRollout] = {}

_EXPECTED = {"dict_type": "a mapping", "model_type": "a mapping", "list_type": "a list", "tuple_type": "a list"}

LocatedProblem = tuple[Location, str]
"""The keys that lead to a problem, and the text about it."""


class BadPlan(BadInput):
    """Raised for a plan that cannot be used; the text has file and line of every problem.

    ``name`` is the plan's own name, None if the file has none.
    """

    def __init__(self, text: str, name: object = None) -> None:
        super().__init__(text)
        self.name = name if isinstance(name, str) else None


def load_plan(
    path: Path | None = None,
    settings: RolloutSettings | None = None,
    *,
    folder: Path | None = None,
    services: Mapping[str, ServiceUnderRollout] = NO_SERVICES,
) -> RolloutPlan:
    """Return the plan in the file, or the one in the package. Raises ``BadPlan`` with every problem.

    ``services`` are those of the settings. Relative paths are below ``folder``, by default the file's own.
    """
    source = path or SHIPPED
    try:
        file = read_settings_file(source)
    except BadSettings as error:
        raise BadPlan(str(error)) from None
    values = {key: value for key, value in file.values.items() if value is not None}
    own = values.get("services")
    names = [*map(str, own)] if isinstance(own, dict) else []
    known = [*dict.fromkeys([*names, *services])]
    context = PlanContext(own=names, services=known, fixers=FIXERS, settings=settings)
    try:
        plan = PlanFile.model_validate(values, context=context)
        context.problems.extend([*_check_passwords(plan), *_check_fixers(plan)])
    except ValidationError as error:
        context.problems.extend(_describe(each, values) for each in error.errors(include_url=False))
    if context.problems:
        raise _refuse(file, context.problems)
    instead = settings.model_dump(include={"attempts", "wait_seconds"}, exclude_none=True) if settings else {}
    found = {
        "services": merge_services(plan.services, services),
        "folder": folder or source.absolute().parent,
        "weeks": tuple(week.model_copy(update=instead) for week in plan.weeks),
    }
    return RolloutPlan.model_construct(**{**dict(plan), **found}, source=source)


def _refuse(file: SettingsFile, problems: Sequence[LocatedProblem]) -> BadPlan:
    lines = {f"{place}: {text}": int(place.rpartition(":")[2]) for at, text in problems for place in [file.place(at)]}
    return BadPlan("\n".join(sorted(lines, key=lambda line: lines[line])), file.values.get("name"))


def _describe(problem: Any, values: Any) -> LocatedProblem:
    """Return where the problem is and what is wrong, in the words of the model that found it."""
    location = tuple(part for part in problem["loc"] if part != "[key]")
    if expected := _EXPECTED.get(problem["type"]):
        found = "nothing" if problem["input"] is None else type(problem["input"]).__name__
        problem["msg"] = f"expected {expected}, got {found}"
    model: type[BaseModel] = PlanFile
    start = 0
    match location:
        case ("weeks", week, "criteria", at, key, *_) if key != "kind":
            model, start = list_kinds()[values["weeks"][week]["criteria"][at]["kind"]], 4
        case ("fixers", at, "parameters", _, *_):
            model, start = FIXERS[values["fixers"][at]["kind"]], 3
    text = describe_error({**problem, "loc": location[start:]}, model, noun="key")
    prefix = ".".join(map(str, location[:start]))
    return location, f"{prefix}{'.' if text.startswith(str(location[start])) else ': '}{text}" if prefix else text


def _check_passwords(plan: PlanFile) -> Iterator[LocatedProblem]:
    for name, service in plan.services.items():
        for at in ("address", "mock", "production"):
            if has_user(getattr(service, at) or ""):
                variable = f"{SERVICE_VARIABLE}{name.upper()}_{at.upper()}"
                problem = f"a password is not allowed in a plan; set the address in {variable}"
                yield ("services", name, at), f"services.{name}.{at}: {problem}"


def _check_fixers(plan: PlanFile) -> Iterator[LocatedProblem]:
    numbers = {week.number for week in plan.weeks}
    names = {criterion.name for week in plan.weeks for criterion in week.criteria}
    for place, fixer in enumerate(plan.fixers):
        for at, number in enumerate(fixer.weeks or ()):
            if number not in numbers:
                yield ("fixers", place, "weeks", at), f"weeks: unknown week {number}"
        for at, name in enumerate(fixer.criteria or ()):
            if name not in names:
                yield ("fixers", place, "criteria", at), f"criteria: unknown {name!r}; no week has it"
