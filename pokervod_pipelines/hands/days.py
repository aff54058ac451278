"""A broadcast day's hands, in figures and in words."""

from datetime import date

from sqlalchemy import Connection, text

from pokervod_pipelines.hands.hand import Hand
from pokervod_pipelines.hands.show import show_hand_in_line


def count_day(connection: Connection, day: date) -> dict[str, int]:
    """The day's sessions and hands, by what is asked for most."""
    row = connection.execute(
        text("""
            select count(distinct session_id) as sessions, count(*) as hands,
                   count(*) filter (where is_premium) as premium,
                   count(*) filter (where grade = 'A') as grade_a, count(*) filter (where grade = 'B') as grade_b,
                   count(*) filter (where grade = 'C') as grade_c, count(*) filter (where is_test) as tests,
                   count(*) filter (where exists (select from hand_findings f where f.hand_id = h.id)) as doubtful,
                   count(*) filter (where exists (select from hand_moments m where m.hand_id = h.id)) as with_clip
            from hands h where broadcast_day = :day
        """),
        {"day": day},
    ).one()
    return dict(row._mapping)


def show_premium_hands(connection: Connection, day: date, *, limit: int = 20) -> list[str]:
    """The day's first premium hands, each in one line as poker people write it."""
    rows = connection.execute(
        text("""
            select content from hands where broadcast_day = :day and is_premium and not is_test
            order by started_at limit :limit
        """),
        {"day": day, "limit": limit},
    )
    return [show_hand_in_line(Hand.from_content(row.content)) for row in rows]
