"""Keep incidents of a simulated day in memory, by the rules of ``record_looks``; a test compares the two."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pokervod_pipelines.monitoring.incidents.looks import CLOSING
from pokervod_pipelines.monitoring.incidents.shape import Finding, Look, LookState
from pokervod_pipelines.settings.monitoring import IncidentSettings


@dataclass(slots=True, kw_only=True)
class KeptIncident:
    """Hold an incident: ``spans`` are when it was open, the last without an end while it is."""

    key: str
    finding: Finding
    last_seen_at: datetime
    cause: str | None = None
    spans: list[tuple[datetime, datetime | None]] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Return whether it lasts."""
        return self.spans[-1][1] is None

    @property
    def ended_at(self) -> datetime | None:
        """Return when it was over last."""
        return self.spans[-1][1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Hold a moment at which people are told of an incident that is nothing's effect."""

    at: datetime
    key: str
    finding: Finding


class Keeper:
    """Open, fold and close incidents from looks; ``alarms`` are what people were told."""

    def __init__(self, rules: IncidentSettings) -> None:
        self.rules = rules
        self.incidents: dict[str, KeptIncident] = {}
        self.alarms: list[Alarm] = []

    def record(self, looks: Sequence[Look], now: datetime) -> None:
        """Store what these looks found."""
        findings = _find_gravest(finding for look in looks for finding in look.findings)
        told = {each.key for each in self.incidents.values() if each.is_open and each.cause is None}
        for key, finding in findings.items():
            self._find(key, finding, now)
        self._close({look.detector: look for look in looks if look.state in CLOSING}, findings, now)
        self._fold(findings, now)
        for each in self.incidents.values():
            if each.is_open and each.cause is None and each.key not in told:
                self.alarms.append(Alarm(at=now, key=each.key, finding=each.finding))

    def record_outage(self, finding: Finding, now: datetime) -> None:
        """Store an outage of the database that is over: it is told once the database is back."""
        self._find(finding.key, finding, now)
        self.incidents[finding.key].spans[-1] = (now, now)
        self.alarms.append(Alarm(at=now, key=finding.key, finding=finding))

    def _find(self, key: str, finding: Finding, now: datetime) -> None:
        known = self.incidents.get(key)
        if known is None:
            self.incidents[key] = KeptIncident(key=key, finding=finding, last_seen_at=now, spans=[(now, None)])
            return
        if not known.is_open:
            known.spans.append((now, None))
            known.cause = None
        known.finding, known.last_seen_at = finding, now

    def _close(self, judged: Mapping[str, Look], findings: Mapping[str, Finding], now: datetime) -> None:
        seen_until = now - timedelta(seconds=self.rules.close_after_seconds)
        for each in self.incidents.values():
            look = judged.get(each.finding.detector)
            if look is None or not each.is_open or each.key in findings:
                continue
            if each.last_seen_at <= seen_until or look.state is LookState.OFF:
                each.spans[-1] = (each.spans[-1][0], now)

    def _fold(self, findings: Mapping[str, Finding], now: datetime) -> None:
        latest = now - timedelta(minutes=self.rules.grace_minutes)
        for each in self.incidents.values():
            if each.is_open and each.key in findings:
                each.cause = self._find_cause(each, findings, latest)
        for each in self.incidents.values():
            cause = self.incidents[each.cause] if each.cause else None
            if each.is_open and cause and cause.ended_at is not None and cause.ended_at < latest:
                each.cause = None

    def _find_cause(self, incident: KeptIncident, findings: Mapping[str, Finding], latest: datetime) -> str | None:
        cause, seen = incident, {incident.key}
        while True:
            keys = findings[cause.key].explained_by if cause.key in findings else ()
            lasting = (self.incidents[key] for key in keys if key in self.incidents)
            found = next((each for each in lasting if each.ended_at is None or each.ended_at > latest), None)
            if found is None:
                return None if cause is incident else cause.key
            if found.key in seen:
                return None
            seen.add(found.key)
            cause = found


def _find_gravest(findings: Iterable[Finding]) -> dict[str, Finding]:
    gravest: dict[str, Finding] = {}
    for each in findings:
        if each.key not in gravest or each.severity.rank > gravest[each.key].severity.rank:
            gravest[each.key] = each
    return gravest
