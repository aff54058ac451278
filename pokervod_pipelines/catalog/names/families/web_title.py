"""Read Hustler Casino Live: only the title of a web video; its dollars, numbers and years mean nothing."""

from pokervod_pipelines.catalog.names.name_fields import NameFields

RULE = "web_title"

_TELLS = ("hustlercasinolive", "hustler casino live")


def read_web_title(reading: NameFields) -> bool:
    """Set the project if the channel's name is in the title, so that no other rule reads it."""
    text = reading.name.text
    for tell in _TELLS:
        if tell in text:
            reading.set("project_code", "HCL", RULE, tell)
            return True
    return reading.folders.project == "HCL"
