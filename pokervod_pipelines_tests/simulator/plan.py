"""Plan a broadcast day: its shows and tables, templates and workers, sheets and libraries, and what is peculiar of it.

Times of a day are seconds since it began. Everything is drawn from the seed.
"""

import math
import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from pokervod_pipelines.monitoring.detectors.facts import SourceKind

MINUTE, HOUR = 60.0, 3600.0
LOOK_SECONDS = 30.0


PAUSE = "pause of the queue"
"""A person pauses dispatching for a while."""


class Character(StrEnum):
    """Name what is peculiar of a day; each of them is healthy."""

    ORDINARY = "ordinary"
    TINY = "tiny"
    NO_SHOW = "no show"
    MAINTENANCE = "maintenance"
    BURST = "burst of 300"
    SLOW = "slow renders"
    LATE_HANDS = "late hands"
    SYNC_PEAK = "sync peak"
    RESTART = "restart of everything"
    WEEKEND = "week-end"
    CLOCK_CHANGE = "clock change"
    MIDNIGHT = "show over midnight"
    FLAPPING = "flapping"
    """Services fail for one look, clocks jitter, single jobs and ticks fail and heal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """Describe a template: how long a graphic of it takes, and what is asked for how often."""

    name: str
    renderer: str
    seconds: float
    limit: float
    priority: int
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedWorker:
    """Plan a render worker; ``renderers`` are what it serves."""

    name: str
    host: str
    renderers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Plan a sheet, library or folder: how often it is read, and the root that it is on."""

    kind: SourceKind
    name: str
    every: float | None
    root: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """Plan a live slot, when its hands begin and end, and its breaks."""

    title: str
    channel: str
    begins: float
    ends: float
    first_hand: float
    last_hand: float
    breaks: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Hold a stretch of the day, and what it is about."""

    begins: float
    ends: float
    name: str = ""

    def covers(self, at: float) -> bool:
        """Return whether the moment is in it."""
        return self.begins <= at < self.ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Hold a day as it would be without faults."""

    seed: int
    character: Character
    begins_at: datetime
    zone: ZoneInfo
    seconds: float
    templates: tuple[Template, ...]
    workers: tuple[PlannedWorker, ...]
    sources: tuple[Source, ...]
    roots: tuple[str, ...]
    shows: tuple[Show, ...]
    hands: int
    instructions: int
    premium_share: float
    failure_share: float
    bursts: tuple[tuple[float, int, str], ...] = ()
    """When so many instructions of a template ("" for any) are asked for at once."""

    restarts: tuple[Span, ...] = ()
    maintenance: tuple[Span, ...] = ()
    """A person holds the thing named, which is away meanwhile."""

    flap_share: float = 0.0
    syncs: tuple[Span, ...] = field(default=())

    def moment(self, at: float) -> datetime:
        """Return the time of a second of the day."""
        return self.begins_at + timedelta(seconds=at)

    def is_busy(self, at: float) -> bool:
        """Return whether a show is on, with hands coming."""
        return any(each.first_hand <= at < each.last_hand for each in self.shows)


ZONES = ("Europe/London", "America/Los_Angeles", "Asia/Seoul", "Europe/Malta")
CLOCK_CHANGES = {
    "Europe/London": (date(2026, 3, 29), date(2026, 10, 25)),
    "America/Los_Angeles": (date(2026, 3, 8), date(2026, 11, 1)),
    "Europe/Malta": (date(2026, 3, 29), date(2026, 10, 25)),
}

TEMPLATES = (
    ("premium_hand", 45.0, 2, 0.34),
    ("elimination", 30.0, 3, 0.22),
    ("leaderboard", 60.0, 4, 0.16),
    ("chip_counts", 50.0, 5, 0.16),
    ("payouts", 55.0, 6, 0.08),
    ("next_stream", 45.0, 7, 0.04),
)


