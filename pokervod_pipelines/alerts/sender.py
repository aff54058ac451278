"""The child process that speaks to notification services: a message a line, and it waits for the word before it sends.

::

    parent                     child
    {"url": …, "message": …}
                               {"ready": true}      nothing was sent so far
    {"go": true}
                               {"sent": true}   or  {"fault": "…", "doubt": true}

A service that hangs takes only this process with it. When the parent is gone before it said go, nothing is sent. The
address comes on the input, never on the command line. Who watches over it is ``transport``.
"""

import faulthandler
import json
import logging
import os
import re
import sys
import time
from collections.abc import Mapping
from typing import Any, TextIO

from apprise import Apprise, AppriseAsset, NotifyBase, NotifyFormat, NotifyType, PersistentStoreMode
from apprise.plugins.email.base import NotifyEmail
from apprise.plugins.slack import NotifySlack

from pokervod_pipelines.alerts.mail_page import convert_markdown, draw_mail
from pokervod_pipelines.alerts.message import Message

GRACE_SECONDS = 5.0
"""So long after its limit a child ends itself, in case nobody is left to end it."""

DELIVERY_HEADER = "X-PokerVOD-Delivery"
NOT_AN_ADDRESS = "its address is none that apprise understands: look the service up at appriseit.com"

NOTIFY_TYPES = {"info": NotifyType.INFO, "warning": NotifyType.WARNING, "critical": NotifyType.FAILURE}

_SURELY_NOT_SENT = re.compile(
    r"error=[45]\d\d|refused|Failed to establish a new connection|Name or service not known|"
    r"No address associated|ConnectTimeout|connect timeout|[^\d][45]\d\d[, ]+b'|certificate|are no Email recipients",
    re.IGNORECASE,
)
"""What apprise says when the message cannot have arrived; of everything else that is not known."""

_TOLD_AT_DEBUG = ("Socket Exception", "Response Details")
_MOST_CHARACTERS = 1_000


class Unaddressed(ValueError):
    """The address cannot be used; the text says why, without the address."""


