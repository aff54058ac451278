"""How far the event has come: ``final_table`` or ``final_day``.

``FINAL``, ``FinalLook`` and ``final_edit`` are states of an edit, "Grand Final" is an event, also before "Day 1B"; only
"final table", a bare ``ft`` before a day, number or the end, and "final day" are stages.
"""

import re

from pokervod_pipelines.catalog.names.reading import Reading

_STAGE = re.compile(r"(?<![a-z])final ?(table|day(?! ?\d))(?![a-z])|(?<!\w)ft(?=$| day| \d)", re.ASCII)


def read_stage(reading: Reading) -> None:
    """Tells the stage."""
    text = reading.name.text
    if ("final" in text or "ft" in text) and (match := _STAGE.search(text)):
        stage = "final_day" if match[1] == "day" else "final_table"
        reading.tell("stage", stage, "stage", match[0])
