"""Read everything that names the World Series in words: archive shows, streams, web titles of the series."""

from pokervod_pipelines.catalog.names.facts.series import find_project
from pokervod_pipelines.catalog.names.name_fields import NameFields

RULE = "wsop_title"


def read_wsop_title(reading: NameFields) -> bool:
    """Set the project; the rest is read by the rules for titles of the series."""
    text = reading.name.text
    if not ("wsop" in text or "world series" in text):
        return False
    if "wsop" in reading.name.words:
        reading.set("project_code", "WSOP", RULE, "wsop")
        return True
    told = find_project(text)
    if told is None or told[0] != "WSOP":
        return False
    reading.set("project_code", "WSOP", RULE, told[1])
    return True
