"""Detect what is wrong with machines and services: disks, clocks, archive roots, what health sees, breakers; pure."""

from collections.abc import Iterator, Sequence

from pokervod_pipelines.alerts.alert import AlertSeverity
from pokervod_pipelines.monitoring.detectors.facts import DiskFacts, Facts, ServiceBreaker, ServiceFacts, Unread
from pokervod_pipelines.monitoring.detectors.history import History
from pokervod_pipelines.monitoring.detectors.looking import (
    count,
    judged,
    learning,
    make_finding,
    name_disk,
    require,
    show_seconds,
)
from pokervod_pipelines.monitoring.detectors.names import Detector
from pokervod_pipelines.monitoring.incidents.shape import Finding, Look, Subject, SubjectKind, make_key
from pokervod_pipelines.settings.monitoring import MonitoringSettings

GIGABYTE = 1e9

OVER_FACTOR = 1.1
"""A disk is well again once it has a tenth more free than the limit, so that it does not open and close."""

UNDER_FACTOR = 0.8
"""Clocks agree again below so large a part of the limit."""

BAD = frozenset({"degraded", "unhealthy"})

ROOT = "root "

OTHERS = frozenset(
    {
        "database",
        "Dagster's database",
        "Dagster's daemon",
        "sensors",
        "watcher",
        "render workers",
        "disk",
        "clock",
        "workflows",
    }
)
"""Services that have a detector of their own; of workflows ``run_failures`` tells each cause."""

ADVICE = {
    "outputs": "mount the share, or free some space; `pokervod render accept-folder` where it is another one",
    "sheets": "mount the share, or correct the path in the settings; `pokervod health` names each sheet",
    "drop folders": "mount the share, or correct `hands.drop_folders` and `tournaments.export_folders`",
    "nexrender": "check the server and the way to it; `pokervod breakers list` shows when it is called again",
    "alert channels": "`pokervod breakers list` shows why; `pokervod alerts test` sends one",
    "memory": "end programs that need much memory, or add some",
}


def look_at_disks(facts: Facts, rules: MonitoringSettings, history: History) -> Look:
    """Find disks with less free space than the settings allow."""
    disks = require(facts.disks)
    findings = [found for each in disks if (found := _judge_disk(each, facts.host, rules, history))]
    least = min((each.free_bytes for each in disks), default=0)
    told = f"{count(len(disks), 'disk')}, the fullest has {least / GIGABYTE:.1f} GB free"
    return judged(Detector.DISK_FULL, len(disks), told, findings)


def _judge_disk(disk: DiskFacts, host: str, rules: MonitoringSettings, history: History) -> Finding | None:
    subject = name_disk(disk.name, host)
    is_open = history.is_open(make_key(Detector.DISK_FULL, subject))
    low = rules.low_disk_bytes * (OVER_FACTOR if is_open else 1.0)
    if disk.free_bytes >= low:
        return None
    is_full = disk.free_bytes < rules.full_disk_bytes
    limit = rules.full_disk_bytes if is_full else rules.low_disk_bytes
    return Finding(
        detector=Detector.DISK_FULL,
        subject=subject,
        severity=AlertSeverity.CRITICAL if is_full else AlertSeverity.WARNING,
        summary=f"{disk.path} has {disk.free_bytes / GIGABYTE:.1f} of {disk.total_bytes / GIGABYTE:,.0f} GB free, "
        f"{limit / GIGABYTE:g} GB are needed",
        advice="free some space: the database and the graphics need it; `pokervod metrics` shows all disks",
        figures={"free_bytes": disk.free_bytes, "total_bytes": disk.total_bytes},
    )


def look_at_clocks(facts: Facts, rules: MonitoringSettings, history: History) -> Look:
    """Find that the clocks of the database and of this machine differ by more than the question took."""
    clock, name = require(facts.clock), Detector.CLOCK_SKEW
    subject = Subject(kind=SubjectKind.MACHINE, name=facts.host or "this machine")
    limit = rules.clock_seconds * (UNDER_FACTOR if history.is_open(make_key(name, subject)) else 1.0)
    offset = abs(clock.offset_seconds)
    if offset - clock.error_seconds <= limit:
        return judged(name, 1, f"{offset * 1000:.0f} ms between the database and this machine")
    words = "ahead of" if clock.offset_seconds > 0 else "behind"
    finding = Finding(
        detector=name,
        subject=subject,
        severity=AlertSeverity.WARNING,
        summary=f"the database's clock is {offset:.1f} s {words} that of {subject.name}, "
        f"{rules.clock_seconds:g} s are allowed",
        advice="synchronize both machines by NTP: leases and time limits go by these clocks",
        figures={"offset_seconds": round(clock.offset_seconds, 3)},
    )
    return judged(name, 1, "", [finding])


def look_at_roots(facts: Facts, _: MonitoringSettings, __: History) -> Look:
    """Find archive roots that cannot be read, by what health saw last."""
    return _judge_services(
        Detector.ROOT_AWAY,
        [each for each in require(facts.services) if each.name.startswith(ROOT)],
        facts,
        "health has looked at no archive root yet",
    )


