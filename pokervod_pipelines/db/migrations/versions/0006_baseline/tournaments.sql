-- Exports of the tournament system: the present of each tournament and the history of its players.
-- Exports arrive in any order, so nothing refers to another table; tournaments are known by their number.
-- seen_at is when the export was written; a row is replaced only by a newer export.

-- One tournament as the furthest export shows it; progress says how far that is (see tournaments/records.py).
create table tournaments (
    tournament_number varchar constraint pk_tournaments primary key,
    name varchar not null,
    status varchar not null,
    current_level bigint,
    remaining_players bigint,
    registered_players bigint,
    starting_chips bigint,
    buy_in numeric(18,2),
    rake numeric(18,2),
    prize_pool numeric(18,2),
    progress bigint not null,
    seen_at timestamptz not null,
    constraint ck_tournaments_status check (status in ('upcoming', 'running', 'completed', 'cancelled'))
);

-- When a tournament was first seen at this progress: a level, or its end.
create table tournament_progress (
    tournament_number varchar,
    progress bigint,
    first_seen_at timestamptz not null,
    constraint pk_tournament_progress primary key (tournament_number, progress)
);

-- The present state of a player, from chip_counts; one who is missing from newer exports keeps the last state.
-- eliminations counts how often the state turned to eliminated: more than one after a correction.
create table tournament_players (
    tournament_number varchar,
    player_key varchar,
    player_name varchar not null,
    chips bigint not null,
    rank bigint,
    table_number bigint,
    seat_number bigint,
    is_eliminated boolean not null,
    eliminations integer not null default 0,
    eliminated_at timestamptz,
    was_seen_playing boolean not null,
    first_seen_at timestamptz not null,
    last_seen_at timestamptz not null,
    constraint pk_tournament_players primary key (tournament_number, player_key),
    constraint ck_tournament_players_eliminated check (is_eliminated = (eliminated_at is not null))
);
create index ix_tournament_players_eliminated_at on tournament_players (eliminated_at);

-- One unchanged stretch of a player: the exports of the times seen_at agree, and none between them differs.
create table chip_counts (
    tournament_number varchar,
    player_key varchar,
    first_seen_at timestamptz,
    last_seen_at timestamptz not null,
    seen_at timestamptz[] not null,
    player_name varchar not null,
    chips bigint not null,
    rank bigint,
    table_number bigint,
    seat_number bigint,
    is_eliminated boolean not null,
    constraint pk_chip_counts primary key (tournament_number, player_key, first_seen_at),
    constraint ck_chip_counts_bounds
        check (first_seen_at = seen_at[1] and last_seen_at = seen_at[array_length(seen_at, 1)])
);
create index ix_chip_counts_tournament_number_last_seen_at on chip_counts (tournament_number, last_seen_at);

-- One level, or the break after it; in force is the newest export of the tournament.
create table blind_levels (
    tournament_number varchar,
    level bigint,
    is_break boolean,
    small_blind bigint,
    big_blind bigint,
    ante bigint,
    bb_ante bigint,
    duration_minutes bigint,
    break_name varchar not null,
    seen_at timestamptz not null,
    constraint pk_blind_levels primary key (tournament_number, level, is_break)
);

-- The prize of each of the places place_start to place_end; in force is the newest export of the tournament.
create table payouts (
    tournament_number varchar,
    place_start bigint,
    place_end bigint not null,
    amount numeric(18,2) not null,
    percentage numeric(9,4),
    is_bracelet boolean not null,
    seen_at timestamptz not null,
    constraint pk_payouts primary key (tournament_number, place_start),
    constraint ck_payouts_places check (place_start <= place_end)
);

-- One stretch of a channel's day; in force is the newest export with that day.
create table broadcast_slots (
    starts_at timestamptz,
    channel varchar,
    day date not null,
    ends_at timestamptz,
    event_title varchar not null,
    tournament_number varchar,
    is_live boolean not null,
    seen_at timestamptz not null,
    constraint pk_broadcast_slots primary key (starts_at, channel)
);
create index ix_broadcast_slots_day on broadcast_slots (day);

-- The newest version of an export that was read; error says why it could not be read as a whole.
create table tournament_files (
    path varchar constraint pk_tournament_files primary key,
    kind varchar,
    digest varchar not null,
    size bigint not null,
    seen_at timestamptz not null,
    rows integer not null,
    problems jsonb not null default '[]',
    error varchar,
    imported_at timestamptz not null default now()
);
