"""What starts a run because something happened: each looks, lets a plain function decide, and asks.

Every tick ends in a request or in the reason why there is none.
"""

from datetime import UTC, datetime
from typing import cast

import dagster as dg
from sqlalchemy import Engine

from pokervod_pipelines.defs.stages import REVISION_TAG
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets.changes import (
    decide,
    dump_memory,
    find_unread,
    load_memory,
    observe_sheets,
)

LOOK_SECONDS = 5
"""Dagster's sensor loop is no faster; one call a look is a quarter of what Google allows."""


def define_sensors(settings: Settings) -> list[dg.SensorDefinition]:
    """``sheet_changes``: an edited sheet is read within seconds."""

    @dg.sensor(
        job_name="sheets_sync",
        minimum_interval_seconds=LOOK_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Reads a sheet once its edits have rested for a moment.",
        required_resource_keys={"engine", "settings"},
    )
    def sheet_changes(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        engine = cast("Engine", context.resources.engine)
        seen = observe_sheets(engine, settings, settings.sheets)
        decision = decide(
            seen,
            load_memory(context.cursor),
            unread=find_unread(engine, seen, settings.sheets),
            now=datetime.now(UTC),
            gather_seconds=settings.google.gather_seconds,
        )
        requests = [
            dg.RunRequest(run_key=key, partition_key=name, tags={REVISION_TAG: revision})
            for name, revision, key in decision.wanted
        ]
        reasons = "; ".join(f"{name}: {reason}" for name, reason in decision.reasons.items())
        return dg.SensorResult(
            run_requests=requests,
            skip_reason=None if requests else dg.SkipReason(reasons or "no sheet is configured"),
            cursor=dump_memory(decision.memory),
        )

    return [sheet_changes]
