"""Block A: what is on the disks, and the scans that say so."""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from pokervod_pipelines.db.tables.base import Base, Key, MaybeMoment, Moment


class NasScan(Base):
    """One look at one library: how it ended, what it counted, and what it could not read.

    ``mounts`` are the folders that were on a device of their own; one that is none any more is a share that went away.
    """

    __tablename__ = "nas_scans"

    id: Mapped[Key]
    library: Mapped[str]
    correlation_id: Mapped[str]
    started_at: Mapped[Moment]
    finished_at: Mapped[MaybeMoment]
    status: Mapped[str] = mapped_column(server_default="running")
    error: Mapped[str | None]
    counts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    problems: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))
    mounts: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))

    __table_args__ = (
        CheckConstraint("status in ('running', 'completed', 'failed')", name="status"),
        Index(None, "library", "id"),
    )


class NasFile(Base):
    """One file of an archive root. No scan ever deletes a row.

    States, and who moves a row out of them:

    - ``present``: the last look saw it; a scan that does not see it moves it to missing or unseen
    - ``unseen``: its place could not be read, or so much vanished that a mount is suspected; a scan that sees it
      makes it present, an operator who confirms the loss makes it missing
    - ``missing``: its folder was read and it was not there, since ``state_since``; a scan that sees it makes it
      present, an operator's audited action makes it cleared
    - ``cleared``: an operator said it is gone for good; only a file appearing at its path revives the row
    """

    __tablename__ = "nas_files"

    id: Mapped[Key]
    root: Mapped[str]
    library: Mapped[str]
    path: Mapped[str]
    path_key: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    inode: Mapped[int] = mapped_column(BigInteger)
    category: Mapped[str]
    version_type: Mapped[str]
    is_junk: Mapped[bool]
    state: Mapped[str] = mapped_column(server_default="present")
    state_since: Mapped[Moment]
    first_seen_at: Mapped[Moment]
    changed_at: Mapped[Moment]

    __table_args__ = (
        UniqueConstraint("root", "path_key"),
        CheckConstraint("state in ('present', 'unseen', 'missing', 'cleared')", name="state"),
        Index(None, "library", "state"),
        Index(None, "size", "mtime_ns"),
    )


class ArchiveClearance(Base):
    """An operator's decision on files that are not there: who, when, why, and how many rows it touched."""

    __tablename__ = "archive_clearances"

    id: Mapped[Key]
    at: Mapped[Moment]
    action: Mapped[str]
    by: Mapped[str]
    reason: Mapped[str]
    library: Mapped[str]
    below: Mapped[str]
    file_ids: Mapped[list[Any]]


class HeldFile(Base):
    """A file that is still being written: not in the inventory until it rests."""

    __tablename__ = "held_files"

    root: Mapped[str] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(primary_key=True)
    library: Mapped[str] = mapped_column(index=True)
    size: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str]
    since: Mapped[Moment]
