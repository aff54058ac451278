"""Names that no family knows: camera files (``HyperDeck_0028``), free titles, exports (``시퀀스 01``).

Their folders may still know what they show.
"""

from pokervod_pipelines.catalog.names.reading import Reading


def read_unknown(reading: Reading) -> bool:
    """Claims every name and tells nothing: a number in such a name counts recordings, not episodes."""
    return reading is not None
