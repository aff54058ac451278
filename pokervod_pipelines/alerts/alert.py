"""What an alert is before it is raised, and how long its texts may be."""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from pokervod_pipelines.errors import BadInput

KEY_LIMIT = 200
TITLE_LIMIT = 140
BODY_LIMIT = 3_000
"""Characters; a message at Slack shows no more in one piece."""

CUT = "\n\n… (shortened)"
FENCE = "```"


class Severity(StrEnum):
    """How urgent an alert is."""

    INFO = "info"
    """Somebody may like to know."""

    WARNING = "warning"
    """Somebody should look within days."""

    CRITICAL = "critical"
    """Something stands still until somebody acts."""

    @property
    def rank(self) -> int:
        """The higher, the more urgent."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One thing that is the matter; ``key`` names it, so that saying it again is no news.

    ``body`` is Markdown and is shortened to ``BODY_LIMIT``, ``title`` is one line of plain text. Secrets have no place
    in either. Raises ``BadInput`` without a key, without a title, or for a link that is no web address.
    """

    key: str
    severity: Severity
    title: str
    body: str = ""
    link: str | None = None
    correlation_id: str = ""

    def __post_init__(self) -> None:
        if not self.key.strip() or len(self.key) > KEY_LIMIT:
            raise BadInput(f"an alert needs a key of at most {KEY_LIMIT} characters, not {self.key[:40]!r}")
        if not self.title.strip():
            raise BadInput(f"alert {self.key!r} needs a title: it is what people read first")
        if self.link is not None and (urlsplit(self.link).scheme not in {"http", "https"} or self.link.split()[1:]):
            raise BadInput(f"alert {self.key!r}: its link must be an http(s) address without blanks")
        object.__setattr__(self, "severity", Severity(self.severity))
        object.__setattr__(self, "title", trim_title(self.title))
        object.__setattr__(self, "body", trim_body(self.body))


def trim_title(text: str) -> str:
    r"""Return the text as one line that is not too long.

    >>> trim_title("Week 4\n  failed")
    'Week 4 failed'
    """
    line = " ".join(text.replace("\0", "").split())
    return line if len(line) <= TITLE_LIMIT else line[: TITLE_LIMIT - 1].rstrip() + "…"


def trim_body(text: str, limit: int = BODY_LIMIT) -> str:
    r"""Return Markdown of at most ``limit`` characters, cut at the end of a line, with no fence left open.

    >>> trim_body("```\n" + "error\n" * 9, 40)
    '```\nerror\nerror\n```\n\n… (shortened)'
    """
    text = text.replace("\0", "").strip()
    if len(text) <= limit:
        return text
    room = limit - len(CUT) - len(FENCE) - 1
    head = text[:room]
    if "\n" in head and head.rindex("\n") > room // 2:
        head = head[: head.rindex("\n")]
    return head.rstrip() + (f"\n{FENCE}" if head.count(FENCE) % 2 else "") + CUT
