"""Try what depends on apprise in a process of its own: it loads much, and warns while it is loaded."""

import json
import os
import signal
import subprocess
import sys
from contextlib import closing
from functools import partial

import pytest

from pokervod_pipelines.alerts.message import Message
from pokervod_pipelines.alerts.sending import PROGRAM, SendFailure, prepare_message, send_prepared
from pokervod_pipelines.processes.supervised import SupervisedChild
from pokervod_pipelines_tests.processes.tasks import find_pid

CASES = [
    (
        "quote_commands",
        "<http://host|run> <class 'E'> <!channel> <@U1>",
        "<http://host|run> &lt;class 'E'> &lt;!channel> &lt;@U1>",
    ),
    ("quote_commands", "<mailto:eva@example.org|eva>", "<mailto:eva@example.org|eva>"),
    ("quote_commands", "<http://host <!here>", "&lt;http://host &lt;!here>"),
    ("convert_markdown", "a <b>c</b>", "<p>a &lt;b&gt;c&lt;/b&gt;</p>"),
    ("convert_markdown", "```\n<x>\n```", "<pre><code>&lt;x&gt;\n</code></pre>"),
    ("convert_markdown", "<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
]


@pytest.fixture(scope="module")
def answers() -> list[str]:
    program = """if True:
        import json, sys
        from pokervod_pipelines.alerts import sender
        print(json.dumps([getattr(sender, name)(text) for name, text, _ in json.load(sys.stdin)]))
    """
    done = subprocess.run(
        [sys.executable, "-c", program], input=json.dumps(CASES), capture_output=True, text=True, check=True
    )
    found: list[str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("number", range(len(CASES)))
def test_what_looks_like_markup_in_an_error_is_text(answers: list[str], number: int) -> None:
    assert answers[number] == CASES[number][2]


def test_a_message_that_was_prepared_by_a_child_that_died_is_not_sent() -> None:
    message = Message(
        delivery_id="1", key="k", severity="info", kind="message", title="t", body="", link=None, footer=""
    )
    with closing(SupervisedChild(PROGRAM)) as child:
        child.ask(partial(prepare_message, "json://127.0.0.1:1/sesame", None, message))
        pid = child.ask(find_pid)
        os.kill(pid, signal.SIGKILL)

        failure = child.ask(send_prepared)

    assert failure == SendFailure(reason="the sender died before it sent the message", may_have_been_delivered=False)
