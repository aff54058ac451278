"""Block B: project, season, event, episode, and the video files that carry them."""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
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


class CatalogCorrection(Base):
    """What a person said of a file, against the rules; rows are only ever added.

    In force for a field of a file is the newest correction that no other row undoes. ``value`` is what holds since,
    null where the person said that the field is not known; ``before`` what held until then.
    """

    __tablename__ = "catalog_corrections"

    id: Mapped[Key]
    at: Mapped[Moment]
    by: Mapped[str]
    reason: Mapped[str]
    file_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("nas_files.id"), index=True)
    field: Mapped[str]
    value: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    before: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    undoes: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("catalog_corrections.id"), unique=True)

    __table_args__ = (CheckConstraint("by <> '' and reason <> ''", name="signed"),)


class SearchEntry(Base):
    """A file of an episode as search last read it. ``place`` is its small number in the packed lists of search.

    ``facets`` has project, year, game, stage, version and whether the file is preferred. ``clip_players`` are those of
    its annotated hands, ``players`` those that its name tells.
    """

    __tablename__ = "search_entries"

    episode_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    file_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, index=True)
    place: Mapped[int] = mapped_column(unique=True)
    title: Mapped[str]
    path: Mapped[str]
    players: Mapped[list[Any]]
    clip_players: Mapped[list[Any]]
    facets: Mapped[dict[str, Any]]


class SearchWord(Base):
    """A word, and the places of the entries that have it in their title, else among their players, else in their path.

    Places are sorted 32-bit numbers, little endian. ``reversed`` finds words by how they end.
    """

    __tablename__ = "search_words"

    word: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    reversed: Mapped[str] = mapped_column(Text(collation="C"), index=True)
    files: Mapped[int]
    title: Mapped[bytes] = mapped_column(LargeBinary)
    player: Mapped[bytes] = mapped_column(LargeBinary)
    path: Mapped[bytes] = mapped_column(LargeBinary)


class SearchColumn(Base):
    """A facet of all entries: a code for each place (of players, pairs of place and code), and what each code means."""

    __tablename__ = "search_columns"

    name: Mapped[str] = mapped_column(primary_key=True)
    codes: Mapped[bytes] = mapped_column(LargeBinary)
    labels: Mapped[list[Any]]
