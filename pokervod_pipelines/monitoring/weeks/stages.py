"""Declare the stages of a week: what ought to be there, and what is wrong with it.

Each stage has one query with a row for everything that ought to be there in the weeks asked for: its broadcast ``day``,
the ``unit`` in which it is counted ("graphic", "tracker: row"), and the ``problem`` with it, null where it is good;
``kind`` names the problem behind the count ("2 of 38 graphics failed"). ``validation`` counts the rows.

**Expected days.** A day ought to have hands where a live slot of the schedule (the newest export of the day) or a
recorded session is on it, and it is over. A session whose stored hands a person withdrew, or that are tests, expects
nothing.

**Files.** Every file that was first seen in the week, cleared ones excepted, and those still being written; the session
files and exports that were first read in it; and, once the week is over, that at least one video arrived for its
expected days.

**Rows and videos.** Every row of a sheet of the settings that was first read in the week ought to have its video. A
video first seen in the week ought to have a row only where sheets annotate such videos: where a row of now is matched
to a video of the same library and project; a row of any file of its episode is enough, since people annotate one
version of a programme. Elsewhere a video without a row is not counted.

**Hands.** Fewer hands than the fullest file of a session reports is a case also where the rest is known to be unusable:
they are not there.

**Graphics.** Those in force: not superseded, withdrawn or cancelled. One that was requested within the last hour and is
not finished is not due yet. A graphic of a schedule entry is for the start of its slot, one of a hand for the end of
the last live slot of that day; the hand has to have begun before. Where no slot says when it was needed it is not
counted, and neither is one whose time has not come. A version that was there in time counts, whatever replaced it
later.
"""

from dataclasses import dataclass

from pokervod_pipelines.monitoring.data_checks import CONFIGURED, HAND
from pokervod_pipelines.nas.store.scope import IS_CONFIGURED
from pokervod_pipelines.render.triggers import write_day
from pokervod_pipelines.sheets.own_rows import BY_HAND


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRule:
    """Declare a stage; ``items`` is its query, ``nothing`` says that it had nothing to look at."""

    name: str
    title: str
    description: str
    nothing: str
    next_step: str
    items: str


SLOTS = """
    select s.* from broadcast_slots s where s.day between :first_day and :last_day
        and s.seen_at = (select max(seen_at) from broadcast_slots n where n.day = s.day)
"""
"""The slots of the schedule in force."""

IS_EXPECTED = """
    not s.is_test and (not exists (select from hands h where h.session_id = s.session_id) or exists (
        select from hands h where h.session_id = s.session_id and not h.is_test
            and h.withdrawn_by is distinct from 'person'))
"""
"""The condition for a session that expects hands; what a person took away, or a test, is not missed."""

EXPECTED_DAYS = f"""
    select day, min(reason) as reason from (
        select day, 'live slot ' || to_char(starts_at at time zone :zone, 'HH24:MI') || ' ' || event_title as reason
        from ({SLOTS}) s where is_live
        union all
        select broadcast_day, 'session ' || session_id || ' of ' || table_name from hand_sessions s
        where {IS_EXPECTED} and broadcast_day between :first_day and :last_day) known
    where day < :today group by day
"""  # noqa: S608 - constants
"""The days on which there was a show or a session, the first reason of each; "live" sorts before "session"."""

NEW_FILES = f"""
    nas_files f where not is_junk and state <> 'cleared' and first_seen_at >= :since and first_seen_at < :until
        and {IS_CONFIGURED}
"""
FIRST_SEEN = write_day("f.first_seen_at")
NEW_VIDEOS = f"{NEW_FILES} and category = 'video'"
LIVE_ROWS = f"r.retired_at is null and {CONFIGURED.format(sheet='r.sheet')}"
NEW_ROWS = f"{LIVE_ROWS} and r.created_at >= :since and r.created_at < :until"
ROW_DAY = write_day("r.created_at")
PROJECT = "coalesce(v.parsed ->> 'project_code', '')"
ROW = "r.sheet || ' ' || r.tab || ' row ' || r.row_number"

IN_FORCE = """
    i.superseded_by is null and i.withdrawn_at is null and i.state <> 'cancelled'
    and i.broadcast_day between :first_day and :last_day
"""
GRAPHIC = "'instruction ' || i.id || ' (' || i.template || ', ' || i.broadcast_day || ')'"
SLOT_KEY = """
    to_char(starts_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS')
    || case when date_trunc('second', starts_at) = starts_at then ''
            else to_char(starts_at at time zone 'UTC', '.US') end || '+00:00/' || channel
"""
"""The key of the trigger that ``render.tournament_triggers`` makes of a slot."""


def _show_moment(moment: str) -> str:
    return f"to_char({moment} at time zone :zone, 'YYYY-MM-DD HH24:MI')"


