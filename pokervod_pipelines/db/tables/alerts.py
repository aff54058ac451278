"""What people were told, or are to be told, and how far each message is.

What a state of a delivery means and who moves it on is ``alerts.delivery_store``'s. No address of a channel is kept.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    UniqueConstraint,
    false,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from pokervod_pipelines.db.tables.base import Base, Key, MaybeMoment, Moment


class Alert(Base):
    """One thing that is or was the matter; at most one of a key is open, that is, not resolved.

    ``severity`` is the highest it was raised with, ``times`` how often it was raised while open.
    """

    __tablename__ = "alerts"

    id: Mapped[Key]
    key: Mapped[str]
    severity: Mapped[str]
    title: Mapped[str]
    body: Mapped[str]
    link: Mapped[str | None]
    correlation_id: Mapped[str] = mapped_column(server_default="")
    times: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    raised_at: Mapped[Moment]
    last_raised_at: Mapped[Moment]
    acknowledged_at: Mapped[MaybeMoment]
    acknowledged_by: Mapped[str | None]
    acknowledged_reason: Mapped[str | None]
    resolved_at: Mapped[MaybeMoment]
    resolved_by: Mapped[str | None]
    resolved_reason: Mapped[str | None]

    __table_args__ = (
        CheckConstraint("severity in ('info', 'warning', 'critical')", name="severity"),
        CheckConstraint("times >= 1", name="times"),
        CheckConstraint("(resolved_at is null) = (resolved_by is null)", name="resolved"),
        Index("uq_alerts_open_key", "key", unique=True, postgresql_where=text("resolved_at is null")),
        Index("ix_alerts_raised_at", "raised_at", "id"),
    )


class AlertDelivery(Base):
    """One message of an alert to one channel; there is never a second one of the same severity.

    ``id`` stands in the message. ``doubt`` is set when a try was cut off and may have arrived all the same: once it is
    delivered it may be there twice. ``error`` is of the last failed try, without secrets.
    """

    __tablename__ = "alert_deliveries"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    alert_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("alerts.id"))
    severity: Mapped[str]
    channel: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="waiting")
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    error: Mapped[str | None]
    doubt: Mapped[bool] = mapped_column(server_default=false())
    created_at: Mapped[Moment]
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    claim_id: Mapped[UUID | None]
    lease_until: Mapped[MaybeMoment]
    ended_at: Mapped[MaybeMoment]

    __table_args__ = (
        UniqueConstraint("alert_id", "severity", "channel", name="uq_alert_deliveries_message"),
        CheckConstraint("state in ('waiting', 'claimed', 'sending', 'delivered', 'overtaken', 'dead')", name="state"),
        CheckConstraint("severity in ('info', 'warning', 'critical')", name="severity"),
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint(
            "(state in ('claimed', 'sending')) = (claim_id is not null and lease_until is not null)", name="held"
        ),
        CheckConstraint("(state in ('delivered', 'overtaken', 'dead')) = (ended_at is not null)", name="ended"),
        Index("ix_alert_deliveries_open", "channel", "due_at", postgresql_where=text("ended_at is null")),
    )
