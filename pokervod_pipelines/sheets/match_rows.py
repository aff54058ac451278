"""Match the rows of a sheet to their videos: pinned rows to their pin, all others by the rules.

How the rules find a video is decided in ``match``; who pins and unpins, in ``pins``.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection

from pokervod_pipelines.sheets import pin_store, store
from pokervod_pipelines.sheets.file_index import FileIndex, IdentityParser
from pokervod_pipelines.sheets.match import Match, MatchStatus, match
from pokervod_pipelines.sheets.pin_store import PinnedVideo

PINNED = "pinned"
"""The matcher of a match that a person decided."""

NameAndLink = tuple[str, str]
"""The file name and the folder link of a row."""


def match_rows(
    connection: Connection, sheet: str, ids: Sequence[int] | None, *, parsed_identity: IdentityParser | None
) -> int:
    """Match the rows with these ids (None: all in the sheet); return how many matches changed."""
    queries = [] if ids == [] else store.read_queries(connection, sheet, ids)
    if not queries:
        return 0
    pins = pin_store.read_in_force(connection, sheet)
    free = {(name, link) for row_id, name, link in queries if row_id not in pins}
    answers = _match_by_rules(connection, free, parsed_identity)
    matches = {
        row_id: make_pinned_match(pins[row_id]) if row_id in pins else answers[name, link]
        for row_id, name, link in queries
    }
    return store.store_matches(connection, matches)


def make_pinned_match(pin: PinnedVideo) -> Match:
    """Return the answer for a row whose video a person named."""
    return Match(
        status=MatchStatus.MATCHED,
        reason=f"pinned by {pin.by}: {pin.reason}",
        matcher=PINNED,
        score=1.0,
        file_id=pin.file_id,
        path=pin.path,
        candidates=(pin.path,),
    )


def _match_by_rules(
    connection: Connection, queries: Collection[NameAndLink], parsed_identity: IdentityParser | None
) -> dict[NameAndLink, Match]:
    if not queries:
        return {}
    index = FileIndex.build(store.read_candidate_files(connection), parsed_identity=parsed_identity)
    return {query: match(index, *query) for query in queries}
