-- Outputs: ours under even numbers, those of programs under odd ones, which are checked where the file can be reached.

create view hub.render_outputs as
select w.id * 2 - 1 as id, w.instruction_id, w.output_path, w.file_size, w.frame_count, w.status, w.error_message,
    w.created_at, w.completed_at
from hub_outputs w
union all
select o.instruction_id * 2, o.instruction_id, coalesce((select outputs || '/' from hub_settings), '') || o.path,
    o.size_bytes, o.frames, case when o.problem is null then 'completed' else 'failed' end::varchar, o.problem,
    o.made_at, o.made_at
from render_outputs o
where not exists (select from hub_outputs w where w.instruction_id = o.instruction_id and w.finding is null
    and w.checked_at is not null);

create function hub.insert_output() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
    declare
        made bigint;
    begin
        if not exists (select from render_instructions where id = new.instruction_id) then
            raise exception 'render_outputs.instruction_id: unknown instruction %', quote_nullable(new.instruction_id)
                using errcode = 'foreign_key_violation';
        elsif coalesce(btrim(new.output_path), '') = '' then
            raise exception 'render_outputs.output_path: expected the path of a file, got %',
                quote_nullable(new.output_path) using errcode = 'check_violation';
        end if;
        new.status := coalesce(new.status, 'completed');
        new.created_at := coalesce(new.created_at, now());
        insert into hub_outputs (instruction_id, output_path, file_size, frame_count, status, error_message, created_at,
                completed_at, written_by)
            values (new.instruction_id, new.output_path, new.file_size, new.frame_count, new.status, new.error_message,
                new.created_at, new.completed_at, session_user)
            returning id into made;
        new.id := made * 2 - 1;
        return new;
    end $$;
create trigger insert_output instead of insert on hub.render_outputs for each row execute function hub.insert_output();
