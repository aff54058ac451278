"""Programmes of weeks: how far each is, every attempt with its evidence, and what people did. Nothing is deleted."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from pokervod_pipelines.db.tables.base import Base, Key, MaybeMoment, Moment


class RolloutProgramme(Base):
    """A programme that was begun, by the name of its plan; ``reason`` is why it is in its state.

    ``until`` is the week up to which it was asked to run last, None for its end; nothing goes on by itself beyond it.
    """

    __tablename__ = "rollout_programmes"

    plan: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(server_default="running")
    reason: Mapped[str] = mapped_column(server_default="")
    until: Mapped[int | None]
    started_at: Mapped[Moment]
    changed_at: Mapped[Moment]
    finished_at: Mapped[MaybeMoment]
    correlation_id: Mapped[str]

    __table_args__ = (
        CheckConstraint("state in ('running', 'waiting', 'paused', 'escalated', 'completed')", name="state"),
    )


class RolloutWeek(Base):
    """A week of a programme; ``attempts`` counts those of the present ``round`` that came to their end."""

    __tablename__ = "rollout_weeks"

    plan: Mapped[str] = mapped_column(ForeignKey("rollout_programmes.plan"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(server_default="pending")
    round: Mapped[int] = mapped_column(server_default=text("1"))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    next_try_at: Mapped[MaybeMoment]
    started_at: Mapped[MaybeMoment]
    finished_at: Mapped[MaybeMoment]

    __table_args__ = (
        CheckConstraint("state in ('pending', 'running', 'waiting', 'passed', 'failed')", name="state"),
        CheckConstraint("(state = 'waiting') = (next_try_at is not null)", name="waits_until"),
    )


class RolloutAttempt(Base):
    """One evaluation of a week's criteria; one without end was broken off, and is taken up again as the same."""

    __tablename__ = "rollout_attempts"

    id: Mapped[Key]
    plan: Mapped[str]
    week: Mapped[int]
    round: Mapped[int]
    number: Mapped[int]
    started_at: Mapped[Moment]
    ended_at: Mapped[MaybeMoment]
    passed: Mapped[bool | None]
    fixed_at: Mapped[MaybeMoment]

    __table_args__ = (
        ForeignKeyConstraint(["plan", "week"], ["rollout_weeks.plan", "rollout_weeks.number"]),
        CheckConstraint("(ended_at is null) = (passed is null)", name="ends_with_a_verdict"),
        Index("uq_rollout_attempts_number", "plan", "week", "round", "number", unique=True),
    )


class RolloutResult(Base):
    """What one criterion came to in one attempt."""

    __tablename__ = "rollout_results"

    attempt_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("rollout_attempts.id"), primary_key=True)
    criterion: Mapped[str] = mapped_column(primary_key=True)
    passed: Mapped[bool]
    is_overridden: Mapped[bool]
    summary: Mapped[str]
    details: Mapped[list[Any]]
    figures: Mapped[dict[str, Any]]
    error_class: Mapped[str | None]
    seconds: Mapped[float]


class RolloutFix(Base):
    """What a fixer did after a failed attempt, or why it could not."""

    __tablename__ = "rollout_fixes"

    id: Mapped[Key]
    attempt_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("rollout_attempts.id"), index=True)
    fixer: Mapped[str]
    error_class: Mapped[str]
    done: Mapped[bool]
    said: Mapped[str]
    at: Mapped[Moment]


class RolloutOverride(Base):
    """A criterion that a person let pass; it is never taken back, and shown for ever."""

    __tablename__ = "rollout_overrides"

    plan: Mapped[str] = mapped_column(ForeignKey("rollout_programmes.plan"), primary_key=True)
    week: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    criterion: Mapped[str] = mapped_column(primary_key=True)
    by: Mapped[str]
    reason: Mapped[str]
    at: Mapped[Moment]


class RolloutIntervention(Base):
    """Something a person did to a programme: paused, resumed or acknowledged it."""

    __tablename__ = "rollout_interventions"

    id: Mapped[Key]
    plan: Mapped[str] = mapped_column(ForeignKey("rollout_programmes.plan"), index=True)
    kind: Mapped[str]
    week: Mapped[int | None]
    by: Mapped[str]
    reason: Mapped[str]
    at: Mapped[Moment]


class RolloutEscalation(Base):
    """A week that failed for the last time of a round; ``ended_at`` is when a person resumed it."""

    __tablename__ = "rollout_escalations"

    plan: Mapped[str] = mapped_column(ForeignKey("rollout_programmes.plan"), primary_key=True)
    week: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    round: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    summary: Mapped[str]
    ended_at: Mapped[MaybeMoment]
