"""What a render node complains of, as the type that tells who mends it.

The worker of npm (1.8.16) stores an ``Error`` as JSON, which keeps a file error's ``code`` and ``path`` and loses every
other one's text; newer ones store texts. So the code decides where there is one. Where there is none, nexrender and
After Effects give nothing but words: ``WORDS`` is the only place where words decide, and each of its rows quotes a
message that is a literal in their sources.
"""

import re
from collections.abc import Mapping
from typing import Any

from pokervod_pipelines.render.failures import BadInstruction, NoCapacity, RenderFailure, TooSlow, TransientFailure

LONGEST = 300

CODES: Mapping[str, tuple[type[RenderFailure], str]] = {
    "ENOENT": (BadInstruction, "is not there on the render node; mend the template's source or the picture's path"),
    "ENOTDIR": (BadInstruction, "is not there on the render node; mend the template's source or the picture's path"),
    "EISDIR": (BadInstruction, "is a folder on the render node; mend the template's source or the picture's path"),
    "EACCES": (BadInstruction, "may not be read by the render node; give its user the right"),
    "EPERM": (BadInstruction, "may not be read by the render node; give its user the right"),
    "ERR_ASSERTION": (BadInstruction, "is no sound job in the render node's eyes; look at the template"),
    "ERR_INVALID_URL": (BadInstruction, "is no address the render node can read; mend the template's source"),
}
"""Node's codes by which the same job fails everywhere; with any other one (a full disk, a share that is gone) another
node may succeed."""

WORDS: tuple[tuple[str, type[RenderFailure], str], ...] = (
    ("Couldn't find any layers by provided", BadInstruction, "name the project's layers as the template's"),
    ("Couldn't find any compositions by provided name", BadInstruction, "mend the template's composition"),
    ("Can't find a property sequence", BadInstruction, "a layer of the project is of another kind than the template's"),
    ("No comp was found with the given name", BadInstruction, "mend the template's composition"),
    ("No output module template was found", BadInstruction, "make the output module on every node, or mend its name"),
    ("No project provided and no project open", BadInstruction, "mend the template's source"),
    ("Unknown protocol provided", BadInstruction, "mend the template's source"),
    ("Error veryifing job", BadInstruction, "look at the template"),
    ("No update from aerender for", TooSlow, "look at After Effects on the render node"),
    ("Maximum rendering time exceeded", TooSlow, "raise the render node's limit or make the graphic simpler"),
    (r"licen[cs](e|ing)|trial (period )?(has )?expired", NoCapacity, "free or renew a licence of After Effects"),
)
"""Pattern, failure and mend; the first that is found holds. The last is no quotation: Adobe words it by version."""


def read_complaint(error: Any) -> RenderFailure:
    """Return the failure that the ``error`` of a job means, fit to be shown.

    >>> read_complaint({"code": "ENOENT", "path": "/projects/a.aep"}).kind
    'bad_input'
    >>> read_complaint({}).kind
    'transient'
    """
    if isinstance(error, dict):
        code, text = str(error.get("code") or ""), str(error.get("message") or "")
        if code in CODES:
            failure, mend = CODES[code]
            return failure(f"nexrender: {error.get('path') or error.get('input') or 'the job'} {mend} ({code})")
        text = text or " ".join(filter(None, (code, str(error.get("path") or ""))))
    else:
        text = "\n".join(map(str, error)) if isinstance(error, list) else str(error or "")
    return _read_words(text)


def _read_words(text: str) -> RenderFailure:
    if not text.strip():
        return TransientFailure("nexrender: the render failed and its node kept no reason; its own log has it")
    for pattern, failure, mend in WORDS:
        if re.search(pattern, text, re.IGNORECASE):
            return failure(f"nexrender: {shorten(text)}; {mend}")
    return TransientFailure(f"nexrender: {shorten(text)}")


def shorten(text: str) -> str:
    r"""Return the first line that says something, cut; what follows is a stack or a log.

    >>> shorten("AssertionError: job must have uid\n    at Object.assert (x.js:1)")
    'AssertionError: job must have uid'
    """
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
