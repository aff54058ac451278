-- Hands: ours as theirs, and theirs from the moment they are written. A program's hand keeps its id.

-- When a hand ended; immutable, so that the newest are found by an index.
create function hub.end_of(started_at timestamptz, milliseconds bigint) returns timestamptz
language sql immutable parallel safe as $$
    select ((started_at at time zone 'UTC') + coalesce(milliseconds, 0) * interval '1 millisecond') at time zone 'UTC'
$$;
create index ix_hands_hub_created_at on hands (hub.end_of(started_at, duration_ms) desc, id desc);
create index ix_hands_table_name_hand_number on hands (table_name, hand_number);
create index ix_hub_hands_created_at on hub_hands (created_at desc, id desc);

-- An amount of a hand in whole chips or money; content.decimals says how many digits of it are decimals.
create function hub.scale(amount text, content jsonb) returns bigint language sql immutable as $$
    select trunc(amount::numeric / power(10, coalesce((content ->> 'decimals')::integer, 0))::numeric)::bigint
$$;

create function hub.show_players(content jsonb, shows_cards boolean) returns jsonb language sql immutable as $$
    select coalesce(jsonb_agg(jsonb_build_object(
        'seat', seat -> 'number',
        'name', coalesce(nullif(seat ->> 'name', ''), nullif(seat ->> 'long_name', ''), 'seat ' || (seat ->> 'number')),
        'stack', hub.scale(seat ->> 'start_stack', content),
        'hole_cards', case when shows_cards then seat -> 'hole_cards' else '[]' end) order by position), '[]')
    from jsonb_array_elements(content -> 'seats') with ordinality as seats(seat, position)
$$;

create function hub.show_actions(content jsonb) returns jsonb language sql immutable as $$
    select coalesce(jsonb_agg(jsonb_build_object(
        'street', street ->> 'name', 'seat', action -> 'seat', 'action', action ->> 'kind',
        'amount', hub.scale(action ->> 'to', content),
        'all_in', action -> 'is_all_in') order by s, a), '[]')
    from jsonb_array_elements(content -> 'streets') with ordinality as streets(street, s),
        jsonb_array_elements(street -> 'actions') with ordinality as actions(action, a)
$$;

create function hub.show_winner(content jsonb) returns text language sql immutable as $$
    select string_agg(coalesce(nullif(seat ->> 'name', ''), nullif(seat ->> 'long_name', ''),
        'seat ' || (seat ->> 'number')), ' / ' order by position)
    from jsonb_array_elements(content -> 'seats') with ordinality as seats(seat, position)
    where content -> 'winners' @> (seat -> 'number')
$$;

-- Blank what a program wrote about hole cards, wherever it lies in an object of the list.
create function hub.blank_cards(written jsonb, shows_cards boolean) returns jsonb language sql immutable as $$
    select case when shows_cards then written else coalesce((
        select jsonb_agg(case
            when jsonb_typeof(each) <> 'object' then each
            when each ? 'hole_cards' then each - 'cards' || '{"hole_cards": []}'
            else each - 'cards' end order by position)
        from jsonb_array_elements(written) with ordinality as list(each, position)), '[]') end
$$;

-- The old schema had one hand of a table and number. Numbers repeat, so a statement that asks by number gets the
-- newest, and all others see every hand.
create function hub.asks_by_number() returns boolean language sql stable as $$
    select current_query() ~* '\ywhere\y.*\yhand_number\s*='
$$;

-- Every hand once, without what is costly to show; simple enough that the newest are found by indexes of both tables.
create view hub.hand_list as
select id, table_name as table_id, hand_number, source, best_category,
    hub.end_of(started_at, duration_ms) as created_at, withdrawn_by is null as is_shown
from hands
union all
select id, table_id, hand_number, source, hand_rank, created_at, stored_at is null
from hub_hands;

