"""Send messages to notification services with apprise. Runs in a child process.

``prepare`` sends nothing; ``send_prepared`` sends what was prepared last. A service that hangs takes only this process
with it, and when the parent dies before it asks to send, nothing is sent.
"""

import logging
import re
import time
from html import escape
from typing import Any, NamedTuple

from apprise import Apprise, AppriseAsset, NotifyBase, NotifyFormat, NotifyType, PersistentStoreMode
from apprise.plugins.email.base import NotifyEmail
from apprise.plugins.slack import NotifySlack
from markdown import Markdown

from pokervod_pipelines.alerts.message import Message
from pokervod_pipelines.alerts.sending import BadAddress, SendFailure

DELIVERY_HEADER = "X-PokerVOD-Delivery"
UNKNOWN_ADDRESS = "apprise does not know this kind of address. See appriseit.com for the service."

NOTIFY_TYPES = {
    "info": NotifyType.INFO,
    "warning": NotifyType.WARNING,
    "error": NotifyType.FAILURE,
    "critical": NotifyType.FAILURE,
}
MAIL_PRIORITIES = {"info": ("5", "low"), "warning": ("3", "normal"), "error": ("2", "high"), "critical": ("1", "high")}
"""``X-Priority`` and ``Importance`` of an e-mail: mail programs show and sort by one or the other."""

GREEN = "#15803d"
COLOURS = {"info": "#2f6fed", "warning": "#b7791f", "error": "#c2410c", "critical": "#c0262d"}

_NOT_SENT = re.compile(
    r"error=[45]\d\d|refused|Failed to establish a new connection|Name or service not known|"
    r"No address associated|ConnectTimeout|connect timeout|[^\d][45]\d\d[, ]+b'|certificate|are no Email recipients",
    re.IGNORECASE,
)
"""Matches what apprise logs when the message cannot have been delivered; otherwise it may have been."""

_REFUSED = re.compile(r"error=4(?!08|25)\d\d|[^\d]5\d\d[, ]+b'|are no Email recipients", re.IGNORECASE)
"""Matches what apprise logs of a service that answers: with a 4xx, or as a mail server with a 5xx, which is final."""

_LOGGED_AT_DEBUG = ("Socket Exception", "Response Details")
_MAX_CHARACTERS = 1_000


class _Prepared(NamedTuple):
    plugin: NotifyBase
    message: Message
    address: tuple[str, str | None]
    pause: float


_prepared: list[_Prepared] = []
"""The message to send, kept by the child between two calls."""

_free_at: dict[tuple[str, str | None], float] = {}
"""When each address may be used again, by the monotonic clock."""


_PAGE = """\
<html><body style="margin:0;padding:16px;background:#f4f5f7;font-family:Helvetica,Arial,sans-serif;color:#1f2430">
<table role="presentation" width="100%" style="max-width:680px;margin:0 auto;background:#fff;border-collapse:collapse">
<tr><td style="background:{colour};color:#ffffff;padding:14px 20px;font-size:18px;font-weight:bold">{headline}</td></tr>
<tr><td style="padding:12px 20px;font-size:14px;line-height:1.5">{body}{link}</td></tr>
<tr><td style="padding:12px 20px;border-top:1px solid #e3e5ea;font-size:12px;color:#6b7280">{footer}</td></tr>
</table></body></html>
"""


