"""Declare what must hold of the data: each check with the query for the cases against it, and what to do next.

``evaluation`` runs them.
"""

from sqlalchemy import Engine

from pokervod_pipelines.checks import Severity
from pokervod_pipelines.holds.listing import is_held
from pokervod_pipelines.monitoring.archive_checks import ARCHIVE_CHECKS
from pokervod_pipelines.monitoring.check_shape import DataCheck
from pokervod_pipelines.render.listing import ORPHAN_HANDS
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets.own_rows import BY_HAND
from pokervod_pipelines.sheets.retirement import UNCONFIGURED_SHEETS
from pokervod_pipelines.subjects import SubjectKind

HAND = "h.table_name || ' ' || h.broadcast_day || ' #' || h.hand_number || ' (' || h.id || ')'"
"""How a hand is named to a person: table, day, number, and the id that `pokervod hands show` takes."""

SHOWN_HANDS = "hands where not is_test"
INSTRUCTIONS_IN_FORCE = "render_instructions where superseded_by is null and withdrawn_at is null"


CONFIGURED = "{sheet} = any(cast(:sheets as text[]))"
"""The condition for a sheet of the settings; one that left them has a check of its own."""

SHEETS = f"sheet_states where {CONFIGURED.format(sheet='sheet')}"
MATCHED_CLIPS = f"""hand_clips c join sheet_rows r on r.id = c.sheet_row_id
    where c.retired_at is null and r.match_status = 'matched' and {CONFIGURED.format(sheet="c.sheet")}"""
ROWS = f"sheet_rows where retired_at is null and {CONFIGURED.format(sheet='sheet')}"
ANNOTATION_ROWS = f"{ROWS} and sheet <> '{BY_HAND}'"
"""Those of sheets; a clip that a person made has a row of its own, which nobody annotated."""

UNREAD_TABS = f"""
    (select s.sheet, t.key as tab, t.value as reason, r.rows = 0 or r.in_tab > 0 as is_needed
     from (select * from {SHEETS}) s, jsonb_each_text(s.unread_tabs) t,
     lateral (select count(*) as rows, count(*) filter (where tab = t.key) as in_tab
              from sheet_rows where sheet = s.sheet and retired_at is null) r)
"""  # noqa: S608 - constants
"""The tabs that were passed over; one is needed if it has rows from before, or if no tab of its sheet has any."""


def _name_hands(query: str) -> str:
    return query.replace("{hand}", HAND)


def _audit_outputs(engine: Engine, settings: Settings) -> object:
    from pokervod_pipelines.workflows.renders import audit_day  # noqa: PLC0415 - the status only needs the names

    return audit_day(engine, settings)


