"""Fill a database with an archive of years: videos, rows, clips, players, decisions, tournaments, messages."""

from datetime import datetime

from sqlalchemy import Engine, text

from pokervod_pipelines.catalog.build import build_catalog
from pokervod_pipelines_tests.bench.search import fill_files


def add_archive(engine: Engine, now: datetime, count: int) -> None:
    """Insert so many videos, a row and a clip of each, their players and tags, and what people decided about them."""
    fill_files(engine, count)
    build_catalog(engine, correlation_id="bench")
    with engine.begin() as connection:
        for statement in STATEMENTS:
            connection.execute(text(statement), {"now": now, "count": count})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))


_SHEET = """
    insert into sheet_states (sheet, read_at, counts) values ('archive', :now, '{}'), ('loose', :now, '{}')
"""

_OLD_FILES = """
    update nas_files set changed_at = cast(:now as timestamptz) - id * interval '1 minute',
        mtime_ns = 1600000000000000000 + id, state = case when id % 50 = 0 then 'missing' else 'present' end
"""

_FACTS = """
    insert into media_facts (file_id, size, mtime_ns, status, reason, duration_ms, rate_num, rate_den)
    select id, size, mtime_ns, 'ok', '', 3600000, 30000, 1001 from nas_files
"""

_ROWS = """
    insert into sheet_rows (sheet, tab, row_number, fingerprint, file_name, folder_link, content, match_status, matcher,
        file_id, match_reason)
    select case when n % 10 = 0 then 'loose' else 'archive' end, 'tab ' || n % 12, n, 'f' || n, 'file ' || n, '', '{}',
        case when n % 9 = 0 then 'none' else 'matched' end, case when n % 9 <> 0 then 'name' end,
        case when n % 9 <> 0 then f.id end, 'the name is the same'
    from generate_series(1, cast(:count as int)) n
    join (select id, row_number() over (order by id) as place from nas_files) f on f.place = n
"""

_CLIPS = """
    insert into hand_clips (sheet_row_id, sheet, file_id, in_ms, out_ms, title, grade, winner, hands, problem,
        input_hash, created_at, changed_at)
    select id, sheet, file_id, 1000 * (id % 3000), 1000 * (id % 3000) + 40000, 'AA vs KK ' || id, 1 + id % 3, 'Anna',
        'AA vs KK', case when file_id is null then 'no video' when id % 17 = 0 then 'no timecode' end, '', at, at
    from sheet_rows, lateral (select cast(:now as timestamptz) - id * interval '1 minute' as at) as moment
"""

_PLAYERS = """
    insert into players (key, name)
    select lower(name), name from generate_series(1, cast(:count as int) / 10) n, lateral (
        select initcap(left(translate(md5('given ' || n % 97), '0123456789', 'ghijklmnop'), 6) || ' '
            || left(translate(md5(cast(n as text)), '0123456789', 'ghijklmnop'), 8)) as name) as named
"""

_CLIP_PLAYERS = """
    insert into clip_players (clip_id, player_id, position)
    select c.id, 1 + (c.id * 7 + p * 31) % (:count / 10), p from hand_clips c, generate_series(1, 2) p
"""

_TAGS = """
    insert into tags (category, name, is_known)
    select 'poker_play', 'tag_' || n, n % 3 > 0 from generate_series(1, 60) n
"""

_CLIP_TAGS = """
    insert into clip_tags (clip_id, tag_id) select c.id, 1 + (c.id + t * 11) % 60 from hand_clips c,
    generate_series(1, 3) t
"""

_LINKS = """
    insert into hand_clip_links (hand_id, clip_id, how, linked_at)
    select h.id, c.id, 'time', h.created_at from hand_clips c join hands h on h.id = c.id
"""

_DISAGREEMENTS = """
    insert into hand_disagreements (hand_id, clip_id, field, hand_says, sheet_says, state, by, reason, settled_at)
    select hand_id, clip_id, 'pot', '100', '90', case when clip_id % 2 = 0 then 'settled' else 'open' end,
        case when clip_id % 2 = 0 then 'eva' end, case when clip_id % 2 = 0 then 'seen' end,
        case when clip_id % 2 = 0 then cast(:now as timestamptz) end
    from hand_clip_links where clip_id % 5 < 2
"""

