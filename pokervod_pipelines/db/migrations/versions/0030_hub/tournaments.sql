-- Tournaments: one table that programs may write with `on conflict`, and that follows ours.

create view hub.tournaments as
select id, name, event_code, event_type, buy_in, prize_pool, total_entries, remaining_players, current_level,
    blinds_json, current_blinds_json, payouts_json, places_paid, standings_json, start_date, end_date, source,
    created_at, updated_at
from hub_tournaments;

-- Refuse in words what cannot be a tournament, and keep each state that a program writes for our history.
create function hub.check_written() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
    declare
        lists jsonb[] := array[new.blinds_json, new.payouts_json, new.standings_json];
        each jsonb;
    begin
        if current_setting('pokervod.hub', true) = 'ours' then
            return new;
        elsif btrim(new.event_code) = '' then
            raise exception 'tournaments.event_code: expected the number of the event, got an empty text'
                using errcode = 'check_violation';
        elsif coalesce(btrim(new.name), '') = '' then
            raise exception 'tournaments.name: expected the name of the event, got %', quote_nullable(new.name)
                using errcode = 'check_violation';
        end if;
        foreach each in array lists loop
            if jsonb_typeof(each) not in ('array', 'null', 'object') then
                raise exception 'tournaments: blinds_json, payouts_json and standings_json have to be JSON lists'
                    using errcode = 'check_violation';
            end if;
        end loop;
        new.source := coalesce(new.source, 'manual');
        new.updated_at := now();
        return new;
    end $$;
create trigger check_written before insert or update on hub_tournaments
    for each row execute function hub.check_written();

create function hub.keep_written() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
    begin
        if coalesce(current_setting('pokervod.hub', true), '') <> 'ours' then
            insert into hub_tournament_writes (event_code, content, written_by, written_at)
                values (new.event_code, to_jsonb(new), session_user, clock_timestamp());
        end if;
        return null;
    end $$;
create trigger keep_written after insert or update on hub_tournaments
    for each row execute function hub.keep_written();

-- Show our tournaments of these numbers to the programs as they are now.
create function hub.refresh_tournaments(numbers varchar[]) returns void language plpgsql security definer
set search_path = public, pg_temp as $$
    declare
        before text := coalesce(current_setting('pokervod.hub', true), '');
    begin
        if before = 'ours' then
            return;
        end if;
        perform set_config('pokervod.hub', 'ours', true);
        insert into hub_tournaments as h (name, event_code, buy_in, prize_pool, total_entries, remaining_players,
                current_level, blinds_json, current_blinds_json, payouts_json, places_paid, standings_json, start_date,
                end_date, source)
            select t.name, t.tournament_number, t.buy_in, t.prize_pool, t.registered_players, t.remaining_players,
                t.current_level, b.levels, b.current, p.prizes, p.places, s.players,
                (select min(first_seen_at) from tournament_progress g
                    where g.tournament_number = t.tournament_number and g.progress > 0),
                case when t.status in ('completed', 'cancelled') then coalesce((select min(first_seen_at)
                    from tournament_progress g
                    where g.tournament_number = t.tournament_number and g.progress = 1000000), t.seen_at) end,
                'csv'
            from tournaments t
            cross join lateral (
                select jsonb_agg(jsonb_build_object('level', l.level, 'small_blind', l.small_blind,
                        'big_blind', l.big_blind, 'ante', coalesce(l.bb_ante, l.ante), 'is_break', l.is_break,
                        'duration_minutes', l.duration_minutes) order by l.level, l.is_break) as levels,
                    (jsonb_agg(jsonb_build_object('level', l.level, 'small_blind', l.small_blind,
                        'big_blind', l.big_blind, 'ante', coalesce(l.bb_ante, l.ante)))
                        filter (where l.level = t.current_level and not l.is_break)) -> 0 as current
                from blind_levels l where l.tournament_number = t.tournament_number and l.seen_at = (
                    select max(n.seen_at) from blind_levels n where n.tournament_number = l.tournament_number)) b
            cross join lateral (
                select jsonb_agg(jsonb_build_object('place_start', y.place_start, 'place_end', y.place_end,
                        'amount', y.amount, 'percentage', y.percentage) order by y.place_start) as prizes,
                    max(y.place_end) as places
                from payouts y where y.tournament_number = t.tournament_number and y.seen_at = (
                    select max(n.seen_at) from payouts n where n.tournament_number = y.tournament_number)) p
            cross join lateral (
                select jsonb_agg(jsonb_build_object('player_name', c.player_name, 'chips', c.chips, 'rank', c.rank,
                        'table_number', c.table_number, 'seat_number', c.seat_number,
                        'is_eliminated', c.is_eliminated) order by c.is_eliminated, c.rank, c.chips desc) as players
                from tournament_players c where c.tournament_number = t.tournament_number) s
            where t.tournament_number = any(numbers)
            on conflict (event_code) do update set name = excluded.name,
                buy_in = coalesce(excluded.buy_in, h.buy_in), prize_pool = coalesce(excluded.prize_pool, h.prize_pool),
                total_entries = coalesce(excluded.total_entries, h.total_entries),
                remaining_players = coalesce(excluded.remaining_players, h.remaining_players),
                current_level = coalesce(excluded.current_level, h.current_level),
                blinds_json = coalesce(excluded.blinds_json, h.blinds_json),
                current_blinds_json = coalesce(excluded.current_blinds_json, h.current_blinds_json),
                payouts_json = coalesce(excluded.payouts_json, h.payouts_json),
                places_paid = coalesce(excluded.places_paid, h.places_paid),
                standings_json = coalesce(excluded.standings_json, h.standings_json),
                start_date = coalesce(h.start_date, excluded.start_date), end_date = excluded.end_date,
                updated_at = now();
        perform set_config('pokervod.hub', before, true);
    end $$;

create function hub.follow_changes() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
    begin
        perform hub.refresh_tournaments(array(select distinct tournament_number from changed
            where tournament_number is not null));
        return null;
    end $$;

select hub.refresh_tournaments(array(select tournament_number from tournaments));
