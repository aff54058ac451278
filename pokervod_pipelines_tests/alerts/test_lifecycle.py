"""Raise alerts again, escalate, resolve and acknowledge them: what sends a message and what does not."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from pokervod_pipelines.alerts.alert import Alert, AlertSeverity
from pokervod_pipelines.alerts.lifecycle import raise_alert
from pokervod_pipelines_tests.alerts.outbox import FakeChannels, Outbox

Step = tuple[str, str]


@pytest.mark.parametrize(
    ("steps", "sent"),
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
def test_a_message_is_sent_only_when_something_changed(outbox: Outbox, steps: list[Step], sent: list[str]) -> None:
    box = FakeChannels()
    outbox.open("web", "json://host")
    actions: dict[str, Callable[[str], object]] = {
        "raise": lambda severity: outbox.raise_one(severity=severity),
        "resolve": lambda _: outbox.resolve(),
        "acknowledge": lambda _: outbox.acknowledge(),
        "deliver": lambda _: outbox.deliver(box.open_channel),
    }
    for step, severity in [*steps, ("deliver", "")]:
        actions[step](severity)
        outbox.wait(seconds=1)

    assert [message.severity.upper() for _, message in box.sent] == sent


@pytest.mark.parametrize(
    ("severity", "sent"),
    [("info", ["all"]), ("warning", ["all", "some"]), ("critical", ["all", "few", "some"])],
)
def test_each_channel_is_sent_what_is_severe_enough_for_it(outbox: Outbox, severity: str, sent: list[str]) -> None:
    for name, least in (("all", "info"), ("some", "warning"), ("few", "critical")):
        outbox.open(name, "json://host", min_severity=least)

    outbox.raise_one(severity=severity)

    assert sorted(row.channel for row in outbox.rows()) == sent


def test_what_is_rolled_back_was_never_raised(outbox: Outbox) -> None:
    outbox.open("web", "json://host")
    with outbox.engine.connect() as connection:
        raise_alert(
            connection, Alert(key="k", severity=AlertSeverity.INFO, title="t"), outbox.configured, now=outbox.now
        )
        connection.rollback()

    assert outbox.listed() == []
    assert outbox.rows() == []
    assert outbox.events() == []


def test_without_channels_an_alert_is_still_kept(outbox: Outbox) -> None:
    outbox.raise_one()

    assert [(each.key, each.deliveries) for each in outbox.listed()] == [("week 4", ())]
    assert outbox.deliver().delivered == 0


def test_a_message_of_a_resolved_alert_tells_so(outbox: Outbox) -> None:
    box = FakeChannels()
    outbox.open("web", "json://host")
    outbox.raise_one()
    outbox.wait(hours=1)
    outbox.resolve()
    outbox.deliver(box.open_channel)

    ((_, message),) = box.sent
    assert "Raised 2031-05-04 09:00 UTC." in message.footer
    assert "Resolved 2031-05-04 10:00 UTC by eva: fixed." in message.footer


def test_a_message_that_was_over_as_soon_as_it_was_raised_tells_of_no_end(outbox: Outbox) -> None:
    box = FakeChannels()
    outbox.open("web", "json://host")
    outbox.raise_one()
    outbox.resolve()
    outbox.deliver(box.open_channel)

    ((_, message),) = box.sent
    assert message.footer.startswith("Raised 2031-05-04 09:00 UTC. Delivery ")


def test_the_record_has_how_often_and_by_whom(outbox: Outbox) -> None:
    raised = [outbox.raise_one(severity=severity) for severity in ("warning", "warning", "critical")]
    assert [(each.outcome, each.times) for each in raised] == [("raised", 1), ("counted", 2), ("escalated", 3)]
    assert [outbox.acknowledge(), outbox.acknowledge()] == [True, False]
    assert [outbox.resolve(), outbox.resolve()] == [True, False]

    (alert,) = outbox.listed(is_open=False)
    assert (alert.severity, alert.times) == ("critical", 3)
    assert (alert.acknowledged_by, alert.acknowledged_reason) == ("eva", "on it")
    assert (alert.resolved_by, alert.resolved_reason) == ("eva", "fixed")
    assert outbox.listed(is_open=True) == []
    assert outbox.events() == ["alert.raised", "alert.escalated", "alert.acknowledged", "alert.resolved"]


def test_an_escalated_alert_has_to_be_acknowledged_again(outbox: Outbox) -> None:
    outbox.raise_one(severity="warning")
    outbox.acknowledge()
    outbox.raise_one(severity="critical", title="now it burns")

    (alert,) = outbox.listed()
    assert (alert.title, alert.acknowledged_by) == ("now it burns", None)
    assert outbox.acknowledge()


def test_a_superseded_message_is_recorded_as_such(outbox: Outbox) -> None:
    outbox.open("web", "json://host")
    outbox.raise_one(severity="warning")
    outbox.wait(seconds=1)
    outbox.raise_one(severity="critical")

    report = outbox.deliver(FakeChannels().open_channel)

    assert (report.delivered, report.superseded) == (1, 1)
    assert [(row.severity, row.state) for row in outbox.rows()] == [
        ("warning", "superseded"),
        ("critical", "delivered"),
    ]


def test_raised_by_many_at_once_it_is_one_alert(outbox: Outbox) -> None:
    outbox.open("web", "json://host")
    threads = [threading.Thread(target=outbox.raise_one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [each.times for each in outbox.listed()] == [8]
    assert len(outbox.rows()) == 1
    assert outbox.events() == ["alert.raised"]


def test_alerts_are_listed_newest_first_and_no_more_than_the_limit(outbox: Outbox, engine: Engine) -> None:
    for number in range(3):
        outbox.raise_one(f"key {number}")
        outbox.wait(minutes=1)

    assert [each.key for each in outbox.listed(limit=2)] == ["key 2", "key 1"]
