-- A row or more of every table at revision 0006.
insert into nas_scans (library, correlation_id, finished_at, status, counts, problems, mounts) values
    ('WSOP', 'c-1', now(), 'completed', '{"seen": 3}', '[["a/b", "permission denied"]]', '["WSOP"]');
insert into nas_files (root, library, path, path_key, size, mtime_ns, inode, category, version_type, is_junk, state) values
    ('archive', 'WSOP', 'WSOP/one.mp4', 'WSOP/one.mp4', 10, 1, 1, 'video', 'clean', false, 'present'),
    ('archive', 'WSOP', 'WSOP/two.mp4', 'WSOP/two.mp4', 20, 2, 2, 'video', 'clean', false, 'missing'),
    ('archive', 'WSOP', 'WSOP/old.mp4', 'WSOP/old.mp4', 30, 3, 3, 'video', 'clean', false, 'cleared'),
    ('archive', 'WSOP', 'WSOP/._x', 'WSOP/._x', 4, 4, 4, 'system', '', true, 'present');
insert into archive_clearances (action, by, reason, library, below, file_ids) values
    ('cleared', 'kim', 'tape returned', 'WSOP', '', '[3]'), ('confirmed', 'lee', 'disk failed', 'WSOP', 'WSOP/a', '[]');
insert into held_files (root, path, library, size, reason) values ('archive', 'WSOP/new.mp4', 'WSOP', 5, 'still growing');
insert into media_facts (file_id, size, mtime_ns, status, reason, duration_ms, rate_num, rate_den) values
    (1, 10, 1, 'ok', '', 60000, 30000, 1001);
insert into projects (code, title) values ('WSOP', 'World Series of Poker');
insert into seasons (project_code, key, year, title, sort_key) values ('WSOP', '2024', 2024, '2024', '2024');
insert into catalog_events (season_id, key, number, title, facts, sort_key) values (1, '1', 1, 'Event 1', '{"game": "NLH"}', '1');
insert into episodes (event_id, key, title, catalog_title, sort_key, preferred_file_id) values (1, 'a', 'Day 1', 'Day 1', '1', 1);
insert into video_files (file_id, title, parsed, parsed_path, parser_version, inventory_mark) values
    (1, 'Day 1', '{}', 'WSOP/one.mp4', 'v1', '10 clean');
insert into episode_files (episode_id, file_id) values (1, 1);
insert into catalog_corrections (by, reason, file_id, field, value, before, undoes) values
    ('kim', 'typo', 1, 'year', '2023', '2024', null), ('kim', 'unknown', 1, 'day', null, '1', null),
    ('lee', 'right after all', 1, 'year', '2024', '2023', 1), ('lee', 'slate', 2, 'title', '"Heads up"', null, null);
insert into search_entries (episode_id, file_id, place, title, path, players, clip_players, facets) values
    (1, 1, 0, 'Day 1', 'WSOP/one.mp4', '[]', '["Kim"]', '{"year": 2024}');
insert into search_words (word, reversed, files, title, player, path) values ('day', 'yad', 1, '\x00', '\x', '\x');
insert into search_columns (name, codes, labels) values ('year', '\x00', '["2024"]');
insert into sheet_states (sheet, revision, words) values
    ('HANDS', 'r1', '{"words": {"hash": "x"}, "stage": 3}'), ('PLAIN', null, '{}');
insert into sheet_rows (sheet, tab, row_number, fingerprint, file_name, folder_link, content, match_status, match_stage,
    match_score, match_reason, file_id, row_key, shown) values
    ('HANDS', 'Hands', 2, 'f1', 'one.mp4', 'WSOP', '{"no": 1}', 'matched', 'exact', 1, 'same name', 1, 'k1', '["matched"]'),
    ('HANDS', 'Hands', 3, 'f2', 'nine.mp4', '', '{"no": 2}', 'none', null, null, 'no such name', null, null, '[]');
