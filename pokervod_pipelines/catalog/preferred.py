"""Rank the files of an episode by how likely a person wants them.

A present file comes before a missing one; then the cut decides, then size (of two encodings the larger is the better),
then the older row, so that the choice never depends on order. An unseen file counts as present: a share that is
offline for an hour must not change what the catalog recommends.
"""

import re

_CUTS: tuple[tuple[str, int], ...] = (
    ("찐최종", 0),  # Game of Gold: "really final" beats "final", and both beat an edit without a word
    ("최종", 1),
    ("클린", 8),
    ("clean", 8),  # no graphics: raw material for editors, not what a viewer saw
    ("dirty", 4),
    ("mastered", 2),
    ("master", 2),
    ("finallook", 3),
    ("final_edit", 3),
    ("hires", 3),
    ("pgm", 4),
    ("stream", 5),
    ("generic", 6),
    ("nobug", 6),
    ("text", 6),
    ("reair", 7),
    ("subclip", 9),
    ("no_commentary", 9),
)
_UNNAMED = 5
_EDIT_STATE = re.compile(r"(?<![a-z])final(?![a-z])", re.IGNORECASE)


def rank_file(
    *, is_missing: bool, version: str | None, name: str, size: int, file_id: int
) -> tuple[int, int, int, int]:
    """Return a value by which the preferred file of an episode sorts first.

    >>> cuts = ("찐최종", "최종", None, "clean")
    >>> [rank_file(is_missing=False, version=cut, name="E11", size=1, file_id=1)[1] for cut in cuts]
    [0, 1, 5, 8]
    """
    return (int(is_missing), _rank_cut(version, name), -size, file_id)


def _rank_cut(version: str | None, name: str) -> int:
    if version:
        lowered = version.lower().replace("-", "_")
        if lowered == "nc" or lowered.startswith("nc "):
            lowered = "no_commentary"
        found = next((rank for word, rank in _CUTS if word in lowered), None)
        if found is not None:
            return found
    return 3 if _EDIT_STATE.search(name) and "final table" not in name.lower() else _UNNAMED
