"""How a plan is written: the shape of its parts, and a reading of a file that notes every fault with its line.

Which parts there are, and what they make together, is in ``plan``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from pokervod_pipelines.rollout.criteria.base import Criterion
from pokervod_pipelines.rollout.criteria.fields import Name, Title, check_filled
from pokervod_pipelines.settings_file import Location, SettingsFile

Model = TypeVar("Model", bound=BaseModel)

WEEK = timedelta(days=7)
MOST_ATTEMPTS = 20
MOST_WAIT = 86_400.0
MOST_WEEKS = 520

LAST_DAY = date(2999, 12, 31)
"""It leaves room for all weeks after it."""

Day = Annotated[date, Field(ge=date(1900, 1, 1), le=LAST_DAY)]


class PlanHead(BaseModel):
    """What stands above the weeks."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    name: Name
    title: Title
    starts: Day
    attempts: int = Field(default=3, ge=1, le=MOST_ATTEMPTS)
    wait_seconds: float = Field(default=300.0, ge=0, le=MOST_WAIT)


class WeekEntry(BaseModel):
    """A week as it is written, without its criteria. What it does not say, the plan or the week before does."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    number: int = Field(ge=1, le=MOST_WEEKS)
    title: Title
    summary: Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(check_filled)]
    milestone: Title | None = None
    starts: Day | None = None
    ends: Day | None = None
    requires: list[int] | None = None
    attempts: int | None = Field(default=None, ge=1, le=MOST_ATTEMPTS)
    wait_seconds: float | None = Field(default=None, ge=0, le=MOST_WAIT)

    @property
    def needs(self) -> tuple[int, ...]:
        """The weeks before it: those it names, or the one before."""
        if self.requires is not None:
            return tuple(dict.fromkeys(self.requires))
        return (self.number - 1,) if self.number > 1 else ()

    def plan_dates(self, first: date) -> tuple[date, date]:
        """Return when it is planned, in a programme that starts on ``first``: by itself seven days after another."""
        starts = self.starts or first + WEEK * (self.number - 1)
        return starts, self.ends or starts + WEEK - timedelta(days=1)


@dataclass(slots=True)
class Reading:
    """What was read of a file so far, and what is wrong with it."""

    file: SettingsFile
    kinds: Mapping[str, type[Criterion]]
    faults: list[tuple[int, str]] = field(default_factory=list)

    def blame(self, location: Location, text: str) -> None:
        """Note a fault at the line of the location."""
        place = self.file.place(location)
        line = int(place.rpartition(":")[2])
        self.faults.append((line, f"{place}: {text}"))

    def read(self, model: type[Model], values: object, location: Location) -> Model | None:
        """Return the model of the values, None after its faults were noted."""
        if not isinstance(values, Mapping):
            self.blame(location, f"{_tell(location)}: must be a mapping, not {show_kind(values)}")
            return None
        try:
            return model.model_validate(dict(values))
        except ValidationError as error:
            for fault in error.errors(include_url=False, include_input=False):
                parts = tuple(part for part in fault["loc"] if part != "[key]")
                text = fault["msg"].removeprefix("Value error, ")
                head = text.split(":", 1)[0]
                at = (head,) if not parts and head in values else parts
                where = _tell((*location, *parts))
                self.blame((*location, *at), f"{where + ': ' if where else ''}{text}")
            return None

    def list_entries(self, values: object, location: Location) -> list[tuple[Location, object]]:
        """Return what a list holds, each with its location; anything else is a fault."""
        if values is None:
            return []
        if not isinstance(values, list):
            self.blame(location, f"{_tell(location)}: must be a list, not {show_kind(values)}")
            return []
        return [((*location, at), value) for at, value in enumerate(values)]


def _tell(location: Location) -> str:
    return ".".join(str(part) for part in location)


def show_kind(value: object) -> str:
    """Return what a value of YAML is, for a person."""
    return "nothing" if value is None else type(value).__name__
