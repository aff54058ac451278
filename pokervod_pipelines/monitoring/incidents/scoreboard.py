"""Score each detector by what people said of its incidents: how often it is right, what it misses, how soon it tells.

An alarm is an incident that was opened in the window and is no effect of another one. ``expected`` counts for neither
side of precision: it was so, and a maintenance window or a hold would have said so. A miss is an incident that a person
opened by hand and said which detector ought to have found it, unless it was judged noise. A rate of nothing is None.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, text

from pokervod_pipelines.monitoring.detectors.names import Detector
from pokervod_pipelines.monitoring.incidents.shape import BY_HAND, MISSED
from pokervod_pipelines.monitoring.measures.shape import Window

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorScore:
    """Hold the counts of a detector in a window; ``days`` is how long of it there was anything to look at.

    ``detect_seconds`` is the median from when it began to the alarm, of the ``timed`` alarms that know when it began.
    """

    detector: str
    alarms: int = 0
    real: int = 0
    expected: int = 0
    noise: int = 0
    missed: int = 0
    timed: int = 0
    detect_seconds: float | None = None
    days: float

    @property
    def unjudged(self) -> int:
        """Count the alarms of which nobody has said anything."""
        return self.alarms - self.real - self.expected - self.noise

    @property
    def precision(self) -> float | None:
        """Return which share of the alarms that were judged real or noise was real."""
        judged = self.real + self.noise
        return self.real / judged if judged else None

    @property
    def recall(self) -> float | None:
        """Return which share of what was real it found; one that found and missed nothing has none."""
        real = self.real + self.missed
        return self.real / real if real else None

    @property
    def false_alarms_a_day(self) -> float | None:
        """Return the alarms a day that were noise; None where nobody judged any. Less than a day counts as one."""
        return self.noise / max(self.days, 1.0) if self.days and self.unjudged < self.alarms else None


def score_detectors(connection: Connection, window: Window) -> list[DetectorScore]:
    """Return the score of each detector, in their order, then of others that opened incidents, such as remediation."""
    values = {"since": window.since, "until": window.until, "by_hand": BY_HAND, "missed": MISSED}
    began = connection.scalar(_FIRST_EVENT)
    days = max(window.until - max(window.since, began), timedelta()) / DAY if began else 0.0
    rows = {row.detector: row for row in connection.execute(_SCORES, values)}
    names = [*map(str, Detector), *sorted(rows.keys() - {*Detector})]
    return [_make_score(name, rows.get(name), days) for name in names]


def total_scores(scores: list[DetectorScore]) -> DetectorScore:
    """Return the counts of all together; a median of all is not known from those of each."""
    counts = {name: sum(getattr(each, name) for each in scores) for name in _COUNTS}
    return DetectorScore(detector="all", days=max((each.days for each in scores), default=0.0), **counts)


_COUNTS = ("alarms", "real", "expected", "noise", "missed")


def _make_score(name: str, row: object, days: float) -> DetectorScore:
    if row is None:
        return DetectorScore(detector=name, days=days)
    counts = {each: getattr(row, each) for each in (*_COUNTS, "timed", "detect_seconds")}
    return DetectorScore(detector=name, days=days, **counts)


_FIRST_EVENT = text("select at from events order by id limit 1")

_SCORES = text("""
    with opened as materialized (
        select detector, figures, verdict, cause_id, extract(epoch from opened_at - case
            when told ~ '^\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?(Z|[+-]\\d\\d:\\d\\d)$'
            then cast(told as timestamptz)
            when jsonb_typeof(age) = 'number' then last_seen_at - cast(age as float) * interval '1 second'
            end) as waited
        from monitoring_events, lateral (
            select coalesce(figures ->> 'since', figures ->> 'away_since') as told,
                coalesce(figures -> 'seconds', figures -> 'oldest_seconds', figures -> 'silent_seconds',
                    figures -> 'worst_seconds') as age
        ) as known
        where opened_at >= :since and opened_at < :until
    )
    select detector, sum(alarms)::integer as alarms, sum(real)::integer as real, sum(expected)::integer as expected,
        sum(noise)::integer as noise, sum(missed)::integer as missed, sum(timed)::integer as timed,
        max(detect_seconds) as detect_seconds
    from (
        select detector, count(*) as alarms, count(*) filter (where verdict = 'real') as real,
            count(*) filter (where verdict = 'expected') as expected,
            count(*) filter (where verdict = 'noise') as noise, 0 as missed,
            count(*) filter (where waited >= 0) as timed,
            percentile_cont(0.5) within group (order by cast(waited as float)) filter (where waited >= 0)
                as detect_seconds
        from opened where cause_id is null and detector <> :by_hand group by detector
        union all
        select figures ->> :missed, 0, 0, 0, 0, count(*), 0, null
        from opened where detector = :by_hand and figures ? :missed and verdict is distinct from 'noise'
        group by 1
    ) as each group by detector
""")
"""Figures tell since when it is so, or for how long it was when it was seen last; of others nobody knows."""
