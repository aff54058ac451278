"""Find videos by whatever words a person remembers, ranked, with counts by project, year, game, stage and so on.

``tokens`` splits texts and queries into words. ``update`` updates the index in the transaction of a build, with
``store`` as its SQL; ``query`` answers, with ``lookup`` as its SQL; ``packed`` is the arithmetic of both.

The index is packed lists in ordinary tables, of which a query reads those of its own words: no extension of PostgreSQL
is needed. Only facets are cached in memory, with the version of their index.
"""

from pokervod_pipelines.catalog.search.query import search_catalog, search_on
from pokervod_pipelines.catalog.search.update import refresh_search
from pokervod_pipelines.catalog.search_result import SearchHit, SearchResult

__all__ = ["SearchHit", "SearchResult", "refresh_search", "search_catalog", "search_on"]
