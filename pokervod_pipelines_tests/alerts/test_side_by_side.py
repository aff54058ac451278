"""Deliverers that work at the same time never send a message twice."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from pokervod_pipelines.alerts import delivery_store as store
from pokervod_pipelines_tests.alerts.desk import Desk, Letterbox
from pokervod_pipelines_tests.alerts.servers import HookServer


def test_four_deliverers_send_sixty_alerts_once_each(desk: Desk) -> None:
    box = Letterbox()
    for name in ("one", "two"):
        desk.open(name, f"json://{name}")
    for number in range(60):
        desk.raise_one(f"key {number}")
    barrier = threading.Barrier(4)

    def run(_: int) -> int:
        barrier.wait()
        return desk.deliver(box.open_way).delivered

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(run, range(4)))

    assert sum(done) == 120
    assert set(Counter((channel, message.delivery_id) for channel, message in box.sent).values()) == {1}
    assert len(box.sent) == 120


def test_two_deliverers_of_one_slack_message_send_one(desk: Desk, hook: HookServer) -> None:
    desk.open_slack(hook)
    desk.raise_one()

    with ThreadPoolExecutor(2) as pool:
        done = sorted(pool.map(lambda _: desk.deliver().delivered, range(2)))

    assert done == [0, 1]
    assert len(hook.posts) == 1


def test_who_lost_a_claim_does_not_send(desk: Desk) -> None:
    """The first is suspended after its claim; when it wakes up, its lease is over and another has delivered."""
    box = Letterbox()
    desk.open("web", "json://host")
    desk.raise_one()
    with desk.engine.begin() as connection:
        claim = store.claim_next(connection, "web", now=desk.now, lease_until=desk.now + timedelta(seconds=1))
    assert claim is not None
    desk.wait(minutes=1)
    assert desk.deliver(box.open_way).delivered == 1

    with desk.engine.begin() as connection:
        assert not store.begin_sending(connection, claim, desk.now + timedelta(minutes=1))
        assert not store.settle_delivered(connection, claim.id, desk.now)
    assert [(row.state, row.doubt, row.attempts) for row in desk.rows()] == [("delivered", False, 1)]


def test_who_sent_although_its_lease_was_over_spares_the_others_the_message(desk: Desk) -> None:
    desk.open("web", "json://host")
    desk.raise_one()
    claims = []
    for _ in range(2):
        with desk.engine.begin() as connection:
            claims.append(store.claim_next(connection, "web", now=desk.now, lease_until=desk.now))
            if len(claims) == 1:
                store.begin_sending(connection, claims[0], desk.now)

    with desk.engine.begin() as connection:
        assert store.settle_delivered(connection, claims[0].id, desk.now)
        assert not store.begin_sending(connection, claims[1], desk.now + timedelta(minutes=1))
    assert claims[1].doubt
    assert desk.states() == [("web", "delivered")]
