"""Read the stage of the event: ``final_table`` or ``final_day``.

``FINAL``, ``FinalLook`` and ``final_edit`` are states of an edit, "Grand Final" is an event, also before "Day 1B"; only
"final table", a bare ``ft`` before a day, number or the end, and "final day" are stages.
"""

import re

from pokervod_pipelines.catalog.names.name_fields import NameFields

_STAGE = re.compile(r"(?<![a-z])final ?(table|day(?! ?\d))(?![a-z])|(?<!\w)ft(?=$| day| \d)", re.ASCII)


def read_stage(fields: NameFields) -> None:
    """Set the stage."""
    text = fields.name.text
    if ("final" in text or "ft" in text) and (match := _STAGE.search(text)):
        stage = "final_day" if match[1] == "day" else "final_table"
        fields.set("stage", stage, "stage", match[0])
