"""Read the year of a show: four digits of their own, or two after a series code (``WSOP13``, ``WE24``).

Not years: ``PRE-2016``, asset numbers (``GMPO 2074``), money (``$1979``), resolutions, digits inside a longer word.
"""

import re

from pokervod_pipelines.catalog.names.name_fields import NameFields

# The digits come first so that the search can skip to them; what may not precede them is checked afterwards.
_YEAR = re.compile(
    r"[12][09][0-9]\d(?<=19[6-9]\d|20[0-4]\d)(?<![\w$€£#.,]....)(?<!gmpo ....)(?<!pre ....)(?!\w|[.,]\d)", re.ASCII
)

_FIRST_TELEVISED = 1970


def read_year(fields: NameFields) -> None:
    """Set the first year of the file name."""
    text = fields.name.text
    if ("20" in text or "19" in text) and (match := _YEAR.search(text)):
        set_year(fields, int(match[0]), "year", match[0])


def set_year(fields: NameFields, year: int, rule: str, text: str) -> None:
    """Set a year that the file name itself has."""
    fields.set("year", year, rule, text)
    fields.set("year_in_filename", "yes", rule, text)


def expand_year(two_digits: str) -> int:
    """Return the year meant by two digits of a series code; no code is older than television's World Series.

    >>> expand_year("13"), expand_year("98")
    (2013, 1998)
    """
    year = 1900 + int(two_digits)
    return year if year >= _FIRST_TELEVISED else year + 100
