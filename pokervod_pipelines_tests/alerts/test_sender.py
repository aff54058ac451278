"""What must hold of apprise, tried in a process of its own: it warns while it is loaded, and loads a lot."""

import json
import subprocess
import sys
from typing import Any

import pytest

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


def run_sender(*lines: dict[str, Any]) -> list[dict[str, Any]]:
    """What a sender answers to these lines, after which its parent is gone."""
    done = subprocess.run(
        [sys.executable, "-m", "pokervod_pipelines.alerts.sender"],
        input="".join(json.dumps(line) + "\n" for line in lines),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_sender_whose_parent_is_gone_sends_nothing() -> None:
    message = {"delivery_id": "1", "key": "k", "severity": "info", "title": "t", "body": "", "link": None, "footer": ""}
    task = {"url": "json://127.0.0.1:1/sesame", "endpoint": None, "message": message, "seconds": 30}

    assert run_sender(task) == [{"ready": True}]
