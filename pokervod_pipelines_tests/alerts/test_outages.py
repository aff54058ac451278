"""Have services down, refusing, hanging or redirecting: nothing is lost, and failed deliveries are retried."""

import threading
from datetime import timedelta

import pytest

from pokervod_pipelines.settings.alerts import AlertSettings
from pokervod_pipelines_tests.alerts.outbox import FakeChannels, Outbox
from pokervod_pipelines_tests.alerts.servers import HookServer, MailServer


def test_both_down_for_an_hour_get_it_once_afterwards(outbox: Outbox, hook: HookServer, mail: MailServer) -> None:
    outbox.open_slack(hook)
    outbox.open_mail(mail)
    hook.stop()
    mail.stop()
    outbox.raise_one()
    for minutes in (0, 20, 20, 20):
        outbox.wait(minutes=minutes)
        assert outbox.deliver().failed == 2
    hook.start()
    mail.start()
    outbox.wait(minutes=15, seconds=10)

    reports = [outbox.deliver(), outbox.deliver()]

    assert [each.delivered for each in reports] == [2, 0]
    assert len(hook.posts) == len(mail.mails) == 1
    assert [(row.state, row.attempts, row.error, row.may_have_been_delivered) for row in outbox.rows()] == [
        ("delivered", 5, None, False)
    ] * 2
    assert "already" not in hook.posts[0].body["attachments"][0]["text"]


@pytest.mark.parametrize("status", [400, 404, 429, 500])
def test_a_refusal_is_stored_in_words_and_retried(outbox: Outbox, hook: HookServer, status: int) -> None:
    outbox.open_webhook(hook)
    hook.answers = [status]
    outbox.raise_one()

    report = outbox.deliver()

    assert f"error={status}" in report.failures["web"]
    (row,) = outbox.rows()
    assert (row.state, row.attempts, row.may_have_been_delivered) == ("pending", 1, False)
    assert row.error == report.failures["web"]
    assert timedelta(seconds=30) <= row.due_at - outbox.now < timedelta(seconds=90)
    assert outbox.deliver().delivered == 0
    outbox.wait(seconds=90)
    assert outbox.deliver().delivered == 1
    assert len(hook.posts) == 2


def test_a_mail_that_is_refused_is_retried(outbox: Outbox, mail: MailServer) -> None:
    outbox.open_mail(mail)
    mail.answers = ["451 4.7.1 greylisted, come back"]
    outbox.raise_one()

    assert "greylisted" in outbox.deliver().failures["mail"]
    outbox.wait(minutes=2)
    assert outbox.deliver().delivered == 1
    assert [(row.state, row.may_have_been_delivered) for row in outbox.rows()] == [("delivered", False)]


def test_a_server_that_hangs_takes_its_limit_and_may_have_the_message(outbox: Outbox, hook: HookServer) -> None:
    release = threading.Event()
    hook.before_answer = lambda: release.wait(60)
    outbox.limits = AlertSettings(timeout_seconds=1)
    outbox.open_webhook(hook)
    outbox.raise_one()
    outbox.raise_one("another")

    report = outbox.deliver()
    release.set()

    assert report.failures == {"web": "json://127.0.0.1 gave no answer within 1 s"}
    assert report.failed == 1, "the rest of the channel is left to the next call"
    assert sorted((row.attempts, row.may_have_been_delivered) for row in outbox.rows()) == [(0, False), (1, True)]
    outbox.wait(minutes=2)
    outbox.limits = AlertSettings()
    assert outbox.deliver().delivered == 2
    assert "You may have this message already" in hook.posts[-1].body["message"]


def test_a_channel_that_hangs_delays_no_other(outbox: Outbox) -> None:
    """Have the first channel wait until the other is done."""
    box = FakeChannels()
    first, other_is_done = threading.Lock(), threading.Event()

    def wait_if_first(message: object) -> None:
        if first.acquire(blocking=False):
            assert other_is_done.wait(60)

    box.before_send = wait_if_first
    box.after_send = other_is_done.set
    outbox.open("one", "json://one")
    outbox.open("two", "json://two")
    outbox.raise_one()

    assert outbox.deliver(box.open_channel).delivered == 2
    assert sorted(channel for channel, _ in box.sent) == ["one", "two"]


