"""A deliverer killed at every moment: never lost, and twice only where the service had it and nobody knew."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pokervod_pipelines_tests.alerts.desk import Desk
from pokervod_pipelines_tests.alerts.servers import HookServer


def start_deliverer(desk: Desk, url: str, moment: str) -> subprocess.Popen[bytes]:
    (channel,) = desk.channels
    program = "pokervod_pipelines_tests.alerts.dying_deliverer"
    command = [sys.executable, "-m", program, url, channel.url.get_secret_value(), desk.now.isoformat(), moment]
    return subprocess.Popen(command, cwd=Path(__file__).parents[2])


@pytest.mark.parametrize(
    ("moment", "state", "messages", "doubt"),
    [
        ("claimed", "claimed", 1, False),
        ("ready", "claimed", 1, False),
        ("sending", "sending", 1, True),
        ("sent", "sending", 2, True),
    ],
)
def test_killed_at_any_moment_it_is_delivered(
    desk: Desk, database_url: str, hook: HookServer, moment: str, state: str, messages: int, doubt: bool
) -> None:
    desk.open_webhook(hook)
    desk.raise_one()

    assert start_deliverer(desk, database_url, moment).wait(60) == -signal.SIGKILL

    assert desk.states() == [("web", state)]
    assert desk.deliver().delivered == 0, "the lease still holds"
    desk.wait(minutes=3)
    assert desk.deliver().delivered == 1
    assert len(hook.posts) == messages
    assert len({post.body["delivery"] for post in hook.posts}) == 1
    assert [(row.state, row.doubt) for row in desk.rows()] == [("delivered", doubt)]
    assert ("You may have this message already" in hook.posts[-1].body["message"]) is doubt
    desk.wait(days=1)
    assert desk.deliver().delivered == 0


def test_killed_while_the_service_has_it_and_has_not_answered(desk: Desk, database_url: str, hook: HookServer) -> None:
    desk.open_webhook(hook)
    desk.raise_one()
    process = start_deliverer(desk, database_url, "never")
    hook.before_answer = lambda: os.kill(process.pid, signal.SIGKILL)

    assert process.wait(60) == -signal.SIGKILL
    hook.before_answer = None
    desk.wait(minutes=3)

    assert desk.deliver().delivered == 1
    assert [(row.state, row.doubt, row.attempts) for row in desk.rows()] == [("delivered", True, 2)]
    assert len(hook.posts) == 2
    assert len({post.headers["X-PokerVOD-Delivery"] for post in hook.posts}) == 1
