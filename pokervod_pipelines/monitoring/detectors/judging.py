"""Let every detector judge the facts of one moment, and keep back what has not lasted long enough; pure."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from pokervod_pipelines.monitoring.detectors.components import FAILING
from pokervod_pipelines.monitoring.detectors.facts import Facts
from pokervod_pipelines.monitoring.detectors.flowing import WAITING
from pokervod_pipelines.monitoring.detectors.history import Found, History, Judgement
from pokervod_pipelines.monitoring.detectors.registry import DETECTORS, find_detector
from pokervod_pipelines.monitoring.incidents.shape import Finding, Look, LookState
from pokervod_pipelines.settings.detectors import SensorSettings
from pokervod_pipelines.settings.monitoring import MonitoringSettings

REMEMBERED = timedelta(minutes=5)
"""What is not found for so long begins anew when it is found again; a look that is missed in between does no harm.

What comes and goes lasts where it is found often enough: two short failures apart are not one long one.
"""

OFTEN = 3
"""What is not found at each look has to be found so often, and at more than three of four looks."""

FLAPPING = 4
"""What comes back so often is an incident, however short each time; it lasts until it stays away."""

WAITING_SECONDS = 180.0
"""Old files that were just copied into a folder are read within this time."""


def judge(facts: Facts, rules: MonitoringSettings, history: History) -> Judgement:
    """Return how each detector looked at the facts, and what to remember for the next look.

    A finding that has not lasted for its ``for_seconds`` is kept back; what a person holds is never found.
    """
    looks: list[Look] = []
    found: dict[str, Found] = {}
    for rule in DETECTORS:
        look = rule.look(facts, rules, history)
        seen = [_remember(each, rules, history, facts) for each in look.findings if each.subject not in facts.held]
        found |= {each.finding.key: each for each in seen}
        looks.append(_hold_flapping(_keep_back(look, seen), history, facts))
    kept = {each.detector for each in looks if each.state in {LookState.LEARNING, LookState.UNREADABLE}}
    found |= {
        key: before if before.finding.detector in kept else replace(before, missed=before.missed + 1, is_away=True)
        for key, before in history.found.items()
        if key not in found and _is_kept(before, facts, kept)
    }
    first = history.first_look_at or facts.now
    return Judgement(looks=tuple(looks), history=History(first_look_at=first, last_look_at=facts.now, found=found))


def _remember(finding: Finding, rules: MonitoringSettings, history: History, facts: Facts) -> Found:
    """Return since when it is found, and whether that is long enough."""
    before = history.found.get(finding.key)
    if before is None or _is_over(before, facts):
        before = Found(finding=finding, first_at=facts.now, last_at=facts.now, is_open=False, times=0)
    times, lasted = before.times + 1, (facts.now - before.first_at).total_seconds()
    returns = before.returns + before.is_away
    is_steady = not before.missed or returns >= FLAPPING or (times >= OFTEN and times > OFTEN * before.missed)
    return replace(
        before,
        finding=finding,
        last_at=facts.now,
        times=times,
        returns=returns,
        is_away=False,
        is_open=before.is_open or (is_steady and lasted >= _find_wait(finding, rules)),
    )


def _is_over(before: Found, facts: Facts) -> bool:
    """Return whether what was found before has ended since; an incident that nobody could look at has not."""
    return facts.now - before.last_at > REMEMBERED and (before.is_away or not before.is_open)


def _hold_flapping(look: Look, history: History, facts: Facts) -> Look:
    """Return the look with what comes and goes, and is away only now, so that it does not close and open each time."""
    if look.state is not LookState.JUDGED:
        return look
    seen = {each.key for each in look.findings}
    away = [
        each.finding
        for key, each in history.found.items()
        if each.is_open and each.returns >= FLAPPING and each.finding.detector == look.detector
        if key not in seen and facts.now - each.last_at <= REMEMBERED and each.finding.subject not in facts.held
    ]
    return replace(look, findings=(*look.findings, *away)) if away else look


def _find_wait(finding: Finding, rules: MonitoringSettings) -> float:
    """Return how long it has to last before it is an incident."""
    rule = find_detector(finding.detector)
    if rule is None:
        return 0.0
    limits = rule.find_settings(rules)
    if finding.variant == FAILING and isinstance(limits, SensorSettings):
        return max(limits.for_seconds, limits.failing_seconds)
    return max(limits.for_seconds, WAITING_SECONDS) if finding.variant == WAITING else limits.for_seconds


def _keep_back(look: Look, seen: Sequence[Found]) -> Look:
    """Return the look with the findings that have lasted; of the others it says that they are observed."""
    if len(seen) == len(look.findings) and all(each.is_open for each in seen):
        return look
    findings = tuple(each.finding for each in seen if each.is_open)
    return replace(look, findings=findings, summary="; ".join(_describe(look, seen)))


def _describe(look: Look, seen: Sequence[Found]) -> Iterator[str]:
    held = len(look.findings) - len(seen)
    yield from (each.finding.summary for each in seen if each.is_open)
    yield from (f"observed, not for long enough yet: {each.finding.summary}" for each in seen if not each.is_open)
    if held:
        yield f"{held} not counted, since a person holds them"


def _is_kept(before: Found, facts: Facts, kept: set[str]) -> bool:
    """Return whether to remember what was not found now: for a while, or until its detector can judge again."""
    return before.finding.detector in kept or facts.now - before.last_at <= REMEMBERED
