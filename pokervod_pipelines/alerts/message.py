"""Write the message of an alert, in Markdown and the same for every channel; ``sender`` shows it as each channel does.

The child process that sends imports this, so nothing heavy is imported here.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pokervod_pipelines.alerts.delivery_store import DeliveryClaim


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Hold the texts to send; ``footer`` is one paragraph of small print that names the delivery."""

    delivery_id: str
    key: str
    severity: str
    title: str
    body: str
    link: str | None
    footer: str

    @property
    def headline(self) -> str:
        """Return the title with the severity before it."""
        return f"{self.severity.upper()}: {self.title}"

    @property
    def markdown(self) -> str:
        """Return everything below the headline."""
        link = f"[Open in PokerVOD](<{self.link}>)" if self.link else ""
        return "\n\n".join(part for part in (self.body, link, self.footer) if part)


def compose_message(claim: "DeliveryClaim") -> Message:
    """Return the message of a claimed delivery; one that may have been delivered before tells so."""
    return Message(
        delivery_id=str(claim.id),
        key=claim.key,
        severity=claim.severity,
        title=claim.title,
        body=claim.body,
        link=claim.link,
        footer=" ".join(_format_footer(claim)),
    )


def _format_footer(claim: "DeliveryClaim") -> list[str]:
    parts = [f"Raised {_format_time(claim.raised_at)}" + (f", {claim.times} times so far." if claim.times > 1 else ".")]
    if claim.resolved_at is not None and claim.resolved_at != claim.raised_at:  # else it was only a message
        parts.append(f"Resolved {_format_time(claim.resolved_at)} by {claim.resolved_by}: {claim.resolved_reason}.")
    parts.append(f"Delivery {claim.id}.")
    if claim.may_have_been_delivered:
        parts.append("You may have this message already: an earlier attempt was interrupted.")
    return parts


def _format_time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
