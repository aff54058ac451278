"""Read streams of numbered events and days of play: ``2021 WSOP Event #67 - $10,000 … Day 2ABD``.

Also ``WSOP 2025 Main Event _ Day 3`` and ``🏆 WSOPE NLH Colossus - Final Day [BRACELET EVENT #7]``. Such names never
count shows or episodes, so the rules for tapes are not asked.
"""

from pokervod_pipelines.catalog.names.name_fields import NameFields

RULE = "wsop_stream"

_SERIES = frozenset({"wsop", "wsope", "#wsop", "#wsope"})
_TAPE_WORDS = frozenset({"show", "season", "episode", "generic"})


def read_wsop_stream(fields: NameFields) -> bool:
    """Set the project; the rules for streams read the rest."""
    text = fields.name.text
    if not ("wsop" in text and ("day" in text or "#" in text)):
        return False
    words = fields.name.words
    if _SERIES.isdisjoint(words) or not _TAPE_WORDS.isdisjoint(words):
        return False
    fields.set("project_code", "WSOP", RULE, "wsop")
    return True
