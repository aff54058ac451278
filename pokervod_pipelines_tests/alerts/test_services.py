"""Check what arrives at Slack, in a mail box, at a webhook and on the console."""

import json

import pytest

from pokervod_pipelines_tests.alerts.outbox import Outbox
from pokervod_pipelines_tests.alerts.servers import SLACK_TOKENS, HookServer, MailServer

BODY = """## Attempts
1. **database_table** failed: `video_files` is missing
2. [the run](http://host/runs/1) ended with <class 'KeyError'> & more

```
Traceback <last>
```"""


def test_slack_gets_one_message_in_its_own_format(outbox: Outbox, hook: HookServer) -> None:
    outbox.open_slack(hook)
    outbox.raise_one(title="Week 4 <failed> & pauses", body=BODY, link="http://host/rollout/4")

    assert outbox.deliver().delivered == 1

    (post,) = hook.posts
    assert post.path == f"/services/{SLACK_TOKENS}"
    (shown,) = post.body["attachments"]
    assert shown["title"] == "CRITICAL: Week 4 &lt;failed&gt; &amp; pauses"
    assert "*Attempts*" in shown["text"]
    assert "*database_table* failed: `video_files` is missing" in shown["text"]
    assert "<http://host/runs/1|the run> ended with &lt;class 'KeyError'> &amp; more" in shown["text"]
    assert "<http://host/rollout/4|Open in PokerVOD>" in shown["text"]
    assert f"Delivery {outbox.rows()[0].id}." in shown["text"]
    assert shown["footer"] == "PokerVOD"
    assert "icon_url" not in post.body


def test_a_mail_is_plain_and_html_with_the_errors_as_text(outbox: Outbox, mail: MailServer) -> None:
    outbox.open_mail(mail)
    outbox.raise_one(title="Week 4 <failed>", body=BODY, link="http://host/rollout/4")

    assert outbox.deliver().delivered == 1

    (letter,) = mail.mails
    plain = letter.get_body(("plain",)).get_content()
    page = letter.get_body(("html",)).get_content()
    assert letter["Subject"] == "CRITICAL: Week 4 <failed>"
    assert letter["To"] == "eva@example.org"
    assert letter["X-PokerVOD-Delivery"] == str(outbox.rows()[0].id)
    for text in ("database_table", "<class 'KeyError'>", "Traceback <last>", f"Delivery {outbox.rows()[0].id}."):
        assert text in plain
    assert "video_files is missing" in plain
    assert "Open: http://host/rollout/4" in plain
    assert "<strong>database_table</strong>" in page
    assert "<li>" in page
    assert "&lt;class" in page
    assert "<class" not in page
    assert 'href="http://host/rollout/4"' in page
    assert "<img" not in page


def test_a_webhook_gets_the_delivery_as_fields(outbox: Outbox, hook: HookServer) -> None:
    outbox.open_webhook(hook)
    outbox.raise_one(severity="warning", body="**slow**")

    outbox.deliver()

    (post,) = hook.posts
    number = str(outbox.rows()[0].id)
    assert post.path == "/hooks/sesame"
    assert post.headers["X-PokerVOD-Delivery"] == number
    fields = {key: post.body[key] for key in ("title", "type", "delivery", "key", "severity")}
    assert fields == {
        "title": "WARNING: week 4 failed",
        "type": "warning",
        "delivery": number,
        "key": "week 4",
        "severity": "warning",
    }
    assert "slow" in post.body["message"]


def test_the_console_shows_it_on_the_error_output(outbox: Outbox, capsys: pytest.CaptureFixture[str]) -> None:
    outbox.open("here", "console://")
    outbox.raise_one(severity="info", body="all is well")

    outbox.deliver()

    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("INFO: week 4 failed\nall is well\n")
    assert outbox.states() == [("here", "delivered")]


def test_several_messages_go_in_one_call_in_the_order_they_were_raised(outbox: Outbox, hook: HookServer) -> None:
    outbox.open_webhook(hook)
    for number in range(3):
        outbox.raise_one(f"key {number}")
        outbox.wait(seconds=1)

    assert outbox.deliver().delivered == 3

    assert [post.body["key"] for post in hook.posts] == ["key 0", "key 1", "key 2"]


def test_the_longest_message_arrives_whole(outbox: Outbox, hook: HookServer) -> None:
    outbox.open_slack(hook)
    outbox.raise_one(title="t" * 500, body="```\n" + "error line\n" * 2_000)

    outbox.deliver()

    (shown,) = hook.posts[0].body["attachments"]
    assert "… (shortened)" in shown["text"]
    assert str(outbox.rows()[0].id) in shown["text"]
    assert len(json.dumps(hook.posts[0].body)) < 6_000
