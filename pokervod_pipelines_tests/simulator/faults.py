"""Draw faults: what goes wrong, from when to when, how badly, and which anomalies tell of it.

The truth of a day is this list. A fault is as large as the issue says that it matters, from mild to total; what does
not matter, such as a job that fails once and heals, belongs to the healthy day of the plan.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pokervod_pipelines.monitoring.detectors.names import Detector
from pokervod_pipelines_tests.simulator.plan import HOUR, MINUTE, Plan

SENSORS = (
    "dead_runs",
    "sheet_changes",
    "rfid_drop",
    "event_router",
    "render_queue",
    "stale_instructions",
    "alert_delivery",
    "run_failures",
    "measures",
    "health",
    "anomalies",
)


class FaultKind(StrEnum):
    """Name what goes wrong."""

    DATABASE_AWAY = "database away"
    DISK_FILLING = "disk filling"
    CLOCK_STEP = "clock step"
    CLOCK_DRIFT = "clock drift"
    ROOT_AWAY = "root away, with its effects"
    ROOT_FLAPS = "root comes and goes"
    FARM_DOWN = "render farm down"
    GOOGLE_DOWN = "Google Sheets down, all sheets unread"
    CHANNEL_DOWN = "alert channel down"
    OUTPUTS_UNWRITABLE = "outputs not writable"
    MEMORY_SHORT = "memory short"
    DAEMON_STOPPED = "daemon stopped"
    SENSOR_SILENT = "sensor does not tick"
    SENSOR_FAILING = "ticks of a sensor fail"
    SENSOR_OFF = "sensor left off"
    WATCHER_GONE = "watcher gone"
    WATCHER_HUNG = "watcher hangs"
    DETECTORS_STOPPED = "detectors stopped"
    WORKER_DEAD = "worker dead at a peak"
    WORKERS_GONE = "no worker at a peak"
    WORKER_QUARANTINED = "worker quarantined"
    BREAKER_OPEN = "breaker open"
    SHEET_UNREADABLE = "sheet not readable"
    LIBRARY_UNSCANNED = "library not scanned"
    FOLDER_UNREAD = "drop folder not read"
    NO_HANDS = "show without hands"
    HANDS_STOP = "hands stop in a show"
    ORPHANS = "premium hands without instruction"
    QUEUE_STALLED = "queue stalled"
    RENDERS_HANG = "renders hang"
    INVERSION = "priority inversion"
    ERRORS = "errors"
    ERRORS_BURN = "slow burn of errors"
    TEMPLATE_FAILS = "one template fails"
    SLOW_RENDERS = "renders much slower"
    GRAPHICS_FAIL = "graphics failed for good"
    EVENTS_PARKED = "events parked"
    RUN_HANGS = "run hangs"
    RUN_QUEUED = "run does not begin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Hold one thing that goes wrong; ``size`` is what its kind counts, ``target`` the thing, "" for all."""

    kind: FaultKind
    begins: float
    ends: float
    size: float = 1.0
    target: str = ""

    def covers(self, at: float) -> bool:
        """Return whether it lasts at that moment."""
        return self.begins <= at < self.ends

    def __str__(self) -> str:
        """Return it for people."""
        span = f"{self.begins / HOUR:.2f}-{self.ends / HOUR:.2f} h"
        return f"{self.kind} {self.target} x{self.size:.3g} {span}"


