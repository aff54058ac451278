"""The tables, one file per room; importing this package declares them all on ``Base.metadata``."""

from pokervod_pipelines.db.tables import (
    alerts,
    catalog,
    clips,
    events,
    hands,
    media,
    nas,
    render,
    rollout,
    sheets,
    tournaments,
)
from pokervod_pipelines.db.tables.base import Base

__all__ = [
    "Base",
    "alerts",
    "catalog",
    "clips",
    "events",
    "hands",
    "media",
    "nas",
    "render",
    "rollout",
    "sheets",
    "tournaments",
]
