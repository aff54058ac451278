"""Find clips and videos that may show a hand which was not broadcast yet.

What is younger than a time is judged by our clock: when the inventory saw the file, when the clip was made or changed,
when its hand was imported. But a file that was written long before that time shows no hand played after it, however
new it is to the inventory: after a first scan, or a remount, the archive does not vanish.
"""

from datetime import datetime

from sqlalchemy import Connection, text

from pokervod_pipelines.db.file_times import IS_WRITTEN_SINCE, list_times


def find_young_files(connection: Connection, since: datetime) -> frozenset[int]:
    """Return the files that came or changed since then, and those with a clip of a hand that came since then."""
    return frozenset(connection.scalars(_FILES, list_times(since)))


def find_young_clips(connection: Connection, since: datetime) -> frozenset[int]:
    """Return the clips that were made or changed since then, those of such a hand, and those of such a file."""
    return frozenset(connection.scalars(_CLIPS, list_times(since)))


_OF_HANDS = """
    select l.clip_id from hand_clip_links l join hands h on h.id = l.hand_id
    where l.linked_at >= :since and h.created_at >= :since
"""

_FILES = text(f"""
    select f.id from nas_files f where f.changed_at >= :since and {IS_WRITTEN_SINCE}
    union
    select f.id from hand_clips c join nas_files f on f.id = c.file_id
    where c.id in ({_OF_HANDS}) and {IS_WRITTEN_SINCE}
""")  # noqa: S608 - constants

_CLIPS = text(f"""
    select c.id from hand_clips c left join nas_files f on f.id = c.file_id
    where c.id in (select id from hand_clips where changed_at >= :since union {_OF_HANDS})
      and (f.id is null or {IS_WRITTEN_SINCE})
    union
    select c.id from nas_files f join hand_clips c on c.file_id = f.id
    where f.changed_at >= :since and {IS_WRITTEN_SINCE}
""")  # noqa: S608 - constants
