"""Run work in a thread that does not keep the interpreter from ending, as those of pools do."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from typing import TypeVar

T = TypeVar("T")


def run_in_thread(work: Callable[[], T], name: str) -> "Future[T]":
    """Start the work in a thread of its own; return what will have its result."""
    future: Future[T] = Future()
    future.set_running_or_notify_cancel()
    context = copy_context()  # with the run and request that its log lines belong to

    def run() -> None:
        try:
            future.set_result(context.run(work))
        except BaseException as error:  # noqa: BLE001 - raised where it is awaited
            future.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future
