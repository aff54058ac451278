"""Read Game of Gold: ``E01_GOG_final_edit_231106``, ``E11_GOG_final_edit_20231203_찐최종``, ``…_클린본``.

The date is that of the edit, in six or eight digits before or after the version; it is not the year of the show.
"""

import re

from pokervod_pipelines.catalog.names.facts.date import iso_date
from pokervod_pipelines.catalog.names.name_fields import NameFields
from pokervod_pipelines.catalog.names.vocabulary.versions import GOG_VERSIONS

RULE = "game_of_gold"

_SHAPE = re.compile(
    r"(?:(?:gog|game of gold) )?(?:s\d{1,2} ?|season \d{1,2} )?(?:episode|ep|e)[ .]?(\d{1,2})(?: gog)?(?= |$)", re.ASCII
)
_EDIT_DATE = re.compile(r"(?<!\w)(?:20)?(\d\d)(\d\d)(\d\d)(?!\w)", re.ASCII)


def read_game_of_gold(fields: NameFields) -> bool:
    """Set episode, edit date and version."""
    text = fields.name.text
    if not ("gog" in text or "game of gold" in text) or not (match := _SHAPE.match(text)):
        return False
    fields.set("project_code", "GOG", RULE, "gog")
    fields.set("episode_number", int(match[1]), RULE, match[0])
    edited = _EDIT_DATE.search(text, match.end())
    if edited and (day := iso_date(2000 + int(edited[1]), int(edited[2]), int(edited[3]))):
        fields.set("date", day, RULE, edited[0])
    for word, version in GOG_VERSIONS.items():
        if word in text:
            fields.set("version", version, RULE, word)
    return True