D = Detector
TELLS: dict[FaultKind, tuple[Detector, ...]] = {
    FaultKind.DATABASE_AWAY: (D.DATABASE_AWAY,),
    FaultKind.DISK_FILLING: (D.DISK_FULL,),
    FaultKind.CLOCK_STEP: (D.CLOCK_SKEW,),
    FaultKind.CLOCK_DRIFT: (D.CLOCK_SKEW,),
    FaultKind.ROOT_AWAY: (D.ROOT_AWAY,),
    FaultKind.ROOT_FLAPS: (D.ROOT_AWAY,),
    FaultKind.FARM_DOWN: (D.SERVICE_DOWN,),
    FaultKind.GOOGLE_DOWN: (D.SERVICE_DOWN, D.BREAKER_OPEN),
    FaultKind.CHANNEL_DOWN: (D.SERVICE_DOWN,),
    FaultKind.OUTPUTS_UNWRITABLE: (D.SERVICE_DOWN,),
    FaultKind.MEMORY_SHORT: (D.SERVICE_DOWN,),
    FaultKind.DAEMON_STOPPED: (D.DAEMON_STOPPED,),
    FaultKind.SENSOR_SILENT: (D.SENSOR_STOPPED,),
    FaultKind.SENSOR_FAILING: (D.SENSOR_STOPPED,),
    FaultKind.SENSOR_OFF: (D.SENSOR_STOPPED,),
    FaultKind.WATCHER_GONE: (D.WATCHER_STOPPED,),
    FaultKind.WATCHER_HUNG: (D.WATCHER_STOPPED,),
    FaultKind.DETECTORS_STOPPED: (D.DETECTORS_STOPPED,),
    FaultKind.WORKER_DEAD: (D.WORKER_STOPPED,),
    FaultKind.WORKERS_GONE: (D.WORKER_STOPPED,),
    FaultKind.WORKER_QUARANTINED: (D.WORKER_STOPPED,),
    FaultKind.BREAKER_OPEN: (D.BREAKER_OPEN,),
    FaultKind.SHEET_UNREADABLE: (D.SOURCE_STALE,),
    FaultKind.LIBRARY_UNSCANNED: (D.SOURCE_STALE,),
    FaultKind.FOLDER_UNREAD: (D.SOURCE_STALE,),
    FaultKind.NO_HANDS: (D.NO_DATA,),
    FaultKind.HANDS_STOP: (D.NO_DATA,),
    FaultKind.ORPHANS: (D.ORPHAN_HAND,),
    FaultKind.QUEUE_STALLED: (D.PENDING_TOO_LONG,),
    FaultKind.RENDERS_HANG: (D.PROCESSING_TOO_LONG,),
    FaultKind.INVERSION: (D.PRIORITY_INVERTED,),
    FaultKind.ERRORS: (D.ERROR_RATE,),
    FaultKind.ERRORS_BURN: (D.ERROR_RATE,),
    FaultKind.TEMPLATE_FAILS: (D.ERROR_RATE, D.GRAPHIC_FAILED),
    FaultKind.SLOW_RENDERS: (D.THROUGHPUT_DROPPED,),
    FaultKind.GRAPHICS_FAIL: (D.GRAPHIC_FAILED,),
    FaultKind.EVENTS_PARKED: (D.EVENTS_PARKED,),
    FaultKind.RUN_HANGS: (D.RUN_STUCK,),
    FaultKind.RUN_QUEUED: (D.RUN_STUCK,),
}
"""The anomalies that say what it is: one of them has to be told while the fault lasts."""

_QUEUE = (D.PENDING_TOO_LONG, D.PROCESSING_TOO_LONG, D.THROUGHPUT_DROPPED, D.ERROR_RATE, D.GRAPHIC_FAILED)
_READING = (D.SOURCE_STALE, D.NO_DATA, D.ORPHAN_HAND, D.RUN_STUCK, D.BREAKER_OPEN, D.SERVICE_DOWN)
EFFECTS: dict[FaultKind, tuple[Detector, ...]] = {
    FaultKind.DATABASE_AWAY: (*_QUEUE, *_READING, D.WORKER_STOPPED, D.WATCHER_STOPPED, D.DETECTORS_STOPPED),
    FaultKind.DISK_FILLING: (D.SERVICE_DOWN,),
    FaultKind.CLOCK_STEP: (),
    FaultKind.CLOCK_DRIFT: (),
    FaultKind.ROOT_AWAY: _READING,
    FaultKind.ROOT_FLAPS: _READING,
    FaultKind.FARM_DOWN: (*_QUEUE, D.BREAKER_OPEN, D.WORKER_STOPPED),
    FaultKind.GOOGLE_DOWN: (D.SOURCE_STALE, D.BREAKER_OPEN),
    FaultKind.OUTPUTS_UNWRITABLE: _QUEUE,
    FaultKind.DAEMON_STOPPED: (D.SENSOR_STOPPED, D.DETECTORS_STOPPED, D.SOURCE_STALE, D.RUN_STUCK, D.SERVICE_DOWN),
    FaultKind.SENSOR_SILENT: (D.DETECTORS_STOPPED, D.SOURCE_STALE),
    FaultKind.SENSOR_FAILING: (D.DETECTORS_STOPPED, D.SOURCE_STALE),
    FaultKind.SENSOR_OFF: (D.DETECTORS_STOPPED, D.SOURCE_STALE),
    FaultKind.WATCHER_GONE: (D.DETECTORS_STOPPED, *_READING),
    FaultKind.WATCHER_HUNG: (D.DETECTORS_STOPPED, *_READING),
    FaultKind.DETECTORS_STOPPED: (D.SENSOR_STOPPED,),
    FaultKind.WORKER_DEAD: _QUEUE,
    FaultKind.WORKERS_GONE: _QUEUE,
    FaultKind.WORKER_QUARANTINED: _QUEUE,
    FaultKind.BREAKER_OPEN: _READING,
    FaultKind.FOLDER_UNREAD: (D.NO_DATA, D.SERVICE_DOWN),
    FaultKind.SHEET_UNREADABLE: (D.SERVICE_DOWN,),
    FaultKind.QUEUE_STALLED: _QUEUE,
    FaultKind.RENDERS_HANG: _QUEUE,
    FaultKind.INVERSION: (D.PENDING_TOO_LONG,),
    FaultKind.ERRORS: _QUEUE,
    FaultKind.ERRORS_BURN: _QUEUE,
    FaultKind.TEMPLATE_FAILS: _QUEUE,
    FaultKind.SLOW_RENDERS: _QUEUE,
    FaultKind.GRAPHICS_FAIL: (D.ERROR_RATE,),
    FaultKind.RUN_HANGS: (D.SOURCE_STALE,),
    FaultKind.RUN_QUEUED: (D.SOURCE_STALE,),
}
"""The anomalies that are true too while it lasts, or while what it left is worked off."""

