"""Read a plan from its file and validate it; report every problem with file and line."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from pokervod_pipelines.errors import BadInput, BadSettings
from pokervod_pipelines.rollout.criteria.fields import PlanContext
from pokervod_pipelines.rollout.criteria.kinds import list_kinds
from pokervod_pipelines.rollout.fixers.registry import FIXERS
from pokervod_pipelines.rollout.plan import FixerEntry, PlanFile, PlannedWeek, RolloutPlan
from pokervod_pipelines.rollout.services import SERVICE_VARIABLE, merge_services
from pokervod_pipelines.settings.file import Location, describe_error, read_settings_file
from pokervod_pipelines.settings.rollout import RolloutService, RolloutSettings

SHIPPED = Path(__file__).parent / "rollout.yaml"
NO_SERVICES: Mapping[str, RolloutService] = {}

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
    services: Mapping[str, RolloutService] = NO_SERVICES,
) -> RolloutPlan:
    """Return the plan in the file, or the one in the package. Raises ``BadPlan`` with every problem.

    ``services`` are those of the settings, whose attempts and waits replace the plan's. Relative paths are below
    ``folder``, by default the file's own.
    """
    source = path or SHIPPED
    try:
        file = read_settings_file(source, example="name: studio")
    except BadSettings as error:
        raise BadPlan(str(error)) from None
    values: dict[str, Any] = {key: value for key, value in file.values.items() if value is not None}
    own = [*map(str, values["services"])] if isinstance(values.get("services"), dict) else []
    context = PlanContext(own=own, services=[*dict.fromkeys([*own, *services])], fixers=FIXERS, settings=settings)
    try:
        plan = PlanFile.model_validate(values, context=context)
        context.problems.extend(_check_fixers(plan, values))
    except ValidationError as error:
        context.problems.extend(_describe(each, values) for each in error.errors(include_url=False))
    if context.problems:
        places = {f"{place}: {text}": place for at, text in context.problems for place in [file.place(at)]}
        lines = sorted(places, key=lambda line: int(places[line].rpartition(":")[2]))
        raise BadPlan("\n".join(lines), file.values.get("name"))
    instead = settings.model_dump(include={"attempts", "wait_seconds"}, exclude_none=True) if settings else {}
    found = {
        "services": merge_services(plan.services, services),
        "folder": folder or source.absolute().parent,
        "weeks": tuple(week.model_copy(update=instead) for week in plan.weeks),
    }
    return RolloutPlan.model_construct(**{**dict(plan), **found}, source=source)


def _describe(problem: Any, values: Any) -> LocatedProblem:
    """Return where the problem is and what is wrong: the week, criterion or fixer, the key in it, what was expected."""
    location = tuple(part for part in problem["loc"] if part != "[key]")
    place, start, model = _find_place(location, values)
    located = {**problem, "loc": location[start:]}
    text = describe_error(located, model, noun="key", is_secret=location[0] == "services")
    if location[0] == "services" and "one with `@`" in text:
        text += f"; set it in {SERVICE_VARIABLE}{'_'.join(map(str, location[1:])).upper()}"
    return location, place + text


def _find_place(location: Location, values: Any) -> tuple[str, int, type[BaseModel]]:
    """Return what a location is in, as a beginning of the text, how many keys lead there, and the model of the rest."""
    match location:
        case ("weeks", int(week), "criteria", int(at), *rest):
            entry = values["weeks"][week]["criteria"][at] if rest else {}
            place = f"week {week + 1}, criterion {entry.get('name', at + 1)}: "
            return place, 4, list_kinds().get(str(entry.get("kind")), PlanFile)
        case ("weeks", int(week), *_):
            return f"week {week + 1}: ", 2, PlannedWeek
        case ("fixers", int(at), *rest):
            kind = values["fixers"][at].get("kind") if rest else None
            place = f"fixer {at + 1} ({kind}): " if kind else f"fixer {at + 1}: "
            in_parameters = rest[:1] == ["parameters"] and len(rest) > 1
            return place, 3 if in_parameters else 2, FIXERS[str(kind)] if in_parameters else FixerEntry
    return "", 0, PlanFile


def _check_fixers(plan: PlanFile, values: Any) -> Iterator[LocatedProblem]:
    numbers = {week.number for week in plan.weeks}
    names = {criterion.name for week in plan.weeks for criterion in week.criteria}
    for at, fixer in enumerate(plan.fixers):
        place, *_ = _find_place(("fixers", at, "kind"), values)
        for index, number in enumerate(fixer.weeks or ()):
            if number not in numbers:
                yield ("fixers", at, "weeks", index), f"{place}weeks: unknown week {number}"
        for index, name in enumerate(fixer.criteria or ()):
            if name not in names:
                yield ("fixers", at, "criteria", index), f"{place}criteria: unknown {name!r}; no week has it"
