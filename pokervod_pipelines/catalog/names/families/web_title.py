"""Hustler Casino Live: the title of a web video, and nothing but that: its dollars, numbers and years mean nothing."""

from pokervod_pipelines.catalog.names.reading import Reading

RULE = "web_title"

_TELLS = ("hustlercasinolive", "hustler casino live")


def read_web_title(reading: Reading) -> bool:
    """Tells the project if the channel's name is in the title, and keeps every other rule away from it."""
    text = reading.name.text
    for tell in _TELLS:
        if tell in text:
            reading.tell("project_code", "HCL", RULE, tell)
            return True
    return reading.folders.project == "HCL"
