"""What must hold, as data: each claim with the query for what stands against it, and what to do next.

How a claim is judged is in ``verdicts``.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine

from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.renders import audit_day

Look = Callable[[Engine, Settings], object]
"""Looks at what the database cannot know by itself, and keeps there what it found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A claim about an asset, and the query whose rows (one text column) stand against it.

    ``is_fatal`` tells an error from a warning. ``look`` has to be taken before the query can tell.
    """

    name: str
    asset: str
    sentence: str
    against: str
    next_step: str
    is_fatal: bool = False
    look: Look | None = None


HAND = "h.table_name || ' ' || h.broadcast_day || ' #' || h.hand_number || ' (' || h.id || ')'"
"""How a hand is named to a person: table, day, number, and the id that `pokervod hands show` takes."""


def _name_hands(query: str) -> str:
    return query.replace("{hand}", HAND)


CLAIMS = (
    Claim(
        name="every_library_was_read",
        asset="nas_files",
        sentence="The last scan of every library came to its end.",
        against="""
            select library || ': ' || coalesce(error, 'was interrupted') from
            (select distinct on (library) library, status, error from nas_scans order by library, id desc) last
            where status = 'failed' order by 1
        """,
        next_step="Mend the mount named in the message, then materialize that partition of nas_files again.",
        is_fatal=True,
    ),
    Claim(
        name="every_folder_was_readable",
        asset="nas_files",
        sentence="No folder or name was passed over because it could not be read.",
        against="""
            select library || ': ' || (problem ->> 0) || ' ' || (problem ->> 1) from
            (select distinct on (library) library, problems from nas_scans where status <> 'running'
             order by library, id desc) last, jsonb_array_elements(problems) problem order by 1
        """,
        next_step="Give the service read rights on these folders, or rename what is not UTF-8.",
    ),
    Claim(
        name="no_file_is_missing",
        asset="nas_files",
        sentence="Every file of the inventory is where it was.",
        against="""
            select root || '/' || path || ' since ' || to_char(state_since, 'YYYY-MM-DD HH24:MI') from nas_files
            where state in ('missing', 'unseen') and not is_junk order by state_since desc, path
        """,
        next_step="See `pokervod nas missing` for what hangs on them; restore them, or clear them with a reason.",
    ),
    Claim(
        name="every_video_has_an_episode",
        asset="video_files",
        sentence="Every video of the inventory stands in the catalog.",
        against="""
            select f.root || '/' || f.path from counted_videos f left join episode_files e on e.file_id = f.id
            where e.file_id is null order by 1
        """,
        next_step="Run `pokervod sync`; if it stays, the catalog step of the last run says why.",
        is_fatal=True,
    ),
    Claim(
        name="every_name_was_understood",
        asset="video_files",
        sentence="A rule understood the name of every video.",
        against="""
            select f.path || ': ' || v.reason from video_files v join nas_files f on f.id = v.file_id
            where v.reason is not null and f.state <> 'cleared' order by 1
        """,
        next_step="Look at `pokervod names parse --explain PATH`; rename the file, or leave it in OTHER.",
    ),
    Claim(
        name="every_sheet_was_read",
        asset="sheet_rows",
        sentence="The last reading of every sheet came to its end.",
        against="select sheet || ': ' || error from sheet_states where error is not null order by 1",
        next_step="Mend the workbook as the message says; its rows stay as they were until then.",
        is_fatal=True,
    ),
    Claim(
        name="every_row_has_its_video",
        asset="sheet_rows",
        sentence="Every annotation row is tied to one video.",
        against="""
            select sheet || ' ' || tab || ' row ' || row_number || ': ' || match_reason from sheet_rows
            where retired_at is null and match_status <> 'matched' order by sheet, tab, row_number
        """,
        next_step="Correct File Name or Nas Folder Link in the rows named; they are tried again at every sync.",
    ),
    Claim(
        name="every_clip_is_usable",
        asset="hand_clips",
        sentence="Every row tied to a video gives a clip that can be cut.",
        against="""
            select r.sheet || ' ' || r.tab || ' row ' || r.row_number || ': ' || c.problem
            from hand_clips c join sheet_rows r on r.id = c.sheet_row_id
            where c.retired_at is null and c.problem is not null and r.match_status = 'matched'
            order by r.sheet, r.tab, r.row_number
        """,
        next_step="Correct In and Out in the rows named; they are tried again at every sync.",
    ),
    Claim(
        name="every_session_file_was_read",
        asset="hands",
        sentence="No file of the tables is in quarantine.",
        against="select path || ': ' || reason from hand_files where state = 'quarantined' order by read_at desc, path",
        next_step="Look at the reason beside the file in the quarantine folder; mend it and drop it again.",
    ),
    Claim(
        name="cards_are_unique",
        asset="hands",
        sentence="No card stands in two places of a hand.",
        against=_name_hands("""
            select {hand} || ': ' || f.message from hand_findings f join hands h on h.id = f.hand_id
            where f.code = 'duplicated_card' and not h.is_test order by h.started_at desc
        """),
        next_step="See `pokervod hands show ID`; the reader of that table misread a card.",
    ),
    Claim(
        name="chips_are_conserved",
        asset="hands",
        sentence="At the end of a hand there are as many chips as at its start.",
        against=_name_hands("""
            select {hand} || ': ' || f.message from hand_findings f join hands h on h.id = f.hand_id
            where f.code = 'chips_not_conserved' and not h.is_test order by h.started_at desc
        """),
        next_step="See `pokervod hands show ID`; a stack was typed wrong or changed during the hand.",
    ),
    Claim(
        name="every_showdown_has_a_winner",
        asset="hands",
        sentence="Every hand with five board cards has a winner.",
        against=_name_hands("""
            select {hand} from hands h
            where not is_test and winners = '[]' and jsonb_array_length(content #> '{boards,0}') = 5
            order by started_at desc
        """),
        next_step="See `pokervod hands show ID`; where the record stops early, drop the session's last file again.",
        is_fatal=True,
    ),
    Claim(
        name="hand_count_is_the_sessions",
        asset="hands",
        sentence="Of every session all hands are stored that its fullest file tells.",
        against="""
            select 'session ' || s.session_id || ' (' || s.table_name || ', ' || s.broadcast_day || '): '
                   || s.hands_told || ' told, ' || s.hands_broken || ' of them unusable, ' || count(h.id) || ' stored'
            from hand_sessions s left join hands h on h.session_id = s.session_id
            group by s.session_id having count(h.id) < s.hands_told - s.hands_broken order by 1
        """,
        next_step="Run `pokervod hands import` on the session's files; the hands that cannot be used are named there.",
        is_fatal=True,
    ),
    Claim(
        name="hands_and_sheets_agree",
        asset="hands",
        sentence="A hand and the sheet row of the same moment say the same.",
        against=_name_hands("""
            select {hand} || ', ' || d.field || ': the table says ' || d.hand_says || ', the sheet ' || d.sheet_says
            from hand_disagreements d join hands h on h.id = d.hand_id where d.state = 'open' order by d.at desc
        """),
        next_step="See `pokervod hands disagreements`; correct the sheet, or settle it with a reason.",
    ),
    Claim(
        name="every_export_was_read",
        asset="tournaments",
        sentence="Every export of the tournament system could be read.",
        against="select path || ': ' || error from tournament_files where error is not null order by 1",
        next_step="Mend or export again what is named; everything known of it stays as it was.",
    ),
    Claim(
        name="every_premium_hand_has_its_instruction",
        asset="render_instructions",
        sentence="For every premium hand there is an instruction.",
        against=_name_hands("""
            select {hand} || ': ' || coalesce(best_category, '?') from hands h
            where is_premium and not is_test and not exists (select from render_instructions i
                where i.hand_id = h.id and i.trigger_kind = 'premium_hand' and i.withdrawn_at is null)
            order by started_at desc
        """),
        next_step="Materialize render_instructions of that day; `pokervod render list` says why one was withdrawn.",
    ),
    Claim(
        name="no_instruction_is_stale",
        asset="render_instructions",
        sentence="What is being rendered is held by a worker that lives.",
        against="""
            select 'instruction ' || id || ' (' || template || '): ' || claimed_by || ' was heard of last at '
                   || to_char(heartbeat_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' UTC'
            from render_instructions where state = 'processing' and lease_until < now() - interval '1 minute'
            order by id
        """,
        next_step="Switch the sensor stale_instructions on, or run `pokervod render rescue`.",
        is_fatal=True,
    ),
    Claim(
        name="no_instruction_failed",
        asset="render_outputs",
        sentence="No graphic of the last seven days failed for good.",
        against="""
            select 'instruction ' || id || ' (' || template || ', ' || broadcast_day || '): ' || state || ', ' || reason
            from render_instructions where state in ('failed', 'timed_out') and superseded_by is null
              and withdrawn_at is null and finished_at > now() - interval '7 days' order by id desc
        """,
        next_step="Mend what the reason names, then `pokervod render retry ID --reason …`, or cancel it.",
    ),
    Claim(
        name="every_output_is_as_it_was_made",
        asset="render_outputs",
        sentence="The file of every completed instruction in force is there and unchanged.",
        against="""
            select 'instruction ' || o.instruction_id || ': ' || o.problem
            from render_outputs o join render_instructions r on r.id = o.instruction_id
            where o.problem is not null and r.superseded_by is null and r.withdrawn_at is null
            order by o.instruction_id desc
        """,
        next_step="Put the file back, or have it made anew: `pokervod render remake ID --reason …`.",
        is_fatal=True,
        look=audit_day,
    ),
    Claim(
        name="every_instruction_has_its_output",
        asset="render_outputs",
        sentence="Every graphic that was asked for an hour ago or earlier is there.",
        against="""
            select broadcast_day || ': ' || floor(100.0 * count(*) filter (where state = 'completed') / count(*))
                   || ' % complete, ' || count(*) filter (where state <> 'completed') || ' missing'
            from render_instructions
            where superseded_by is null and withdrawn_at is null and state <> 'cancelled'
              and created_at < now() - interval '1 hour'
            group by broadcast_day having bool_or(state <> 'completed') order by broadcast_day desc
        """,
        next_step="See `pokervod render list --day …`, `pokervod render workers`, and what is paused.",
    ),
)
