"""Read the stage of the event: ``final_table``, ``final_day``, or the last players: ``final_four``.

``FINAL``, ``FinalLook`` and ``final_edit`` are states of an edit, "Grand Final" is an event, also before "Day 1B"; only
"final table", a bare ``ft`` before a day, number or the end, "final day" and "final four" are stages.
"""

import re

from pokervod_pipelines.catalog.names.name_fields import NameFields

STAGE = re.compile(
    r"(?<![a-z])final ?(table|day(?! ?\d)|two|three|four|six|eight|nine)(?![a-z])|(?<!\w)ft(?=$| day| \d)", re.ASCII
)


def read_stage(fields: NameFields) -> None:
    """Set the stage."""
    text = fields.name.text
    if ("final" in text or "ft" in text) and (match := STAGE.search(text)):
        set_stage(fields, match, "stage")


def set_stage(fields: NameFields, match: re.Match[str], rule: str) -> None:
    """Set the stage that a match of ``STAGE`` means."""
    fields.set("stage", f"final_{match[1] or 'table'}", rule, match[0])