def test_a_redirect_is_no_delivery(outbox: Outbox, hook: HookServer) -> None:
    outbox.open_webhook(hook)
    hook.answers = [302]
    outbox.raise_one()

    assert outbox.deliver().failed == 1
    assert len(hook.posts) == 1


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("nosuchservice://sesame/sesame", "apprise does not know this kind"),
        ("slack://sesame", "apprise does not know this kind"),
        ("mailto://127.0.0.1:1?from=a@example.org&to=b@example.org,c@example.org", "Make a channel for each"),
    ],
)
def test_an_address_that_cannot_be_used_is_the_error_of_the_delivery(outbox: Outbox, url: str, reason: str) -> None:
    outbox.open("odd", url)
    outbox.raise_one()

    failure = outbox.deliver().failures["odd"]

    assert reason in failure
    assert "sesame" not in failure
    assert [(row.state, row.may_have_been_delivered) for row in outbox.rows()] == [("pending", False)]


def test_waits_double_up_to_the_longest(outbox: Outbox) -> None:
    channels = FakeChannels(down={"web"})
    outbox.open("web", "json://host")
    outbox.raise_one()
    waits = []
    for _ in range(9):
        assert outbox.deliver(channels.open_channel).failed == 1
        (row,) = outbox.rows()
        waits.append(round((row.due_at - outbox.now).total_seconds()))
        outbox.wait(seconds=waits[-1] + 1)

    assert waits == [30, 60, 120, 240, 480, 900, 900, 900, 900]


def test_after_days_a_delivery_is_dead_and_that_is_one_event(outbox: Outbox) -> None:
    box = FakeChannels(down={"web"})
    outbox.open("web", "json://host/sesame")
    outbox.raise_one()
    attempts = 0
    while outbox.states() == [("web", "pending")]:
        outbox.wait(minutes=16)
        attempts += outbox.deliver(box.open_channel).failed

    (row,) = outbox.rows()
    assert row.state == "dead"
    assert row.attempts == attempts
    assert timedelta(days=3) <= row.ended_at - row.created_at < timedelta(days=3, minutes=20)
    assert outbox.events() == ["alert.raised", "alert.delivery.failed", "alert.delivery.ended"]
    box.down.clear()
    assert outbox.deliver(box.open_channel).delivered == 0


def test_deliveries_to_a_channel_no_longer_configured_end_after_days(outbox: Outbox) -> None:
    outbox.open("removed", "json://host")
    outbox.raise_one()
    outbox.channels.clear()

    outbox.wait(days=2)
    assert outbox.deliver().dead == 0
    outbox.wait(days=2)
    assert outbox.deliver().dead == 1
    assert [(row.state, row.error) for row in outbox.rows()] == [("dead", "no channel of this name is configured")]


@pytest.mark.parametrize(("state", "may_repeat"), [("claimed", False), ("sending", True)])
def test_a_delivery_whose_sender_died_ends_with_its_channel(outbox: Outbox, state: str, may_repeat: bool) -> None:
    outbox.open("removed", "json://host")
    outbox.raise_one()
    lease = {"state": state, "lease_until": outbox.now + timedelta(days=4)}
    outbox.execute(
        "update alert_deliveries set state = :state, claim_id = gen_random_uuid(), lease_until = :lease_until", **lease
    )
    outbox.channels.clear()
    outbox.wait(days=3.5)
    assert outbox.deliver().dead == 0, "somebody may be at it"

    outbox.wait(days=1)
    assert outbox.deliver().dead == 1
    assert [(row.state, row.may_have_been_delivered) for row in outbox.rows()] == [("dead", may_repeat)]


def test_messages_for_a_channel_without_an_address_stay_pending(outbox: Outbox) -> None:
    outbox.open("later", "json://host")
    outbox.limits = AlertSettings(channels=tuple(outbox.configured))
    outbox.raise_one()
    channel = outbox.channels.pop()
    outbox.wait(days=30)
    assert (outbox.deliver().dead, outbox.states()) == (0, [("later", "pending")])

    outbox.channels.append(channel)
    assert outbox.deliver(FakeChannels().open_channel).delivered == 1
