"""Hold a row as it was read last time, and measure how much of it a new row repeats."""

from dataclasses import dataclass

from pokervod_pipelines.sheets.rows import AnnotationRow

WEIGHTS = {"file_name": 3, "time_in": 3, "time_out": 2, "hands": 2, "file_no": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRow:
    """Hold a row as it was read last time; ``id`` is ours."""

    id: int
    fingerprint: str
    tab: str = ""
    row_number: int = 0
    row_key: str = ""
    source_id: str = ""
    file_no: str = ""
    file_name: str = ""
    time_in: str = ""
    time_out: str = ""
    hands: str = ""


def measure_similarity(old: StoredRow, new: AnnotationRow) -> float:
    """Return the weighted share (0 to 1) of key fields on which the rows agree.

    Fields blank in both do not count, nor those blank in a row that is not computed yet.
    """
    filled = same = 0
    for name, weight in WEIGHTS.items():
        before, after = getattr(old, name), getattr(new, name)
        filled += weight if after or (before and not new.uncomputed) else 0
        same += weight if before and before == after else 0
    return same / filled if filled else 0.0


def contradicts(old: StoredRow, new: AnnotationRow) -> bool:
    """Return whether a key field is filled in both rows and differs."""
    pairs = ((getattr(old, name), getattr(new, name)) for name in WEIGHTS)
    return any(before and after and before != after for before, after in pairs)
