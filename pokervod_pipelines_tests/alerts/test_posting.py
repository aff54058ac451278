"""Post messages that are of no incident: each once, on the channels of its severity, with what was committed."""

import threading

import pytest

from pokervod_pipelines.alerts.alert import Alert, AlertSeverity
from pokervod_pipelines.alerts.posting import post_alert
from pokervod_pipelines_tests.alerts.outbox import FakeChannels, Outbox


@pytest.mark.parametrize(
    ("severity", "sent"),
    [
        ("info", ["all"]),
        ("warning", ["all", "some"]),
        ("error", ["all", "some"]),
        ("critical", ["all", "few", "some"]),
    ],
)
def test_each_channel_is_sent_what_is_severe_enough_for_it(outbox: Outbox, severity: str, sent: list[str]) -> None:
    for name, least in (("all", "info"), ("some", "warning"), ("few", "critical")):
        outbox.open(name, "json://host", min_severity=least)

    outbox.raise_one(severity=severity)

    assert sorted(row.channel for row in outbox.rows()) == sent


def test_what_is_rolled_back_was_never_posted(outbox: Outbox) -> None:
    outbox.open("web", "json://host")
    with outbox.engine.connect() as connection:
        post_alert(
            connection, Alert(key="k", severity=AlertSeverity.INFO, title="t"), outbox.configured, now=outbox.now
        )
        connection.rollback()

    assert outbox.listed() == []
    assert outbox.rows() == []
    assert outbox.events() == []


def test_without_channels_a_message_is_still_kept(outbox: Outbox) -> None:
    outbox.raise_one()

    assert [(each.key, each.deliveries) for each in outbox.listed()] == [("week 4", ())]
    assert outbox.deliver().delivered == 0


def test_posted_again_it_is_the_same_message_also_when_it_was_delivered(outbox: Outbox) -> None:
    box = FakeChannels()
    outbox.open("web", "json://host")

    posted = [outbox.raise_one(), outbox.raise_one(severity="info")]
    outbox.deliver(box.open_channel)
    posted.append(outbox.raise_one())
    outbox.deliver(box.open_channel)

    assert posted == [True, False, False]
    assert [message.headline for _, message in box.sent] == ["CRITICAL: week 4 failed"]
    assert outbox.events() == ["alert.raised", "alert.delivered"]


def test_a_message_that_is_of_no_incident_has_no_state(outbox: Outbox) -> None:
    outbox.raise_one()

    assert [(each.kind, each.incident_id, each.state) for each in outbox.listed()] == [("message", None, None)]
    assert outbox.listed(is_open=True) == []


def test_posted_by_many_at_once_it_is_one_message(outbox: Outbox) -> None:
    outbox.open("web", "json://host")
    threads = [threading.Thread(target=outbox.raise_one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(outbox.listed()) == 1
    assert len(outbox.rows()) == 1
    assert outbox.events() == ["alert.raised"]


def test_alerts_are_listed_newest_first_and_no_more_than_the_limit(outbox: Outbox) -> None:
    for number in range(3):
        outbox.raise_one(f"key {number}")
        outbox.wait(minutes=1)

    assert [each.key for each in outbox.listed(limit=2)] == ["key 2", "key 1"]
