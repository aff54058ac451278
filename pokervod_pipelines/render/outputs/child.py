"""The child process that inspects outputs: one request a line on its input, one line of JSON in answer.

It dies with its parent: when its input ends, whatever it is doing. Who watches over it is ``verifier``.
"""

import faulthandler
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pokervod_pipelines.child_process import limit_memory, read_input, take_output
from pokervod_pipelines.render.failures import RenderFailure

READY = "ready"
GRACE_SECONDS = 2.0
"""So long after its limit a child ends itself, in case nobody is left to end it."""

MEMORY_BYTES = 4 << 30
"""Address space a child may have: a broken header can ask for more than the machine has."""

Task = Callable[[Mapping[str, Any]], dict[str, Any]]


def check(request: Mapping[str, Any]) -> dict[str, Any]:
    """The inspection of the file at ``path`` against what is ``wanted``."""
    from pokervod_pipelines.render.outputs.verify import inspect_output  # noqa: PLC0415 - the child is ready sooner
    from pokervod_pipelines.render.outputs.wanted import Wanted  # noqa: PLC0415

    return inspect_output(Path(request["path"]), Wanted.from_json(request["wanted"])).as_json()


def serve(task: Task) -> None:
    """Answer until the input ends.

    What the task raises is an answer too: an ``OSError`` keeps its number, a failure its type.
    """
    limit_memory(MEMORY_BYTES)
    answers, silence = take_output()
    requests = read_input(orphaned=0)
    answers.write(f"{READY}\n")
    while True:
        request = json.loads(requests.get())
        faulthandler.dump_traceback_later(request["seconds"] + GRACE_SECONDS, exit=True, file=silence)
        answers.write(json.dumps(_answer(task, request)) + "\n")
        faulthandler.cancel_dump_traceback_later()


def _answer(task: Task, request: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return {"value": task(request)}
    except RenderFailure as error:
        return {"failure": type(error).__name__, "error": str(error)}
    except OSError as error:
        return {"errno": error.errno, "error": error.strerror or str(error)}
    except Exception as error:  # noqa: BLE001 - the parent says so, and lives on
        return {"error": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    serve(check)
