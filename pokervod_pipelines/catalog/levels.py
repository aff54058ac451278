"""The three tables of the tree between projects and files. Names and types only; the SQL is in the stores."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Level:
    """One table of the tree: its columns in the order of the rows that are copied in, id and parent first.

    ``above`` is the table that ``parent`` refers to; a season's parent, the project, needs no id.
    """

    table: str
    parent: str
    above: "Level | None"
    columns: str
    types: str

    @property
    def names(self) -> str:
        """The columns behind id and parent."""
        return self.columns.removeprefix(f"id, {self.parent}, ")


SEASONS = Level(
    "seasons",
    "project_code",
    None,
    "id, project_code, key, year, number, sub_series, title, sort_key",
    "id bigint, project_code text, key text, year int, number int, sub_series text, title text, sort_key text",
)
EVENTS = Level(
    "catalog_events",
    "season_id",
    SEASONS,
    "id, season_id, key, number, title, facts, sort_key",
    "id bigint, season_id bigint, key text, number int, title text, facts jsonb, sort_key text",
)
EPISODES = Level(
    "episodes",
    "event_id",
    EVENTS,
    "id, event_id, key, title, catalog_title, facts, sort_key, preferred_file_id",
    "id bigint, event_id bigint, key text, title text, catalog_title text, facts jsonb, sort_key text, "
    "preferred_file_id bigint",
)

LEVELS = (SEASONS, EVENTS, EPISODES)
"""Parents first."""
