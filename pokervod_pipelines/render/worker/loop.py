"""The worker: claims what its maker has places for, watches over each graphic, and settles what came of it.

One process, one event loop. Graphics at work are tasks; the database is spoken to in threads, through the ledger.
What is finished at about the same time is settled in one transaction.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from pokervod_pipelines.render import crew, queue
from pokervod_pipelines.render.queue import Failed, Made
from pokervod_pipelines.render.queue_store import Claim, read_template_limits
from pokervod_pipelines.render.rescue import rescue_lost
from pokervod_pipelines.render.states import Held, Settlement, State
from pokervod_pipelines.render.templates import Template, TemplateFiles
from pokervod_pipelines.render.worker.bell import Bell
from pokervod_pipelines.render.worker.ledger import Ledger
from pokervod_pipelines.render.worker.maker import Maker
from pokervod_pipelines.render.worker.place import Place, TimeLimits
from pokervod_pipelines.render.worker.shelf import Look
from pokervod_pipelines.settings.render import RenderQueueSettings

T = TypeVar("T")

NEWS_SECONDS = 1.0
"""Progress is written at most so often."""

MOST_SETTLED = 50
"""So many files at most come to their places in one transaction, which holds their rows meanwhile."""

RESCUE_SECONDS = 10.0
FAREWELL_SECONDS = 5.0
"""A worker that stops waits so long for a database that is away."""

Told = Callable[[Settlement], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """How a worker works: for a day or for all, until nothing is due or until it is stopped.

    Asked to stop, it gives what is at work ``grace_seconds`` to come to its end, then hands it back. A ``look`` at the
    templates tells how long a render may last.
    """

    name: str
    day: date | None = None
    until_empty: bool = False
    grace_seconds: float = 20.0
    look: Look = TemplateFiles


class Worker:
    """Works one shift; ``tally`` counts what became of what it held, by state. To be made inside the event loop."""

    def __init__(
        self, engine: Engine, limits: RenderQueueSettings, maker: Maker, shift: Shift, tell: Told = lambda settlement: None
    ) -> None:
        self._engine, self._limits, self._maker, self._shift, self._tell = engine, limits, maker, shift, tell
        self._ledger = Ledger()
        self._bell = Bell(engine)
        self._places: dict[UUID, Place] = {}
        self._made: list[Made] = []
        self._failed: list[Failed] = []
        self._finished = asyncio.Event()
        self._is_stopping = self._hands_back = False
        self.tally: Counter[State] = Counter()
        self.set_aside: str | None = None

    def stop(self) -> None:
        """It takes nothing more; called once more, it hands back at once what it holds."""
        self._hands_back = self._is_stopping
        self._is_stopping = True
        self._bell.ring()

    async def run(self) -> None:
        """The shift is over, and the worker holds nothing; its name was signed on before."""
        duties = [
            asyncio.create_task(duty)
            for duty in (self._settle_forever(), self._beat_forever(), self._watch_clocks(), self._rescue_forever())
        ]
        try:
            await _finish_among(self._take_work(), duties)
            await _finish_among(self._clear_places(), duties)
        finally:
            await self._close(duties)

    async def _close(self, duties: list[asyncio.Task[None]]) -> None:
        self._stop_all("the worker ended")
        for duty in duties:
            duty.cancel()
        await asyncio.gather(*duties, return_exceptions=True)
        self._bell.close()
        await self._maker.close()
        with contextlib.suppress(TimeoutError):
            sign_off = self._ledger.call(lambda: crew.sign_off(self._engine, self._shift.name))
            await asyncio.wait_for(sign_off, FAREWELL_SECONDS)
        self._ledger.close()

    async def _take_work(self) -> None:
        while not self._is_stopping:
            was_idle = not self._places  # what is settled while we ask may be due again, and not seen
            asked = time.monotonic()
            taken = [claim for renderer in self._maker.slots for claim in await self._claim(renderer)]
            if taken:
                files = await asyncio.to_thread(self._shift.look)
                for claim in taken:
                    self._begin(claim, files.sound.get(claim.held.template))
            elif self._shift.until_empty and was_idle:
                return
            else:
                await self._bell.wait_for_work(await self._find_rest(asked))

    async def _claim(self, renderer: str) -> list[Claim]:
        free = self._count_free(renderer)
        if free <= 0 or self._is_stopping:
            return []
        name, day = self._shift.name, self._shift.day
        take = partial(queue.claim, self._engine, self._limits, worker=name, renderer=renderer, most=free, day=day)
        return await self._ask(take, [])

    def _count_free(self, renderer: str) -> int:
        mine = [place for place in self._places.values() if place.claim.renderer == renderer]
        at_work, slots = sum(not place.is_over for place in mine), self._maker.slots[renderer]
        # As many again may wait to be settled; a slow disk must not make the worker hold ever more.
        return min(slots - at_work, 2 * slots - len(mine))

    async def _find_rest(self, asked: float) -> float:
        """How long it may wait for the bell: with all places taken only the bell tells of news."""
        free = [renderer for renderer in self._maker.slots if self._count_free(renderer) > 0]
        most = self._limits.poll_seconds
        if not free:
            return most
        looked, day = time.monotonic() - asked, self._shift.day
        return await self._ask(
            lambda: queue.find_rest(self._engine, self._limits, renderers=free, looked_seconds=looked, day=day), most
        )

    async def _ask(self, function: Callable[[], T], otherwise: T) -> T:
        """What the database answers; a worker that stops does not wait for one that is away."""
        try:
            return await self._ledger.call(function, gives_up=lambda: self._is_stopping)
        except DBAPIError:
            if not self._is_stopping:
                raise
            return otherwise

    def _begin(self, claim: Claim, template: Template | None) -> None:
        place = Place(claim=claim, limits=TimeLimits.of(template, self._limits.timeout_minutes * 60))
        self._places[claim.held.claim_id] = place
        place.task = asyncio.create_task(self._work(place))
        place.task.add_done_callback(lambda _: self._wake())

    def _wake(self) -> None:
        self._finished.set()
        self._bell.ring()

    async def _work(self, place: Place) -> None:
        try:
            # In two steps: while it is made, the list is taken away and settled.
            made = await self._maker.make(place.claim, place.report)
            self._made.append(made)
        except asyncio.CancelledError:
            if place.stopped is None:
                raise
            if place.overrun is None:
                return
            self._failed.append(Failed(held=place.claim.held, error=place.overrun))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is sorted by its type and kept
            self._failed.append(Failed(held=place.claim.held, error=error))
        place.has_result = True

    async def _settle_forever(self) -> None:
        while True:
            await self._finished.wait()
            self._finished.clear()
            made, self._made = self._made[:MOST_SETTLED], self._made[MOST_SETTLED:]
            failed, self._failed = self._failed, []
            settled = {each.held.claim_id for each in made} | {each.held.claim_id for each in failed}
            for claim_id in settled:
                self._places[claim_id].is_being_settled = True
            await self._settle(made, failed)
            given_up = [each for each in self._places.values() if each.is_given_up]
            await self._hand_back(given_up)
            for claim_id in settled | {each.claim.held.claim_id for each in given_up}:
                self._places.pop(claim_id, None)
            if self._made:
                self._finished.set()
            self._bell.ring()

    async def _settle(self, made: list[Made], failed: list[Failed]) -> None:
        try:
            settled = await self._ledger.call(lambda: queue.settle_all(self._engine, self._limits, made, failed))
        except DBAPIError as error:
            await self._settle_singly(made, failed, error)
            return
        completed = {claim_id for claim_id, each in settled.items() if each.state is State.COMPLETED}
        await self._discard([each for each in made if each.held.claim_id not in completed])
        for settlement in settled.values():
            self.tally[settlement.state] += 1
            self._tell(settlement)

    async def _discard(self, made: list[Made]) -> None:
        """Nothing is left of these, neither where they were made nor at their places."""
        for each in made:
            await asyncio.to_thread(self._maker.discard, each.held)
        if made:
            await self._ledger.call(lambda: queue.take_back(self._engine, made))

    async def _settle_singly(self, made: list[Made], failed: list[Failed], error: DBAPIError) -> None:
        """What the database refuses of one is that one's failure; the others are settled."""
        if not made:
            raise error
        if len(made) == 1:
            await self._discard(made)
            await self._settle([], [*failed, Failed(held=made[0].held, error=error)])
            return
        await self._settle([], failed)
        for each in made:
            await self._settle([each], [])

    async def _hand_back(self, places: list[Place]) -> None:
        by_reason: dict[str, list[Held]] = {}
        for place in places:
            by_reason.setdefault(place.stopped or "", []).append(place.claim.held)
        for reason, held in by_reason.items():
            await self._ledger.call(partial(queue.hand_back, self._engine, self._limits, held, reason))

    async def _beat_forever(self) -> None:
        """Leases are renewed thrice a lease, progress is told each second, a cancelled render is stopped at once."""
        renewed, beat_seconds = 0.0, find_beat_seconds(self._limits)
        while True:
            is_asked = await self._bell.wait_for_cancel(min(NEWS_SECONDS, beat_seconds))
            is_due = time.monotonic() - renewed > beat_seconds
            alive = [place for place in self._places.values() if not place.is_being_settled]
            await self._beat([place for place in alive if is_asked or is_due or place.has_news])
            if is_due:
                renewed = time.monotonic()
                self.set_aside = await self._ledger.call(lambda: crew.show_presence(self._engine, self._shift.name))

    async def _beat(self, places: list[Place]) -> None:
        if not places:
            return
        beats = [place.take_beat() for place in places]
        answers = await self._ledger.call(lambda: queue.show_life(self._engine, self._limits, beats))
        for place in places:
            reason = answers.get(place.claim.held.claim_id, "it was given to another worker")
            if reason is not None:
                place.stop(reason)

    async def _watch_clocks(self) -> None:
        while True:
            await asyncio.sleep(NEWS_SECONDS / 2)
            now = time.monotonic()
            for place in self._places.values():
                if overrun := place.find_overrun(now):
                    place.stop(str(overrun), overrun)

    async def _rescue_forever(self) -> None:
        def rescue() -> None:
            rescue_lost(self._engine, self._limits, read_template_limits(self._shift.look().sound))

        while True:
            await asyncio.sleep(min(RESCUE_SECONDS, self._limits.lease_seconds / 3))
            await self._ledger.call(rescue)

    def _stop_all(self, reason: str) -> None:
        for place in self._places.values():
            place.stop(reason)

    async def _clear_places(self) -> None:
        """Nothing is held; a database that stays away is not waited for, since leases end by themselves."""
        asked = time.monotonic()
        while self._places and time.monotonic() - asked < self._shift.grace_seconds + FAREWELL_SECONDS:
            if self._hands_back or time.monotonic() - asked >= self._shift.grace_seconds:
                self._stop_all("the worker was stopped")
            await asyncio.sleep(0.05)


def find_beat_seconds(limits: RenderQueueSettings) -> float:
    """Return how often a worker shows life: thrice a lease, and thrice before it counts as dead itself.

    >>> find_beat_seconds(RenderQueue(lease_seconds=15)), find_beat_seconds(RenderQueue(lease_seconds=3600))
    (5.0, 10.0)
    """
    return min(limits.lease_seconds, crew.ALIVE_SECONDS) / 3


async def _finish_among(work: Coroutine[Any, Any, None], duties: list[asyncio.Task[None]]) -> None:
    """The work is done; a duty that breaks is raised here, since a worker without it is blind."""
    task = asyncio.create_task(work)
    done, _ = await asyncio.wait([task, *duties], return_when=asyncio.FIRST_COMPLETED)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    for each in done:
        each.result()
