"""Write the message of an alert, in Markdown and the same for every channel; ``sender`` shows it as each channel does.

The child process that sends imports this, so nothing heavy is imported here.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pokervod_pipelines.alerts.alert import AlertKind

if TYPE_CHECKING:
    from pokervod_pipelines.alerts.delivery_store import DeliveryClaim


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Hold the texts to send; ``footer`` is one paragraph of small print that names the delivery."""

    delivery_id: str
    key: str
    severity: str
    kind: str
    title: str
    body: str
    link: str | None
    footer: str

    @property
    def is_good_news(self) -> bool:
        """Return whether it says that something is over."""
        return self.kind == AlertKind.RESOLVED

    @property
    def headline(self) -> str:
        """Return the title with the severity before it, or that it is over."""
        return f"{'RESOLVED' if self.is_good_news else self.severity.upper()}: {self.title}"

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
        kind=claim.kind,
        title=claim.title,
        body=claim.body,
        link=claim.link,
        footer=" ".join(_format_footer(claim)),
    )


def _format_footer(claim: "DeliveryClaim") -> list[str]:
    parts = [f"Raised {_format_time(claim.raised_at)}."]
    if claim.kind == AlertKind.RESOLVED and claim.resolved_at is not None:
        parts = [f"Resolved {_format_time(claim.resolved_at)}."]
    if claim.incident_id is not None:
        parts.append(f"Incident {claim.incident_id}.")
    if claim.kind != AlertKind.RESOLVED:
        parts += _format_changes(claim)
    parts.append(f"Delivery {claim.id}.")
    if claim.may_have_been_delivered:
        parts.append("You may have this message already: an earlier attempt was interrupted.")
    return parts


def _format_changes(claim: "DeliveryClaim") -> list[str]:
    """Return what became of the incident until the message was sent."""
    if claim.resolved_at is not None:
        return [f"Resolved {_format_time(claim.resolved_at)} by {claim.resolved_by}: {claim.resolved_reason}."]
    if claim.acknowledged_at is not None:
        return [f"Acknowledged {_format_time(claim.acknowledged_at)} by {claim.acknowledged_by}."]
    return []


def _format_time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
