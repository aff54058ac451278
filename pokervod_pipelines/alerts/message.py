"""The message that people read: the alert in words, the same on every channel, and what every channel is told of it.

Markdown here; how a channel shows it is ``sender``'s and apprise's.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pokervod_pipelines.alerts.delivery_store import Claim


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is sent. ``footer`` is one paragraph of small print that names the delivery."""

    delivery_id: str
    key: str
    severity: str
    title: str
    body: str
    link: str | None
    footer: str

    @property
    def headline(self) -> str:
        """The title with its urgency."""
        return f"{self.severity.upper()}: {self.title}"

    @property
    def markdown(self) -> str:
        """Everything below the headline."""
        link = f"[Open in PokerVOD](<{self.link}>)" if self.link else ""
        return "\n\n".join(part for part in (self.body, link, self.footer) if part)

    def as_json(self) -> dict[str, Any]:
        """Values that JSON can hold, from which ``Message(**values)`` makes the same message."""
        return asdict(self)


def compose_message(claim: Claim) -> Message:
    """Return the message of a claimed delivery; one that may be there already says so."""
    return Message(
        delivery_id=str(claim.id),
        key=claim.key,
        severity=claim.severity,
        title=claim.title,
        body=claim.body,
        link=claim.link,
        footer=" ".join(_say_small_print(claim)),
    )


def _say_small_print(claim: Claim) -> list[str]:
    said = [f"Raised {_say_time(claim.raised_at)}" + (f", {claim.times} times so far." if claim.times > 1 else ".")]
    if claim.resolved_at is not None:
        said.append(f"Resolved {_say_time(claim.resolved_at)} by {claim.resolved_by}: {claim.resolved_reason}.")
    said.append(f"Delivery {claim.id}.")
    if claim.doubt:
        said.append("You may have this message already: an earlier try was cut off.")
    return said


def _say_time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
