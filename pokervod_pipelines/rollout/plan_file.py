"""Read a plan from its file and validate it; report every problem with file and line at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from pokervod_pipelines.errors import BadInput, BadSettings
from pokervod_pipelines.rollout.criteria.base import Criterion, PlanContext
from pokervod_pipelines.rollout.criteria.fields import Name, Title, check_filled
from pokervod_pipelines.rollout.criteria.kinds import list_kinds
from pokervod_pipelines.rollout.fixers.base import Fixer
from pokervod_pipelines.rollout.plan import FixerEntry, PlannedWeek, RolloutPlan
from pokervod_pipelines.rollout.services import SERVICE_VARIABLE, ServiceUnderRollout, has_user, merge_services
from pokervod_pipelines.settings.file import Location, SettingsFile, describe_error, read_settings_file
from pokervod_pipelines.settings.rollout import FixerRights

SHIPPED = Path(__file__).parent / "rollout.yaml"
NO_SERVICES: Mapping[str, ServiceUnderRollout] = {}

WEEK = timedelta(days=7)
MAX_ATTEMPTS = 20
MAX_WAIT_SECONDS = 86_400.0
MAX_WEEKS = 520

LAST_DAY = date(2999, 12, 31)
"""Early enough for all weeks after it."""

Day = Annotated[date, Field(ge=date(1900, 1, 1), le=LAST_DAY)]
Model = TypeVar("Model", bound=BaseModel)


class BadPlan(BadInput):
    """Raised for a plan that cannot be used; the text has file and line of every problem.

    ``name`` is the plan's own name, None if the file has none.
    """

    def __init__(self, text: str, name: object = None) -> None:
        super().__init__(text)
        self.name = name if isinstance(name, str) else None


class PlanHead(BaseModel):
    """Define the keys above the weeks."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    name: Name
    title: Title
    starts: Day
    attempts: int = Field(default=3, ge=1, le=MAX_ATTEMPTS)
    wait_seconds: float = Field(default=300.0, ge=0, le=MAX_WAIT_SECONDS)


class WeekEntry(BaseModel):
    """Define the keys of a week, except its criteria; the defaults come from the plan or the previous week."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    number: int = Field(ge=1, le=MAX_WEEKS)
    title: Title
    summary: Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(check_filled)]
    milestone: Title | None = None
    starts: Day | None = None
    ends: Day | None = None
    attempts: int | None = Field(default=None, ge=1, le=MAX_ATTEMPTS)
    wait_seconds: float | None = Field(default=None, ge=0, le=MAX_WAIT_SECONDS)

    def plan_dates(self, first: date) -> tuple[date, date]:
        """Return its first and last day in a rollout that starts on ``first``; by default seven days a week."""
        starts = self.starts or first + WEEK * (self.number - 1)
        return starts, self.ends or starts + WEEK - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _WeekInFile:
    entry: WeekEntry
    criteria: tuple[Criterion, ...]
    location: Location


@dataclass(slots=True)
class PlanReader:
    """Read the parts of a plan's file, and collect what is wrong with them."""

    file: SettingsFile
    kinds: Mapping[str, type[Criterion]]
    problems: list[tuple[int, str]] = field(default_factory=list)

    def report(self, location: Location, text: str) -> None:
        """Add a problem at the line of the location."""
        place = self.file.place(location)
        self.problems.append((int(place.rpartition(":")[2]), f"{place}: {text}"))

    def read(self, model: type[Model], values: object, location: Location) -> Model | None:
        """Return the model of the values, or None after reporting what is wrong with them."""
        if not isinstance(values, Mapping):
            self.report(location, f"{_show(location)}: expected a mapping, got {_show_kind(values)}")
            return None
        try:
            return model.model_validate(dict(values))
        except ValidationError as error:
            for problem in error.errors(include_url=False, include_input=False):
                text = describe_error(problem, model, noun="key")
                parts = tuple(part for part in problem["loc"] if part != "[key]")
                head = text.split(":", 1)[0]
                at = (head,) if not parts and head in values else parts
                separator = "." if text.startswith(_show(parts)) and parts else ": "
                self.report((*location, *at), f"{_show(location)}{separator}{text}" if location else text)
            return None

    def list_entries(self, values: object, location: Location) -> list[tuple[Location, object]]:
        """Return the entries of a list, each with its location; report anything that is not a list."""
        if values is None:
            return []
        if not isinstance(values, list):
            self.report(location, f"{_show(location)}: expected a list, got {_show_kind(values)}")
            return []
        return [((*location, at), value) for at, value in enumerate(values)]