def look_at_services(facts: Facts, _: MonitoringSettings, __: History) -> Look:
    """Find other services that are not well, by what health saw last."""
    others = [each for each in require(facts.services) if each.name not in OTHERS and not each.name.startswith(ROOT)]
    return _judge_services(Detector.SERVICE_DOWN, others, facts, "health has looked at no service yet")


def _judge_services(name: Detector, services: Sequence[ServiceFacts], facts: Facts, nothing: str) -> Look:
    if not services:
        return learning(name, 0, nothing)
    known = {each.name for each in services}
    told = f"{count(len(known), 'service')}, none is unwell"
    return judged(name, len(known), told, _report_services(name, services, facts))


def _report_services(name: Detector, services: Sequence[ServiceFacts], facts: Facts) -> Iterator[Finding]:
    """Yield one finding for each service, whichever machines see it so."""
    bad: dict[str, list[ServiceFacts]] = {}
    for each in services:
        if each.state in BAD:
            bad.setdefault(each.name, []).append(each)
    for service, seen in sorted(bad.items()):
        worst = max(seen, key=lambda each: (each.state == "unhealthy", -each.since.timestamp()))
        hosts = sorted({each.host for each in seen if each.host})
        of = f" (seen by {', '.join(hosts)})" if len(hosts) > 1 else ""
        is_root = name is Detector.ROOT_AWAY
        subject = (
            Subject(kind=SubjectKind.ROOT, name=service.removeprefix(ROOT))
            if is_root
            else Subject(kind=SubjectKind.SERVICE, name=service)
        )
        yield Finding(
            detector=name,
            subject=subject,
            severity=_rank(service, worst, is_root=is_root),
            summary=f"{service}: {worst.state} for {show_seconds((facts.now - worst.since).total_seconds())}: "
            f"{worst.summary}{of}",
            advice="mount it again; `pokervod health` looks now"
            if is_root
            else ADVICE.get(service, "`pokervod health`"),
            figures={"state": worst.state, "hosts": hosts},
            explained_by=() if is_root else (*_list_roots(seen), *_list_breakers(worst, facts)),
        )


def _list_roots(seen: Sequence[ServiceFacts]) -> Iterator[str]:
    """Yield the keys of the archive roots that the service lies on, as each machine that misses it says."""
    if all(each.roots for each in seen):
        for root in sorted({root for each in seen for root in each.roots}):
            yield make_key(Detector.ROOT_AWAY, Subject(kind=SubjectKind.ROOT, name=root))


def _list_breakers(service: ServiceFacts, facts: Facts) -> Iterator[str]:
    """Yield the keys of the breakers that opened before the service was not well: each is told once, the first."""
    for each in () if isinstance(facts.breakers, Unread) else facts.breakers:
        if each.opened_at is not None and _is_behind(service, each) and each.opened_at <= service.since:
            yield make_key(Detector.BREAKER_OPEN, Subject(kind=SubjectKind.SERVICE, name=each.name))


def _list_services(breaker: ServiceBreaker, facts: Facts, history: History) -> Iterator[str]:
    """Yield the keys of the services that were not well before the breaker opened, also of those just well again."""
    for key, found in history.found.items():
        is_first = breaker.opened_at is not None and found.first_at < breaker.opened_at
        is_service = found.finding.detector == Detector.SERVICE_DOWN
        if is_first and is_service and _is_of(found.finding.subject.name, breaker):
            yield key
    for each in () if isinstance(facts.services, Unread) else facts.services:
        is_first = breaker.opened_at is not None and each.since < breaker.opened_at
        if each.state in BAD and is_first and _is_behind(each, breaker):
            yield make_key(Detector.SERVICE_DOWN, Subject(kind=SubjectKind.SERVICE, name=each.name))


def _is_behind(service: ServiceFacts, breaker: ServiceBreaker) -> bool:
    """Return whether the breaker is that of the service."""
    return _is_of(service.name, breaker)


def _is_of(service: str, breaker: ServiceBreaker) -> bool:
    return breaker.name == service or (service == "alert channels" and breaker.name.startswith("channel:"))


def _rank(service: str, worst: ServiceFacts, *, is_root: bool) -> AlertSeverity:
    if worst.state == "unhealthy":
        return AlertSeverity.CRITICAL
    return AlertSeverity.ERROR if is_root or service in {"outputs", "drop folders"} else AlertSeverity.WARNING


def look_at_breakers(facts: Facts, _: MonitoringSettings, history: History) -> Look:
    """Find services that are not called any more, since they did not answer."""
    breakers = require(facts.breakers)
    findings = [
        make_finding(
            Detector.BREAKER_OPEN,
            Subject(kind=SubjectKind.SERVICE, name=each.name),
            AlertSeverity.WARNING,
            f"{each.title} has not been called for {show_seconds((facts.now - each.opened_at).total_seconds())}: "
            f"{count(each.failures, 'call')} in a row failed, the last: {each.error}",
            f"correct it; it is tried again by itself, or now: `pokervod breakers reset {each.name} --reason …`",
            explained_by=tuple(_list_services(each, facts, history)),
            failures=each.failures,
        )
        for each in breakers
        if each.opened_at is not None
    ]
    told = f"{count(len(breakers), 'service')} outside, each is called" if breakers else "no service outside is used"
    return judged(Detector.BREAKER_OPEN, len(breakers), told, findings)
