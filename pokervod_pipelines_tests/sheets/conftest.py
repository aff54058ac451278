"""Share the harnesses of sheets and clips with their database tests."""

from pokervod_pipelines_tests.sheets.google_harness import make_google_harness
from pokervod_pipelines_tests.sheets.harness import harness
from pokervod_pipelines_tests.sheets.poller import make_polled_harness

__all__ = ["harness", "make_google_harness", "make_polled_harness"]