insert into sheet_words (sheet, kind, key, value, made, problem) values
    ('HANDS', 'correction', '["WSOP/one.mp4", "year"]', '2023', 1, null), ('HANDS', 'alias', 'lee', 'Lee', null, 'unknown player');
insert into sheet_pins (sheet_row_id, file_id, by, reason) values (1, 2, 'kim', 'seen'), (2, 1, 'kim', 'seen'), (2, null, 'lee', 'wrong');
insert into api_budgets (service, calls) values ('sheets', 12.5);
insert into hand_clips (sheet_row_id, sheet, file_id, in_ms, out_ms, title, grade, winner, hands, input_hash) values
    (1, 'HANDS', 1, 1000, 2000, 'Quads', 3, 'Kim', 'AA vs KK', 'h1');
insert into tags (category, name, is_known) values ('action', 'bluff', true);
insert into clip_tags (clip_id, tag_id) values (1, 1);
insert into players (key, name) values ('kim', 'Kim'), ('lee', 'Lee');
insert into player_aliases (alias_key, alias, player_key, player, by) values ('k kim', 'K. Kim', 'kim', 'Kim', 'lee');
insert into clip_players (clip_id, player_id, position) values (1, 1, 0);
insert into hand_files (path, digest, size, mtime_ns, state, reason, hands) values
    ('day1.json', 'd1', 100, 1, 'read', null, 1), ('bad.json', 'd2', 1, 1, 'quarantined', 'not JSON', 0);
insert into hand_sessions (session_id, table_name, event_title, started_at, broadcast_day, is_test, hands_told, hands_broken,
    head, file_id) values (7, 'Feature', 'Event 1', '2026-08-01 10:00Z', '2026-08-01', false, 1, 0, 'x', 1);
insert into hands (session_id, table_name, hand_number, started_at, broadcast_day, source, grade, is_premium, is_test, pot,
    winners, content, weight, digest, replayed, file_id) values
    (7, 'Feature', 1, '2026-08-01 10:00Z', '2026-08-01', 'rfid', 'A', true, false, 500, '["Kim"]', '{}', '[1]', 'd', 'd', 1);
insert into hand_findings (hand_id, found_by, position, code, street, action, message) values
    (1, 'rules', 0, 'pot_differs', 'river', 3, 'the pot differs');
insert into hand_moments (hand_id, clip_id, how) values (1, 1, 'time');
insert into hand_disagreements (hand_id, clip_id, field, hand_says, sheet_says, state, by, reason, settled_at) values
    (1, 1, 'winner', 'Kim', 'Lee', 'settled', 'kim', 'checked', now()), (1, 1, 'pot', '500', '400', 'open', null, null, null);
insert into tournaments (tournament_number, name, status, progress, seen_at) values ('T1', 'Main', 'running', 3, now());
insert into tournament_progress (tournament_number, progress, first_seen_at) values ('T1', 3, now());
insert into tournament_players (tournament_number, player_key, player_name, chips, is_eliminated, was_seen_playing,
    first_seen_at, last_seen_at) values ('T1', 'kim', 'Kim', 100, false, true, now(), now());
insert into chip_counts (tournament_number, player_key, first_seen_at, last_seen_at, seen_at, player_name, chips,
    is_eliminated) values ('T1', 'kim', '2026-08-01Z', '2026-08-02Z', '{2026-08-01Z,2026-08-02Z}', 'Kim', 100, false);
insert into blind_levels (tournament_number, level, is_break, break_name, seen_at) values ('T1', 1, false, '', now());
insert into payouts (tournament_number, place_start, place_end, amount, is_bracelet, seen_at) values ('T1', 1, 1, 9.5, true, now());
insert into broadcast_slots (starts_at, channel, day, event_title, is_live, seen_at) values
    ('2026-08-01 10:00Z', 'TV', '2026-08-01', 'Main', true, now());