create view hub.hands as
select i.id, i.table_id, i.hand_number, i.source,
    coalesce(w.hand_rank, i.best_category) as hand_rank,
    coalesce(w.pot_size, hub.scale(h.pot::text, h.content)) as pot_size,
    case when w.id is null then hub.show_winner(h.content)::varchar else w.winner end as winner,
    case when w.id is null then hub.show_players(h.content, v.shows) else hub.blank_cards(w.players_json, v.shows) end
        as players_json,
    coalesce(w.community_cards_json, h.content -> 'boards' -> 0, '[]') as community_cards_json,
    case when w.id is null then hub.show_actions(h.content) else hub.blank_cards(w.actions_json, v.shows) end
        as actions_json,
    coalesce(w.duration_seconds, round(h.duration_ms / 1000.0)::integer) as duration_seconds,
    i.created_at,
    coalesce(h.changed_at, w.updated_at) as updated_at
from hub.hand_list i
left join hands h on h.id = i.id
left join hub_hands w on w.id = i.id and (w.stored_at is null or w.stored_digest = h.digest)
cross join lateral (select
    (select hub.sees_hole_cards()) or i.created_at + (select hub.broadcast_delay()) <= now() as shows) v
where i.is_shown and (not (select hub.asks_by_number()) or not exists (
    select from hub.hand_list n where n.is_shown and n.table_id = i.table_id and n.hand_number = i.hand_number
        and (n.created_at, n.id) > (i.created_at, i.id)));

create function hub.insert_hand() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
    begin
        if coalesce(btrim(new.table_id), '') = '' or length(new.table_id) > 50 then
            raise exception 'hands.table_id: expected a text of 1 to 50 characters, got %', quote_nullable(new.table_id)
                using errcode = 'check_violation';
        elsif new.hand_number is null or new.hand_number not between 0 and 2147483647 then
            raise exception 'hands.hand_number: expected a whole number from 0, got %', quote_nullable(new.hand_number)
                using errcode = 'check_violation';
        elsif new.hand_rank not in ('royal_flush', 'straight_flush', 'four_of_a_kind', 'full_house', 'flush',
                'straight', 'three_of_a_kind', 'two_pair', 'one_pair', 'high_card') then
            raise exception 'hands.hand_rank: unknown rank %; write for example full_house',
                quote_nullable(new.hand_rank) using errcode = 'check_violation';
        end if;
        new.source := coalesce(new.source, 'manual');
        if new.source not in ('rfid', 'csv', 'manual') then
            raise exception 'hands.source: expected rfid, csv or manual, got %', quote_nullable(new.source)
                using errcode = 'check_violation';
        end if;
        new.players_json := coalesce(nullif(new.players_json, 'null'), '[]');
        new.community_cards_json := coalesce(nullif(new.community_cards_json, 'null'), '[]');
        new.actions_json := coalesce(nullif(new.actions_json, 'null'), '[]');
        if 'array' <> any(array[jsonb_typeof(new.players_json), jsonb_typeof(new.community_cards_json),
                jsonb_typeof(new.actions_json)]) then
            raise exception 'hands: players_json, community_cards_json and actions_json have to be JSON lists'
                using errcode = 'check_violation';
        end if;
        if new.pot_size < 0 or new.duration_seconds < 0 then
            raise exception 'hands: pot_size and duration_seconds cannot be negative' using errcode = 'check_violation';
        end if;
        new.id := coalesce(new.id, nextval(pg_get_serial_sequence('public.hands', 'id')));
        new.pot_size := coalesce(new.pot_size, 0);
        new.duration_seconds := coalesce(new.duration_seconds, 0);
        new.created_at := coalesce(new.created_at, now());
        new.updated_at := coalesce(new.updated_at, new.created_at);
        if exists (select from hands where id = new.id) then
            raise exception 'hands.id: there is a hand % already; leave the id out', new.id
                using errcode = 'unique_violation';
        end if;
        insert into hub_hands (id, table_id, hand_number, source, hand_rank, pot_size, winner, players_json,
                community_cards_json, actions_json, duration_seconds, created_at, updated_at, written_by)
            values (new.id, new.table_id, new.hand_number, new.source, new.hand_rank, new.pot_size, new.winner,
                new.players_json, new.community_cards_json, new.actions_json, new.duration_seconds, new.created_at,
                new.updated_at, session_user);
        return new;
    end $$;
create trigger insert_hand instead of insert on hub.hands for each row execute function hub.insert_hand();
