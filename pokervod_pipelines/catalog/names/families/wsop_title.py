"""Everything that names the World Series in words: archive shows, streams, web titles of the series."""

from pokervod_pipelines.catalog.names.facts.series import find_project
from pokervod_pipelines.catalog.names.reading import Reading

RULE = "wsop_title"


def read_wsop_title(reading: Reading) -> bool:
    """Tells the project; the rest is read by the rules for titles of the series."""
    text = reading.name.text
    if not ("wsop" in text or "world series" in text):
        return False
    if "wsop" in reading.name.words:
        reading.tell("project_code", "WSOP", RULE, "wsop")
        return True
    told = find_project(text)
    if told is None or told[0] != "WSOP":
        return False
    reading.tell("project_code", "WSOP", RULE, told[1])
    return True
