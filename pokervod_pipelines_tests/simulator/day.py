"""Let the real detectors look at a simulated day, and hold what they told against what was injected."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pokervod_pipelines.monitoring.detectors.history import History
from pokervod_pipelines.monitoring.detectors.judging import judge
from pokervod_pipelines.monitoring.detectors.names import Detector
from pokervod_pipelines.settings.monitoring import MonitoringSettings
from pokervod_pipelines_tests.simulator.faults import EFFECTS, TELLS, Fault, FaultKind, draw_faults
from pokervod_pipelines_tests.simulator.jobs import Instruction
from pokervod_pipelines_tests.simulator.keeping import Alarm, Keeper
from pokervod_pipelines_tests.simulator.plan import HOUR, MINUTE, Character, Plan, draw_plan
from pokervod_pipelines_tests.simulator.world import World

AFTERMATH = 80 * MINUTE
"""So long what a fault left is seen in the figures of an hour, and in a queue that is worked off."""

BACKLOG = 150 * MINUTE
"""So long after a fault instructions may be old that waited for its end."""

RETURN = 10 * MINUTE
"""So long after a fault it may take until everything else is well again."""

FEWEST, LARGEST_SHARE = 20, 0.1
"""What the issue asks for: a share above it, of no fewer jobs than a share means something for."""

_OF_RENDERS = frozenset(
    {
        Detector.PENDING_TOO_LONG,
        Detector.PROCESSING_TOO_LONG,
        Detector.ERROR_RATE,
        Detector.THROUGHPUT_DROPPED,
        Detector.GRAPHIC_FAILED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """Hold a fault and how long it took until it was told, None where it never was."""

    fault: Fault
    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseAlarm:
    """Hold an alarm that nothing of the day explains."""

    seed: int
    character: Character
    detector: str
    at: float
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DayResult:
    """Hold what became of a day; ``extra`` are alarms beyond the first of each fault, true but told apart."""

    seed: int
    character: Character
    detections: tuple[Detection, ...]
    alarms: int
    extra: tuple[tuple[FaultKind, str], ...]
    false: tuple[FalseAlarm, ...]
    by_detector: tuple[tuple[str, int], ...]
    injected: int

    @property
    def is_healthy(self) -> bool:
        """Return whether nothing was injected."""
        return not self.injected


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOrder:
    """Ask for a day: how many faults it has at most, and whether they may overlap."""

    seed: int
    character: Character
    faults: int = 0
    may_meet: bool = False


def run_day(order: DayOrder, settings: MonitoringSettings | None = None) -> DayResult:
    """Simulate the day, look at it every 30 seconds, and score."""
    settings = settings or MonitoringSettings()
    plan = draw_plan(order.seed, order.character)
    faults = draw_faults(order.seed, plan, order.faults, may_meet=order.may_meet) if order.faults else ()
    world = World(plan, faults, settings)
    return score(world, watch(world, settings))


def watch(world: World, settings: MonitoringSettings) -> Keeper:
    """Return the incidents of the day."""
    keeper, history, away = Keeper(settings.incidents), History(), History()
    for _, facts in world.look():
        if facts.database.away_since is not None:
            # Nothing can be recorded but in a file.
            away = judge(facts, settings, away).history
            continue
        for each in away.found.values():
            if each.is_open and each.finding.detector == Detector.DATABASE_AWAY:
                keeper.record_outage(each.finding, facts.now)
        judged = judge(facts, settings, history)
        history, away = judged.history, History()
        keeper.record(judged.looks, facts.now)
    return keeper


def score(world: World, keeper: Keeper) -> DayResult:
    """Return what was detected of the faults that took effect, and which alarms were false."""
    plan, faults = world.plan, world.faults
    told = [alarm for alarm in keeper.alarms if not _is_muted(plan, alarm)]
    explained = [(alarm, _find_fault(plan, faults, alarm)) for alarm in told]
    seen: set[Fault] = set()
    extra, false, counts = [], [], dict[str, int]()
    for alarm, fault in explained:
        detector = alarm.finding.detector
        counts[detector] = counts.get(detector, 0) + 1
        if fault is None:
            at = (alarm.at - plan.begins_at).total_seconds()
            said = f"{alarm.key}: {alarm.finding.summary}"
            false.append(FalseAlarm(seed=plan.seed, character=plan.character, detector=detector, at=at, told=said))
        elif fault in seen:
            extra.append((fault.kind, alarm.key))
        if fault is not None:
            seen.add(fault)
    return DayResult(
        seed=plan.seed,
        character=plan.character,
        detections=tuple(
            Detection(fault=each, seconds=_measure(plan, each, keeper))
            for each in faults
            if took_effect(each, world.floor.log)
        ),
        alarms=len(told),
        extra=tuple(extra),
        false=tuple(false),
        by_detector=tuple(sorted(counts.items())),
        injected=len(faults),
    )


def took_effect(fault: Fault, log: Sequence[tuple[float, str, Instruction]]) -> bool:
    """Return whether what was injected into the graphics was as bad, by what became of them, as the issue says.

    More than 10 % of 20 or more of an hour failed; or fewer than half of those of the hour before were made.
    """
    ended = [(at, what) for at, what, _ in log if what != "started" and at > fault.begins - 2 * HOUR]
    hours = [fault.begins + step * 10 * MINUTE for step in range(1, 60) if fault.begins + step * 600 <= fault.ends]
    if fault.kind in {FaultKind.ERRORS, FaultKind.ERRORS_BURN}:
        shares = [_count(ended, at) for at in hours]
        return any(of >= FEWEST and bad > of * LARGEST_SHARE for of, bad in shares)
    if fault.kind is FaultKind.SLOW_RENDERS:
        made = [(_count(ended, at), _count(ended, at - HOUR)) for at in hours if at >= fault.begins + 45 * MINUTE]
        return any(then - bad >= FEWEST and now < (then - bad) / 2 for (now, _), (then, bad) in made)
    return True


def _count(ended: Sequence[tuple[float, str]], until: float) -> tuple[int, int]:
    """Return how many ended in the hour until then, and how many of these failed."""
    found = [what for at, what in ended if until - HOUR < at <= until]
    return len(found), sum(what != "completed" for what in found)


def _is_muted(plan: Plan, alarm: Alarm) -> bool:
    """Return whether a maintenance window of its subject mutes the alarm."""
    at, subject = (alarm.at - plan.begins_at).total_seconds(), str(alarm.finding.subject)
    return any(each.name == subject and each.covers(at) for each in plan.maintenance)


def _measure(plan: Plan, fault: Fault, keeper: Keeper) -> float | None:
    """Return how long after it began the first anomaly was open that says what it is."""
    began, ended = plan.moment(fault.begins), plan.moment(fault.ends)
    if fault.kind is FaultKind.DATABASE_AWAY:
        # What was away is told once it is back.
        ended = plan.moment(fault.ends + 2 * MINUTE)
    opened = [
        since
        for each in keeper.incidents.values()
        if tells(fault, each.finding.detector, each.key)
        for since, until in each.spans
        if since <= ended and (until is None or until > began)
    ]
    return max(0.0, (min(opened) - began).total_seconds()) if opened else None


def tells(fault: Fault, detector: str, key: str) -> bool:
    """Return whether an anomaly of this key says what the fault is."""
    known: Iterable[str] = TELLS[fault.kind]
    if fault.target == "anomalies":
        known = (*known, Detector.DETECTORS_STOPPED)
    if detector not in known:
        return False
    is_named = fault.kind is FaultKind.TEMPLATE_FAILS or detector == Detector.DETECTORS_STOPPED
    return is_named or fault.target.lower() in key.lower()


def _find_fault(plan: Plan, faults: tuple[Fault, ...], alarm: Alarm) -> Fault | None:
    """Return the fault that the alarm tells of, or that it is an effect of."""
    at = (alarm.at - plan.begins_at).total_seconds()
    detector = alarm.finding.detector
    lasts = AFTERMATH if detector in _OF_RENDERS else RETURN
    lasts = BACKLOG if detector == Detector.PENDING_TOO_LONG else lasts
    lasting = [each for each in faults if each.begins <= at <= each.ends + lasts]
    own = next((each for each in lasting if tells(each, detector, alarm.key)), None)
    return own or next((each for each in lasting if detector in EFFECTS.get(each.kind, ())), None)
