"""The tables, one file per room; importing this package declares them all on ``Base.metadata``."""

from pokervod_pipelines.db.tables import catalog, clips, events, hands, media, nas, render, sheets, tournaments
from pokervod_pipelines.db.tables.base import Base

__all__ = ["Base", "catalog", "clips", "events", "hands", "media", "nas", "render", "sheets", "tournaments"]