DATA_CHECKS = (
    *ARCHIVE_CHECKS,
    DataCheck(
        name="every_sheet_was_read",
        asset="sheet_rows",
        passes="Every sheet that nobody holds was read.",
        fails=("sheet could not be read", "sheets could not be read"),
        cases="""
            select s.sheet || ': ' || coalesce(s.error, string_agg('tab ' || u.tab || ': ' || u.reason, ' '))
            from (select * from {sheets}) s left join (select * from {tabs} t where is_needed) u using (sheet)
            where (s.error is not null or u.tab is not null) and not {held} group by s.sheet, s.error order by 1
        """.replace("{tabs}", UNREAD_TABS)
        .replace("{sheets}", SHEETS)
        .replace("{held}", is_held(SubjectKind.SHEET, "s.sheet")),
        population=SHEETS,
        next_step="Correct the workbook as the message says; until then its rows are kept unchanged.",
        severity=Severity.ERROR,
    ),
    DataCheck(
        name="every_tab_was_read",
        asset="sheet_rows",
        passes="Every tab beside those with rows is blank, another known table, or left out by the settings.",
        fails=("tab was passed over", "tabs were passed over"),
        cases="""
            select sheet || ': tab ' || tab || ': ' || reason from {tabs} t where not is_needed order by 1
        """.replace("{tabs}", UNREAD_TABS),
        population=SHEETS,
        next_step="Correct the tab as the message says, or add it to the sheet's `skip_tabs`.",
    ),
    DataCheck(
        name="every_sheet_is_in_the_settings",
        asset="sheet_rows",
        passes="Every sheet with rows or clips is in the settings.",
        fails=("sheet is no longer in the settings", "sheets are no longer in the settings"),
        cases=f"""
            select sheet || ': ' || rows || case rows when 1 then ' row' else ' rows' end || ', ' || clips
                   || case clips when 1 then ' clip' else ' clips' end from {UNCONFIGURED_SHEETS} l order by sheet
        """,  # noqa: S608 - constants
        population="sheet_states",
        next_step="Retire it with `pokervod sheets retire SHEET --reason …` (first `--preview`), or add it again.",
        severity=Severity.ERROR,
    ),
    DataCheck(
        name="every_row_has_its_video",
        asset="sheet_rows",
        passes="Every annotation row is matched to one video.",
        fails=("row has no video", "rows have no video"),
        cases=f"""
            select sheet || ' ' || tab || ' row ' || row_number || ': ' || match_reason from {ROWS}
            and match_status <> 'matched' order by sheet, tab, row_number
        """,  # noqa: S608 - constants
        population=ANNOTATION_ROWS,
        next_step="Correct File Name or Nas Folder Link in the rows listed; every sync matches them again.",
    ),
    DataCheck(
        name="every_clip_is_usable",
        asset="hand_clips",
        passes="Every matched row has a clip that can be cut.",
        fails=("clip cannot be cut", "clips cannot be cut"),
        cases=f"""
            select r.sheet || ' ' || r.tab || ' row ' || r.row_number || ': ' || c.problem
            from {MATCHED_CLIPS} and c.problem is not null order by r.sheet, r.tab, r.row_number
        """,  # noqa: S608 - constants
        population=MATCHED_CLIPS,
        next_step="Correct In and Out in the rows listed; every sync makes their clips again.",
    ),
    DataCheck(
        name="every_session_file_was_read",
        asset="hands",
        passes="Every session file was read.",
        fails=("session file was not read", "session files were not read"),
        cases="""
            select case when starts_with(reason, path) then reason else path || ': ' || reason end from hand_files
            where state = 'quarantined'
                or (state = 'waiting' and mtime_ns < (extract(epoch from now()) - 3600) * 1000000000)
            order by read_at desc, path
        """,
        population="hand_files",
        next_step="Correct or export the file again, then drop it again; a quarantined one has its reason beside it.",
    ),
    DataCheck(
        name="cards_are_unique",
        asset="hands",
        passes="No card appears twice in a hand.",
        fails=("card appears twice in a hand", "cards appear twice in a hand"),
        cases=_name_hands("""
            select {hand} || ': ' || f.message from hand_findings f join hands h on h.id = f.hand_id
            where f.code = 'duplicated_card' and not h.is_test order by h.started_at desc
        """),
        population=SHOWN_HANDS,
        next_step="See `pokervod hands show ID`; the reader of that table misread a card.",
    ),
    DataCheck(
        name="chips_are_conserved",
        asset="hands",
        passes="Every hand ends with as many chips as it began with.",
        fails=("hand gains or loses chips", "hands gain or lose chips"),
        cases=_name_hands("""
            select {hand} || ': ' || f.message from hand_findings f join hands h on h.id = f.hand_id
            where f.code = 'chips_not_conserved' and not h.is_test order by h.started_at desc
        """),
        population=SHOWN_HANDS,
        next_step="See `pokervod hands show ID`; a stack was typed wrong or changed during the hand.",
    ),
    DataCheck(
        name="every_showdown_has_a_winner",
        asset="hands",
        passes="Every hand with five board cards has a winner.",
        fails=("hand with five board cards has no winner", "hands with five board cards have no winner"),
        cases=_name_hands("""
            select {hand} from hands h
            where not is_test and winners = '[]' and jsonb_array_length(content #> '{boards,0}') = 5
            order by started_at desc
        """),
        population="hands where not is_test and jsonb_array_length(content #> '{boards,0}') = 5",
        next_step="See `pokervod hands show ID`; if the record ends too early, drop the session's last file again.",
        severity=Severity.ERROR,
    ),
    DataCheck(
        name="hand_count_is_the_sessions",
        asset="hands",
        passes="Every hand of the fullest file of each session is stored.",
        fails=("session has fewer hands stored than its files", "sessions have fewer hands stored than their files"),
        cases="""
            select 'session ' || s.session_id || ' (' || s.table_name || ', ' || s.broadcast_day || '): '
                   || s.hands_reported || ' in its fullest file, ' || s.hands_broken || ' of them unusable, '
                   || count(h.id) || ' stored'
            from hand_sessions s left join hands h on h.session_id = s.session_id
            group by s.session_id having count(h.id) < s.hands_reported - s.hands_broken order by 1
        """,
        population="hand_sessions",
        next_step="Run `pokervod hands import` on the session's files; it names the hands that cannot be used.",
        severity=Severity.ERROR,
    ),
    DataCheck(
        name="hands_and_sheets_agree",
        asset="hands",
        passes="Every hand agrees with the sheet row of its clip.",
        fails=("value differs between a hand and its sheet row", "values differ between a hand and its sheet row"),
        cases=_name_hands("""
            select {hand} || ', ' || d.field || ': the table has ' || d.hand_says || ', the sheet ' || d.sheet_says
            from hand_disagreements d join hands h on h.id = d.hand_id where d.state = 'open' order by d.at desc
        """),
        population="hand_clip_links",
        next_step="See `pokervod hands disagreements`; correct the sheet, or settle it with a reason.",
    ),
    DataCheck(
        name="every_export_was_read",
        asset="tournaments",
        passes="Every export of the tournament system was read.",
        fails=("export could not be read", "exports could not be read"),
        cases="select path || ': ' || error from tournament_files where error is not null order by 1",
        population="tournament_files",
        next_step="Correct the files listed or export them again; until then the stored values are kept.",
    ),
    DataCheck(
        name="every_premium_hand_has_its_instruction",
        asset="render_instructions",
        passes="Every premium hand that was shown has an instruction.",
        fails=("premium hand has no instruction", "premium hands have no instruction"),
        cases=_name_hands(
            f"select {{hand}} || ': ' || coalesce(best_category, '?') from {ORPHAN_HANDS} order by started_at desc"  # noqa: S608 - a constant
        ),
        population="premium_hands where is_shown",
        next_step="Materialize render_instructions of that day; `pokervod render list` shows why one was withdrawn.",
    ),
    DataCheck(
        name="no_instruction_is_stale",
        asset="render_instructions",
        passes="Every running instruction is claimed by a live worker.",
        fails=("instruction is claimed by a dead worker", "instructions are claimed by dead workers"),
        cases="""
            select 'instruction ' || id || ' (' || template || '): the last heartbeat of ' || claimed_by || ' was at '
                   || to_char(heartbeat_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' UTC'
            from render_instructions where state = 'processing' and lease_until < now() - interval '1 minute'
            order by id
        """,
        population="render_instructions where state = 'processing'",
        next_step="Turn the sensor stale_instructions on, or run `pokervod render rescue`.",
        severity=Severity.ERROR,
    ),
    DataCheck(
        name="no_instruction_failed",
        asset="render_outputs",
        passes="No graphic failed for good in the last seven days.",
        fails=("graphic failed for good in the last seven days", "graphics failed for good in the last seven days"),
        cases="""
            select 'instruction ' || id || ' (' || template || ', ' || broadcast_day || '): ' || state || ', ' || reason
            from render_instructions where state in ('failed', 'timed_out') and superseded_by is null
              and withdrawn_at is null and finished_at > now() - interval '7 days' order by id desc
        """,
        population=f"{INSTRUCTIONS_IN_FORCE} and finished_at > now() - interval '7 days'",
        next_step="Fix the cause named in the reason, then `pokervod render retry ID --reason …`, or cancel it.",
    ),
    DataCheck(
        name="every_output_is_as_it_was_made",
        asset="render_outputs",
        passes="The file of every completed instruction is present and unchanged.",
        fails=("output file is missing or was changed", "output files are missing or were changed"),
        cases="""
            select 'instruction ' || o.instruction_id || ': ' || o.problem
            from render_outputs o join render_instructions r on r.id = o.instruction_id
            where o.problem is not null and r.superseded_by is null and r.withdrawn_at is null
            order by o.instruction_id desc
        """,
        population="""render_outputs o join render_instructions r on r.id = o.instruction_id
            where r.superseded_by is null and r.withdrawn_at is null""",
        next_step="Put the file back, or render it again: `pokervod render remake ID --reason …`.",
        severity=Severity.ERROR,
        refresh=_audit_outputs,
    ),
    DataCheck(
        name="every_instruction_has_its_output",
        asset="render_outputs",
        passes="Every graphic requested more than an hour ago is completed.",
        fails=("day has missing graphics", "days have missing graphics"),
        cases="""
            select broadcast_day || ': ' || floor(100.0 * count(*) filter (where state = 'completed') / count(*))
                   || ' % complete, ' || count(*) filter (where state <> 'completed') || ' missing'
            from render_instructions
            where superseded_by is null and withdrawn_at is null and state <> 'cancelled'
              and created_at < now() - interval '1 hour'
            group by broadcast_day having bool_or(state <> 'completed') order by broadcast_day desc
        """,
        population=f"""(select distinct broadcast_day from {INSTRUCTIONS_IN_FORCE} and state <> 'cancelled'
            and created_at < now() - interval '1 hour') d""",  # noqa: S608 - a constant
        next_step="See `pokervod render list --day …`, `pokervod render workers`, and what is paused.",
    ),
)
