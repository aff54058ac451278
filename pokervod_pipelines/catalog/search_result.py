"""Hold what a search of the catalog finds; apart from ``search``, whose arithmetic takes long to load."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHit:
    """Hold a file of an episode. ``score`` is higher for better words, ``size`` in bytes, ``state`` the inventory's."""

    file_id: int
    episode_id: int
    title: str
    episode: str
    path: str
    project: str
    year: int | None
    game: str | None
    stage: str | None
    version: str | None
    players: tuple[str, ...]
    is_preferred: bool
    state: str
    size: int
    score: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """Hold the best hits, the total, and for each facet how many have which value.

    A facet's counts apply every filter but its own: they show what another choice would give. ``with_typos``: no entry
    has all words as written, so words one error away were accepted.
    """

    total: int
    hits: tuple[SearchHit, ...]
    facets: dict[str, dict[str, int]]
    with_typos: bool