insert into tournament_files (path, kind, digest, size, seen_at, rows) values ('chips.csv', 'chip_counts', 'd', 9, now(), 1);
insert into render_instructions (template, layers, output, digest, trigger_kind, trigger_key, hand_id, broadcast_day, by) values
    ('pot', '{}', '{}', 'd1', 'hand', '1', 1, '2026-08-01', 'rule'), ('pot', '{}', '{}', 'd2', 'hand', '2', null, '2026-08-01', 'kim'),
    ('pot', '{}', '{}', 'd3', 'hand', '3', null, '2026-08-01', 'kim');
update render_instructions set state = 'processing', claim_id = '00000000-0000-0000-0000-000000000001', claimed_by = 'vm-1',
    lease_until = now(), heartbeat_at = now(), started_at = now() where id in (1, 2);
update render_instructions set state = 'completed', claim_id = null, lease_until = null, progress = 1 where id = 1;
insert into render_attempts (claim_id, instruction_id, worker, started_at, outcome, kind, reason) values
    ('00000000-0000-0000-0000-000000000001', 1, 'vm-1', now(), 'completed', null, 'made by vm-1'),
    ('00000000-0000-0000-0000-000000000002', 1, 'vm-2', now(), 'handed_back', null, 'stopped'),
    ('00000000-0000-0000-0000-000000000003', 1, 'vm-3', now(), 'lost', 'timeout', 'silent for 60 s');
insert into render_outputs (instruction_id, claim_id, path, sha256, size_bytes, mtime_ns, frames, width, height, fps, seconds,
    pixel_format, picture_hash, preview, made_by) values
    (1, '00000000-0000-0000-0000-000000000001', 'pot/1.mov', 's', 1, 1, 1, 1920, 1080, 29.97, 1, 'yuva444p', 'p', '\x00', 'vm-1');
insert into render_workers (name, host, pid, renderers, strikes, set_aside) values
    ('vm-1', 'a', 1, '{local}', 0, null), ('vm-2', 'b', 2, '{local,nexrender}', 3, 'three failures');
insert into render_pauses (scope, reason, by) values ('template:pot', 'wrong colour', 'kim');
insert into rollout_programmes (plan, state, reason, correlation_id) values ('go', 'escalated', 'week 1 failed', 'c-2');
insert into rollout_weeks (plan, number, state, attempts, next_try_at) values ('go', 1, 'failed', 1, null), ('go', 2, 'waiting', 0, now());
insert into rollout_attempts (plan, week, round, number, ended_at, passed) values ('go', 1, 1, 1, now(), false);
insert into rollout_results (attempt_id, criterion, passed, is_overridden, summary, details, figures, error_class, seconds) values
    (1, 'tests', false, true, 'two failed', '["a"]', '{"failed": 2}', 'tests_failed', 1.5);
insert into rollout_fixes (attempt_id, fixer, error_class, done, said) values (1, 'rerun_tests', 'tests_failed', true, 'ran again');
insert into rollout_overrides (plan, week, criterion, by, reason) values ('go', 1, 'tests', 'kim', 'known');
insert into rollout_interventions (plan, kind, week, by, reason) values ('go', 'pause', null, 'kim', 'holiday'), ('go', 'resume', null, 'kim', 'back');
insert into rollout_escalations (plan, week, round, at, summary) values ('go', 1, 1, now(), 'two failed');
insert into alerts (key, severity, title, body) values ('nas', 'warning', 'NAS', 'not mounted');
insert into alert_deliveries (alert_id, severity, channel, state, attempts, error, doubt, ended_at) values
    (1, 'warning', 'mail', 'dead', 9, 'no answer', true, now());
insert into events (type, source, correlation_id, payload) values
    ('nas.scan.completed', 'nas', 'c-1', '{"library": "WSOP"}'), ('render.worker.set_aside', 'render', 'c-3', '{"worker": "vm-2"}'),
    ('render.requeued', 'render', 'c-3', '{"instruction_id": 1}');
insert into event_cursors (consumer, txid, event_id, snapshot) values ('hands', 1, 1, '1:1:');