class _Transcript(logging.Handler):
    """What apprise says of a failure, which its answer does not."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = " ".join(record.getMessage().split())
        if record.levelno >= logging.WARNING or text.startswith(_TOLD_AT_DEBUG):
            self.lines.append(text)


def serve(tasks: TextIO, answers: TextIO) -> None:
    """Answer until the input ends."""
    silence = open(os.devnull, "wb")  # noqa: PTH123, SIM115 - as long as the process lives
    free_at = 0.0
    for line in tasks:
        task = json.loads(line)
        faulthandler.dump_traceback_later(task["seconds"] + GRACE_SECONDS, exit=True, file=silence)
        try:
            plugin = open_service(task["url"], task["endpoint"])
            pause, plugin.request_rate_per_sec = plugin.request_rate_per_sec, 0.0
            time.sleep(max(0.0, free_at - time.monotonic()))  # what the service asks for, while nothing is on its way
            _answer(answers, {"ready": True})
            if not tasks.readline():
                return
            free_at = time.monotonic() + pause
            _answer(answers, send(plugin, Message(**task["message"])))
        except Unaddressed as error:
            _answer(answers, {"fault": str(error), "doubt": False})
        faulthandler.cancel_dump_traceback_later()


def open_service(url: str, endpoint: str | None) -> NotifyBase:
    """The service of the address, in memory only; raises ``Unaddressed`` for none, or for one of several receivers."""
    asset = AppriseAsset(app_id="PokerVOD", app_desc="PokerVOD alerts", storage_mode=PersistentStoreMode.MEMORY)
    asset.http_redirects = False  # a message that is redirected arrives nowhere, and the answer says it did
    asset.image_url_mask = asset.image_url_logo = ""  # nobody's pictures
    plugin = Apprise.instantiate(url, asset=asset)
    if not isinstance(plugin, NotifyBase):
        raise Unaddressed(NOT_AN_ADDRESS)
    if len(plugin) > 1:
        raise Unaddressed(
            f"its address names {len(plugin)} receivers: make a channel for each, or one that fails repeats the others"
        )
    if endpoint and isinstance(plugin, NotifySlack):
        plugin.webhook_url = f"{endpoint}/services"
    if isinstance(plugin, NotifySlack):
        _keep_commands_out(plugin)
    plugin.retry = 0  # the queue tries again, and remembers it
    return plugin


def quote_commands(text: str) -> str:
    """Return Slack's own format with every ``<`` that opens no link as a character.

    >>> quote_commands("<http://host|run> <class 'E'> <!channel>")
    "<http://host|run> &lt;class 'E'> &lt;!channel>"
    """
    return re.sub(r"<(?!(?:https?://|mailto:)[^<>\n]*>)", "&lt;", text)


def _keep_commands_out(plugin: NotifySlack) -> None:
    """A quoted error neither vanishes nor calls the whole channel; apprise lets what stands in ``<…>`` through."""
    convert = plugin.dialect_convert

    def convert_and_quote(body: str, *given: Any, **named: Any) -> str:
        return quote_commands(convert(body, *given, **named))

    plugin.dialect_convert = convert_and_quote  # type: ignore[method-assign]


def send(plugin: NotifyBase, message: Message) -> dict[str, Any]:
    """The answer to the parent: sent, or the fault and whether it may have arrived all the same."""
    transcript = _Transcript()
    log = logging.getLogger("apprise")
    log.setLevel(logging.DEBUG)
    log.addHandler(transcript)
    try:
        is_sent = _notify(plugin, message)
    except Exception as error:  # noqa: BLE001 - a plugin's own mistake is a failed try like any other
        return {"fault": f"{type(error).__name__}: {error}"[:_MOST_CHARACTERS], "doubt": True}
    finally:
        log.removeHandler(transcript)
    if is_sent:
        return {"sent": True}
    said = "; ".join(dict.fromkeys(transcript.lines)) or "apprise gave no reason"
    return {"fault": said[:_MOST_CHARACTERS], "doubt": not _SURELY_NOT_SENT.search(said)}


def _notify(plugin: NotifyBase, message: Message) -> bool:
    headers, fields = getattr(plugin, "headers", None), getattr(plugin, "payload_extras", None)
    if isinstance(headers, dict):
        headers[DELIVERY_HEADER] = message.delivery_id
    if isinstance(fields, dict):
        fields.update(delivery=message.delivery_id, key=message.key, severity=message.severity)
    body, body_format = _write_body(plugin, message)
    service = Apprise(asset=plugin.asset)
    service.add(plugin)
    return bool(
        service.notify(
            title=message.headline,
            body=body,
            body_format=body_format,
            notify_type=NOTIFY_TYPES[message.severity],
        )
    )


def _write_body(plugin: NotifyBase, message: Message) -> tuple[str, NotifyFormat]:
    """Markdown for who reads it; for others HTML, of which apprise makes plain text where that is wanted."""
    if isinstance(plugin, NotifyEmail):
        return draw_mail(message), NotifyFormat.HTML
    if plugin.resolve_format(NotifyFormat.MARKDOWN) == NotifyFormat.MARKDOWN:
        return message.markdown, NotifyFormat.MARKDOWN
    return convert_markdown(message.markdown), NotifyFormat.HTML


def _answer(answers: TextIO, value: Mapping[str, Any]) -> None:
    answers.write(json.dumps(value) + "\n")
    answers.flush()


def take_output() -> TextIO:
    """A stream for answers alone; whatever a library prints goes nowhere."""
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    with open(os.devnull, "wb") as silence:  # noqa: PTH123 - a device
        os.dup2(silence.fileno(), 1)
        os.dup2(silence.fileno(), 2)
    return answers


if __name__ == "__main__":
    serve(sys.stdin, take_output())