def load_plan(
    path: Path | None = None,
    *,
    folder: Path | None = None,
    services: Mapping[str, ServiceUnderRollout] = NO_SERVICES,
    allow_commands: bool = False,
    programs: Sequence[str] = (),
    fixer_kinds: Mapping[str, type[Fixer]] | None = None,
    rights: FixerRights | None = None,
) -> RolloutPlan:
    """Return the plan in the file, or the one in the package. Raises ``BadPlan`` with every problem.

    ``services`` are those of the settings; ``fixer_kinds`` and ``rights`` are unchecked if None. Relative paths are
    below ``folder``, by default the file's own.
    """
    source = path or SHIPPED
    reader = PlanReader(_read_file(source), list_kinds())
    values = reader.file.values
    own = {key: value for key, value in values.items() if key not in {"services", "weeks", "fixers"}}
    head = reader.read(PlanHead, own, ())
    own_services = _read_services(reader, values.get("services"))
    known = merge_services(own_services, services)
    context = PlanContext(services=known, programs=frozenset(programs), allow_commands=allow_commands, rights=rights)
    weeks = _read_weeks(reader, values.get("weeks"), context, [*own_services])
    fixers = _read_fixers(reader, values.get("fixers"), fixer_kinds, context, weeks)
    _check_order(reader, weeks)
    if reader.problems or head is None:
        raise BadPlan("\n".join(dict.fromkeys(text for _, text in sorted(reader.problems))), values.get("name"))
    return RolloutPlan(
        name=head.name,
        title=head.title,
        services=known,
        weeks=tuple(_make_week(reader, head, each) for each in weeks),
        fixers=tuple(fixers),
        source=source,
        folder=folder or source.absolute().parent,
    )


def _read_file(path: Path) -> SettingsFile:
    try:
        return read_settings_file(path)
    except BadSettings as error:
        raise BadPlan(str(error)) from None


def _read_services(reader: PlanReader, values: object) -> dict[str, ServiceUnderRollout]:
    if values is None:
        return {}
    if not isinstance(values, Mapping):
        reader.report(("services",), f"services: expected a mapping, got {_show_kind(values)}")
        return {}
    services = {}
    for name, value in values.items():
        location = ("services", str(name))
        service = reader.read(ServiceUnderRollout, value or {}, location)
        # A broken one is still known, so that no other part is reported because of it.
        services[str(name)] = service or ServiceUnderRollout()
        if not isinstance(name, str) or not name.isidentifier() or name != name.lower() or name == "all":
            expected = "a name of lower-case letters, digits and '_' other than 'all'"
            reader.report(location, f"services: expected {expected}, got {name!r}")
        for at in ("address", "mock", "production"):
            if service is not None and has_user(getattr(service, at) or ""):
                variable = f"{SERVICE_VARIABLE}{str(name).upper()}_{at.upper()}"
                problem = f"a password is not allowed in a plan; set the address in {variable}"
                reader.report((*location, at), f"services.{name}.{at}: {problem}")
    return services


def _read_weeks(reader: PlanReader, values: object, context: PlanContext, names: Sequence[str]) -> list[_WeekInFile]:
    entries = reader.list_entries(values, ("weeks",))
    if not entries:
        reader.report(("weeks",), "weeks: expected at least one, got none")
    weeks = []
    for location, value in entries:
        own = {key: each for key, each in value.items() if key != "criteria"} if isinstance(value, Mapping) else value
        entry = reader.read(WeekEntry, own, location)
        listed = value.get("criteria") if isinstance(value, Mapping) else None
        criteria = _read_criteria(reader, listed, (*location, "criteria"), context, names)
        if entry is not None:
            weeks.append(_WeekInFile(entry, criteria, location))
    return weeks


def _read_criteria(
    reader: PlanReader, values: object, location: Location, context: PlanContext, names: Sequence[str]
) -> tuple[Criterion, ...]:
    entries = reader.list_entries(values, location)
    if not entries and (values is None or values == []):
        reader.report(location, "criteria: expected at least one, got none; a week without criteria would always pass")
    criteria: dict[str, Criterion] = {}
    for place, value in entries:
        for each in _spread(reader, value, names):
            criterion = _read_criterion(reader, each, place, context)
            if criterion is not None and criterion.name in criteria:
                reader.report((*place, "name"), f"name: {criterion.name!r} is a duplicate in its week; rename one")
            elif criterion is not None:
                criteria[criterion.name] = criterion
    return tuple(criteria.values())


def _spread(reader: PlanReader, value: object, services: Sequence[str]) -> Iterator[object]:
    """Yield the criterion, or one for each service of the plan where it has ``service: all``."""
    if not isinstance(value, Mapping) or value.get("service") != "all" or not services:
        yield value
        return
    kind = reader.kinds.get(str(value.get("kind")))
    for name in services:
        filled = {
            key: each.replace("{service}", name) if isinstance(each, str) else each for key, each in value.items()
        }
        # A kind without the field ``service`` can also be repeated for each.
        own_service = {"service": name} if kind is not None and "service" in kind.model_fields else {}
        del filled["service"]
        yield {**filled, **own_service, "name": f"{value.get('name')}_{name}"}


