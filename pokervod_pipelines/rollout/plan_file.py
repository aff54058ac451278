"""A plan as it stands in its file: read, checked as a whole, and every fault told with file and line at once.

The shape of each part is in ``plan_entries``, what the weeks must be to each other in ``plan_order``, what all of it is
once it is sound in ``plan_records``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from pokervod_pipelines.errors import BadInput, BadSettings
from pokervod_pipelines.rollout.criteria.base import Criterion, House
from pokervod_pipelines.rollout.criteria.kinds import list_kinds
from pokervod_pipelines.rollout.fixers.base import Fixer
from pokervod_pipelines.rollout.plan_entries import LAST_DAY, PlanHead, Reading, WeekEntry, show_kind
from pokervod_pipelines.rollout.plan_order import find_date_faults, find_number_faults, find_order_faults
from pokervod_pipelines.rollout.plan_records import FixerEntry, Plan, Week
from pokervod_pipelines.rollout.services import Service, change_services, has_user
from pokervod_pipelines.settings.file import Location, SettingsFile, read_settings_file
from pokervod_pipelines.settings.rollout import FixerRights

SHIPPED = Path(__file__).parent / "rollout.yaml"
NOBODY: Mapping[str, Service] = {}


class BadPlan(BadInput):
    """A plan cannot be used; the text names file and line of everything that is wrong.

    ``name`` is what the plan calls itself, None where it does not.
    """

    def __init__(self, text: str, name: object = None) -> None:
        super().__init__(text)
        self.name = name if isinstance(name, str) else None


def load_plan(
    path: Path | None = None,
    *,
    folder: Path | None = None,
    services: Mapping[str, Service] = NOBODY,
    allow_commands: bool = False,
    programs: Sequence[str] = (),
    fixer_kinds: Mapping[str, type[Fixer]] | None = None,
    rights: FixerRights | None = None,
    starts: date | None = None,
) -> Plan:
    """Return the plan in the file, or the one that comes with the package.

    ``services`` is what the settings say of services, ``fixer_kinds`` the class of each kind of fixer and ``rights``
    what they may use (unchecked without), ``starts`` the day on which the programme starts instead of the plan's.
    Relative paths are below ``folder``, by itself the file's own. Raises ``BadPlan`` with every fault by file and line.
    """
    source = path or SHIPPED
    reading = Reading(_read_file(source), list_kinds())
    values = reading.file.values
    own = {key: value for key, value in values.items() if key not in {"services", "weeks", "fixers"}}
    head = reading.read(PlanHead, own, ())
    own_services = _read_services(reading, values.get("services"))
    known = change_services(own_services, services)
    house = House(services=known, programs=frozenset(programs), allow_commands=allow_commands, rights=rights)
    weeks = _read_weeks(reading, values.get("weeks"), house, [*own_services])
    fixers = _read_fixers(reading, values.get("fixers"), fixer_kinds, house, weeks)
    _check_whole(reading, weeks)
    if reading.faults or head is None:
        raise BadPlan("\n".join(dict.fromkeys(text for _, text in sorted(reading.faults))), values.get("name"))
    return Plan(
        name=head.name,
        title=head.title,
        services=known,
        weeks=tuple(_make_week(reading, head, each, starts) for each in weeks),
        fixers=tuple(fixers),
        source=source,
        folder=folder or source.absolute().parent,
    )


def _read_file(path: Path) -> SettingsFile:
    try:
        return read_settings_file(path)
    except BadSettings as error:
        raise BadPlan(str(error)) from None


@dataclass(frozen=True, slots=True)
class _Told:
    """A week that was read, with its criteria and where it stands."""

    entry: WeekEntry
    criteria: tuple[Criterion, ...]
    location: Location


def _read_services(reading: Reading, values: object) -> dict[str, Service]:
    if values is None:
        return {}
    if not isinstance(values, Mapping):
        reading.blame(("services",), f"services: must be a mapping, not {show_kind(values)}")
        return {}
    services = {}
    for name, value in values.items():
        location = ("services", str(name))
        service = reading.read(Service, value or {}, location)
        # One that is broken is still known, so that nothing else is blamed for it.
        services[str(name)] = service or Service()
        if not isinstance(name, str) or not name.isidentifier() or name != name.lower() or name == "all":
            reading.blame(location, f"services: {name!r} must be small letters, digits and '_', and not 'all'")
        for at in ("address", "mock", "production"):
            if service is not None and has_user(getattr(service, at) or ""):
                reading.blame(
                    (*location, at), f"services.{name}.{at}: a password belongs in the settings, not in a plan"
                )
    return services


def _read_weeks(reading: Reading, values: object, house: House, names: Sequence[str]) -> list[_Told]:
    entries = reading.list_entries(values, ("weeks",))
    if not entries:
        reading.blame(("weeks",), "weeks: there are none")
    weeks = []
    for location, value in entries:
        own = {key: each for key, each in value.items() if key != "criteria"} if isinstance(value, Mapping) else value
        entry = reading.read(WeekEntry, own, location)
        listed = value.get("criteria") if isinstance(value, Mapping) else None
        criteria = _read_criteria(reading, listed, (*location, "criteria"), house, names)
        if entry is not None:
            weeks.append(_Told(entry, criteria, location))
    return weeks


def _read_criteria(
    reading: Reading, values: object, location: Location, house: House, names: Sequence[str]
) -> tuple[Criterion, ...]:
    entries = reading.list_entries(values, location)
    if not entries and (values is None or values == []):
        reading.blame(location, "criteria: there are none; a week without any would pass by itself")
    criteria: dict[str, Criterion] = {}
    for place, value in entries:
        for each in _spread(reading, value, names):
            criterion = _read_criterion(reading, each, place, house)
            if criterion is not None and criterion.name in criteria:
                reading.blame((*place, "name"), f"name: {criterion.name!r} stands twice in its week")
            elif criterion is not None:
                criteria[criterion.name] = criterion
    return tuple(criteria.values())


def _spread(reading: Reading, value: object, services: Sequence[str]) -> Iterator[object]:
    """Return the criterion, or one for each service of the plan where it says ``service: all``."""
    if not isinstance(value, Mapping) or value.get("service") != "all" or not services:
        yield value
        return
    kind = reading.kinds.get(str(value.get("kind")))
    for name in services:
        filled = {
            key: each.replace("{service}", name) if isinstance(each, str) else each for key, each in value.items()
        }
        # A kind that knows nothing of services can still be had once for each.
        of_service = {"service": name} if kind is not None and "service" in kind.model_fields else {}
        del filled["service"]
        yield {**filled, **of_service, "name": f"{value.get('name')}_{name}"}


def _read_criterion(reading: Reading, value: object, location: Location, house: House) -> Criterion | None:
    if not isinstance(value, Mapping):
        reading.blame(location, f"criteria: each must be a mapping, not {show_kind(value)}")
        return None
    kind = value.get("kind")
    if not (isinstance(kind, str) and kind in reading.kinds):
        said = f"there is no {kind!r}" if "kind" in value else "is missing"
        reading.blame((*location, "kind"), f"kind: {said}; there are {', '.join(reading.kinds)}")
        return None
    criterion = reading.read(reading.kinds[kind], value, location)
    for parts, text in criterion.find_faults(house) if criterion is not None else ():
        reading.blame((*location, *parts), text)
    return criterion


def _read_fixers(
    reading: Reading, values: object, kinds: Mapping[str, type[Fixer]] | None, house: House, weeks: list[_Told]
) -> list[FixerEntry]:
    fixers = []
    for location, value in reading.list_entries(values, ("fixers",)):
        # YAML 1.1 reads the key ``on`` as true.
        named = (
            {"on" if key is True else key: each for key, each in value.items()} if isinstance(value, dict) else value
        )
        fixer = reading.read(FixerEntry, named, location)
        if fixer is None:
            continue
        fixers.append(fixer)
        if kinds is not None and fixer.kind not in kinds:
            reading.blame((*location, "kind"), f"kind: no fixer {fixer.kind!r}; there are {', '.join(kinds)}")
        elif kinds is not None:
            made = reading.read(kinds[fixer.kind], fixer.parameters, (*location, "parameters"))
            for parts, text in made.find_faults(house) if made is not None else ():
                reading.blame((*location, "parameters", *parts), text)
        _check_fixer(reading, fixer, weeks, location)
    return fixers


def _check_fixer(reading: Reading, fixer: FixerEntry, weeks: list[_Told], location: Location) -> None:
    numbers = {told.entry.number for told in weeks}
    for at, number in enumerate(fixer.weeks or ()):
        if number not in numbers:
            reading.blame((*location, "weeks", at), f"weeks: there is no week {number}")
    names = {criterion.name for told in weeks for criterion in told.criteria}
    for at, name in enumerate(fixer.criteria or ()):
        if name not in names:
            reading.blame((*location, "criteria", at), f"criteria: no week has a criterion {name!r}")


def _check_whole(reading: Reading, weeks: list[_Told]) -> None:
    entries = [(told.entry.number, told.entry.needs) for told in weeks]
    # A week that could not be read was told of already; gaps around it are no news.
    if len(weeks) == len(reading.list_entries(reading.file.values.get("weeks"), ("weeks",))):
        for at, text in (*find_number_faults(entries), *find_order_faults(entries)):
            reading.blame((*weeks[at[0]].location, *at[1:]), text)
    starts = reading.file.values.get("starts")
    if type(starts) is date and starts <= LAST_DAY:
        dated = [(told.entry.number, told.entry.needs, told.entry.plan_dates(starts)) for told in weeks]
        for at, text in find_date_faults(dated):
            reading.blame((*weeks[at[0]].location, *at[1:]), text)


def _make_week(reading: Reading, head: PlanHead, told: _Told, starts: date | None) -> Week:
    entry = told.entry
    shift = starts - head.starts if starts else timedelta()
    begins, ends = entry.plan_dates(head.starts)
    return Week(
        number=entry.number,
        title=entry.title,
        summary=entry.summary,
        milestone=entry.milestone,
        starts=begins + shift,
        ends=ends + shift,
        requires=entry.needs,
        attempts=entry.attempts or head.attempts,
        wait_seconds=head.wait_seconds if entry.wait_seconds is None else entry.wait_seconds,
        criteria=told.criteria,
        place=reading.file.place(told.location),
    )
