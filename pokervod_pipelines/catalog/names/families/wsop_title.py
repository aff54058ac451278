"""Read everything that names the World Series in words: archive shows, streams, web titles of the series."""

from pokervod_pipelines.catalog.names.facts.series import find_project
from pokervod_pipelines.catalog.names.name_fields import NameFields

RULE = "wsop_title"


def read_wsop_title(fields: NameFields) -> bool:
    """Set the project; the rest is read by the rules for titles of the series."""
    text = fields.name.text
    if not ("wsop" in text or "world series" in text):
        return False
    if "wsop" in fields.name.words:
        fields.set("project_code", "WSOP", RULE, "wsop")
        return True
    match = find_project(text)
    if match is None or match[0] != "WSOP":
        return False
    fields.set("project_code", "WSOP", RULE, match[1])
    return True
