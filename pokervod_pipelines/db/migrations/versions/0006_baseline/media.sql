-- Probed facts of videos.

-- The probed facts of one video, valid for this size and mtime; a change makes the video due for a new probe.
-- A column is null where the file does not contain the value. audio lists objects with codec, channels and language;
-- rate_num / rate_den are frames per second. The states are those of media.facts.MediaStatus, without gone.
create table media_facts (
    file_id bigint constraint pk_media_facts primary key
        constraint fk_media_facts_file_id_nas_files references nas_files,
    size bigint not null,
    mtime_ns bigint not null,
    status varchar not null,
    reason varchar not null,
    duration_ms bigint,
    frames bigint,
    container varchar,
    video_codec varchar,
    width integer,
    height integer,
    rate_num integer,
    rate_den integer,
    start_timecode varchar,
    drop_frame boolean,
    bit_rate bigint,
    audio jsonb not null default '[]',
    probed_at timestamptz not null default now(),
    constraint ck_media_facts_rate check ((rate_num is null) = (rate_den is null) and rate_den > 0),
    constraint ck_media_facts_status check (status in ('ok', 'broken', 'sparse', 'growing', 'timeout', 'unreadable'))
);
create index ix_media_facts_status on media_facts (status);
