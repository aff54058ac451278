"""The child process: takes one order a line, draws it, and says how far it is and how it ended.

It ends when its input does, in the middle of an order too, so that it does not outlive the worker that asked.
"""

import json
from typing import Any, TextIO

from pokervod_pipelines.child_process import limit_memory, read_input, take_output
from pokervod_pipelines.render.renderers.job import check_layers
from pokervod_pipelines.render.renderers.local.drawing import Drawing
from pokervod_pipelines.render.renderers.local.encode import write_output
from pokervod_pipelines.render.renderers.local.order import READY, read_order, write_failure

MEMORY_BYTES = 6 << 30
"""Address space a child may have; the largest picture, 7680 × 4320, takes less."""

ORPHANED = 3
"""Exit code of a child whose parent is gone."""


def serve() -> None:
    """Draw one order after the other until the input ends."""
    limit_memory(MEMORY_BYTES)
    answers, _ = take_output()
    orders = read_input(ORPHANED)
    print(READY, file=answers)
    while True:
        line = orders.get()
        print(json.dumps({"progress": 0.0}), file=answers)
        print(json.dumps(_answer(line, answers)), file=answers)


def _answer(line: str, answers: TextIO) -> dict[str, Any]:
    told = 0

    def report(share: float) -> None:
        nonlocal told
        if int(share * 100) > told:
            told = int(share * 100)
            print(json.dumps({"progress": share}), file=answers)

    try:
        order = read_order(line)
        check_layers(order.template, order.layers)
        drawing = Drawing(order.template, order.layers, order.picture)
        write_output(drawing, order.picture, order.target, order.mov_codec, report)
    except Exception as error:  # noqa: BLE001 - the parent raises it again
        return {"failure": write_failure(error)}
    return {"done": True}


if __name__ == "__main__":
    serve()