def draw_plan(seed: int, character: Character) -> Plan:
    """Return the plan of a day of this character."""
    chance = random.Random(f"plan {seed}")
    zone, begins_at, seconds = _draw_date(chance, character)
    templates = _draw_templates(chance, character)
    roots = ("nas", "vault") if chance.random() < 0.6 else ("nas",)
    shows = _draw_shows(chance, character, seconds)
    hands, instructions = _draw_sizes(chance, character)
    workers = _draw_workers(chance, character, templates, _find_rate(shows, instructions))
    burst = (chance.uniform(2 * HOUR, seconds - 4 * HOUR), 300, "") if character is Character.BURST else None
    slow = _draw_slow_batches(chance, seconds) if character is Character.SLOW else ()
    return Plan(
        seed=seed,
        character=character,
        begins_at=begins_at,
        zone=zone,
        seconds=seconds,
        templates=templates,
        workers=workers,
        sources=_draw_sources(chance, roots),
        roots=roots,
        shows=shows,
        hands=hands,
        instructions=instructions,
        premium_share=chance.uniform(0.03, 0.08),
        failure_share=chance.uniform(0.0, 0.03),
        bursts=(burst,) if burst else slow,
        restarts=_draw_restarts(chance, seconds) if character is Character.RESTART else (),
        maintenance=_draw_maintenance(chance, roots, workers, seconds) if character is Character.MAINTENANCE else (),
        flap_share=chance.uniform(0.002, 0.006) if character is Character.FLAPPING else chance.choice((0.0, 0.0005)),
        syncs=_draw_syncs(chance, zone, begins_at, seconds, is_long=character is Character.SYNC_PEAK),
    )


def _draw_date(chance: random.Random, character: Character) -> tuple[ZoneInfo, datetime, float]:
    """Return a day from one local clock time to the same of the next day, which is not always 24 hours."""
    name = chance.choice(ZONES)
    if character is Character.CLOCK_CHANGE:
        name = chance.choice([*CLOCK_CHANGES])
        day = chance.choice(CLOCK_CHANGES[name])
    else:
        day = date(2026, 1, 5) + timedelta(days=chance.randrange(350))
        is_weekend = character is Character.WEEKEND
        while (day.weekday() >= 5) != is_weekend:
            day += timedelta(days=1)
    hour = 0 if character is Character.CLOCK_CHANGE else chance.choice((0, 6, 6, 12, 12))
    zone = ZoneInfo(name)
    begins = datetime.combine(day, time(hour), zone).astimezone(UTC)
    ends = datetime.combine(day + timedelta(days=1), time(hour), zone).astimezone(UTC)
    return zone, begins, (ends - begins).total_seconds()


def _find_rate(shows: tuple[Show, ...], instructions: int) -> float:
    """Return how many graphics an hour are asked for while hands come."""
    seconds = sum(each.last_hand - each.first_hand - sum(b - a for a, b in each.breaks) for each in shows)
    return instructions / (seconds / HOUR) if seconds else instructions / 24


def _draw_workers(
    chance: random.Random, character: Character, templates: tuple[Template, ...], rate: float
) -> tuple[PlannedWorker, ...]:
    """Return workers enough for the busy hours, the night's sync beside them; nobody plans for less."""
    workers: list[PlannedWorker] = []
    for renderer, name in (("local", "gfx"), ("nexrender", "ae")):
        asked = sum(each.weight * each.seconds for each in templates if each.renderer == renderer)
        if not asked:
            continue
        share = chance.uniform(0.3, 0.55)
        count = max(2, math.ceil(rate * asked / HOUR / share))
        if character is Character.BURST:
            # 300 graphics at once are made within 25 minutes.
            count = max(count, math.ceil(300 * asked / (20 * MINUTE)))
        workers += [
            PlannedWorker(name=f"{name}-{n:02}", host=f"{name}-{n:02}", renderers=(renderer,))
            for n in range(1, count + 1)
        ]
    return tuple(workers)


def _draw_templates(chance: random.Random, character: Character) -> tuple[Template, ...]:
    has_farm = chance.random() < 0.5
    templates = [
        Template(
            name=name,
            renderer="nexrender" if has_farm and name in {"leaderboard", "next_stream"} else "local",
            seconds=seconds * chance.uniform(0.7, 1.3),
            limit=1200.0,
            priority=priority,
            weight=weight,
        )
        for name, seconds, priority, weight in TEMPLATES
    ]
    if character is Character.SLOW:
        long = chance.uniform(150, 320)
        templates.append(Template(name="recap", renderer="local", seconds=long, limit=1500.0, priority=8, weight=0.0))
    return tuple(templates)


def _draw_sources(chance: random.Random, roots: tuple[str, ...]) -> tuple[Source, ...]:
    day, hour = 24 * HOUR, HOUR
    libraries = [
        Source(kind="library", name=name, every=hour, root=roots[number % len(roots)])
        for number, name in enumerate(("wsop", "hcl", "pad", "mpp", "gog")[: chance.randint(2, 5)])
    ]
    return (
        *libraries,
        Source(kind="sheet", name="tracker", every=day),
        Source(kind="sheet", name="metadata", every=day),
        Source(kind="sheet", name="iconik", every=day),
        Source(kind="drop folder", name="/drop/tables", every=MINUTE, root="nas" if chance.random() < 0.3 else ""),
        Source(kind="export folder", name="/drop/exports", every=MINUTE),
    )


