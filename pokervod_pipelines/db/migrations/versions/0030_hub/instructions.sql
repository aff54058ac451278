-- Instructions: theirs are checked and enter our queue, and what they do with them passes the guard of the queue.

create function hub.status_of(state text) returns text language sql immutable parallel safe as $$
    select case when state in ('cancelled', 'timed_out') then 'failed' else state end
$$;
create index ix_render_instructions_hub_pending on render_instructions (priority, created_at, id)
    where hub.status_of(state) = 'pending';

create view hub.render_instructions as
select r.id, r.template as template_name,
    coalesce(w.layer_data_json, r.layers) as layer_data_json,
    coalesce(w.output_settings_json, jsonb_build_object('format', r.output -> 'format', 'width', r.output -> 'width',
        'height', r.output -> 'height', 'fps', r.output -> 'fps', 'quality', null,
        'duration_frames', round((r.output ->> 'seconds')::numeric * (r.output ->> 'fps')::numeric)))
        as output_settings_json,
    coalesce((select (select s.outputs from hub_settings s) || '/' || o.path from render_outputs o
        where o.instruction_id = r.id), w.output_path)::varchar as output_path,
    w.output_filename,
    hub.status_of(r.state)::varchar as status,
    r.priority,
    coalesce(w.trigger_type, r.trigger_kind) as trigger_type,
    coalesce(w.trigger_id, r.hand_id::varchar, r.trigger_key) as trigger_id,
    case when r.state in ('failed', 'cancelled', 'timed_out') or r.failure_kind is not null then r.reason end
        as error_message,
    r.retry_count, r.max_retries, r.created_at, r.started_at, r.finished_at as completed_at
from render_instructions r
left join hub_instructions w on w.instruction_id = r.id;
alter view hub.render_instructions alter column priority set default 5;

create function hub.insert_instruction() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
    declare
        template hub_templates;
        correlation text := gen_random_uuid();
        made render_instructions;
    begin
        select * into template from hub_templates where name = new.template_name;
        if not found and not exists (select from hub_templates) then
            raise exception 'the templates are not known yet: start `pokervod watch`, or run `pokervod db hub-role %`',
                session_user using errcode = 'check_violation';
        elsif not found then
            raise exception 'template_name: unknown template %; the templates are %', quote_nullable(new.template_name),
                (select string_agg(name, ', ' order by name) from hub_templates) using errcode = 'check_violation';
        elsif template.problem is not null then
            raise exception 'template_name: % cannot be rendered: %', template.name, template.problem
                using errcode = 'check_violation';
        elsif coalesce(new.status, 'pending') <> 'pending' then
            raise exception 'status: an instruction begins as pending, not as %', new.status
                using errcode = 'check_violation';
        elsif new.priority is null or new.priority not between 1 and 10 then
            raise exception 'priority: expected 1 (the highest) to 10, got %', quote_nullable(new.priority)
                using errcode = 'check_violation';
        elsif new.max_retries < 0 or new.retry_count < 0 then
            raise exception 'max_retries and retry_count cannot be negative' using errcode = 'check_violation';
        end if;
        insert into render_instructions (template, layers, output, digest, priority, trigger_kind, trigger_key, hand_id,
                broadcast_day, by, reason, renderer, correlation_id, retry_count, max_retries, created_at)
            select template.name, layers, output, md5(jsonb_build_array(template.name, layers, output)::text),
                new.priority, 'person', 'program ' || correlation, hub.find_hand(new.trigger_type, new.trigger_id),
                hub.today(), session_user, 'requested by the program ' || session_user, template.renderer, correlation,
                coalesce(new.retry_count, 0), coalesce(new.max_retries, 3), least(new.created_at, now())
            from (select hub.fit_layers(template, new.layer_data_json) as layers,
                hub.fit_output(template, new.output_settings_json) as output) as fitted
            returning * into made;
        insert into hub_instructions values (made.id, new.layer_data_json,
            coalesce(nullif(new.output_settings_json, 'null'), '{}'), new.output_path, new.output_filename,
            new.trigger_type, new.trigger_id);
        perform hub.append_event('render.instruction.created', 'render', correlation, jsonb_build_object(
            'instruction_id', made.id, 'template', made.template, 'trigger_kind', made.trigger_kind,
            'trigger_key', made.trigger_key, 'version', made.version, 'hand_id', made.hand_id,
            'priority', made.priority, 'broadcast_day', made.broadcast_day, 'by', session_user, 'reason', made.reason));
        select * into new from hub.render_instructions where id = made.id;
        return new;
    end $$;
create trigger insert_instruction instead of insert on hub.render_instructions
    for each row execute function hub.insert_instruction();

create function hub.find_hand(trigger_type text, trigger_id text) returns bigint language sql stable as $$
    select id from public.hands
    where trigger_type ~* 'hand' and id = case when trigger_id ~ '^\d{1,18}$' then trigger_id::bigint end
$$;

create function hub.today() returns date language sql stable as $$
    select coalesce((select ((now() at time zone time_zone) - day_starts_at)::date from public.hub_settings),
        (now() at time zone 'UTC')::date)
$$;

