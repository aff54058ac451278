"""Block B: project, season, event, episode, and the video files that carry them."""

from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from pokervod_pipelines.db.tables.base import Base, Key, Moment


class Project(Base):
    """A show, by its code (WSOP, PAD …)."""

    __tablename__ = "projects"

    code: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    created_at: Mapped[Moment]


class Season(Base):
    """A year or a numbered season of a project, or the one season of what tells neither."""

    __tablename__ = "seasons"

    id: Mapped[Key]
    project_code: Mapped[str] = mapped_column(ForeignKey("projects.code"))
    key: Mapped[str]
    year: Mapped[int | None]
    number: Mapped[int | None]
    sub_series: Mapped[str | None]
    title: Mapped[str]
    sort_key: Mapped[str]
    created_at: Mapped[Moment]

    __table_args__ = (UniqueConstraint("project_code", "key"),)


class CatalogEvent(Base):
    """A tournament or a strand of a season: an event number, a main event, or the season's own episodes."""

    __tablename__ = "catalog_events"

    id: Mapped[Key]
    season_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("seasons.id"))
    key: Mapped[str]
    number: Mapped[int | None]
    title: Mapped[str]
    facts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    sort_key: Mapped[str]
    created_at: Mapped[Moment]

    __table_args__ = (UniqueConstraint("season_id", "key"),)


class Episode(Base):
    """What a viewer would call one programme; its files are its versions."""

    __tablename__ = "episodes"

    id: Mapped[Key]
    event_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("catalog_events.id"))
    key: Mapped[str]
    title: Mapped[str]
    catalog_title: Mapped[str]
    facts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    sort_key: Mapped[str]
    preferred_file_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("nas_files.id"))
    created_at: Mapped[Moment]

    __table_args__ = (UniqueConstraint("event_id", "key"), Index(None, "preferred_file_id"))


class VideoFile(Base):
    """A video of the inventory as the catalog understands it. ``file_id`` is the inventory's id and never changes.

    ``inventory_mark`` is what else of the inventory's row the last build used (size, cut, whether it is missing): where
    path, mark and version are equal to those of the row, there is nothing to do.
    """

    __tablename__ = "video_files"

    file_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("nas_files.id"), primary_key=True)
    title: Mapped[str]
    version: Mapped[str | None]
    parsed: Mapped[dict[str, Any]]
    parsed_path: Mapped[str]
    parser_version: Mapped[str]
    inventory_mark: Mapped[str]
    reason: Mapped[str | None]
    created_at: Mapped[Moment]


class EpisodeFile(Base):
    """A file of an episode; a file that holds two events belongs to an episode of each."""

    __tablename__ = "episode_files"

    episode_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("episodes.id"), primary_key=True)
    file_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("video_files.file_id"), primary_key=True, index=True)
