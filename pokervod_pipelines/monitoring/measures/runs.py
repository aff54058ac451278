"""Describe what measures read of runs, without knowing who runs them: ``defs.run_measures`` reads it from Dagster."""

from collections.abc import Sequence
from typing import Protocol

from pokervod_pipelines.monitoring.measures.shape import JobFigures, Window


class RunMeasures(Protocol):
    """Measure the runs of jobs."""

    def measure_jobs(self, window: Window) -> Sequence[JobFigures]:
        """Return the figures of every job with a run that ended in the window, by name; none where nothing ran.

        Raises a database error where they cannot be read.
        """