_FINDINGS = """
    insert into hand_findings (hand_id, found_by, position, code, street, message)
    select id, 'rules', 0, 'pot_differs', 'river', 'the pot differs' from hands where id % 10 = 0
"""

_HAND_FILES = """
    insert into hand_files (path, digest, size, mtime_ns, state, reason, read_at)
    select 'session ' || n || '.json', '', 100, 0, case when n % 10 = 0 then 'quarantined' else 'read' end,
        case when n % 10 = 0 then 'no session' end, cast(:now as timestamptz) - n * interval '1 hour'
    from generate_series(1, cast(:count as int) / 10) n
"""

_DECISIONS = """
    insert into decisions (kind, subject, value, by, reason, at)
    select kind, case kind when 'catalog.correction' then jsonb_build_object('file_id', c.file_id, 'field', 'year')
                           when 'sheets.pin' then jsonb_build_object('row_id', c.sheet_row_id)
                           else jsonb_build_object('clip_id', c.id, 'tag', 'bluff') end,
        case kind when 'catalog.correction' then '2019' when 'sheets.pin'
            then jsonb_build_object('file_id', c.file_id) else 'true' end, 'eva', 'seen', c.changed_at
    from hand_clips c, unnest(array['catalog.correction', 'sheets.pin', 'clips.tag']) kind
    where c.file_id is not null and c.id % 5 = 0
"""

_SIGNED = """
    insert into events (source, correlation_id, type, at, payload)
    select 'sheets', 'asked ' || n % 500, 'sheet.pinned', cast(:now as timestamptz) - n * interval '5 minutes',
        jsonb_build_object('by', 'person ' || n % 9, 'reason', 'seen', 'row_id', n)
    from generate_series(1, cast(:count as int)) n
"""

_ALERTS = """
    insert into alerts (key, severity, title, body, raised_at, incident_id, opening, kind)
    select key, severity, 'something is wrong', summary, opened_at, id, 1, 'opened' from monitoring_events
"""

_DELIVERIES = """
    insert into alert_deliveries (alert_id, severity, channel, state, attempts, ended_at)
    select id, severity, 'log', 'delivered', 1, raised_at from alerts
"""

_OUTPUTS = """
    insert into render_outputs (instruction_id, claim_id, path, sha256, size_bytes, mtime_ns, frames, width, height,
        fps, seconds, pixel_format, made_by, made_at)
    select id, gen_random_uuid(), 'a/' || id || '.mov', '', 1000, 0, 100, 1920, 1080, 25, 4, 'yuv420p', 'local',
        finished_at from render_instructions where state = 'completed'
"""

_TOURNAMENTS = """
    insert into tournaments (tournament_number, name, status, progress, seen_at)
    select cast(n as text), 'Event ' || n, 'completed', 10, :now from generate_series(1, 500) n
"""

_TOURNAMENT_PLAYERS = """
    insert into tournament_players (tournament_number, player_key, player_name, chips, is_eliminated, eliminated_at,
        eliminations, was_seen_playing, first_seen_at, last_seen_at)
    select cast(1 + n % 500 as text), 'p' || n, 'Player ' || n, n, true, cast(:now as timestamptz)
        - n * interval '3 minutes', 1, true, :now, :now
    from generate_series(1, cast(:count as int) * 2) n
"""

_CHIP_COUNTS = """
    insert into chip_counts (tournament_number, player_key, first_seen_at, last_seen_at, seen_at, player_name, chips,
        is_eliminated)
    select p.tournament_number, p.player_key, at, at, array[at], p.player_name, 1000 * k, false
    from tournament_players p, generate_series(1, 3) k,
        lateral (select cast(:now as timestamptz) - k * interval '20 minutes' as at) as moment
"""

STATEMENTS = (
    _SHEET,
    _OLD_FILES,
    _FACTS,
    _ROWS,
    _CLIPS,
    _PLAYERS,
    _CLIP_PLAYERS,
    _TAGS,
    _CLIP_TAGS,
    _LINKS,
    _DISAGREEMENTS,
    _FINDINGS,
    _HAND_FILES,
    _DECISIONS,
    _SIGNED,
    _ALERTS,
    _DELIVERIES,
    _OUTPUTS,
    _TOURNAMENTS,
    _TOURNAMENT_PLAYERS,
    _CHIP_COUNTS,
)
