"""Read Hustler Casino Live: only the title of a web video; its dollars, numbers and years mean nothing."""

from pokervod_pipelines.catalog.names.name_fields import NameFields

RULE = "web_title"

_CHANNEL_NAMES = ("hustlercasinolive", "hustler casino live")


def read_web_title(fields: NameFields) -> bool:
    """Set the project if the channel's name is in the title, so that no other rule reads it."""
    text = fields.name.text
    for word in _CHANNEL_NAMES:
        if word in text:
            fields.set("project_code", "HCL", RULE, word)
            return True
    return fields.folders.project == "HCL"
