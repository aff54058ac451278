"""Open one incident for each cause that makes a job fail, and close it once the job succeeds without it.

A cause is an error with its numbers left out, so that a retry, or the next day's run, has the same one. A sync has as
many as its stages have errors. Runs of one library or sheet are apart from those of another, days are not: a run of a
day reads whatever is due. A run that failed has made another cause good only where it tried every stage.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.alerts.alert import AlertSeverity, trim_body, trim_title
from pokervod_pipelines.events.types import EventType
from pokervod_pipelines.monitoring.detectors.flowing import GOOGLE
from pokervod_pipelines.monitoring.detectors.names import Detector
from pokervod_pipelines.monitoring.incidents.announcing import announce
from pokervod_pipelines.monitoring.incidents.looks import Change
from pokervod_pipelines.monitoring.incidents.reported import close_reported, report_finding
from pokervod_pipelines.monitoring.incidents.shape import Finding, Subject, SubjectKind, make_key
from pokervod_pipelines.monitoring.status_facts import RECENT_ERRORS
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.text.folding import make_storable

WATCHER = "run_failures"
"""The detector of these incidents, which also closes them."""

MAX_NAME = 150

SHOWN = 10
"""Names of a cause's stages that an incident lists."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_VARYING = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedRun:
    """Describe a run that ended; ``error`` says why it failed."""

    run_id: str
    job: str
    partition: str
    correlation_id: str
    failed: bool
    error: str = ""

    @property
    def name(self) -> str:
        """Return the job, with the library or sheet."""
        return self.job if not self.partition or _DAY.fullmatch(self.partition) else f"{self.job} {self.partition}"

    @property
    def subject(self) -> Subject:
        """Return what the incidents of this run are about."""
        return Subject(kind=SubjectKind.WORKFLOW, name=self.name[:MAX_NAME])


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Name why a run failed, and its stages that failed for it."""

    error: str
    stages: tuple[str, ...] = ()


def record_ended_runs(engine: Engine, settings: Settings, runs: Iterable[EndedRun]) -> list[str]:
    """Open and close the incidents of these runs, the earliest first; return what was done as sentences."""
    done: list[str] = []
    rules, now = settings.monitoring.incidents, datetime.now(UTC)
    is_enabled = settings.monitoring.detectors.run_failures.enabled
    for run in runs:
        with engine.begin() as connection:
            causes = find_causes(connection, run) if run.failed and is_enabled else []
            findings = [_make_finding(run, cause, settings) for cause in causes]
            if not run.failed or _has_tried_all(connection, run):
                done += map(str, _close_others(connection, run, [each.key for each in findings], now))
            for finding in findings:
                change = report_finding(connection, finding, rules, now=now)
                done.append(str(change) if change else f"again: {finding.summary}")
            announce(connection, settings, now=now)
    return done


def find_causes(connection: Connection, run: EndedRun) -> list[Cause]:
    """Return why the run failed: the errors of its stages, or its own where none has any."""
    values = {"type": EventType.SYSTEM_ERROR, "run_id": run.run_id, "limit": RECENT_ERRORS}
    stages: dict[str, list[str]] = {}
    for row in connection.execute(_ERRORS, values):
        if not row.skipped:
            stages.setdefault(row.error, []).append(row.stage if row.name == row.stage else f"{row.stage} {row.name}")
    found = [Cause(error=error, stages=tuple(names)) for error, names in stages.items()]
    return found or [Cause(error=run.error or "no reason is known")]


def _make_finding(run: EndedRun, cause: Cause, settings: Settings) -> Finding:
    """Return the finding, whose key is the same for every run of the job that fails for this cause."""
    digest = hashlib.sha256(_VARYING.sub("#", cause.error).encode("utf-8", "surrogatepass")).hexdigest()
    error = make_storable(cause.error).strip()
    named = ", ".join(cause.stages[:SHOWN]) + (" …" if len(cause.stages) > SHOWN else "")
    lines = [
        error,
        f"It stopped {named}; everything else is up to date." if named else "",
        f"Run {run.run_id[:8]} of {run.job}; `pokervod status` shows how it is now.",
    ]
    return Finding(
        detector=WATCHER,
        subject=run.subject,
        variant=digest[:12],
        severity=AlertSeverity.WARNING,
        summary=trim_title(f"{run.name} failed: {error.partition(chr(10))[0]}"),
        advice="correct what the error says, then `pokervod status` shows how it is",
        figures={"report": trim_body("\n\n".join(line for line in lines if line)), "run_id": run.run_id},
        correlation_id=run.correlation_id,
        explained_by=tuple(_list_explanations(run, cause, settings)),
    )


def _list_explanations(run: EndedRun, cause: Cause, settings: Settings) -> Iterator[str]:
    """Yield the keys of what would explain it: the roots of its libraries, and what its sheets are read from."""
    names = {run.partition, *(each.partition(" ")[2] for each in cause.stages)}
    for root in dict.fromkeys(each.root for each in settings.libraries if each.name in names):
        yield make_key(Detector.ROOT_AWAY, Subject(kind=SubjectKind.ROOT, name=root))
    if names & {each.name for each in settings.sheets}:
        yield make_key(Detector.SERVICE_DOWN, Subject(kind=SubjectKind.SERVICE, name="sheets"))
        for breaker in GOOGLE:
            yield make_key(Detector.BREAKER_OPEN, Subject(kind=SubjectKind.SERVICE, name=breaker))


def _has_tried_all(connection: Connection, run: EndedRun) -> bool:
    """Return whether the run is a sync that came to its end, and skipped no stage."""
    types = {"error": EventType.SYSTEM_ERROR, "end": EventType.SYSTEM_SYNC_COMPLETED}
    return bool(connection.scalar(_TRIED_ALL, {**types, "id": run.correlation_id, "run_id": run.run_id}))


def _close_others(connection: Connection, run: EndedRun, kept: Sequence[str], now: datetime) -> list[Change]:
    """Close the job's open incidents of other causes than this run's."""
    reason = f"run {run.run_id[:8]} {'failed for another cause' if run.failed else 'succeeded'}"
    values = {"detector": WATCHER, "kind": run.subject.kind, "subject": run.subject.name, "kept": [*kept]}
    keys = connection.scalars(_OPEN, values).all()
    return close_reported(connection, keys, actor=Actor(who=WATCHER, reason=reason), now=now)


_ERRORS = text("""
    select stage, name, error, skipped from (
        select id, payload ->> 'stage' as stage, payload ->> 'name' as name, payload ->> 'error' as error,
            payload ->> 'run_id' as run_id, coalesce(cast(payload ->> 'skipped' as boolean), false) as skipped
        from events where type = :type order by id desc limit :limit
    ) as latest
    where run_id = :run_id order by id
""")

_TRIED_ALL = text("""
    select bool_or(type = :end) and not bool_or(coalesce(cast(payload ->> 'skipped' as boolean), false))
    from events where correlation_id = :id and type in (:error, :end) and payload ->> 'run_id' = :run_id
""")

_OPEN = text("""
    select key from monitoring_events
    where resolved_at is null and (detector, subject_kind, subject) = (:detector, :kind, :subject)
        and key <> all(:kept)
    order by key
""")
