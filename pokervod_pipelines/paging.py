"""Cut listings into pages: one shape for ``--limit`` and ``--after`` of every command and, later, route."""

from dataclasses import dataclass

from pokervod_pipelines.errors import BadInput

DEFAULT_LIMIT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Ask for at most ``limit`` entries (None: all) that follow the entry with the id ``after`` (None: the first)."""

    limit: int | None = DEFAULT_LIMIT
    after: int | None = None

    def __post_init__(self) -> None:
        """Raise ``BadInput`` for a limit below 1."""
        if self.limit is not None and self.limit < 1:
            raise BadInput(f"the limit must be at least 1, got {self.limit}")


EVERYTHING = Page(limit=None)
"""All entries on one page, for programs that need each of them."""