def _draw_sizes(chance: random.Random, character: Character) -> tuple[int, int]:
    """Return how many hands and how many instructions the day has."""
    if character is Character.TINY:
        return chance.randint(40, 300), chance.randint(3, 20)
    if character is Character.NO_SHOW:
        return 0, chance.randint(0, 30)
    return chance.randint(8_000, 12_000), chance.randint(1_200, 1_700)


def _draw_shows(chance: random.Random, character: Character, seconds: float) -> tuple[Show, ...]:
    if character is Character.NO_SHOW:
        return ()
    if character is Character.MIDNIGHT:
        begins = chance.uniform(10, 13) * HOUR
        return (_draw_show(chance, "Main Event", begins, min(begins + 10 * HOUR, seconds - HOUR), character),)
    begins, shows = chance.uniform(0.5, 3) * HOUR, []
    for number in range(chance.randint(2, 3)):
        ends = begins + chance.uniform(4, 7.5) * HOUR
        if ends > seconds - 0.5 * HOUR:
            break
        shows.append(_draw_show(chance, f"Event {number + 1}", begins, ends, character))
        begins = ends + chance.uniform(0.25, 2) * HOUR
    return tuple(shows)


def _draw_show(chance: random.Random, title: str, begins: float, ends: float, character: Character) -> Show:
    late = chance.uniform(18, 35) if character is Character.LATE_HANDS else chance.uniform(1, 12)
    first, last = begins + late * MINUTE, ends - chance.uniform(0, 25) * MINUTE
    breaks, at = [], first + chance.uniform(1.5, 2) * HOUR
    while at < last - HOUR:
        is_dinner = chance.random() < 0.25
        length = chance.uniform(60, 85) if is_dinner else chance.uniform(10, 20)
        if at + length * MINUTE > last - 20 * MINUTE:
            break
        breaks.append((at, at + length * MINUTE))
        at += length * MINUTE + chance.uniform(1.7, 2.1) * HOUR
    return Show(
        title=title, channel="main", begins=begins, ends=ends, first_hand=first, last_hand=last, breaks=tuple(breaks)
    )


def _draw_slow_batches(chance: random.Random, seconds: float) -> tuple[tuple[float, int, str], ...]:
    """Return requests of long graphics: a few at once, which wait for each other for less than half an hour."""
    starts = sorted(chance.uniform(HOUR, seconds - 3 * HOUR) for _ in range(chance.randint(2, 4)))
    return tuple((at, chance.randint(4, 9), "recap") for at in starts)


def _draw_restarts(chance: random.Random, seconds: float) -> tuple[Span, ...]:
    starts = sorted(chance.uniform(HOUR, seconds - 2 * HOUR) for _ in range(chance.randint(1, 3)))
    return tuple(Span(begins=at, ends=at + chance.uniform(10, 40)) for at in starts)


def _draw_maintenance(
    chance: random.Random, roots: tuple[str, ...], workers: tuple[PlannedWorker, ...], seconds: float
) -> tuple[Span, ...]:
    """Return what a person takes out of service, and says so before."""
    things = [f"root {roots[-1]}", f"worker {workers[0].name}", "sheet tracker", "sensor sheet_changes", PAUSE]
    spans = []
    for thing in chance.sample(things, chance.randint(1, 3)):
        begins = chance.uniform(HOUR, seconds - 6 * HOUR)
        # What a longer pause leaves is more than half an hour of work.
        hours = chance.uniform(0.2, 0.7) if thing is PAUSE else chance.uniform(0.5, 5)
        spans.append(Span(begins=begins, ends=begins + hours * HOUR, name=thing))
    return tuple(spans)


def _draw_syncs(
    chance: random.Random, zone: ZoneInfo, begins_at: datetime, seconds: float, *, is_long: bool
) -> tuple[Span, ...]:
    """Return the nightly sync at three by the local clock, and what is read of the archive each hour."""
    spans: list[Span] = []
    for hour in range(int(seconds // HOUR) + 1):
        at = begins_at + timedelta(hours=hour)
        local = at.astimezone(zone)
        if local.hour == 3 and not any(each.name == "full_sync" for each in spans):
            length = chance.uniform(1500, 3200) if is_long else chance.uniform(200, 900)
            spans.append(Span(begins=hour * HOUR, ends=hour * HOUR + length, name="full_sync"))
        start = hour * HOUR + 17 * MINUTE
        spans.append(Span(begins=start, ends=start + chance.uniform(30, 200), name="nas_changes"))
    return tuple(spans)