STAGES = (
    StageRule(
        name="files_arrived",
        title="files",
        description="The files first seen in the week are there, and its broadcast days have videos.",
        nothing="no file arrived, and none was expected",
        next_step="Restore or finish the files listed, bring missing recordings, then run `pokervod nas scan`.",
        items=f"""
            with files as materialized (
                select {FIRST_SEEN} as day, f.library, f.path, f.state, f.category, f.state_since from {NEW_FILES})
            select day, 'file' as unit, word as kind, case when state <> 'present' then
                library || ': ' || path || ', ' || word || ', since ' || {_show_moment("state_since")} end as problem
            from files, lateral (
                select case state when 'missing' then 'missing' else 'not seen by the last scan' end as word) w
            union all
            select {write_day("h.since")}, 'file', 'still being written', library || ': ' || path || ': ' || reason
            from held_files h where since >= :since and since < :until and library = any(cast(:libraries as text[]))
            union all
            select {write_day("first_read_at")}, 'session file', 'that could not be read', case when state <> 'read'
                then case when starts_with(reason, path) then reason else path || ': ' || coalesce(reason, state) end
                end
            from hand_files where first_read_at >= :since and first_read_at < :until and (state <> 'waiting'
                or mtime_ns < extract(epoch from cast(:now as timestamptz) - interval '1 hour') * 1000000000)
            union all
            select {write_day("first_imported_at")}, 'export', 'that could not be read', path || ': ' || error
            from tournament_files where first_imported_at >= :since and first_imported_at < :until
            union all
            select e.day, 'broadcast day', 'without a video in their week',
                case when not exists (select from files where category = 'video'
                    and date_trunc('week', cast(files.day as timestamp)) = date_trunc('week', cast(e.day as timestamp)))
                then e.day || ': no video arrived in its week; ' || e.reason end
            from ({EXPECTED_DAYS}) e
            where date_trunc('week', cast(e.day as timestamp)) + interval '7 days' <= cast(:today as date)
        """,  # noqa: S608 - constants
    ),
    StageRule(
        name="names_understood",
        title="names",
        description="A rule understood the name of every video first seen in the week.",
        nothing="no video arrived",
        next_step="Run `pokervod names parse --explain PATH` on those listed; rename the file, or correct the catalog.",
        items=f"""
            select {FIRST_SEEN} as day, 'name' as unit,
                case when v.file_id is null then 'not read yet' else 'that no rule understood' end as kind,
                case when v.file_id is null then f.path || ': the catalog has not read it'
                     when v.reason is not null then f.path || ': ' || v.reason end as problem
            from (select * from {NEW_VIDEOS}) f left join video_files v on v.file_id = f.id
        """,  # noqa: S608 - constants
    ),
    StageRule(
        name="rows_matched",
        title="rows",
        description="Every row of the week has its video, and every video that sheets annotate has a row.",
        nothing="no sheet row was new, and no video that sheets annotate",
        next_step="Correct File Name or Nas Folder Link in the rows listed; annotate the videos listed.",
        items=f"""
            with videos as materialized (
                select f.id, f.path, f.library, {FIRST_SEEN} as day, {PROJECT} as project
                from (select * from {NEW_VIDEOS}) f left join video_files v on v.file_id = f.id),
            annotated as materialized (
                select p.* from (select distinct library, project from videos) p, lateral (
                    select from sheet_rows r join nas_files f on f.id = r.file_id
                    left join video_files v on v.file_id = f.id
                    where {LIVE_ROWS} and f.library = p.library and {PROJECT} = p.project limit 1) r)
            select {ROW_DAY} as day, r.sheet || ': row' as unit, 'without video' as kind,
                case when r.match_status <> 'matched' then {ROW} || ': ' || r.match_reason end as problem
            from sheet_rows r where {NEW_ROWS} and r.sheet <> '{BY_HAND}'
            union all
            select day, 'video', 'without a row', case
                when not exists (select from sheet_rows r where r.file_id = videos.id and {LIVE_ROWS})
                    and not exists (select from episode_files own join episode_files other using (episode_id)
                        join sheet_rows r on r.file_id = other.file_id where own.file_id = videos.id and {LIVE_ROWS})
                then path || ': no row names it' end
            from videos join annotated using (library, project)
        """,  # noqa: S608 - constants
    ),
    StageRule(
        name="clips_usable",
        title="clips",
        description="Every row of the week that has a video has a clip that can be cut.",
        nothing="no new row has a video",
        next_step="Correct In and Out in the rows listed; every sync makes their clips again.",
        items=f"""
            select {ROW_DAY} as day, 'clip' as unit,
                case when c.id is null then 'not made' else 'that cannot be cut' end as kind,
                case when c.id is null then {ROW} || ': its clip is not made' else {ROW} || ': ' || c.problem end
                as problem
            from sheet_rows r left join hand_clips c on c.sheet_row_id = r.id and c.retired_at is null
            where {NEW_ROWS} and r.match_status = 'matched'
        """,  # noqa: S608 - constants
    ),
    StageRule(
        name="hands_whole",
        title="hands",
        description="Every day with a live slot or a session has all of its hands.",
        nothing="no live slot and no session was on a day that is over",
        next_step="Drop the session files of the days listed, or run `pokervod hands import` on them.",
        items=f"""
            with stored as materialized (
                select session_id, broadcast_day as day, count(*) as hands,
                    count(*) filter (where not is_test and withdrawn_by is null) as shown
                from hands where broadcast_day between :first_day and :last_day group by 1, 2),
            short as (
                select s.broadcast_day as day, string_agg('session ' || s.session_id || ' (' || s.table_name || '): '
                    || coalesce(t.hands, 0) || ' of ' || s.hands_reported || ' hands stored'
                    || case when s.hands_broken > 0 then ', ' || s.hands_broken || ' unusable' else '' end, '; '
                    order by s.session_id) as sessions
                from hand_sessions s left join (
                    select session_id, sum(hands) as hands from stored group by 1) t using (session_id)
                where {IS_EXPECTED} and s.broadcast_day between :first_day and :last_day
                    and coalesce(t.hands, 0) < s.hands_reported group by 1)
            select e.day, 'day' as unit,
                case when s.day is null then 'without hands' else 'with fewer hands than recorded' end as kind,
                case when s.day is null and n.day is null then e.day || ': no hands; ' || e.reason
                     when s.day is not null then e.day || ': ' || s.sessions end as problem
            from ({EXPECTED_DAYS}) e left join short s using (day)
            left join (select distinct day from stored where shown > 0) n using (day)
        """,  # noqa: S608 - constants
    ),
    StageRule(
        name="instructions_made",
        title="requests",
        description="Every premium hand that was shown has an instruction for its graphic.",
        nothing="no premium hand was shown",
        next_step="Materialize render_instructions of that day; `pokervod render list` shows why one was withdrawn.",
        items=f"""
            select h.broadcast_day as day, 'premium hand' as unit, 'without instruction' as kind,
                case when i.made is null then {HAND} || ': ' || coalesce(h.best_category, '?') end as problem
            from premium_hands h left join lateral (
                select true as made from render_instructions i where i.hand_id = h.id
                    and i.trigger_kind = 'premium_hand' and i.withdrawn_at is null limit 1) i on true
            where h.is_shown and h.broadcast_day between :first_day and :last_day
        """,  # noqa: S608 - constants
    ),
    StageRule(
        name="graphics_delivered",
        title="graphics",
        description="Every graphic that is in force is completed, and its file is as it was made.",
        nothing="no graphic was due",
        next_step="Fix the cause named, then `pokervod render retry ID --reason …`, or cancel it.",
        items=f"""
            select i.broadcast_day as day, 'graphic' as unit,
                case when i.state in ('failed', 'timed_out') then 'failed'
                     when i.state <> 'completed' then 'not finished'
                     else 'with a file that is missing or changed' end as kind,
                case when i.state <> 'completed'
                     then {GRAPHIC} || ': ' || i.state || case i.reason when '' then '' else ', ' || i.reason end
                     when o.problem is not null then {GRAPHIC} || ': ' || o.problem end as problem
            from render_instructions i left join render_outputs o on o.instruction_id = i.id and o.problem is not null
            where {IN_FORCE} and (i.state in ('completed', 'failed', 'timed_out')
                or i.created_at < cast(:now as timestamptz) - interval '1 hour')
        """,  # noqa: S608 - constants
    ),
    StageRule(
        name="delivered_before_slot",
        title="on time",
        description="The graphics of schedule entries and hands were there when their slot needed them.",
        nothing="no slot says when a graphic was needed",
        next_step="See `pokervod render list --day …` for when each began; start workers before the next show.",
        items=f"""
            with slots as materialized ({SLOTS}),
            entries as (select {SLOT_KEY} as key, starts_at as due from slots),
            ends as (select day, max(ends_at) as due from slots where is_live group by day),
            graphics as (
                select i.*, e.due from render_instructions i join entries e on e.key = i.trigger_key
                where i.trigger_kind = 'schedule_entry' and {IN_FORCE}
                union all
                select i.*, e.due from render_instructions i join ends e on e.day = i.broadcast_day
                join hands h on h.id = i.hand_id and h.started_at < e.due
                where i.trigger_kind = 'premium_hand' and {IN_FORCE})
            select i.broadcast_day as day, 'graphic' as unit,
                case when i.state = 'completed' then 'late' else 'missing when needed' end as kind,
                case when not (i.state = 'completed' and i.finished_at <= i.due) and not exists (
                    select from render_instructions n where n.trigger_kind = i.trigger_kind
                        and n.trigger_key = i.trigger_key and n.template = i.template and n.state = 'completed'
                        and n.finished_at <= i.due)
                then {GRAPHIC} || ': needed at ' || {_show_moment("i.due")} || ', ' || case i.state when 'completed'
                    then 'finished at ' || {_show_moment("i.finished_at")} else i.state end end as problem
            from graphics i where i.due <= cast(:now as timestamptz) or i.state = 'completed'
        """,  # noqa: S608 - constants
    ),
)
"""The stages, in the order in which the data pass them."""