-- Change an instruction as a worker of the role's name would; what may not be leaves the row as it is, uncounted.
create function hub.change_instruction() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
    declare
        job render_instructions;
        is_done boolean := false;
        words text := coalesce(nullif(btrim(left(new.error_message, 1000)), ''), new.status || ' by ' || session_user);
    begin
        if new.status is null or new.status not in ('pending', 'processing', 'completed', 'failed') then
            raise exception 'status: unknown status %; expected pending, processing, completed or failed',
                quote_nullable(new.status) using errcode = 'check_violation';
        end if;
        select * into job from render_instructions where id = old.id for update;
        if not found or hub.status_of(job.state) <> old.status then
            return null;
        elsif new.status = old.status then
            is_done := hub.change_priority(job, new.priority);
        elsif new.status = 'processing' then
            is_done := hub.claim_job(job);
        elsif job.state = 'processing' and job.claimed_by = session_user then
            is_done := hub.end_job(job, new.status, words, new.retry_count);
        elsif new.status = 'pending' then
            is_done := hub.retry_job(job, new.retry_count);
        end if;
        if not is_done then
            return null;
        end if;
        select * into new from hub.render_instructions where id = old.id;
        return new;
    end $$;
create trigger change_instruction instead of update on hub.render_instructions
    for each row execute function hub.change_instruction();

create function hub.claim_job(job render_instructions) returns boolean language plpgsql as $$
    begin
        if job.state <> 'pending' or job.due_at > now() or job.held_until > now()
            or exists (select from public.render_pauses p where (p.until is null or p.until > now())
                and p.scope in ('all', 'renderer:' || job.renderer, 'template:' || job.template))
            or exists (select from public.render_workers w where w.name = session_user
                and (w.quarantine_reason is not null or w.held_until > now()))
        then
            return false;
        end if;
        insert into public.render_workers as w (name, host, pid, renderers, stopped_at)
            values (session_user, coalesce(host(inet_client_addr()), 'this machine'), pg_backend_pid(), '{}', now())
            on conflict (name) do update set host = excluded.host, pid = excluded.pid, seen_at = now();
        update public.render_instructions set state = 'processing', claim_id = gen_random_uuid(),
                claimed_by = session_user, lease_until = '9999-12-31 00:00+00', heartbeat_at = now(),
                started_at = now(), finished_at = null, progress = 0, changed_at = now(), failure_kind = null,
                reason = 'taken by ' || session_user
            where id = job.id;
        perform hub.append_event('render.started', 'render', job.correlation_id, jsonb_build_object(
            'instruction_id', job.id, 'template', job.template, 'worker', session_user, 'state_before', 'pending',
            'state', 'processing', 'attempt', job.retry_count + 1));
        return true;
    end $$;

create function hub.end_job(job render_instructions, wanted text, words text, retries integer) returns boolean
language plpgsql as $$
    declare
        is_stopped boolean := job.cancel_requested is not null;
        next_state text := case when is_stopped then 'cancelled' else wanted end;
        ending text := case when is_stopped then 'cancelled' when wanted = 'completed' then 'completed'
            when wanted = 'failed' or retries > job.retry_count then 'failed' else 'released' end;
        failure text := case when ending = 'failed' then 'unknown' end;
        why text := case ending when 'cancelled' then job.cancel_requested when 'completed'
            then 'made by ' || session_user when 'released' then 'released by ' || session_user else words end;
    begin
        insert into public.render_attempts (claim_id, instruction_id, worker, started_at, outcome, kind, reason)
            values (job.claim_id, job.id, job.claimed_by, job.started_at, ending, failure, why);
        update public.render_instructions set state = next_state, reason = why, failure_kind = failure, claim_id = null,
                lease_until = null, changed_at = now(),
                retry_count = case when next_state = 'pending' then greatest(retries, job.retry_count)
                    else job.retry_count end,
                due_at = case when next_state = 'pending' then now() else job.due_at end,
                finished_at = case when next_state = 'pending' then null else now() end,
                progress = case next_state when 'completed' then 1 when 'pending' then null else job.progress end
            where id = job.id;
        perform hub.append_event(case next_state when 'pending' then 'render.requeued' else 'render.' || next_state end,
            'render', job.correlation_id, jsonb_build_object('instruction_id', job.id, 'template', job.template,
                'worker', job.claimed_by, 'state_before', 'processing', 'state', next_state,
                'attempt', job.retry_count + 1, 'outcome', ending, 'kind', failure, 'reason', why));
        return true;
    end $$;

create function hub.retry_job(job render_instructions, retries integer) returns boolean
language plpgsql as $$
    begin
        if job.state not in ('failed', 'timed_out', 'cancelled') or job.superseded_by is not null
                or job.withdrawn_at is not null then
            return false;
        end if;
        update public.render_instructions set state = 'pending', retry_count = greatest(retries, 0), due_at = now(),
                cancel_requested = null, failure_kind = null, progress = null, finished_at = null, changed_at = now(),
                reason = 'retried by ' || session_user
            where id = job.id;
        perform hub.append_event('render.requeued', 'render', job.correlation_id, jsonb_build_object(
            'instruction_id', job.id, 'template', job.template, 'state_before', job.state, 'state', 'pending',
            'reason', 'retried by the program ' || session_user, 'by', session_user));
        return true;
    end $$;

create function hub.change_priority(job render_instructions, wanted integer) returns boolean language plpgsql as $$
    begin
        if wanted is null or wanted not between 1 and 10 then
            raise exception 'priority: expected 1 (the highest) to 10, got %', quote_nullable(wanted)
                using errcode = 'check_violation';
        elsif wanted = job.priority or job.state not in ('pending', 'processing') then
            return false;
        end if;
        update public.render_instructions set priority = wanted, changed_at = now(),
                reason = 'priority ' || wanted || ': set by ' || session_user
            where id = job.id;
        perform hub.append_event('render.instruction.updated', 'render', job.correlation_id, jsonb_build_object(
            'instruction_id', job.id, 'template', job.template, 'state', job.state, 'change', 'prioritize',
            'priority', wanted, 'priority_before', job.priority, 'by', session_user,
            'reason', 'set by the program ' || session_user));
        return true;
    end $$;
