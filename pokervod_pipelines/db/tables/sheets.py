"""Block D: the annotation rows as people wrote them, and the video each one belongs to."""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from pokervod_pipelines.db.tables.base import Base, Key, MaybeMoment, Moment


class SheetState(Base):
    """What the last pass over a sheet found.

    ``own_columns`` says, by tab, where the columns of ours stand; ``words`` what people say in the tabs made for that.
    ``revision`` lets an unchanged sheet be passed over;
    its matches know every file event of transactions below ``matched_up_to``.
    """

    __tablename__ = "sheet_states"

    sheet: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[str | None]
    matched_up_to: Mapped[int | None] = mapped_column(BigInteger)
    read_at: Mapped[MaybeMoment]
    error: Mapped[str | None]
    counts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    problems: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))
    own_columns: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    words: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))


class SheetRow(Base):
    """One annotation row. Its id outlives edits, sorting and rows inserted above it.

    ``content`` holds the row as written; ``match_status`` is matched, ambiguous or none, with stage and reason.
    Of the columns of ours in the sheet, ``row_key`` is the row's id, ``shown`` what its status cells show, ``pin_text``
    what a person wrote into ``Pin`` and ``pin_problem`` why that could not be followed.
    ``retired_at`` is when the row was found gone from its sheet.
    """

    __tablename__ = "sheet_rows"

    id: Mapped[Key]
    sheet: Mapped[str]
    tab: Mapped[str]
    row_number: Mapped[int]
    fingerprint: Mapped[str]
    source_id: Mapped[str | None]
    row_key: Mapped[str | None]
    shown: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))
    pin_text: Mapped[str] = mapped_column(server_default="")
    pin_problem: Mapped[str | None]
    file_name: Mapped[str]
    folder_link: Mapped[str]
    content: Mapped[dict[str, Any]]
    match_status: Mapped[str] = mapped_column(server_default="none")
    match_stage: Mapped[str | None]
    match_score: Mapped[float | None]
    match_reason: Mapped[str] = mapped_column(server_default="not matched yet")
    candidates: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))
    file_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("nas_files.id"), index=True)
    created_at: Mapped[Moment]
    changed_at: Mapped[Moment]
    retired_at: Mapped[MaybeMoment]

    __table_args__ = (
        CheckConstraint("match_status in ('matched', 'ambiguous', 'none')", name="match_status"),
        CheckConstraint("(match_status = 'matched') = (file_id is not null)", name="matched_has_file"),
        Index(None, "sheet", "tab", "row_number"),
    )


class SheetWord(Base):
    """One line in which people correct the catalog or name a player otherwise; kept for as long as it stands there.

    ``key`` is what it speaks of and ``value`` what it says of it; ``made`` the id of the correction that it became,
    ``problem`` why it could not be followed.
    """

    __tablename__ = "sheet_words"

    sheet: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
    made: Mapped[int | None] = mapped_column(BigInteger)
    problem: Mapped[str | None]
    at: Mapped[Moment]

    __table_args__ = (CheckConstraint("kind in ('correction', 'alias')", name="kind"),)


class ApiBudget(Base):
    """The calls of one service that all processes together may still make: a bucket that refills with time."""

    __tablename__ = "api_budgets"

    service: Mapped[str] = mapped_column(primary_key=True)
    calls: Mapped[float]
    refilled_at: Mapped[Moment]
    closed_until: Mapped[MaybeMoment]


class SheetPin(Base):
    """What a person said of a row's video, against the rules; rows are only ever added.

    The newest of a row is in force: its video is ``file_id``, or, where that is null, whatever the rules find.
    """

    __tablename__ = "sheet_pins"

    id: Mapped[Key]
    at: Mapped[Moment]
    sheet_row_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("sheet_rows.id"), index=True)
    file_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("nas_files.id"), index=True)
    by: Mapped[str]
    reason: Mapped[str]

    __table_args__ = (CheckConstraint("by <> '' and reason <> ''", name="signed"),)
