"""Name the archive roots that are known under two names, by the marker: the files of such a root count twice."""

from sqlalchemy import Connection, text

from pokervod_pipelines.nas.store.scope import list_scopes
from pokervod_pipelines.settings import Settings

SAME_ROOTS = """
    (with known as (
        select distinct on (root) root, marker from nas_scans where marker is not null order by root, id desc
     )
     select 'root ' || one.root || ' has the marker of ' || other.root || case
            when other.root = any(cast(:roots as text[])) then ': one archive, or a copy of it, counts twice'
            else ', which is no longer in the settings: it counts twice' end as sentence
     from known one join known other on other.marker = one.marker and other.root <> one.root
     where one.root = any(cast(:roots as text[]))
       and (other.root < one.root or other.root <> all(cast(:roots as text[])))
       and exists (select from nas_files f where f.root = other.root and f.state <> 'cleared' and not f.is_junk))
"""
"""A sentence about each root that has files under another name too; its parameters are those of ``list_scopes``."""

NEXT_STEP = (
    "Retire the libraries of a former name with `pokervod nas retire LIBRARY --reason …`, or use that name again. "
    "Of two in the settings remove one; in a copy delete `.pokervod-archive.json`, then `pokervod nas accept-folder`."
)


def list_same_roots(connection: Connection, settings: Settings) -> list[str]:
    """Return a sentence about each root of the settings that has files under the name of another root too."""
    query = f"select sentence from {SAME_ROOTS} s order by 1"  # noqa: S608 - a constant
    return list(connection.scalars(text(query), list_scopes(settings)))
