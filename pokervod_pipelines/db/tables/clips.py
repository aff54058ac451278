"""Block C: the stretches of video that show a hand, with their players and tags."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pokervod_pipelines.db.tables.base import Base, Key, MaybeMoment, Moment


class HandClip(Base):
    """One annotation row's clip, kept even when it cannot be cut yet.

    ``problem`` says in words why the clip is not usable (no video, bad timecode); it is null when the clip stands.
    ``remark`` is something to look at that does not spoil it. ``retired_at`` is when its row left the sheet.
    Times are milliseconds from the start of the video.
    """

    __tablename__ = "hand_clips"

    id: Mapped[Key]
    sheet_row_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("sheet_rows.id"), unique=True)
    sheet: Mapped[str] = mapped_column(index=True)
    file_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("nas_files.id"), index=True)
    in_ms: Mapped[int | None] = mapped_column(BigInteger)
    out_ms: Mapped[int | None] = mapped_column(BigInteger)
    title: Mapped[str]
    grade: Mapped[int | None]
    winner: Mapped[str]
    hands: Mapped[str]
    problem: Mapped[str | None]
    remark: Mapped[str | None]
    input_hash: Mapped[str]
    created_at: Mapped[Moment]
    changed_at: Mapped[Moment]
    retired_at: Mapped[MaybeMoment]

    __table_args__ = (
        CheckConstraint("problem is not null or (file_id is not null and in_ms < out_ms)", name="usable"),
        CheckConstraint("grade between 1 and 3", name="grade"),
        Index(None, "grade"),
    )


class Tag(Base):
    """A tag in one of five categories; an unknown word is kept and marked as such."""

    __tablename__ = "tags"

    id: Mapped[Key]
    category: Mapped[str]
    name: Mapped[str]
    is_known: Mapped[bool]

    __table_args__ = (UniqueConstraint("category", "name"),)


class ClipTag(Base):
    """A tag on a clip."""

    __tablename__ = "clip_tags"

    clip_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("hand_clips.id", ondelete="CASCADE"), primary_key=True)
    tag_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("tags.id"), primary_key=True, index=True)


class Player(Base):
    """A person; ``key`` is the normalised name by which spellings meet."""

    __tablename__ = "players"

    id: Mapped[Key]
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]


class PlayerAlias(Base):
    """Another name of a player, as a person said; ``alias_key`` and ``player_key`` are the names' normalised forms."""

    __tablename__ = "player_aliases"

    id: Mapped[Key]
    alias_key: Mapped[str] = mapped_column(unique=True)
    alias: Mapped[str]
    player_key: Mapped[str]
    player: Mapped[str]
    by: Mapped[str]
    at: Mapped[Moment]


class ClipPlayer(Base):
    """A player in a clip, in the order written."""

    __tablename__ = "clip_players"

    clip_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("hand_clips.id", ondelete="CASCADE"), primary_key=True)
    player_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("players.id"), primary_key=True, index=True)
    position: Mapped[int]
