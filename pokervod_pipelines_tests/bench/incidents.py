"""Measure how long incidents take to list, beside a long past of them, and what is made of them."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.alerts.alert import AlertSeverity
from pokervod_pipelines.monitoring.handover.figures import make_handover
from pokervod_pipelines.monitoring.incidents.details import read_details
from pokervod_pipelines.monitoring.incidents.listing import (
    IncidentFilter,
    count_unresolved,
    find_number,
    list_incidents,
)
from pokervod_pipelines.monitoring.incidents.scoreboard import score_detectors
from pokervod_pipelines.monitoring.incidents.shape import IncidentState, Subject, SubjectKind
from pokervod_pipelines.monitoring.kpis import measure as kpis
from pokervod_pipelines.monitoring.measures.freshness import measure_freshness
from pokervod_pipelines.monitoring.measures.shape import make_window
from pokervod_pipelines.monitoring.needs.kinds import KINDS
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.bench.figure import Figure, percentile, scratch, scratch_database
from pokervod_pipelines_tests.bench.measures import DAYS, add_rest, fill

TIMES = 20
OPEN = 100
"""Incidents that are open; most of them are effects."""

Ask = Callable[[Connection], object]


def measure(*, is_small: bool) -> Iterator[Figure]:
    """Time each listing over incidents, and the needs, promised figures and handover over graphics and events."""
    count, now = 10_000 if is_small else 100_000, datetime.now(UTC)
    with scratch() as folder, scratch_database(folder) as engine:
        fill(engine, now, DAYS, count)
        add_rest(engine, now, count)
        fill_incidents(engine, count, now)
        settings = _make_settings(folder)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for name, ask in (*_list_listings(now), *_list_pages(settings, now)):
                taken = [_time(lambda: ask(connection)) for _ in range(TIMES)]  # noqa: B023 - it is called at once
                yield Figure(f"{name}, p50 ms", f"{1000 * percentile(taken, 0.5):.1f}", "< 10")
        promised = partial(kpis.measure_kpis, engine, _NoRuns(), make_window(timedelta(days=1), now), now=now)
        taken = [_time(promised) for _ in range(TIMES)]
        yield Figure("all promised figures of a day, p50 ms", f"{1000 * percentile(taken, 0.5):.0f}")
        shift = partial(make_handover, engine, settings, now - timedelta(hours=8))
        taken = [_time(shift) for _ in range(TIMES)]
        yield Figure("a handover of 8 h, all of it, p50 ms", f"{1000 * percentile(taken, 0.5):.0f}")


def _time(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def _make_settings(folder: Path) -> Settings:
    roots = {"archive_roots": [{"name": "nas", "path": folder}], "libraries": [{"name": "wsop", "root": "nas"}]}
    return Settings.model_validate({"home": folder / "home", "time_zone": "Europe/London", **roots})


def _list_listings(now: datetime) -> Iterator[tuple[str, Ask]]:
    shown = (IncidentState.OPEN, IncidentState.ACKNOWLEDGED)
    filters = {
        "open": IncidentFilter(states=shown),
        "muted": IncidentFilter(states=(IncidentState.MUTED,)),
        "over": IncidentFilter(states=(IncidentState.RESOLVED,)),
        "all": IncidentFilter(),
        "all, the oldest first": IncidentFilter(oldest_first=True),
        "of a detector": IncidentFilter(detectors=("detector 3",)),
        "of a detector that found none": IncidentFilter(detectors=("none",)),
        "critical": IncidentFilter(severities=(AlertSeverity.CRITICAL,)),
        "critical, of a detector without any": IncidentFilter(
            severities=(AlertSeverity.CRITICAL,), detectors=("detector 0",)
        ),
        "about a sheet": IncidentFilter(subject=Subject(kind=SubjectKind.SHEET, name="sheet 17")),
        "changed in 8 hours": IncidentFilter(changed_since=now - timedelta(hours=8)),
        "effects of one": IncidentFilter(cause_id=1),
    }
    for name, wanted in filters.items():
        yield f"incidents: {name}", partial(_list, wanted=wanted, now=now)
    yield "incidents: how many in each state", partial(count_unresolved, now=now)
    yield "an incident by its key", lambda connection: find_number(connection, "detector 3 sheet 3")
    yield "an incident with effects and timeline", lambda connection: read_details(connection, 1)


def _list(connection: Connection, *, wanted: IncidentFilter, now: datetime) -> object:
    return list_incidents(connection, wanted, now=now)


def _list_pages(settings: Settings, now: datetime) -> Iterator[tuple[str, Ask]]:
    for kind in KINDS:
        yield f"needs: {kind.title}", lambda connection, kind=kind: [*kind.read(connection, now)]
    yield "scoreboard of a day", lambda connection: score_detectors(connection, make_window(timedelta(days=1), now))
    yield "freshness", lambda connection: measure_freshness(connection, settings, now=now)


class _NoRuns:
    """Leave out the runs, which are in another database."""

    def measure_jobs(self, _: object) -> list[object]:
        return []


def fill_incidents(engine: Engine, count: int, now: datetime) -> None:
    """Insert so many incidents of the last months, a hundred of them open, and the attempts of all graphics."""
    with engine.begin() as connection:
        connection.execute(_INCIDENTS, {"now": now, "count": count, "open": OPEN})
        connection.execute(_ATTEMPTS)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))


_INCIDENTS = text("""
    insert into monitoring_events (key, detector, subject_kind, subject, severity, summary, figures, first_opened_at,
        opened_at, last_seen_at, resolved_at, resolved_by, resolved_reason, verdict, verdict_at, verdict_by,
        verdict_reason, cause_id)
    select 'detector ' || n % 20 || ' sheet ' || n, 'detector ' || n % 20, 'sheet', 'sheet ' || n % 5000,
        (array['info', 'warning', 'error', 'critical'])[1 + n % 4], 'something is wrong',
        jsonb_build_object('since', at - interval '5 minutes'), at, at, at, over, case when is_over then 'x' end,
        case when is_over then 'it is over' end, said, case when n % 10 = 0 then at end,
        case when n % 10 = 0 then 'eva' end, case when n % 10 = 0 then 'seen' end,
        case when not is_over and n % 2 = 0 then 1 end
    from generate_series(1, :count) n, lateral (
        select cast(:now as timestamptz) - (:count - n) * interval '5 minutes' as at, n <= :count - :open as is_over
    ) as moment, lateral (
        select case when is_over then at + interval '4 minutes' end as over,
            case when n % 10 = 0 then (array['real', 'expected', 'noise'])[1 + n / 10 % 3] end as said
    ) as decided
""")

_ATTEMPTS = text("""
    insert into render_attempts (claim_id, instruction_id, worker, started_at, ended_at, outcome, reason)
    select gen_random_uuid(), id, 'w' || id % 8, created_at + interval '1 second', finished_at,
        case state when 'completed' then 'completed' when 'cancelled' then 'cancelled' else 'failed' end, ''
    from render_instructions where finished_at is not null
""")
