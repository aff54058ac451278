"""Media: what the videos of the inventory tell of themselves when they are opened."""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from pokervod_pipelines.db.tables.base import Base, Moment


class MediaFact(Base):
    """The facts of one video as of the size and time of change given; another size or time makes them due again.

    The states are those of ``media.facts.MediaStatus``, without ``gone``. Whatever the status, a column is null where
    the file did not tell. ``audio`` is a list of objects with codec, channels and language; ``rate_num / rate_den`` are
    frames a second.
    """

    __tablename__ = "media_facts"

    file_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("nas_files.id"), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str]
    reason: Mapped[str]
    duration_ms: Mapped[int | None] = mapped_column(BigInteger)
    frames: Mapped[int | None] = mapped_column(BigInteger)
    container: Mapped[str | None]
    video_codec: Mapped[str | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    rate_num: Mapped[int | None]
    rate_den: Mapped[int | None]
    start_timecode: Mapped[str | None]
    drop_frame: Mapped[bool | None]
    bit_rate: Mapped[int | None] = mapped_column(BigInteger)
    audio: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))
    probed_at: Mapped[Moment]

    __table_args__ = (
        CheckConstraint(
            "status in ('ok', 'broken', 'sparse', 'growing', 'timeout', 'unreadable')",
            name="status",
        ),
        CheckConstraint("(rate_num is null) = (rate_den is null) and rate_den > 0", name="rate"),
        Index(None, "status"),
    )