def _read_criterion(reader: PlanReader, value: object, location: Location, context: PlanContext) -> Criterion | None:
    if not isinstance(value, Mapping):
        reader.report(location, f"criteria: expected a mapping, got {_show_kind(value)}")
        return None
    kind = value.get("kind")
    if not (isinstance(kind, str) and kind in reader.kinds):
        problem = f"unknown {kind!r}" if "kind" in value else "required"
        reader.report((*location, "kind"), f"kind: {problem}; known are {', '.join(reader.kinds)}")
        return None
    criterion = reader.read(reader.kinds[kind], value, location)
    for parts, text in criterion.find_problems(context) if criterion is not None else ():
        reader.report((*location, *parts), text)
    return criterion


def _read_fixers(
    reader: PlanReader,
    values: object,
    kinds: Mapping[str, type[Fixer]] | None,
    context: PlanContext,
    weeks: list[_WeekInFile],
) -> list[FixerEntry]:
    fixers = []
    for location, value in reader.list_entries(values, ("fixers",)):
        # YAML 1.1 reads the key ``on`` as true.
        named = (
            {"on" if key is True else key: each for key, each in value.items()} if isinstance(value, dict) else value
        )
        fixer = reader.read(FixerEntry, named, location)
        if fixer is None:
            continue
        fixers.append(fixer)
        if kinds is not None and fixer.kind not in kinds:
            reader.report((*location, "kind"), f"kind: unknown fixer {fixer.kind!r}; known are {', '.join(kinds)}")
        elif kinds is not None:
            made = reader.read(kinds[fixer.kind], fixer.parameters, (*location, "parameters"))
            for parts, text in made.find_problems(context) if made is not None else ():
                reader.report((*location, "parameters", *parts), text)
        _check_fixer(reader, fixer, weeks, location)
    return fixers


def _check_fixer(reader: PlanReader, fixer: FixerEntry, weeks: list[_WeekInFile], location: Location) -> None:
    numbers = {week.entry.number for week in weeks}
    for at, number in enumerate(fixer.weeks or ()):
        if number not in numbers:
            reader.report((*location, "weeks", at), f"weeks: unknown week {number}")
    names = {criterion.name for week in weeks for criterion in week.criteria}
    for at, name in enumerate(fixer.criteria or ()):
        if name not in names:
            reader.report((*location, "criteria", at), f"criteria: unknown {name!r}; no week has it")


def _check_order(reader: PlanReader, weeks: list[_WeekInFile]) -> None:
    """Report the first wrong number, titles that are there twice, and dates out of order."""
    # A week that could not be read was reported already, and leaves a gap.
    if len(weeks) == len(reader.list_entries(reader.file.values.get("weeks"), ("weeks",))):
        _check_numbers(reader, weeks)
    starts = reader.file.values.get("starts")
    if type(starts) is date and starts <= LAST_DAY:
        _check_dates(reader, weeks, starts)
    titles: set[str] = set()
    for week in weeks:
        if week.entry.title in titles:
            problem = f"{week.entry.title!r} is a duplicate; progress is kept by title, so rename one"
            reader.report((*week.location, "title"), f"title: {problem}")
        titles.add(week.entry.title)


def _check_numbers(reader: PlanReader, weeks: list[_WeekInFile]) -> None:
    for at, week in enumerate(weeks, 1):
        if (number := week.entry.number) != at:
            is_duplicate = number in {each.entry.number for each in weeks[: at - 1]}
            problem = "is a duplicate" if is_duplicate else f"is out of order, week {at} is missing"
            reader.report((*week.location, "number"), f"number: week {number} {problem}")
            return


def _check_dates(reader: PlanReader, weeks: list[_WeekInFile], first: date) -> None:
    before: tuple[int, date] | None = None
    for week in weeks:
        number, (starts, ends) = week.entry.number, week.entry.plan_dates(first)
        if ends < starts:
            problem = f"week {number} ends on {ends}, before it starts on {starts}"
            reader.report((*week.location, "ends"), f"ends: {problem}")
        if before and starts <= before[1]:
            problem = f"week {number} starts on {starts}, before week {before[0]} ends on {before[1]}"
            reader.report((*week.location, "starts"), f"starts: {problem}")
        before = number, ends


def _make_week(reader: PlanReader, head: PlanHead, week: _WeekInFile) -> PlannedWeek:
    entry = week.entry
    starts, ends = entry.plan_dates(head.starts)
    return PlannedWeek(
        number=entry.number,
        title=entry.title,
        summary=entry.summary,
        milestone=entry.milestone,
        starts=starts,
        ends=ends,
        attempts=entry.attempts or head.attempts,
        wait_seconds=head.wait_seconds if entry.wait_seconds is None else entry.wait_seconds,
        criteria=week.criteria,
        place=reader.file.place(week.location),
    )


def _show(location: Location) -> str:
    return ".".join(str(part) for part in location)


def _show_kind(value: object) -> str:
    """Return the type of a value of YAML, for people to read."""
    return "nothing" if value is None else type(value).__name__
