"""Complete the asset graph: what lies outside of it; owner, block and freshness of each asset."""

from collections.abc import Iterable
from datetime import timedelta

import dagster as dg

from pokervod_pipelines.events.types import BLOCKS
from pokervod_pipelines.settings import Settings

LETTERS = {room: letter for letter, rooms in BLOCKS.items() for room in rooms}
FRESH = dg.FreshnessPolicy.time_window(warn_window=timedelta(hours=26), fail_window=timedelta(hours=50))
"""The nightly sync was missed once, or twice."""

RELIED_ON = frozenset({"nas_files", "video_files", "sheet_rows", "hand_clips"})


def define_sources(settings: Settings) -> list[dg.AssetSpec]:
    """Define what people and other systems change: nothing here materializes it."""
    folders: dict[str, tuple[str, Iterable[object]]] = {
        "archive_disks": ("The shows on the NAS.", [root.path for root in settings.archive_roots]),
        "annotation_sheets": ("The sheets in which people annotate hands.", [each.place for each in settings.sheets]),
        "session_files": ("What the tables record of each session.", settings.hands.drop_folders),
        "tournament_exports": ("What the tournament system exports.", settings.tournaments.export_folders),
    }
    return [
        dg.AssetSpec(
            name,
            group_name="sources",
            description=description,
            kinds={"googlesheets"} if name == "annotation_sheets" else {"filesystem"},
            metadata={"places": [str(place) for place in places]},
        )
        for name, (description, places) in folders.items()
    ]


def complete_spec(spec: dg.AssetSpec, settings: Settings) -> dg.AssetSpec:
    """Return the spec with its owner, its block and, where people rely on it every day, its freshness."""
    group = str(spec.group_name)
    owned = spec.merge_attributes(
        owners=[f"team:{settings.teams.find_owner(group)}"],
        tags={"pokervod/block": LETTERS[group]} if group in LETTERS else {},
    )
    return owned.replace_attributes(freshness_policy=FRESH) if spec.key.path[-1] in RELIED_ON else owned
