"""Have a channel that does not answer left alone, without a message lost or given up for it."""

from collections.abc import Iterator

import pytest

from pokervod_pipelines_tests.alerts.outbox import Outbox
from pokervod_pipelines_tests.alerts.servers import HookServer, MailServer


@pytest.fixture
def other() -> Iterator[HookServer]:
    """Run a second web server."""
    with HookServer() as server:
        yield server


def read_breakers(outbox: Outbox) -> list[tuple[str, int, bool]]:
    rows = outbox.execute("select name, failures, opened_at is not null as is_open from breakers order by name")
    return [(row.name, row.failures, row.is_open) for row in rows]


def test_messages_for_a_channel_that_is_down_wait_as_they_are_and_arrive_later(
    outbox: Outbox, hook: HookServer, other: HookServer
) -> None:
    outbox.open_webhook(hook)
    outbox.open_webhook(other, "other")
    for number in range(7):
        outbox.raise_one(f"alert {number}")
    hook.stop()
    reports = [outbox.deliver() for _ in range(7)]

    assert [each.failed for each in reports] == [1, 1, 1, 1, 1, 0, 0]
    assert sum(each.delivered for each in reports) == 7, "the other channel has them all"
    said = "The alert channel web does not answer: 5 failures in a row, the last at "
    assert reports[6].failures["web"].startswith(said)
    assert read_breakers(outbox) == [("channel:web", 5, True)]
    waiting = [(row.state, row.attempts) for row in outbox.rows() if row.channel == "web"]
    assert sorted(waiting) == [("pending", 0)] * 2 + [("pending", 1)] * 5
    hook.start()
    outbox.wait(minutes=3)

    reports = [outbox.deliver() for _ in range(2)]

    assert sum(each.delivered for each in reports) == 7
    assert len(hook.posts) == len(other.posts) == 7
    assert read_breakers(outbox) == [("channel:web", 0, False)]


def test_a_channel_with_nothing_to_send_is_not_probed(outbox: Outbox, hook: HookServer) -> None:
    outbox.open_webhook(hook)
    for number in range(5):
        outbox.raise_one(f"alert {number}")
    hook.stop()
    for _ in range(5):
        outbox.deliver()
    outbox.execute("update alert_deliveries set due_at = due_at + interval '1 day'")
    outbox.wait(minutes=2)

    assert outbox.deliver().failures == {}
    assert outbox.execute("select 1 from breakers where probe_id is not null") == []


@pytest.mark.parametrize(
    ("channel", "answers", "failures"),
    [
        ("web", [400, 401, 404, 413, 429], 0),
        ("web", [500, 502, 503, 504, 408], 5),
        ("mail", ["550 5.7.1 no", "554 5.7.1 no"], 0),
        ("mail", ["451 4.7.1 later", "421 4.3.2 shutting down"], 2),
    ],
)
def test_a_refusal_is_an_answer(
    outbox: Outbox, hook: HookServer, mail: MailServer, channel: str, answers: list[int] | list[str], failures: int
) -> None:
    server = hook if channel == "web" else mail
    outbox.open_webhook(hook) if channel == "web" else outbox.open_mail(mail)
    server.answers = list(answers)  # type: ignore[assignment]
    for number in range(len(answers)):
        outbox.raise_one(f"alert {number}")
    for _ in answers:
        assert outbox.deliver().failed == 1

    assert [each[1] for each in read_breakers(outbox)] == [failures] * bool(failures)
