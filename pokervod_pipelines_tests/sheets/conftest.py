"""The desk that the database tests of sheets and clips share."""

from pokervod_pipelines_tests.sheets.desk import desk

__all__ = ["desk"]