Draw = Callable[[random.Random, Plan], Fault | None]


def _lasting(kind: FaultKind, least: float, most: float, targets: Sequence[str] = ("",)) -> Draw:
    """Return how to draw a fault of at least and at most so many minutes, at any time."""

    def draw(chance: random.Random, plan: Plan) -> Fault:
        # Short ones are as frequent as long ones.
        minutes = least * (most / least) ** chance.random()
        begins = chance.uniform(20 * MINUTE, plan.seconds - (minutes + 5) * MINUTE)
        return Fault(kind=kind, begins=begins, ends=begins + minutes * MINUTE, target=chance.choice([*targets]))

    return draw


def find_busy(plan: Plan, before: float = 0.0) -> list[tuple[float, float]]:
    """Return the stretches in which hands come, without the first seconds ``before``."""
    spans = []
    for show in plan.shows:
        ends = [each[0] for each in show.breaks] + [show.last_hand]
        begins = [show.first_hand] + [each[1] for each in show.breaks]
        spans += [(a + before, b) for a, b in zip(begins, ends, strict=True) if b - a > before]
    return spans


def is_large(plan: Plan) -> bool:
    """Return whether the day has graphics enough for rates to mean something."""
    return plan.instructions >= 1_000 and bool(plan.shows)


def _during_show(kind: FaultKind, least: float, most: float, sizes: tuple[float, float]) -> Draw:
    """Return how to draw a fault that begins while graphics are asked for, of a size between the two."""

    def draw(chance: random.Random, plan: Plan) -> Fault | None:
        spans = find_busy(plan)
        if not spans or not is_large(plan):
            return None
        first, last = chance.choice(spans)
        begins = chance.uniform(first, max(first, last - 30 * MINUTE))
        minutes = least * (most / least) ** chance.random()
        ends = min(begins + minutes * MINUTE, plan.seconds)
        if ends - begins < least * MINUTE:
            return None
        return Fault(kind=kind, begins=begins, ends=ends, size=chance.uniform(*sizes))

    return draw


def _no_hands(chance: random.Random, plan: Plan) -> Fault | None:
    """Let a show begin without hands: the table's computer is off, or writes elsewhere."""
    if not plan.shows:
        return None
    show = chance.choice(plan.shows)
    minutes = chance.uniform(70, max(80, (show.ends - show.begins) / MINUTE))
    return Fault(kind=FaultKind.NO_HANDS, begins=show.begins, ends=min(show.begins + minutes * MINUTE, show.ends))


def _hands_stop(chance: random.Random, plan: Plan) -> Fault | None:
    """Let the hands of a show stop for longer than any dinner break."""
    if not plan.shows:
        return None
    show = chance.choice(plan.shows)
    least = 150 * MINUTE
    if show.last_hand - show.first_hand < least + HOUR:
        return None
    begins = chance.uniform(show.first_hand + 20 * MINUTE, show.last_hand - least)
    ends = chance.uniform(begins + least, show.ends)
    return Fault(kind=FaultKind.HANDS_STOP, begins=begins, ends=ends)


def _with_target(draw: Draw, choose: Callable[[random.Random, Plan], str | None]) -> Draw:
    """Return how to draw the fault of one of the plan's own things."""

    def draw_one(chance: random.Random, plan: Plan) -> Fault | None:
        fault, target = draw(chance, plan), choose(chance, plan)
        if fault is None or target is None:
            return None
        return Fault(kind=fault.kind, begins=fault.begins, ends=fault.ends, size=fault.size, target=target)

    return draw_one


