"""A shift from beginning to end: the command, the asset and the sensor's run all work it by this function."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Collection
from datetime import date

from sqlalchemy import Engine

from pokervod_pipelines.errors import OperatorNeeded
from pokervod_pipelines.render import crew
from pokervod_pipelines.render.rules import find_house_folders
from pokervod_pipelines.render.states import State
from pokervod_pipelines.render.worker.loop import Shift, Told, Worker
from pokervod_pipelines.render.worker.shelf import Shelf
from pokervod_pipelines.render.worker.studio import open_studio
from pokervod_pipelines.settings import Settings


def work_shift(
    engine: Engine,
    settings: Settings,
    *,
    name: str | None = None,
    day: date | None = None,
    until_empty: bool = False,
    concurrency: int | None = None,
    stop_signals: Collection[int] = (),
    started: Callable[[str], None] = lambda name: None,
    tell: Told = lambda settlement: None,
) -> Counter[State]:
    """The shift is over; returns how many graphics came into which state.

    It ends when nothing is due any more, or at one of the signals: then what is at work may come to its end, and a
    second signal hands it back at once. Raises ``BadTemplate`` where the folder of templates is not there, ``Conflict``
    for a name that a living worker has, and ``OperatorNeeded`` for one that is set aside.
    """
    shelf = Shelf(find_house_folders(settings))

    async def work() -> Counter[State]:
        studio = open_studio(settings, shelf.look, concurrency=concurrency)
        signed = await asyncio.to_thread(crew.sign_on, engine, name, studio.slots, day=day)
        if aside := await asyncio.to_thread(crew.show_presence, engine, signed):
            await asyncio.to_thread(crew.sign_off, engine, signed)
            said = f"`pokervod render workers --take-back {signed} --reason …`"
            raise OperatorNeeded(f"the worker {signed} is set aside: {aside}; mend its machine, then {said}")
        shift = Shift(name=signed, day=day, until_empty=until_empty, look=shelf.look)
        worker = Worker(engine, settings.render.queue, studio, shift, tell)
        for number in stop_signals:
            with contextlib.suppress(NotImplementedError):
                asyncio.get_running_loop().add_signal_handler(number, worker.stop)
        started(signed)
        await studio.tidy()
        await worker.run()
        return worker.tally

    return asyncio.run(work())
