"""Define hands, tournaments and render instructions, one partition a broadcast day."""

from collections.abc import Callable
from datetime import date

import dagster as dg
from sqlalchemy import Engine

from pokervod_pipelines.defs.partitions import broadcast_days
from pokervod_pipelines.defs.stages import correlation_of, metadata_of, run_or_fail, tables_retries
from pokervod_pipelines.hands.listing import show_premium_hands
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.day_stages import run_hands_stage, run_instructions_stage, run_tournaments_stage
from pokervod_pipelines.workflows.stage_result import StageResult
from pokervod_pipelines.workflows.stages import SyncRun

DayStage = Callable[[SyncRun, date], StageResult]


def define_hands(settings: Settings) -> list[dg.AssetsDefinition]:
    """Define the assets ``hands``, ``tournaments`` and ``render_instructions``."""
    return [
        _define_day_asset(
            settings,
            "hands",
            run_hands_stage,
            deps=("session_files",),
            group="hands",
            kinds={"json", "postgres"},
            description="The hands that the tables recorded: cards, board, actions, pot, winners, grade.",
            is_shown=True,
        ),
        _define_day_asset(
            settings,
            "tournaments",
            run_tournaments_stage,
            deps=("tournament_exports",),
            group="tournaments",
            kinds={"csv", "postgres"},
            description="Players, chips, blinds, payouts and schedule, as the tournament system exports them.",
        ),
        _define_day_asset(
            settings,
            "render_instructions",
            run_instructions_stage,
            group="render",
            kinds={"postgres"},
            deps=("hands", "tournaments"),
            description="Graphics to render, each of a hand, elimination, level, payout or schedule entry.",
        ),
    ]


def _define_day_asset(
    settings: Settings,
    name: str,
    run_stage: DayStage,
    *,
    group: str,
    kinds: set[str],
    description: str,
    deps: tuple[str, ...] = (),
    is_shown: bool = False,
) -> dg.AssetsDefinition:
    @dg.asset(
        name=name,
        partitions_def=broadcast_days(settings),
        deps=deps,
        group_name=group,
        kinds=kinds,
        description=description,
        pool=group,
        retry_policy=tables_retries(settings),
    )
    def day(
        context: dg.AssetExecutionContext, engine: dg.ResourceParam[Engine], settings: dg.ResourceParam[Settings]
    ) -> dg.MaterializeResult[None]:
        run = SyncRun(engine=engine, settings=settings, correlation_id=correlation_of(context))
        broadcast_day = date.fromisoformat(context.partition_key)
        outcome = run_or_fail(lambda: run_stage(run, broadcast_day), settings)
        return dg.MaterializeResult(
            metadata=metadata_of(outcome) | (_show_hands(engine, broadcast_day) if is_shown else {})
        )

    return day


def _show_hands(engine: Engine, day: date) -> dict[str, dg.MetadataValue]:
    with engine.connect() as connection:
        lines = show_premium_hands(connection, day)
    return {"premium_hands": dg.MetadataValue.md("\n".join(f"- {line}" for line in lines))} if lines else {}
