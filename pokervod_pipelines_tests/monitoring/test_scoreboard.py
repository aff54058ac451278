"""Check that a detector's score is what people said of its alarms, and that a rate of nothing is no figure."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.alerts.alert import AlertSeverity
from pokervod_pipelines.monitoring.detectors.names import Detector
from pokervod_pipelines.monitoring.incidents.lifecycle import give_verdict, open_by_hand
from pokervod_pipelines.monitoring.incidents.scoreboard import DetectorScore, score_detectors, total_scores
from pokervod_pipelines.monitoring.incidents.shape import Subject, SubjectKind, Verdict
from pokervod_pipelines.monitoring.measures.shape import make_window

NOW = datetime.now(UTC)
ANNA = Actor(who="anna", reason="seen")
DAY = timedelta(days=1)


def put_alarm(
    engine: Engine,
    verdict: Verdict | None = None,
    *,
    detector: str = Detector.NO_DATA,
    at: datetime = NOW - timedelta(hours=1),
    since: str = "",
    is_effect: bool = False,
) -> int:
    with engine.begin() as connection:
        id_ = connection.scalar(
            text("""
                insert into monitoring_events (key, detector, subject_kind, subject, severity, summary, figures,
                    cause_id, first_opened_at, opened_at, last_seen_at)
                values (gen_random_uuid(), :detector, 'show', 'a', 'error', 'x',
                    jsonb_build_object('since', cast(:since as text)),
                    case when :is_effect then (select max(id) from monitoring_events) end, :at, :at, :at) returning id
            """),
            {"detector": detector, "since": since, "is_effect": is_effect, "at": at},
        )
        if verdict:
            give_verdict(connection, int(id_ or 0), verdict, actor=ANNA)
    return int(id_ or 0)


def put_event(engine: Engine, at: datetime) -> None:
    """Let the installation be as old as that."""
    with engine.begin() as connection:
        connection.execute(
            text("insert into events (at, type, source, correlation_id, payload) values (:at, 'x', 'x', '', '{}')"),
            {"at": at},
        )


def score(engine: Engine, detector: str = Detector.NO_DATA, days: int = 7) -> DetectorScore:
    with engine.connect() as connection:
        scores = score_detectors(connection, make_window(days * DAY, datetime.now(UTC) + timedelta(minutes=1)))
    return next(each for each in scores if each.detector == detector)


def test_a_rate_of_nothing_is_no_figure(engine: Engine) -> None:
    found = score(engine)

    assert (found.alarms, found.missed) == (0, 0)
    assert (found.precision, found.recall, found.detect_seconds, found.false_alarms_a_day) == (None,) * 4


def test_alarms_that_nobody_judged_have_no_rates(engine: Engine) -> None:
    put_event(engine, NOW - DAY)
    put_alarm(engine)

    found = score(engine)
    assert (found.alarms, found.unjudged) == (1, 1)
    assert (found.precision, found.recall, found.false_alarms_a_day) == (None, None, None)


def test_verdicts_and_misses_make_the_rates(engine: Engine) -> None:
    put_event(engine, NOW - 4 * DAY)
    for verdict in (Verdict.REAL, Verdict.REAL, Verdict.REAL, Verdict.EXPECTED, Verdict.NOISE, None):
        put_alarm(engine, verdict)
    put_alarm(engine, Verdict.NOISE, is_effect=True)  # nobody was told of it
    put_alarm(engine, Verdict.NOISE, at=NOW - 8 * DAY)  # before the window
    with engine.begin() as connection:
        for name, missed in (("b", "no_data"), ("c", ""), ("d", "no_data")):
            subject = Subject(kind=SubjectKind.SHOW, name=name)
            last = open_by_hand(
                connection, subject, severity=AlertSeverity.ERROR, summary="no hands", actor=ANNA, missed=missed
            )
        give_verdict(connection, last, Verdict.NOISE, actor=ANNA)

    found = score(engine)
    assert (found.alarms, found.real, found.expected, found.noise, found.missed) == (6, 3, 1, 1, 1)
    assert (found.precision, found.recall) == (0.75, 0.75)
    assert found.false_alarms_a_day == pytest.approx(0.25, rel=0.01)  # of the four days that there are events of


@pytest.mark.parametrize(
    ("since", "seconds"),
    [
        (["10", "20", "90"], 20),
        (["10", "not a time", ""], 10),
        (["-5"], None),  # it began after the alarm, by a later look
        ([""], None),
    ],
)
def test_the_time_to_detect_is_the_median_of_those_that_know_when_it_began(
    engine: Engine, since: list[str], seconds: float | None
) -> None:
    at = NOW - timedelta(hours=1)
    for each in since:
        began = (at - timedelta(seconds=int(each))).isoformat() if each.lstrip("-").isdigit() else each
        put_alarm(engine, since=began, at=at)

    assert score(engine).detect_seconds == (pytest.approx(seconds) if seconds else None)


@pytest.mark.parametrize(
    ("figures", "seconds"),
    [
        ('{"seconds": 100}', 40),  # seen last a minute after it was opened, for 100 s
        ('{"oldest_seconds": 90.5}', 30.5),
        ('{"silent_seconds": 60}', 0),
        ('{"seconds": 100, "away_since": "AWAY"}', 25),
        ('{"seconds": 10}', None),  # it began anew since
        ('{"seconds": null}', None),
        ('{"seconds": "long"}', None),
    ],
)
def test_an_age_at_the_last_look_tells_when_it_began(engine: Engine, figures: str, seconds: float | None) -> None:
    at = NOW - timedelta(hours=1)
    put_alarm(engine, at=at)
    told = figures.replace("AWAY", (at - timedelta(seconds=25)).isoformat())
    with engine.begin() as connection:
        connection.execute(
            text("update monitoring_events set figures = cast(:figures as jsonb), last_seen_at = :seen"),
            {"figures": told, "seen": at + timedelta(minutes=1)},
        )

    found = score(engine).detect_seconds
    assert found == (seconds if seconds is None else pytest.approx(seconds))


def test_every_detector_is_listed_and_others_after_them(engine: Engine) -> None:
    put_alarm(engine, detector="remediation")
    with engine.connect() as connection:
        scores = score_detectors(connection, make_window(DAY, datetime.now(UTC) + timedelta(minutes=1)))

    assert [each.detector for each in scores] == [*Detector, "remediation"]
    assert total_scores(scores).alarms == 1
