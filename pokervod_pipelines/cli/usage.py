"""Explain a refused argument or option in plain words: what is expected, and what was given."""

from typing import Any

import typer

LARGEST = 2**63 - 1
"""The largest id that the database stores."""

MOST_LISTED = 10**9
"""The largest ``--limit``: more than any listing has, and short enough for ``--help``."""

MAX_SHOWN = 40
"""Characters of a refused value."""


def explain_refusal(error: typer.BadParameter) -> str:
    """Return the message of the error without the name of its class; that of a number names its range and the value."""
    problems: list[dict[str, Any]] = getattr(error.__cause__, "errors", list)()  # those of pydantic, which is slow
    if not problems or not (problems[0]["type"].startswith("int_") or {"ge", "le"} & problems[0].get("ctx", {}).keys()):
        return error.message.removeprefix("Value error, ")
    value = str(problems[0]["input"])
    given = value if len(value) <= MAX_SHOWN else f"{value[:MAX_SHOWN]}…"
    return f"expected {_describe_range(error.param)}, got {given!r}"


def _describe_range(param: Any) -> str:
    info = param.get_runtime_param().parameter_info
    least, most = info.min, info.max
    if most is not None and most < MOST_LISTED:
        return f"a whole number from {least} to {most}"
    return f"a whole number{'' if least is None else f' of at least {least}'}, such as 17"
