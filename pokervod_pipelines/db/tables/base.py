"""What all tables share: constraint names that migrations can rely on, and column types."""

from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import BigInteger, DateTime, Identity, MetaData, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

Key = Annotated[int, mapped_column(BigInteger, Identity(always=False), primary_key=True)]
"""A 64-bit identity column."""

Moment = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]
"""An aware time, by default that of the transaction."""

MaybeMoment = Annotated[datetime | None, mapped_column(DateTime(timezone=True))]
"""An aware time that may be unknown."""


class Base(DeclarativeBase):
    """The root of every table."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {dict[str, Any]: JSONB, list[Any]: JSONB}  # noqa: RUF012 - SQLAlchemy reads a plain dict
