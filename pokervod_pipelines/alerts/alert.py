"""Define an alert, which is one message, before it is posted, and the length of its texts."""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.text.folding import make_storable

KEY_LIMIT = 200
TITLE_LIMIT = 140
BODY_LIMIT = 3_000
"""Characters; Slack shows no more in one message."""

CUT = "\n\n… (shortened)"
FENCE = "```"


class AlertSeverity(StrEnum):
    """Tell how urgent an alert is."""

    INFO = "info"
    """Worth knowing; nothing has to be done."""

    WARNING = "warning"
    """A person should look at it within days."""

    ERROR = "error"
    """Something has failed that a person has to put right today."""

    CRITICAL = "critical"
    """Something is stopped until a person acts."""

    @property
    def rank(self) -> int:
        """Return a number that grows with the urgency."""
        return list(AlertSeverity).index(self)


class AlertKind(StrEnum):
    """Tell what a message is about."""

    OPENED = "opened"
    REOPENED = "reopened"
    ESCALATED = "escalated"
    """The incident became graver."""

    REMINDER = "reminder"
    """Nobody has acknowledged the incident."""

    RESOLVED = "resolved"
    DIGEST = "digest"
    """It gathers what was not worth a message of its own."""

    EVENT = "event"
    """A rule asks for an event of the log."""

    MESSAGE = "message"
    """It is about nothing that lasts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Describe a message that people should have; it is sent once on each channel.

    One of an incident is identified by its ``kind``, severity and opening, any other by ``key``. ``body`` is Markdown
    and is shortened to ``BODY_LIMIT``, ``title`` is one line of plain text. Neither may contain secrets. Raises
    ``BadInput`` without a key, without a title, or for a link that is not a web address.
    """

    key: str
    severity: AlertSeverity
    title: str
    body: str = ""
    link: str | None = None
    correlation_id: str = ""
    kind: AlertKind = AlertKind.MESSAGE
    incident_id: int | None = None
    opening: int | None = None

    def __post_init__(self) -> None:
        if not self.key.strip() or len(self.key) > KEY_LIMIT:
            raise BadInput(f"expected an alert key of 1 to {KEY_LIMIT} characters, got {self.key[:40]!r}")
        if not self.title.strip():
            raise BadInput(f"alert {self.key!r}: a title is required")
        if self.link is not None and (urlsplit(self.link).scheme not in {"http", "https"} or self.link.split()[1:]):
            raise BadInput(f"alert {self.key!r}: expected an http(s) link without blanks, got {self.link!r}")
        object.__setattr__(self, "severity", AlertSeverity(self.severity))
        object.__setattr__(self, "title", trim_title(self.title))
        object.__setattr__(self, "body", trim_body(self.body))


def trim_title(text: str) -> str:
    r"""Return the text as one line of at most ``TITLE_LIMIT`` characters.

    >>> trim_title("Week 4\n  failed")
    'Week 4 failed'
    """
    line = " ".join(make_storable(text).split())
    return line if len(line) <= TITLE_LIMIT else line[: TITLE_LIMIT - 1].rstrip() + "…"


def trim_body(text: str, limit: int = BODY_LIMIT) -> str:
    r"""Return Markdown of at most ``limit`` characters, cut at the end of a line, with no fence left open.

    >>> trim_body("```\n" + "error\n" * 9, 40)
    '```\nerror\nerror\n```\n\n… (shortened)'
    """
    text = make_storable(text).strip()
    if len(text) <= limit:
        return text
    room = limit - len(CUT) - len(FENCE) - 1
    head = text[:room]
    if "\n" in head and head.rindex("\n") > room // 2:
        head = head[: head.rindex("\n")]
    return head.rstrip() + (f"\n{FENCE}" if head.count(FENCE) % 2 else "") + CUT
