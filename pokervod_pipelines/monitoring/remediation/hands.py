"""Make the instruction of a premium hand that has none, or say why there is none."""

from datetime import timedelta

from sqlalchemy import text

from pokervod_pipelines.actors import new_correlation_id
from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.monitoring.remediation.shape import ActionState
from pokervod_pipelines.monitoring.remediation.spared import write_in_window
from pokervod_pipelines.monitoring.remediation.turn import Turn, Work
from pokervod_pipelines.render.instructions import make_missing
from pokervod_pipelines.render.listing import ORPHAN_HANDS
from pokervod_pipelines.subjects import Subject, SubjectKind

WORKFLOW = "hands_to_renders"
"""The workflow that should have made it; where a person holds it, none is made."""

AGAIN_HOURS = 24
"""A hand that was tried is not tried again before."""

_ORPHANS = f"""{ORPHAN_HANDS} and h.created_at <= :now - cast(:after as interval)
    and not exists (select from remediations a where a.kind = 'instruct' and a.subject_kind = 'hand'
        and a.subject = cast(h.id as varchar) and a.done_at > :now - interval '{AGAIN_HOURS} hours')
    and not exists (select from holds o where o.subject_kind = 'workflow' and o.subject = '{WORKFLOW}'
        and o.ended_at is null and (o.until is null or o.until > :now))
    and not {write_in_window({"hand": "cast(h.id as text)", "workflow": f"'{WORKFLOW}'"})}"""  # noqa: S608 - constants

_COUNT = text(f"select count(*) from {_ORPHANS}")  # noqa: S608 - constants

_SELECT = text(f"select h.id, h.broadcast_day from {_ORPHANS} order by h.created_at, h.id limit :limit")  # noqa: S608 - constants


def make_instructions_of_orphans(turn: Turn) -> Work:
    """Make the missing instructions; each hand is tried once a day, and one that gets none says why."""
    after = timedelta(minutes=turn.settings.monitoring.remediation.instruct.after_minutes)
    values = {"now": turn.now, "after": after, "limit": max(0, turn.budget)}
    count = turn.connection.scalar(_COUNT, values) or 0
    hands = {row.id: row.broadcast_day for row in turn.connection.execute(_SELECT, values)} if count else {}
    if not hands:
        return Work(left=count)
    correlation_id = new_correlation_id()
    try:
        made = make_missing(turn.connection, turn.settings, hands, correlation_id=correlation_id)
    except PokervodError as error:  # a rule or template is wrong, before anything is written
        made = dict.fromkeys(hands, str(error))
    deeds = []
    for hand, found in made.items():
        subject, day = Subject(kind=SubjectKind.HAND, name=str(hand)), str(hands[hand])
        show = Subject(kind=SubjectKind.SHOW, name=day)
        if isinstance(found, str):
            deeds.append(turn.make_deed(subject, found, show, state=ActionState.REFUSED))
        else:
            reason = f"made instruction {', '.join(map(str, found))} of the hand of {day}"
            deeds.append(turn.make_deed(subject, reason, show, after={"instructions": found}))
    return Work(deeds=deeds, left=count - len(hands))
