"""Read archive shows by number: ``2004 WSOP Show 1 2k NLTH``, ``2009 WSOP ME25 Final Table Part 1``.

Also ``WSOP 2006 Show 17 ME 7_GMPO 743`` and ``ESPN 2008 WSOP SEASON 6 SHOW 1``.

Buy-in, game or event, and tape marks follow show and episode; asset numbers there are not read.
"""

import re

from pokervod_pipelines.catalog.names.facts.event_name import set_event
from pokervod_pipelines.catalog.names.facts.year import set_year
from pokervod_pipelines.catalog.names.name_fields import NameFields

RULE = "archive_show"

_SHAPE = re.compile(
    r"(?:espn )?(?:((?:19|20)\d\d) wsop|wsop ((?:19|20)\d\d))(?: season (\d{1,2}))?"
    r"(?: show (\d{1,3})(?: me (\d{1,2}))?| me ?(\d{1,2}))(?= |$)",
    re.ASCII,
)


def read_archive_show(fields: NameFields) -> bool:
    """Set year, season, show and the main event's episode; the rules for archive titles read what follows."""
    text = fields.name.text
    if not ("show" in text or " me" in text) or not (match := _SHAPE.match(text)):
        return False
    year, season, show = match[1] or match[2], match[3], match[4]
    fields.set("project_code", "WSOP", RULE, "wsop")
    set_year(fields, int(year), RULE, year)
    if season:
        fields.set("season", int(season), RULE, f"season {season}")
    if show:
        fields.set("show_number", int(show), RULE, f"show {show}")
    if episode := match[5] or match[6]:
        set_event(fields, "Main Event", RULE, f"me {episode}")
        fields.set("episode_number", int(episode), RULE, f"me {episode}")
    return True
