"""The HTML of an e-mail: simple enough for every mail program, without anything loaded from elsewhere.

Apprise makes the plain part of it, so code is no ``<code>``, which would get a line of its own, and the link
shows its address.
"""

import re
from html import escape

from markdown import Markdown

from pokervod_pipelines.alerts.message import Message

COLOURS = {"info": "#2f6fed", "warning": "#b7791f", "critical": "#c0262d"}

_PAGE = """\
<html><body style="margin:0;padding:16px;background:#f4f5f7;font-family:Helvetica,Arial,sans-serif;color:#1f2430">
<table role="presentation" width="100%" style="max-width:680px;margin:0 auto;background:#fff;border-collapse:collapse">
<tr><td style="background:{colour};color:#ffffff;padding:14px 20px;font-size:18px;font-weight:bold">{headline}</td></tr>
<tr><td style="padding:12px 20px;font-size:14px;line-height:1.5">{body}{link}</td></tr>
<tr><td style="padding:12px 20px;border-top:1px solid #e3e5ea;font-size:12px;color:#6b7280">{footer}</td></tr>
</table></body></html>
"""


def draw_mail(message: Message) -> str:
    """Return the message as an HTML page; what looks like HTML in it is text, as in an error that is quoted."""
    link = f'<p>Open: <a href="{escape(message.link)}">{escape(message.link)}</a></p>' if message.link else ""
    return _PAGE.format(
        colour=COLOURS[message.severity],
        headline=escape(message.headline),
        body=_restyle_code(convert_markdown(message.body)),
        link=link,
        footer=escape(message.footer),
    )


def _restyle_code(page: str) -> str:
    page = re.sub(
        r"<pre><code[^>]*>(.*?)</code></pre>",
        r'<pre style="background:#f4f5f7;padding:10px">\1</pre>',
        page,
        flags=re.S,
    )
    return re.sub(r"<code>(.*?)</code>", r'<span style="font-family:monospace">\1</span>', page, flags=re.S)


def convert_markdown(text: str) -> str:
    """Return Markdown as HTML; what looks like HTML in it is text."""
    converter = Markdown(extensions=["fenced_code", "tables", "sane_lists", "nl2br"])
    for part, name in ((converter.preprocessors, "html_block"), (converter.inlinePatterns, "html")):
        part.deregister(name)
    return str(converter.convert(text))
