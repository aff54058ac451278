"""Classify the error that a render node reports, by who can fix it.

The worker of npm (1.8.16) stores an ``Error`` as JSON, which keeps the ``code`` and ``path`` of a file error and loses
every other text; newer ones store texts. So the code decides where there is one. Without one, nexrender and After
Effects give only words: ``WORDS`` is the only place where words decide, and each of its rows quotes a literal of their
sources.
"""

import re
from collections.abc import Mapping
from typing import Any

from pokervod_pipelines.render.failures import BadInstruction, NoCapacity, RenderFailure, TooSlow, TransientFailure

MAX_CHARACTERS = 300

CODES: Mapping[str, tuple[type[RenderFailure], str]] = {
    "ENOENT": (BadInstruction, "is missing on the render node; correct the template's source or the picture's path"),
    "ENOTDIR": (BadInstruction, "is missing on the render node; correct the template's source or the picture's path"),
    "EISDIR": (BadInstruction, "is a folder on the render node; correct the template's source or the picture's path"),
    "EACCES": (BadInstruction, "cannot be read by the render node; grant its user read access"),
    "EPERM": (BadInstruction, "cannot be read by the render node; grant its user read access"),
    "ERR_ASSERTION": (BadInstruction, "is refused by the render node as an invalid job; check the template"),
    "ERR_INVALID_URL": (BadInstruction, "is not a valid address for the render node; correct the template's source"),
}
"""Node's codes with which the same job fails everywhere; with any other (full disk, missing share) another node may
succeed."""

WORDS: tuple[tuple[str, type[RenderFailure], str], ...] = (
    ("Couldn't find any layers by provided", BadInstruction, "name the project's layers as the template's"),
    ("Couldn't find any compositions by provided name", BadInstruction, "correct the template's composition"),
    ("Can't find a property sequence", BadInstruction, "a layer of the project has another type than the template's"),
    ("No comp was found with the given name", BadInstruction, "correct the template's composition"),
    (
        "No output module template was found",
        BadInstruction,
        "create the output module on each node, or fix its name",
    ),
    ("No project provided and no project open", BadInstruction, "correct the template's source"),
    ("Unknown protocol provided", BadInstruction, "correct the template's source"),
    ("Error veryifing job", BadInstruction, "check the template"),
    ("No update from aerender for", TooSlow, "check After Effects on the render node"),
    ("Maximum rendering time exceeded", TooSlow, "raise the render node's limit or simplify the graphic"),
    (r"licen[cs](e|ing)|trial (period )?(has )?expired", NoCapacity, "free or renew a licence of After Effects"),
)
"""Pattern, failure and next step; the first match decides. The last is not a quotation: Adobe's wording varies."""


def read_node_error(error: Any) -> RenderFailure:
    """Return the failure that the ``error`` of a job means, with a message for people.

    >>> read_node_error({"code": "ENOENT", "path": "/projects/a.aep"}).kind
    'bad_input'
    >>> read_node_error({}).kind
    'transient'
    """
    if isinstance(error, dict):
        code, text = str(error.get("code") or ""), str(error.get("message") or "")
        if code in CODES:
            failure, next_step = CODES[code]
            return failure(f"nexrender: {error.get('path') or error.get('input') or 'the job'} {next_step} ({code})")
        text = text or " ".join(filter(None, (code, str(error.get("path") or ""))))
    else:
        text = "\n".join(map(str, error)) if isinstance(error, list) else str(error or "")
    return _read_words(text)


def _read_words(text: str) -> RenderFailure:
    if not text.strip():
        return TransientFailure("nexrender: the render failed without a reason; see the log of the render node")
    for pattern, failure, next_step in WORDS:
        if re.search(pattern, text, re.IGNORECASE):
            return failure(f"nexrender: {shorten(text)}; {next_step}")
    return TransientFailure(f"nexrender: {shorten(text)}")


def shorten(text: str) -> str:
    r"""Return the first non-blank line, cut; what follows is a stack trace or a log.

    >>> shorten("AssertionError: job must have uid\n    at Object.assert (x.js:1)")
    'AssertionError: job must have uid'
    """
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= MAX_CHARACTERS else line[: MAX_CHARACTERS - 1] + "…"
