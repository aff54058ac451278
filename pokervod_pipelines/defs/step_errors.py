"""Put what Dagster recorded of a failed step's error into words for a person.

It imports no Dagster: ``pokervod status`` reads the errors of steps from the database.
"""

import re

WRAPPERS = ("Dagster", "RetryRequested")
"""How the classes of errors begin that Dagster puts around ours; the second says that no retry is left."""

NO_REASON = "no reason is known"

FROM_OUTSIDE = "This run has been marked as failed from outside the execution context."
"""What Dagster says of a run that it could not start, or whose process died; why is in an event of its engine."""

_CLASS_NAME = re.compile(r"\A[\w.<>]+(:\s+|:?\Z)")
_DATABASE_ERROR = re.compile(r"(?:[\w.]+: \()?psycopg2?\.[\w.]+(?:\)|:|\Z)[ \t]*(?P<text>.*)")


def describe_error(message: str) -> str:
    """Return what an error says without its class and statement; it is never empty.

    >>> describe_error("pokervod_pipelines.errors.BadInput: notes.csv: no column `Time In`")
    'notes.csv: no column `Time In`'
    >>> describe_error("builtins.AssertionError")
    'no reason is known'
    """
    told = message.partition("\n[SQL: ")[0].strip()
    if found := _DATABASE_ERROR.match(told):
        text = found["text"].strip() or NO_REASON
        return f"the database failed: {text}; check with `pokervod doctor` that it answers, then retry"
    return _CLASS_NAME.sub("", told) or NO_REASON
