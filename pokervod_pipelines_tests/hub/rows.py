"""Hold rows as old programs write them, and do on our side what the workflow of session files does."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

from pokervod_pipelines.events.payloads import check_payload
from pokervod_pipelines.settings.render import RenderQueueSettings
from pokervod_pipelines.workflows.day_stages import run_hands_stage, run_instructions_stage, run_tournaments_stage
from pokervod_pipelines.workflows.stages import SyncRun
from pokervod_pipelines.workflows.workflow import find_today
from pokervod_pipelines_tests.hub.conftest import Hub
from pokervod_pipelines_tests.hub.old_library import OldLibrary

PLAYERS = [
    {"seat": 1, "name": "Ana Ruiz", "stack": 40_000, "hole_cards": ["As", "Ad"]},
    {"seat": 4, "name": "Tom Berg", "stack": 25_000, "hole_cards": ["Kh", "Kd"]},
    {"seat": 5, "name": "Eva Lind", "stack": 9_000, "hole_cards": ["9c", "9d"]},
]
BOARD = ["Ah", "Kc", "2s", "2d", "7c"]
ACTIONS = [{"player": "Eva Lind", "action": "fold"}, {"seat": 4, "action": "all_in", "amount": 25_000}]
SMALL = {"format": "mov_alpha", "width": 384, "height": 216, "fps": 10, "duration_frames": 5, "quality": "high"}
LAYERS = {"player": "Ana Ruiz", "place": "9th", "prize": 25_000}
QUEUE = RenderQueueSettings(retry_seconds=0)


def make_hand(**changed: Any) -> dict[str, Any]:
    return {
        "table_id": "Feature",
        "hand_number": 7,
        "source": "csv",
        "hand_rank": "full_house",
        "pot_size": 51_000,
        "winner": "Ana Ruiz",
        "players_json": PLAYERS,
        "community_cards_json": BOARD,
        "actions_json": ACTIONS,
        "duration_seconds": 150,
        "created_at": datetime.now(UTC),
    } | changed


def make_instruction(**changed: Any) -> dict[str, Any]:
    return {
        "template_name": "elimination",
        "layer_data_json": LAYERS,
        "output_settings_json": SMALL,
        "output_filename": "out.v1",
        "status": "pending",
        "priority": 5,
        "trigger_type": "manual",
    } | changed


def make_tournament(**changed: Any) -> dict[str, Any]:
    standings = [
        {"rank": 1, "name": "Ana Ruiz", "chips": 90_000},
        {"rank": 2, "name": "Tom Berg", "chips": 10_000},
    ]
    return {
        "name": "Main Event",
        "event_code": "ME-1",
        "event_type": "nlh",
        "buy_in": 10_000,
        "prize_pool": 500_000,
        "total_entries": 50,
        "remaining_players": 2,
        "current_level": 12,
        "blinds_json": [{"level": 12, "small_blind": 500, "big_blind": 1_000, "ante": 1_000, "duration": 60}],
        "current_blinds_json": {"level": 12, "small_blind": 500, "big_blind": 1_000},
        "payouts_json": [{"place": 1, "amount": 200_000}, {"place": 2, "amount": 100_000}],
        "places_paid": 2,
        "standings_json": standings,
        "start_date": datetime.now() - timedelta(hours=5),  # noqa: DTZ005 - as the old programs write it
        "source": "manual",
    } | changed


def use(hub: Hub, work: Callable[[OldLibrary], Coroutine[Any, Any, Any]], role: str | None = None) -> Any:
    async def run() -> Any:
        async with hub.connect(role) as library:
            return await work(library)

    return asyncio.run(run())


def run_stages(hub: Hub) -> None:
    """Do what the workflow of session files does."""
    run = SyncRun(engine=hub.engine, settings=hub.settings, correlation_id="r")
    for stage in (run_hands_stage, run_tournaments_stage, run_instructions_stage):
        stage(run, find_today(hub.settings))


def check_events(hub: Hub) -> list[tuple[object, ...]]:
    """Return the events, each with the payload that its type has."""
    events = hub.read("select type, payload, version from events order by id")
    for type_, payload, version in events:
        check_payload(str(type_), payload)  # type: ignore[arg-type]
        assert version == 1
    return events
