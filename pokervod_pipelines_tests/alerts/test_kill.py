"""Kill a deliverer at every moment: no message is lost, and one is repeated only where nobody knew of the first."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pokervod_pipelines_tests.alerts.outbox import Outbox
from pokervod_pipelines_tests.alerts.servers import HookServer


def start_deliverer(outbox: Outbox, url: str, moment: str) -> subprocess.Popen[bytes]:
    (channel,) = outbox.channels
    program = "pokervod_pipelines_tests.alerts.dying_deliverer"
    command = [sys.executable, "-m", program, url, channel.url.get_secret_value(), outbox.now.isoformat(), moment]
    return subprocess.Popen(command, cwd=Path(__file__).parents[2])


@pytest.mark.parametrize(
    ("moment", "state", "messages", "may_repeat"),
    [
        ("claimed", "claimed", 1, False),
        ("ready", "claimed", 1, False),
        ("sending", "sending", 1, True),
        ("sent", "sending", 2, True),
    ],
)
def test_killed_at_any_moment_it_is_delivered(
    outbox: Outbox, database_url: str, hook: HookServer, moment: str, state: str, messages: int, may_repeat: bool
) -> None:
    outbox.open_webhook(hook)
    outbox.raise_one()

    assert start_deliverer(outbox, database_url, moment).wait(60) == -signal.SIGKILL

    assert outbox.states() == [("web", state)]
    assert outbox.deliver().delivered == 0, "the lease still holds"
    outbox.wait(minutes=3)
    assert outbox.deliver().delivered == 1
    assert len(hook.posts) == messages
    assert len({post.body["delivery"] for post in hook.posts}) == 1
    assert [(row.state, row.may_have_been_delivered) for row in outbox.rows()] == [("delivered", may_repeat)]
    assert ("You may have this message already" in hook.posts[-1].body["message"]) is may_repeat
    outbox.wait(days=1)
    assert outbox.deliver().delivered == 0


def test_killed_while_the_service_has_it_unanswered(outbox: Outbox, database_url: str, hook: HookServer) -> None:
    outbox.open_webhook(hook)
    outbox.raise_one()
    process = start_deliverer(outbox, database_url, "never")
    hook.before_answer = lambda: os.kill(process.pid, signal.SIGKILL)

    assert process.wait(60) == -signal.SIGKILL
    hook.before_answer = None
    outbox.wait(minutes=3)

    assert outbox.deliver().delivered == 1
    assert [(row.state, row.may_have_been_delivered, row.attempts) for row in outbox.rows()] == [("delivered", True, 2)]
    assert len(hook.posts) == 2
    assert len({post.headers["X-PokerVOD-Delivery"] for post in hook.posts}) == 1
