"""All that a fixer may touch, handed to it; it looks nothing up by itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine

from pokervod_pipelines.rollout.fixers.redaction import hide_secrets
from pokervod_pipelines.rollout.services import Service
from pokervod_pipelines.settings_rollout import FixerRights


@dataclass(frozen=True, slots=True, kw_only=True)
class FixerWorld:
    """The database, the folder that the plan's relative paths are below, its services, and what the settings allow.

    ``environment`` holds the tokens of hooks, and is what commands get.
    """

    engine: Engine
    folder: Path
    rights: FixerRights
    services: Mapping[str, Service] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    def hide_secrets(self, text: str) -> str:
        """Return the text without any secret that is known here or looks like one."""
        addresses = [
            address for each in self.services.values() for address in (each.address, each.mock, each.production)
        ]
        database = self.engine.url.render_as_string(hide_password=False)
        return hide_secrets(text, self.environment, [database, *filter(None, addresses)])
