"""Services that are down, refuse, hang or redirect: nothing is lost, and what failed is tried again later and later."""

import threading
from datetime import timedelta

import pytest

from pokervod_pipelines.alerts.delivery import find_wait
from pokervod_pipelines.settings.rooms import AlertSettings
from pokervod_pipelines_tests.alerts.desk import Desk, Letterbox
from pokervod_pipelines_tests.alerts.servers import HookServer, MailServer


def test_both_down_for_an_hour_get_it_once_when_they_are_back(desk: Desk, hook: HookServer, mail: MailServer) -> None:
    desk.open_slack(hook)
    desk.open_mail(mail)
    hook.stop()
    mail.stop()
    desk.raise_one()
    for minutes in (0, 20, 20, 20):
        desk.wait(minutes=minutes)
        assert desk.deliver().failed == 2
    hook.start()
    mail.start()
    desk.wait(minutes=15, seconds=10)

    reports = [desk.deliver(), desk.deliver()]

    assert [each.delivered for each in reports] == [2, 0]
    assert len(hook.posts) == len(mail.mails) == 1
    assert [(row.state, row.attempts, row.error, row.doubt) for row in desk.rows()] == [
        ("delivered", 5, None, False)
    ] * 2
    assert "already" not in hook.posts[0].body["attachments"][0]["text"]


@pytest.mark.parametrize("status", [400, 404, 429, 500])
def test_a_refusal_is_kept_in_words_and_tried_again(desk: Desk, hook: HookServer, status: int) -> None:
    desk.open_webhook(hook)
    hook.answers = [status]
    desk.raise_one()

    report = desk.deliver()

    assert f"error={status}" in report.faults["web"]
    (row,) = desk.rows()
    assert (row.state, row.attempts, row.doubt) == ("waiting", 1, False)
    assert row.error == report.faults["web"]
    assert timedelta(seconds=30) <= row.due_at - desk.now < timedelta(seconds=90)
    assert desk.deliver().delivered == 0
    desk.wait(seconds=90)
    assert desk.deliver().delivered == 1
    assert len(hook.posts) == 2


def test_a_mail_that_is_refused_is_tried_again(desk: Desk, mail: MailServer) -> None:
    desk.open_mail(mail)
    mail.answers = ["451 4.7.1 greylisted, come back"]
    desk.raise_one()

    assert "greylisted" in desk.deliver().faults["mail"]
    desk.wait(minutes=2)
    assert desk.deliver().delivered == 1
    assert [(row.state, row.doubt) for row in desk.rows()] == [("delivered", False)]


def test_a_server_that_hangs_costs_its_limit_and_leaves_doubt(desk: Desk, hook: HookServer) -> None:
    release = threading.Event()
    hook.before_answer = lambda: release.wait(60)
    desk.limits = AlertSettings(timeout_seconds=1)
    desk.open_webhook(hook)
    desk.raise_one()
    desk.raise_one("another")

    report = desk.deliver()
    release.set()

    assert report.faults == {"web": "json://127.0.0.1 gave no answer within 1 s"}
    assert report.failed == 1, "the rest of the channel waits for the next call"
    assert sorted((row.attempts, row.doubt) for row in desk.rows()) == [(0, False), (1, True)]
    desk.wait(minutes=2)
    desk.limits = AlertSettings()
    assert desk.deliver().delivered == 2
    assert "You may have this message already" in hook.posts[-1].body["message"]


def test_a_channel_that_hangs_holds_up_no_other(desk: Desk) -> None:
    """The first to be served waits for the other to be done."""
    box = Letterbox()
    first, other_is_done = threading.Lock(), threading.Event()

    def wait_if_first(message: object) -> None:
        if first.acquire(blocking=False):
            assert other_is_done.wait(60)

    box.before_send = wait_if_first
    box.after_send = other_is_done.set
    desk.open("one", "json://one")
    desk.open("two", "json://two")
    desk.raise_one()

    assert desk.deliver(box.open_way).delivered == 2
    assert sorted(channel for channel, _ in box.sent) == ["one", "two"]


def test_a_redirect_is_no_delivery(desk: Desk, hook: HookServer) -> None:
    desk.open_webhook(hook)
    hook.answers = [302]
    desk.raise_one()

    assert desk.deliver().failed == 1
    assert len(hook.posts) == 1


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("nosuchservice://sesame/sesame", "none that apprise understands"),
        ("slack://sesame", "none that apprise understands"),
        ("mailto://127.0.0.1:1?from=a@example.org&to=b@example.org,c@example.org", "a channel for each"),
    ],
)
def test_an_address_that_cannot_be_used_is_said_of_the_delivery(desk: Desk, url: str, reason: str) -> None:
    desk.open("odd", url)
    desk.raise_one()

    fault = desk.deliver().faults["odd"]

    assert reason in fault
    assert "sesame" not in fault
    assert [(row.state, row.doubt) for row in desk.rows()] == [("waiting", False)]


def test_waits_double_up_to_the_longest() -> None:
    waits = [find_wait(AlertSettings(), attempts).total_seconds() for attempts in range(1, 60)]

    assert waits[:6] == [30, 60, 120, 240, 480, 900]
    assert set(waits[5:]) == {900}


def test_after_days_a_delivery_is_dead_and_told_as_such_once(desk: Desk) -> None:
    box = Letterbox(down={"web"})
    desk.open("web", "json://host/sesame")
    desk.raise_one()
    tries = 0
    while desk.states() == [("web", "waiting")]:
        desk.wait(minutes=16)
        tries += desk.deliver(box.open_way).failed

    (row,) = desk.rows()
    assert row.state == "dead"
    assert row.attempts == tries
    assert timedelta(days=3) <= row.ended_at - row.created_at < timedelta(days=3, minutes=20)
    assert desk.events() == ["alert.raised", "alert.delivery.failed", "alert.delivery.ended"]
    box.down.clear()
    assert desk.deliver(box.open_way).delivered == 0


def test_a_channel_that_is_not_set_any_more_ends_after_days(desk: Desk) -> None:
    desk.open("gone", "json://host")
    desk.raise_one()
    desk.channels.clear()

    desk.wait(days=2)
    assert desk.deliver().dead == 0
    desk.wait(days=2)
    assert desk.deliver().dead == 1
    assert [(row.state, row.error) for row in desk.rows()] == [("dead", "no channel of this name is set any more")]


@pytest.mark.parametrize(("state", "doubt"), [("claimed", False), ("sending", True)])
def test_a_delivery_whose_sender_died_ends_with_its_channel(desk: Desk, state: str, doubt: bool) -> None:
    desk.open("gone", "json://host")
    desk.raise_one()
    lease = {"state": state, "lease_until": desk.now + timedelta(days=4)}
    desk.execute(
        "update alert_deliveries set state = :state, claim_id = gen_random_uuid(), lease_until = :lease_until", **lease
    )
    desk.channels.clear()
    desk.wait(days=3.5)
    assert desk.deliver().dead == 0, "somebody may be at it"

    desk.wait(days=1)
    assert desk.deliver().dead == 1
    assert [(row.state, row.doubt) for row in desk.rows()] == [("dead", doubt)]


def test_a_channel_without_an_address_waits_for_one_as_long_as_it_takes(desk: Desk) -> None:
    desk.open("later", "json://host")
    desk.limits = AlertSettings(channels=tuple(desk.configured))
    desk.raise_one()
    channel = desk.channels.pop()
    desk.wait(days=30)
    assert (desk.deliver().dead, desk.states()) == (0, [("later", "waiting")])

    desk.channels.append(channel)
    assert desk.deliver(Letterbox().open_way).delivered == 1
