"""Withdraw, correct and restore a hand for a person, with what follows: replay, clips, graphics.

What was not done is done by the next import, which reads what is due from the hands themselves.
"""

from collections.abc import Callable

from sqlalchemy import Connection, Engine

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.hands import interventions
from pokervod_pipelines.hands.hand import Hand
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.day_stages import make_touched_instructions
from pokervod_pipelines.workflows.hands import import_and_link_hands, link_hands


def withdraw_hand(engine: Engine, settings: Settings, hand_id: int, *, actor: Actor) -> None:
    """Withdraw a hand that must not count; raises as ``hands.interventions.withdraw_hand``."""
    _decide(engine, settings, lambda each: interventions.withdraw_hand(each, hand_id, actor=actor), actor)


def correct_hand(engine: Engine, settings: Settings, hand_id: int, corrected: Hand, *, actor: Actor) -> None:
    """Replace a hand by what a person wrote; raises as ``hands.interventions.correct_hand``."""
    _decide(engine, settings, lambda each: interventions.correct_hand(each, hand_id, corrected, actor=actor), actor)


def restore_hand(engine: Engine, settings: Settings, hand_id: int, *, actor: Actor) -> None:
    """Undo withdrawal and correction; raises as ``hands.interventions.restore_hand``."""
    _decide(engine, settings, lambda each: interventions.restore_hand(each, hand_id, actor=actor), actor)


def _decide(engine: Engine, settings: Settings, act: Callable[[Connection], None], actor: Actor) -> None:
    """Act, then replay, link and make instructions anew where the hand changed."""
    with engine.begin() as connection:
        act(connection)
    import_and_link_hands(engine, settings, (), correlation_id=actor.correlation_id)
    link_hands(engine, settings.zone, correlation_id=actor.correlation_id)
    make_touched_instructions(engine, settings, correlation_id=actor.correlation_id)