def _choose_source(kind: str) -> Callable[[random.Random, Plan], str]:
    return lambda chance, plan: chance.choice([each.name for each in plan.sources if each.kind == kind])


def _choose_worker(chance: random.Random, plan: Plan) -> str:
    return chance.choice([each.name for each in plan.workers])


def _choose_template(chance: random.Random, plan: Plan) -> str:
    return chance.choice([each.name for each in plan.templates if each.weight >= 0.15])


def _has_farm(chance: random.Random, plan: Plan) -> str | None:
    return "nexrender" if any("nexrender" in each.renderers for each in plan.workers) else None


def _library_unscanned(chance: random.Random, plan: Plan) -> Fault | None:
    draw = _lasting(FaultKind.LIBRARY_UNSCANNED, 260, 600)
    return _with_target(draw, _choose_source("library"))(chance, plan)


def _sized(draw: Draw, least: float, most: float) -> Draw:
    def draw_one(chance: random.Random, plan: Plan) -> Fault | None:
        fault = draw(chance, plan)
        if fault is None:
            return None
        size = least * (most / least) ** chance.random()
        return Fault(kind=fault.kind, begins=fault.begins, ends=fault.ends, size=size, target=fault.target)

    return draw_one


K = FaultKind
DRAWS: dict[FaultKind, Draw] = {
    K.DATABASE_AWAY: _lasting(K.DATABASE_AWAY, 1, 60),
    K.DISK_FILLING: _sized(_lasting(K.DISK_FILLING, 30, 400), 0.02, 0.9),
    K.CLOCK_STEP: _sized(_lasting(K.CLOCK_STEP, 10, 600), 3, 600),
    K.CLOCK_DRIFT: _sized(_lasting(K.CLOCK_DRIFT, 60, 600), 6, 60),
    K.ROOT_AWAY: _with_target(_lasting(K.ROOT_AWAY, 2.5, 400), lambda chance, plan: chance.choice(plan.roots)),
    K.ROOT_FLAPS: _with_target(_lasting(K.ROOT_FLAPS, 40, 200), lambda chance, plan: chance.choice(plan.roots)),
    K.FARM_DOWN: _with_target(_lasting(K.FARM_DOWN, 4, 200), _has_farm),
    K.GOOGLE_DOWN: _lasting(K.GOOGLE_DOWN, 8, 200, ("sheets",)),
    K.CHANNEL_DOWN: _lasting(K.CHANNEL_DOWN, 5, 300, ("alert channels",)),
    K.OUTPUTS_UNWRITABLE: _lasting(K.OUTPUTS_UNWRITABLE, 5, 120, ("outputs",)),
    K.MEMORY_SHORT: _lasting(K.MEMORY_SHORT, 5, 200, ("memory",)),
    K.DAEMON_STOPPED: _lasting(K.DAEMON_STOPPED, 5, 400),
    K.SENSOR_SILENT: _lasting(K.SENSOR_SILENT, 10, 400, SENSORS),
    K.SENSOR_FAILING: _lasting(K.SENSOR_FAILING, 8, 400, SENSORS),
    K.SENSOR_OFF: _lasting(K.SENSOR_OFF, 10, 400, SENSORS),
    K.WATCHER_GONE: _lasting(K.WATCHER_GONE, 4, 300),
    K.WATCHER_HUNG: _lasting(K.WATCHER_HUNG, 6, 300),
    K.DETECTORS_STOPPED: _lasting(K.DETECTORS_STOPPED, 6, 300, ("sensor", "watcher")),
    K.WORKER_DEAD: _with_target(_during_show(K.WORKER_DEAD, 2.5, 200, (1, 1)), _choose_worker),
    K.WORKERS_GONE: _during_show(K.WORKERS_GONE, 12, 150, (1, 1)),
    K.WORKER_QUARANTINED: _with_target(_lasting(K.WORKER_QUARANTINED, 5, 300), _choose_worker),
    K.BREAKER_OPEN: _lasting(K.BREAKER_OPEN, 3, 120, ("sheets", "drive", "nexrender", "channel:slack")),
    K.SHEET_UNREADABLE: _with_target(_lasting(K.SHEET_UNREADABLE, 30, 500), _choose_source("sheet")),
    K.LIBRARY_UNSCANNED: _library_unscanned,
    K.FOLDER_UNREAD: _with_target(_during_show(K.FOLDER_UNREAD, 20, 200, (1, 1)), _choose_source("drop folder")),
    K.NO_HANDS: _no_hands,
    K.HANDS_STOP: _hands_stop,
    K.ORPHANS: _during_show(K.ORPHANS, 30, 240, (0.1, 1)),
    K.QUEUE_STALLED: _during_show(K.QUEUE_STALLED, 36, 200, (1, 1)),
    K.RENDERS_HANG: _sized(_during_show(K.RENDERS_HANG, 25, 200, (1, 1)), 1, 6),
    K.INVERSION: _sized(_during_show(K.INVERSION, 12, 90, (1, 1)), 60, 150),
    K.ERRORS: _sized(_during_show(K.ERRORS, 50, 200, (1, 1)), 0.11, 1),
    K.ERRORS_BURN: _sized(_during_show(K.ERRORS_BURN, 120, 240, (1, 1)), 0.2, 0.9),
    K.TEMPLATE_FAILS: _sized(_with_target(_during_show(K.TEMPLATE_FAILS, 30, 200, (1, 1)), _choose_template), 0.5, 1),
    K.SLOW_RENDERS: _during_show(K.SLOW_RENDERS, 90, 200, (0.15, 0.45)),
    K.GRAPHICS_FAIL: _sized(_during_show(K.GRAPHICS_FAIL, 20, 200, (1, 1)), 1, 12),
    K.EVENTS_PARKED: _sized(_lasting(K.EVENTS_PARKED, 5, 300), 1, 40),
    K.RUN_HANGS: _lasting(K.RUN_HANGS, 75, 400, ("sheets_sync", "nas_changes", "full_sync")),
    K.RUN_QUEUED: _lasting(K.RUN_QUEUED, 45, 300, ("sheets_sync", "nas_changes")),
}

