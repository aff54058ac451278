"""Accept names that no family knows: camera files (``HyperDeck_0028``), free titles, exports (``시퀀스 01``).

Their folders may still know what they show.
"""

from pokervod_pipelines.catalog.names.name_fields import NameFields


def read_unknown(fields: NameFields) -> bool:
    """Match every name and set nothing: a number in such a name counts recordings, not episodes."""
    return fields is not None
