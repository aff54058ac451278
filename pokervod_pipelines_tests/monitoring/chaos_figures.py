"""Count what became of a week of faults, by the tables alone: no figure is what the code says of itself."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import text

from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.monitoring.chaos_week import ChaosWeek


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaosFigures:
    """Count what became of a week, by the tables alone.

    ``failed`` are instructions with a failure that may pass, of those that nobody held or cancelled; ``given_up`` those
    of them that the queue had given up.
    """

    instructions: int
    failed: int
    healed: int
    given_up: int
    given_up_healed: int
    lost: int
    lost_by_remedy: int
    still_stuck: int
    wrong: int
    wrong_retried: int
    holds: int
    windows: int
    on_held: int
    on_cancelled: int
    done: dict[str, int]
    most_an_hour: dict[str, int]
    asked: int
    harmed: int
    helped: int
    in_vain: int
    hands: int
    hands_without: int
    misranked: int


def measure_week(week: ChaosWeek) -> ChaosFigures:
    """Return the figures of a week that was lived."""
    values = {"now": week.clock.now, "wrong": sorted(week.wrong)}
    with week.engine.connect() as connection:
        row = connection.execute(text(_FIGURES), values).one()
        kinds = connection.execute(text(_KINDS)).all()
    return ChaosFigures(
        **row._mapping,
        wrong=len(week.wrong),
        done={each.kind: each.done for each in kinds},
        most_an_hour={each.kind: each.most for each in kinds},
    )


def describe_week(figures: ChaosFigures, settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Yield what, the figure, and what is to reach."""
    yield "instructions", f"{figures.instructions:,}", ""
    share = figures.healed / figures.failed
    told = f"{share:.2%} ({figures.healed:,} of {figures.failed:,})"
    yield "failures that may pass, healed without a person", told, "> 95 %"
    given_up = figures.given_up_healed / figures.given_up
    told = f"{given_up:.2%} ({figures.given_up_healed:,} of {figures.given_up:,})"
    yield "of those that the queue had given up", told, "> 95 %"
    recovered = (figures.lost - figures.still_stuck) / figures.lost
    told = f"{recovered:.2%} ({figures.lost - figures.still_stuck:,} of {figures.lost:,})"
    yield "stuck jobs recovered", told, "100 %"
    yield "of them by remediation, as nobody else did", f"{figures.lost_by_remedy:,}", ""
    yield f"permanent failures retried, of {figures.wrong:,}", f"{figures.wrong_retried:,}", "0"
    yield (
        f"actions on what was held or in a window ({figures.holds:,} and {figures.windows:,})",
        f"{figures.on_held}",
        "0",
    )
    yield "graphics that a person had cancelled, and that went on", f"{figures.on_cancelled:,}", "0"
    for kind, most in figures.most_an_hour.items():
        budget = getattr(settings.monitoring.remediation, kind).per_hour
        yield f"{kind}: {figures.done[kind]:,} done, most in any hour", f"{most:,}", f"<= {budget}"
    yield "times that a spent budget asked a person", f"{figures.asked:,}", ""
    measured = figures.helped + figures.in_vain + figures.harmed
    yield "actions that helped", f"{figures.helped / measured:.2%} of {measured:,}", ""
    yield "actions that harmed", f"{figures.harmed / measured:.2%} of {measured:,}", ""
    yield f"premium hands without an instruction, of {figures.hands}", f"{figures.hands_without}", "0"
    yield "waiting graphics with a wrong rank", f"{figures.misranked}", "0"


_UNTOUCHED = """not exists (select from events e where e.source = 'render' and e.payload ->> 'by' = 'eva'
    and e.payload ->> 'instruction_id' = cast(r.id as text) and e.payload ->> 'change' is distinct from 'prioritize'
    and e.type <> 'render.instruction.created')
    and not exists (select from holds h where h.subject_kind = 'instruction' and h.subject = cast(r.id as text))"""

_FIGURES = f"""
    with mine as (
        select r.id, r.state, (r.id = any(:wrong)) as is_wrong,
            exists (select from render_attempts t where t.instruction_id = r.id
                and t.kind in ('transient', 'timeout', 'unknown', 'bad_worker')) as has_failed,
            exists (select from events e where e.source = 'render' and e.type in ('render.failed', 'render.timed_out')
                and e.payload ->> 'instruction_id' = cast(r.id as text)) as was_given_up
        from render_instructions r where {_UNTOUCHED}
    ), spared as (
        select h.subject_kind, h.subject, h.placed_at as since, coalesce(h.ended_at, h.until, 'infinity') as until
        from holds h
        union all
        select coalesce(c.subject_kind, 'all'), c.subject, c.starts_at, c.ends_at from maintenance_coverage c
    ), acted as (
        select a.*, r.template, r.id as instruction_id from remediations a
        left join render_instructions r on a.subject_kind = 'instruction' and cast(r.id as text) = a.subject
        where a.state = 'done'
    )
    select (select count(*) from render_instructions) as instructions,
        (select count(*) from mine where has_failed and not is_wrong) as failed,
        (select count(*) from mine where has_failed and not is_wrong and state = 'completed') as healed,
        (select count(*) from mine where was_given_up and not is_wrong) as given_up,
        (select count(*) from mine where was_given_up and not is_wrong and state = 'completed') as given_up_healed,
        (select count(*) from render_attempts where outcome = 'lost') + stuck.count as lost,
        (select count(*) from acted where kind = 'rescue') as lost_by_remedy,
        stuck.count as still_stuck,
        (select count(distinct t.instruction_id) from render_attempts t join render_attempts u
            on u.instruction_id = t.instruction_id and u.started_at > t.ended_at
            where t.kind = 'bad_input') as wrong_retried,
        (select count(*) from holds) as holds, (select count(*) from maintenance_windows) as windows,
        (select count(*) from acted a where exists (select from spared s
            where a.done_at >= s.since and a.done_at < s.until and (s.subject_kind = 'all'
                or (s.subject_kind = 'template' and s.subject = a.template)
                or (s.subject_kind = 'instruction' and s.subject = a.subject and a.subject_kind = 'instruction')))
        ) as on_held,
        (select count(distinct c.payload ->> 'instruction_id') from events c join events n
            on n.source = 'render' and n.payload ->> 'instruction_id' = c.payload ->> 'instruction_id' and n.id > c.id
            where c.type = 'render.cancelled' and c.source = 'render'
                and n.type in ('render.requeued', 'render.started')) as on_cancelled,
        (select count(*) from remediations where state = 'refused' and subject_kind = 'other') as asked,
        (select count(*) from acted where outcome = 'harmed') as harmed,
        (select count(*) from acted where outcome = 'helped') as helped,
        (select count(*) from acted where outcome = 'in vain') as in_vain,
        (select count(*) from hands) as hands,
        (select count(*) from hands h where h.created_at < :now - interval '30 minutes'
            and not exists (select from render_instructions i where i.hand_id = h.id)) as hands_without,
        (select count(*) from render_instructions where state = 'pending'
            and rank <> created_at + priority * interval '30 minutes') as misranked
    from (select count(*) from render_instructions where state = 'processing' and lease_until < :now) as stuck
"""

_KINDS = """
    select kind, count(*) as done, max(hourly) as most from (
        select kind, count(*) over (partition by kind order by done_at
            range between interval '59 minutes 59.999 seconds' preceding and current row) as hourly
        from remediations where state = 'done'
    ) as counted group by kind order by kind
"""
