"""Finding videos by whatever words a person remembers, ranked, with counts by project, year, game, stage and so on.

``words`` makes words of texts and queries; ``update`` keeps the index as the catalog is, in the build's transaction;
``packed`` is its arithmetic, ``store`` its SQL; ``query`` answers. The index is packed lists in ordinary tables, of
which a query reads those of its own words: no extension of PostgreSQL, and nothing in memory that could be stale.
"""

from pokervod_pipelines.catalog.search.query import SearchHit, SearchResult, search_catalog
from pokervod_pipelines.catalog.search.update import refresh_search

__all__ = ["SearchHit", "SearchResult", "refresh_search", "search_catalog"]
