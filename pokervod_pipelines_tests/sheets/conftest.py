"""The desks that the database tests of sheets and clips share."""

from pokervod_pipelines_tests.sheets.desk import desk
from pokervod_pipelines_tests.sheets.google_desk import make_google_desk

__all__ = ["desk", "make_google_desk"]
