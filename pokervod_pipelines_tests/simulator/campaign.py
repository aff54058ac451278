"""Run many simulated days side by side, and count what was detected by kind of fault and by detector."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from pokervod_pipelines.monitoring.detectors.names import Detector
from pokervod_pipelines.monitoring.detectors.simulated import SimulatedDays, SimulatedScore
from pokervod_pipelines_tests.simulator.day import DayOrder, DayResult, Detection, run_day
from pokervod_pipelines_tests.simulator.faults import TELLS, FaultKind
from pokervod_pipelines_tests.simulator.plan import Character

TUNED_WITH = range(1, 700)
"""The seeds that the detectors and their thresholds were corrected with."""

TESTED_WITH = range(20_001, 20_217)
"""The seeds of the figures, which nobody had looked at before."""

FAULTS_A_DAY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class KindScore:
    """Count the faults of a kind, and how long it took until they were told; ``told`` are the alarms they made."""

    kind: FaultKind
    injected: int
    seconds: tuple[float, ...]
    told: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """Hold the results of many days."""

    seeds: range
    days: tuple[DayResult, ...]

    @property
    def detections(self) -> list[Detection]:
        """Return all faults."""
        return [found for day in self.days for found in day.detections]

    @property
    def alarms(self) -> int:
        """Count what people were told."""
        return sum(day.alarms for day in self.days)

    @property
    def false(self) -> int:
        """Count the alarms that nothing explains."""
        return sum(len(day.false) for day in self.days)

    @property
    def quiet(self) -> list[DayResult]:
        """Return the days into which nothing was injected."""
        return [day for day in self.days if day.is_healthy]

    def score_kinds(self) -> Iterator[KindScore]:
        """Yield the score of each kind that was injected."""
        by_kind: dict[FaultKind, list[Detection]] = defaultdict(list)
        for each in self.detections:
            by_kind[each.fault.kind].append(each)
        extra = Counter(kind for day in self.days for kind, _ in day.extra)
        for kind in FaultKind:
            seconds = sorted(each.seconds for each in by_kind[kind] if each.seconds is not None)
            told = len(seconds) + extra[kind]
            yield KindScore(kind=kind, injected=len(by_kind[kind]), seconds=tuple(seconds), told=told)

    def score_detectors(self) -> SimulatedDays:
        """Return the figures that the package keeps."""
        alarms: Counter[str] = Counter()
        for day in self.days:
            alarms.update(dict(day.by_detector))
        false = Counter(each.detector for day in self.days for each in day.false)
        by_detector: dict[str, list[Detection]] = defaultdict(list)
        for each in self.detections:
            by_detector[TELLS[each.fault.kind][0]].append(each)
        scores = {
            str(name): _make_score(by_detector[name], alarms[name], false[name])
            for name in Detector
            if by_detector[name] or alarms[name]
        }
        quiet = self.quiet
        return SimulatedDays(
            days=len(self.days),
            quiet_days=len(quiet),
            first_seed=self.seeds[0],
            last_seed=self.seeds[-1],
            false_on_quiet_days=sum(len(day.false) for day in quiet),
            detectors=scores,
        )


def _make_score(detections: Sequence[Detection], alarms: int, false: int) -> SimulatedScore:
    seconds = sorted(each.seconds for each in detections if each.seconds is not None)
    return SimulatedScore(
        injected=len(detections),
        detected=len(seconds),
        median_seconds=find_rank(seconds, 0.5),
        p95_seconds=find_rank(seconds, 0.95),
        alarms=alarms,
        false=false,
    )


def find_rank(ordered: Sequence[float], share: float) -> float | None:
    """Return the value below which that share of the ordered values is, to the second; None of none."""
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))]) if ordered else None


def order_days(seeds: Iterable[int]) -> Iterator[DayOrder]:
    """Yield a day a seed: each third without a fault, each sixth with faults that may meet, of every character."""
    characters = [*Character]
    for number, seed in enumerate(seeds):
        is_quiet, may_meet = number % 3 == 0, number % 6 == 1
        character = characters[number % len(characters)]
        faults = 0 if is_quiet else FAULTS_A_DAY
        yield DayOrder(seed=seed, character=character, faults=faults, may_meet=may_meet)


def run_days(seeds: range, *, processes: int) -> Campaign:
    """Return the results of the days with these seeds."""
    with ProcessPoolExecutor(processes) as pool:
        return Campaign(seeds=seeds, days=tuple(pool.map(run_day, order_days(seeds))))
