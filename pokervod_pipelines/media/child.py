"""The child process: takes one task a line on its input, answers each with one line of JSON, ends when its input does.

It starts with almost nothing, since most files are judged without PyAV. Who watches over it is ``reader``.
"""

import base64
import faulthandler
import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

from pokervod_pipelines.child_process import limit_memory, take_output

READY = "ready"
GRACE_SECONDS = 2.0
"""So long after its limit a child ends itself, in case nobody is left to end it."""

MEMORY_BYTES = 4 << 30
"""Address space a child may have: a broken header can ask for more than the machine has."""

Task = Callable[..., dict[str, Any]]


def probe(path: str) -> dict[str, Any]:
    """The facts of the file."""
    from pokervod_pipelines.media.examine import examine_file  # noqa: PLC0415 - the child is ready sooner

    return examine_file(path).as_json()


def thumbnail(path: str, at_ms: int, width: int) -> dict[str, Any]:
    """The picture in base 64, or the reason why there is none."""
    from pokervod_pipelines.media.picture import draw_thumbnail  # noqa: PLC0415 - brings PyAV
    from pokervod_pipelines.media.tracks import Unplayable  # noqa: PLC0415

    try:
        return {"jpeg": base64.b64encode(draw_thumbnail(path, at_ms, width)).decode("ascii")}
    except (Unplayable, OSError) as error:
        return {"reason": str(error)}


TASKS: Mapping[str, Task] = {"probe": probe, "thumbnail": thumbnail}


def serve(tasks: Mapping[str, Task]) -> None:
    """Answer until the input ends. What a task raises is an answer too."""
    limit_memory(MEMORY_BYTES)
    answers, silence = take_output()
    answers.write(f"{READY}\n")
    for line in sys.stdin:
        request = json.loads(line)
        faulthandler.dump_traceback_later(request["seconds"] + GRACE_SECONDS, exit=True, file=silence)
        answers.write(json.dumps(_answer(tasks[request["task"]], request["arguments"])) + "\n")
        faulthandler.cancel_dump_traceback_later()


def _answer(task: Task, arguments: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return {"value": task(**arguments)}
    except Exception as error:  # noqa: BLE001 - the file is to blame, and the parent says so
        return {"error": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    serve(TASKS)