class _Transcript(logging.Handler):
    """Keep what apprise logs about a failure, which its answer does not contain."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = " ".join(record.getMessage().split())
        if record.levelno >= logging.WARNING or text.startswith(_LOGGED_AT_DEBUG):
            self.lines.append(text)


def prepare(url: str, endpoint: str | None, message: Message) -> None:
    """Open the service and keep the message for it; pause as long as the service asks for. Raises ``BadAddress``."""
    plugin = open_service(url, endpoint)
    pause, plugin.request_rate_per_sec = plugin.request_rate_per_sec, 0.0
    time.sleep(max(0.0, _free_at.get((url, endpoint), 0.0) - time.monotonic()))  # now, while nothing is being sent
    _prepared[:] = [_Prepared(plugin, message, (url, endpoint), pause)]


def send_prepared() -> SendFailure | None:
    """Send the message that was prepared; return why it was not sent, or None."""
    if not _prepared:  # another child had prepared it, and died
        return SendFailure(reason="the sender died before it sent the message", may_have_been_delivered=False)
    prepared = _prepared.pop()
    _free_at[prepared.address] = time.monotonic() + prepared.pause
    return send(prepared.plugin, prepared.message)


def open_service(url: str, endpoint: str | None) -> NotifyBase:
    """Return the service of the address, in memory only. Raises ``BadAddress``, also for several receivers."""
    asset = AppriseAsset(app_id="PokerVOD", app_desc="PokerVOD alerts", storage_mode=PersistentStoreMode.MEMORY)
    asset.http_redirects = False  # a redirected message is lost, and the answer says it was delivered
    asset.image_url_mask = asset.image_url_logo = ""  # no images of others
    plugin = Apprise.instantiate(url, asset=asset)
    if not isinstance(plugin, NotifyBase):
        raise BadAddress(UNKNOWN_ADDRESS)
    if len(plugin) > 1:
        raise BadAddress(
            f"the address has {len(plugin)} receivers. Make a channel for each: one that fails would repeat the others."
        )
    if endpoint and isinstance(plugin, NotifySlack):
        plugin.webhook_url = f"{endpoint}/services"
    if isinstance(plugin, NotifySlack):
        _keep_commands_out(plugin)
    plugin.retry = 0  # the queue retries
    return plugin


def quote_commands(text: str) -> str:
    """Return Slack's own format with every ``<`` escaped that does not open a link.

    >>> quote_commands("<http://host|run> <class 'E'> <!channel>")
    "<http://host|run> &lt;class 'E'> &lt;!channel>"
    """
    return re.sub(r"<(?!(?:https?://|mailto:)[^<>\n]*>)", "&lt;", text)


def _keep_commands_out(plugin: NotifySlack) -> None:
    """Escape ``<…>`` in quoted errors, which would vanish or call the whole channel; apprise does not."""
    convert = plugin.dialect_convert

    def convert_and_quote(body: str, *given: Any, **named: Any) -> str:
        return quote_commands(convert(body, *given, **named))

    plugin.dialect_convert = convert_and_quote  # type: ignore[method-assign]


def send(plugin: NotifyBase, message: Message) -> SendFailure | None:
    """Send the message; return why it was not sent, or None."""
    transcript = _Transcript()
    log = logging.getLogger("apprise")
    log.setLevel(logging.DEBUG)
    log.addHandler(transcript)
    try:
        is_sent = _notify(plugin, message)
    except Exception as error:  # noqa: BLE001 - a plugin's own fault is a failure like any other
        reason = f"{type(error).__name__}: {error}"[:_MAX_CHARACTERS]
        return SendFailure(reason=reason, may_have_been_delivered=True)
    finally:
        log.removeHandler(transcript)
    if is_sent:
        return None
    reason = "; ".join(dict.fromkeys(transcript.lines)) or "apprise gave no reason"
    return SendFailure(
        reason=reason[:_MAX_CHARACTERS],
        may_have_been_delivered=not _NOT_SENT.search(reason),
        is_away=not _REFUSED.search(reason),
    )


def _notify(plugin: NotifyBase, message: Message) -> bool:
    headers, fields = getattr(plugin, "headers", None), getattr(plugin, "payload_extras", None)
    if isinstance(headers, dict):
        headers[DELIVERY_HEADER] = message.delivery_id
        if isinstance(plugin, NotifyEmail):
            is_good = message.is_good_news
            headers["X-Priority"], headers["Importance"] = MAIL_PRIORITIES["warning" if is_good else message.severity]
    if isinstance(fields, dict):
        fields.update(delivery=message.delivery_id, key=message.key, severity=message.severity, kind=message.kind)
    body, body_format = _format_body(plugin, message)
    service = Apprise(asset=plugin.asset)
    service.add(plugin)
    return bool(
        service.notify(
            title=message.headline,
            body=body,
            body_format=body_format,
            notify_type=NotifyType.SUCCESS if message.is_good_news else NOTIFY_TYPES[message.severity],
        )
    )


def _format_body(plugin: NotifyBase, message: Message) -> tuple[str, NotifyFormat]:
    """Return Markdown for services that show it, else HTML, of which apprise makes plain text where required."""
    if isinstance(plugin, NotifyEmail):
        return draw_mail(message), NotifyFormat.HTML
    if plugin.resolve_format(NotifyFormat.MARKDOWN) == NotifyFormat.MARKDOWN:
        return message.markdown, NotifyFormat.MARKDOWN
    return convert_markdown(message.markdown), NotifyFormat.HTML


def draw_mail(message: Message) -> str:
    """Return an e-mail as an HTML page that every mail program shows; HTML in the message is shown as text."""
    link = f'<p>Open: <a href="{escape(message.link)}">{escape(message.link)}</a></p>' if message.link else ""
    return _PAGE.format(
        colour=GREEN if message.is_good_news else COLOURS[message.severity],
        headline=escape(message.headline),
        body=_restyle_code(convert_markdown(message.body)),
        link=link,
        footer=escape(message.footer),
    )


def _restyle_code(page: str) -> str:
    """Replace ``<code>``, which would get a line of its own in the plain text that apprise makes."""
    page = re.sub(
        r"<pre><code[^>]*>(.*?)</code></pre>",
        r'<pre style="background:#f4f5f7;padding:10px">\1</pre>',
        page,
        flags=re.S,
    )
    return re.sub(r"<code>(.*?)</code>", r'<span style="font-family:monospace">\1</span>', page, flags=re.S)


def convert_markdown(text: str) -> str:
    """Return Markdown as HTML; HTML in it is text."""
    converter = Markdown(extensions=["fenced_code", "tables", "sane_lists", "nl2br"])
    for part, name in ((converter.preprocessors, "html_block"), (converter.inlinePatterns, "html")):
        part.deregister(name)
    return str(converter.convert(text))
