"""What a criterion is, and how one is examined: in bounded time, and whatever happens, with evidence.

A new kind is a new file in ``kinds``; what it may touch is a ``World``.
"""

import queue
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from pydantic import BaseModel, ConfigDict, Field

from pokervod_pipelines.rollout.criteria.evidence import ErrorClass, Evidence, Failing
from pokervod_pipelines.rollout.criteria.fields import Name, shorten
from pokervod_pipelines.rollout.criteria.world import World
from pokervod_pipelines.rollout.services import Service
from pokervod_pipelines.settings_rollout import FixerRights

GRACE_SECONDS = 2.0
"""What a look may take longer than its time before it is no longer waited for."""

Fault = tuple[tuple[int | str, ...], str]
"""Where in a criterion something is wrong, and what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What is known where a plan is loaded: its services, the programs that commands may start, what fixers may use.

    What is None is not known, and nothing is refused for it.
    """

    services: Mapping[str, Service]
    programs: frozenset[str] = frozenset()
    allow_commands: bool = False
    rights: FixerRights | None = None


class Criterion(BaseModel, ABC):
    """One thing that a week has to show. ``seconds`` is the time one look may take; without it the settings say."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    kind: str
    name: Name
    description: str = Field(default="", max_length=500)
    seconds: float | None = Field(default=None, gt=0, le=3600)

    @abstractmethod
    def check(self, world: World) -> Evidence:
        """Return what one look finds. May raise ``Failing``; anything else raised was not foreseen."""

    def find_faults(self, house: House) -> Iterator[Fault]:
        """Tell what is wrong with it beside this plan and these settings; nothing by itself."""
        yield from ()


def examine(criterion: Criterion, world: World) -> Evidence:
    """Return what one look at the criterion finds, within its time and a little; never raises for what is found.

    A look that hangs where nothing can stop it is left behind in a thread that ends with the process.
    """
    begun = world.begin(criterion.seconds)
    answers: queue.SimpleQueue[Evidence] = queue.SimpleQueue()
    threading.Thread(
        target=lambda: answers.put(_look(criterion, begun)), name=f"criterion {criterion.name}", daemon=True
    ).start()
    try:
        evidence = answers.get(timeout=begun.seconds + GRACE_SECONDS)
    except queue.Empty:
        evidence = Evidence.fails(
            ErrorClass.UNREACHABLE, f"the look was not at its end after {begun.seconds:g} s; give it more 'seconds'"
        )
    return replace(
        evidence, summary=begun.hide_secrets(evidence.summary), details=tuple(map(begun.hide_secrets, evidence.details))
    )


def _look(criterion: Criterion, world: World) -> Evidence:
    try:
        return criterion.check(world)
    except Failing as failing:
        return failing.evidence
    except Exception as error:  # noqa: BLE001 - whatever the world does, the programme goes on with evidence
        first = next(iter(str(error).strip().splitlines()), "")
        return Evidence.fails(ErrorClass.UNKNOWN, shorten(f"{type(error).__name__}: {first}".rstrip(": ")))
