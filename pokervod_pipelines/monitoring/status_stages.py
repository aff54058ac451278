"""List the stages whose attempts make up the status of a block, each with its asset and what it counts.

A stage that a block gets is one more entry of ``STAGES``; the block itself is an entry of ``events.types.BLOCKS``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pokervod_pipelines.events.types import BLOCKS
from pokervod_pipelines.settings import Settings

Scope = Literal["library", "sheet", "day", "whole"]
"""What a stage is run for: each library, each sheet, a broadcast day, or everything at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Name a stage, the room that it runs, its asset, and its count that is the size of the asset."""

    name: str
    room: str
    asset: str
    scope: Scope
    count: str

    @property
    def block(self) -> str:
        """Return the letter of the block of the stage's room."""
        return next(letter for letter, rooms in BLOCKS.items() if self.room in rooms)

    def list_names(self, settings: Settings) -> list[str]:
        """Return what the settings make it run for; a broadcast day is known by its runs only."""
        if self.scope == "library":
            return [each.name for each in settings.libraries]
        if self.scope == "sheet":
            return [each.name for each in settings.sheets if each.write_back or self.name != "statuses"]
        return [self.name] if self.scope == "whole" else []


STAGES = (
    Stage(name="nas", room="nas", asset="nas_files", scope="library", count="files"),
    Stage(name="media", room="media", asset="media_facts", scope="library", count="read"),
    Stage(name="catalog", room="catalog", asset="video_files", scope="whole", count="video_files"),
    Stage(name="clips", room="clips", asset="hand_clips", scope="sheet", count="clips"),
    Stage(name="hands", room="hands", asset="hands", scope="day", count="hands"),
    Stage(name="tournaments", room="tournaments", asset="tournaments", scope="day", count="changed"),
    Stage(name="instructions", room="render", asset="render_instructions", scope="day", count="triggers"),
    Stage(name="outputs", room="render", asset="render_outputs", scope="day", count="completed"),
    Stage(name="sheets", room="sheets", asset="sheet_rows", scope="sheet", count="rows"),
    Stage(name="statuses", room="sheets", asset="sheet_statuses", scope="sheet", count="rows"),
)
"""The stages in the order of a sync; the first of a block has the block's items."""


def list_stages(block: str) -> Sequence[Stage]:
    """Return the stages of the block."""
    return [stage for stage in STAGES if stage.block == block]