OF_SHOWS = frozenset(
    {
        K.WORKER_DEAD,
        K.WORKERS_GONE,
        K.FOLDER_UNREAD,
        K.NO_HANDS,
        K.HANDS_STOP,
        K.ORPHANS,
        K.QUEUE_STALLED,
        K.RENDERS_HANG,
        K.INVERSION,
        K.ERRORS,
        K.ERRORS_BURN,
        K.TEMPLATE_FAILS,
        K.SLOW_RENDERS,
        K.GRAPHICS_FAIL,
    }
)
"""Kinds that need a show."""

WITHOUT_HANDS = frozenset({K.NO_HANDS, K.HANDS_STOP})

OF_SHOWS_FIRST = 0.6

GAP = 80 * MINUTE
"""Between two faults of a day: as long as what the first left in the figures of an hour is seen."""


def draw_faults(seed: int, plan: Plan, count: int, *, may_meet: bool) -> tuple[Fault, ...]:
    """Return so many faults of the day or fewer; where they ``may_meet`` they may overlap."""
    chance = random.Random(f"faults {seed}")
    kinds = chance.sample([*FaultKind], len(FaultKind))
    # What needs a show is drawn first where there is one, so that it is not rarer than the rest.
    kinds.sort(key=lambda each: is_large(plan) and each not in OF_SHOWS and chance.random() < OF_SHOWS_FIRST)
    faults: list[Fault] = []
    for kind in kinds:
        fault = next((each for _ in range(8) if (each := _draw_apart(chance, plan, kind, faults, may_meet))), None)
        if fault is not None:
            faults.append(fault)
        if len(faults) == count:
            break
    return tuple(sorted(faults, key=lambda each: each.begins))


def _draw_apart(
    chance: random.Random, plan: Plan, kind: FaultKind, faults: Sequence[Fault], may_meet: bool
) -> Fault | None:
    fault = DRAWS[kind](chance, plan)
    if fault is None or fault.ends > plan.seconds:
        return None
    if may_meet:
        return None if any(_touch(fault, each, 0.0) and _hides(fault, each) for each in faults) else fault
    return None if any(_touch(fault, each, GAP) for each in faults) else fault


def _hides(one: Fault, other: Fault) -> bool:
    """Return whether nothing is left to be seen of one while the other lasts: no data, or no graphics to be made."""
    kinds = {one.kind, other.kind}
    return FaultKind.DATABASE_AWAY in kinds or bool(kinds & WITHOUT_HANDS and kinds & OF_SHOWS - WITHOUT_HANDS)


def _touch(one: Fault, other: Fault, gap: float) -> bool:
    return one.begins < other.ends + gap and other.begins < one.ends + gap
