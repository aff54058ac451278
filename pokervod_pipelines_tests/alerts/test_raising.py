"""What is news and what is not: alerts said again, more severely, resolved, acknowledged."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from pokervod_pipelines.alerts.alert import Alert, Severity
from pokervod_pipelines.alerts.raising import acknowledge, raise_alert, resolve_alert
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines_tests.alerts.desk import Desk, Letterbox

Deed = tuple[str, str]


@pytest.mark.parametrize(
    ("deeds", "told"),
    [
        ([("raise", "warning")], ["WARNING"]),
        ([("raise", "warning"), ("raise", "warning")], ["WARNING"]),
        ([("raise", "warning"), ("deliver", ""), ("raise", "warning")], ["WARNING"]),
        ([("raise", "critical"), ("raise", "info")], ["CRITICAL"]),
        ([("raise", "warning"), ("deliver", ""), ("raise", "critical")], ["WARNING", "CRITICAL"]),
        ([("raise", "warning"), ("raise", "critical")], ["CRITICAL"]),
        ([("raise", "info"), ("raise", "warning"), ("raise", "critical"), ("raise", "warning")], ["CRITICAL"]),
        ([("raise", "warning"), ("resolve", ""), ("raise", "warning")], ["WARNING", "WARNING"]),
        ([("raise", "critical"), ("resolve", ""), ("raise", "info")], ["CRITICAL", "INFO"]),
        ([("raise", "warning"), ("acknowledge", ""), ("raise", "warning")], ["WARNING"]),
        ([("raise", "warning"), ("resolve", "")], ["WARNING"]),
        ([("resolve", ""), ("acknowledge", "")], []),
    ],
)
def test_a_message_goes_out_for_news_only(desk: Desk, deeds: list[Deed], told: list[str]) -> None:
    box = Letterbox()
    desk.open("web", "json://host")
    acts: dict[str, Callable[[str], object]] = {
        "raise": lambda severity: desk.raise_one(severity=severity),
        "resolve": lambda _: desk.resolve(),
        "acknowledge": lambda _: desk.acknowledge(),
        "deliver": lambda _: desk.deliver(box.open_way),
    }
    for deed, severity in [*deeds, ("deliver", "")]:
        acts[deed](severity)
        desk.wait(seconds=1)

    assert [message.severity.upper() for _, message in box.sent] == told


@pytest.mark.parametrize(
    ("severity", "told"),
    [("info", ["all"]), ("warning", ["all", "some"]), ("critical", ["all", "few", "some"])],
)
def test_each_channel_is_told_what_is_severe_enough_for_it(desk: Desk, severity: str, told: list[str]) -> None:
    for name, least in (("all", "info"), ("some", "warning"), ("few", "critical")):
        desk.open(name, "json://host", min_severity=least)

    desk.raise_one(severity=severity)

    assert sorted(row.channel for row in desk.rows()) == told


def test_what_is_rolled_back_was_never_said(desk: Desk) -> None:
    desk.open("web", "json://host")
    with desk.engine.connect() as connection:
        raise_alert(connection, Alert(key="k", severity=Severity.INFO, title="t"), desk.configured, now=desk.now)
        connection.rollback()

    assert desk.listed() == []
    assert desk.rows() == []
    assert desk.events() == []


def test_without_channels_an_alert_is_still_kept(desk: Desk) -> None:
    desk.raise_one()

    assert [(each.key, each.deliveries) for each in desk.listed()] == [("week 4", ())]
    assert desk.deliver().delivered == 0


def test_what_was_resolved_before_it_arrived_says_so(desk: Desk) -> None:
    box = Letterbox()
    desk.open("web", "json://host")
    desk.raise_one()
    desk.wait(hours=1)
    desk.resolve()
    desk.deliver(box.open_way)

    ((_, message),) = box.sent
    assert "Raised 2031-05-04 09:00 UTC." in message.footer
    assert "Resolved 2031-05-04 10:00 UTC by eva: mended." in message.footer


def test_the_record_tells_how_often_and_by_whom(desk: Desk) -> None:
    raised = [desk.raise_one(severity=severity) for severity in ("warning", "warning", "critical")]
    assert [(each.outcome, each.times) for each in raised] == [("raised", 1), ("counted", 2), ("escalated", 3)]
    assert [desk.acknowledge(), desk.acknowledge()] == [True, False]
    assert [desk.resolve(), desk.resolve()] == [True, False]

    (alert,) = desk.listed(is_open=False)
    assert (alert.severity, alert.times) == ("critical", 3)
    assert (alert.acknowledged_by, alert.acknowledged_reason) == ("eva", "I look at it")
    assert (alert.resolved_by, alert.resolved_reason) == ("eva", "mended")
    assert desk.listed(is_open=True) == []
    assert desk.events() == ["alert.raised", "alert.escalated", "alert.acknowledged", "alert.resolved"]


def test_what_becomes_more_severe_has_to_be_acknowledged_anew(desk: Desk) -> None:
    desk.raise_one(severity="warning")
    desk.acknowledge()
    desk.raise_one(severity="critical", title="now it burns")

    (alert,) = desk.listed()
    assert (alert.title, alert.acknowledged_by) == ("now it burns", None)
    assert desk.acknowledge()


def test_an_overtaken_message_is_recorded_as_such(desk: Desk) -> None:
    desk.open("web", "json://host")
    desk.raise_one(severity="warning")
    desk.wait(seconds=1)
    desk.raise_one(severity="critical")

    report = desk.deliver(Letterbox().open_way)

    assert (report.delivered, report.overtaken) == (1, 1)
    assert [(row.severity, row.state) for row in desk.rows()] == [("warning", "overtaken"), ("critical", "delivered")]


@pytest.mark.parametrize("act", [resolve_alert, acknowledge])
@pytest.mark.parametrize(("by", "reason"), [("", "why"), ("eva", " ")])
def test_an_act_needs_who_and_why(desk: Desk, act: Callable[..., bool], by: str, reason: str) -> None:
    with desk.engine.begin() as connection, pytest.raises(BadInput, match="say who does it and why"):
        act(connection, "week 4", by=by, reason=reason)


def test_said_by_many_at_once_it_is_one_alert(desk: Desk) -> None:
    desk.open("web", "json://host")
    threads = [threading.Thread(target=desk.raise_one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [each.times for each in desk.listed()] == [8]
    assert len(desk.rows()) == 1
    assert desk.events() == ["alert.raised"]


def test_alerts_are_listed_newest_first_and_no_more_than_wanted(desk: Desk, engine: Engine) -> None:
    for number in range(3):
        desk.raise_one(f"key {number}")
        desk.wait(minutes=1)

    assert [each.key for each in desk.listed(limit=2)] == ["key 2", "key 1"]
