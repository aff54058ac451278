"""Deliver from several processes at the same time: no message is sent twice."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from pokervod_pipelines.alerts import delivery_store as store
from pokervod_pipelines_tests.alerts.outbox import FakeChannels, Outbox
from pokervod_pipelines_tests.alerts.servers import HookServer


def test_four_deliverers_send_sixty_alerts_once_each(outbox: Outbox) -> None:
    box = FakeChannels()
    for name in ("one", "two"):
        outbox.open(name, f"json://{name}")
    for number in range(60):
        outbox.raise_one(f"key {number}")
    barrier = threading.Barrier(4)

    def run(_: int) -> int:
        barrier.wait()
        return outbox.deliver(box.open_channel).delivered

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(run, range(4)))

    assert sum(done) == 120
    assert set(Counter((channel, message.delivery_id) for channel, message in box.sent).values()) == {1}
    assert len(box.sent) == 120


def test_two_deliverers_of_one_slack_message_send_one(outbox: Outbox, hook: HookServer) -> None:
    outbox.open_slack(hook)
    outbox.raise_one()

    with ThreadPoolExecutor(2) as pool:
        done = sorted(pool.map(lambda _: outbox.deliver().delivered, range(2)))

    assert done == [0, 1]
    assert len(hook.posts) == 1


def test_a_claim_takes_one_delivery_of_a_table_that_counts_as_empty(outbox: Outbox) -> None:
    """A nested loop once ran the search for the oldest delivery again, which then claimed a second one."""
    outbox.open("web", "json://host")
    for number in range(100):
        outbox.raise_one(f"old {number}")
    outbox.execute("delete from alert_deliveries")
    outbox.execute("delete from alerts")
    outbox.execute("analyze alert_deliveries, alerts")
    for number in range(20):
        outbox.raise_one(f"key {number}")

    with outbox.engine.begin() as connection:
        claim = store.claim_next(connection, "web", now=outbox.now, lease_until=outbox.now + timedelta(minutes=1))

    assert claim is not None
    assert sorted(state for _, state in outbox.states()) == ["claimed", *["pending"] * 19]


def test_who_lost_a_claim_does_not_send(outbox: Outbox) -> None:
    """Suspend the first after its claim; when it resumes, its lease has expired and another has delivered."""
    box = FakeChannels()
    outbox.open("web", "json://host")
    outbox.raise_one()
    with outbox.engine.begin() as connection:
        claim = store.claim_next(connection, "web", now=outbox.now, lease_until=outbox.now + timedelta(seconds=1))
    assert claim is not None
    outbox.wait(minutes=1)
    assert outbox.deliver(box.open_channel).delivered == 1

    with outbox.engine.begin() as connection:
        assert not store.begin_sending(connection, claim, outbox.now + timedelta(minutes=1))
        assert not store.record_delivered(connection, claim.id, outbox.now)
    assert [(row.state, row.may_have_been_delivered, row.attempts) for row in outbox.rows()] == [
        ("delivered", False, 1)
    ]


def test_who_sent_although_its_lease_was_over_spares_the_others_the_message(outbox: Outbox) -> None:
    outbox.open("web", "json://host")
    outbox.raise_one()
    claims = []
    for _ in range(2):
        with outbox.engine.begin() as connection:
            claims.append(store.claim_next(connection, "web", now=outbox.now, lease_until=outbox.now))
            if len(claims) == 1:
                store.begin_sending(connection, claims[0], outbox.now)

    with outbox.engine.begin() as connection:
        assert store.record_delivered(connection, claims[0].id, outbox.now)
        assert not store.begin_sending(connection, claims[1], outbox.now + timedelta(minutes=1))
    assert claims[1].may_have_been_delivered
    assert outbox.states() == [("web", "delivered")]
