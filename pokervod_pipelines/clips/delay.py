"""Find clips and videos that may show a hand which was not broadcast yet.

What is younger than a time is judged by our clock: when the inventory saw the file, when the clip was made or changed,
when its hand was imported.
"""

from datetime import datetime

from sqlalchemy import Connection, text


def find_young_files(connection: Connection, since: datetime) -> frozenset[int]:
    """Return the files that came or changed since then, and those with a clip of a hand that came since then."""
    return frozenset(connection.scalars(_FILES, {"since": since}))


def find_young_clips(connection: Connection, since: datetime) -> frozenset[int]:
    """Return the clips that were made or changed since then, those of such a hand, and those of such a file."""
    return frozenset(connection.scalars(_CLIPS, {"since": since}))


_OF_HANDS = """
    select l.clip_id from hand_clip_links l join hands h on h.id = l.hand_id
    where l.linked_at >= :since and h.created_at >= :since
"""

_FILES = text(f"""
    select id from nas_files where changed_at >= :since
    union
    select c.file_id from hand_clips c where c.id in ({_OF_HANDS}) and c.file_id is not null
""")  # noqa: S608 - a constant

_CLIPS = text(f"""
    select id from hand_clips where changed_at >= :since
    union {_OF_HANDS}
    union select c.id from hand_clips c join nas_files f on f.id = c.file_id where f.changed_at >= :since
""")  # noqa: S608 - a constant
