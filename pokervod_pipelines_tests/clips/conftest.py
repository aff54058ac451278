"""Share the harness that the database tests of sheets and clips use."""

from pokervod_pipelines_tests.sheets.harness import harness

__all__ = ["harness"]
