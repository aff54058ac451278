-- What an instruction asks for, checked against its template as render/layers.py does; see render/renderers/job.py.

-- Return why the value does not fit the layer, null where it does; fitted is the value as an instruction holds it.
create function hub.fit_value(layer jsonb, value jsonb, out fitted jsonb, out problem text)
language plpgsql immutable as $$
    declare
        written text := btrim(value #>> '{}');
        plain text := regexp_replace(written, '[,\s]', '', 'g');
        most integer;
        parts text[];
    begin
        fitted := value;
        case layer ->> 'type'
            when 'text', 'image' then
                most := coalesce((layer ->> 'characters')::integer, 500);
                if jsonb_typeof(value) not in ('string', 'number') then
                    problem := 'expected a text';
                elsif written = '' then
                    problem := 'the text is empty, which leaves the layer blank';
                elsif written ~ '[\x01-\x09\x0b-\x1f\x7f]' then
                    problem := 'the text has control characters, which cannot be drawn';
                elsif length(written) > most then
                    problem := format('the text has %s characters; at most %s fit', length(written), most);
                end if;
                fitted := to_jsonb(written);
            when 'number', 'chips' then
                if jsonb_typeof(value) = 'string' and plain ~ '^-?\d{1,18}(\.\d{1,6})?$'
                        and written !~ '^[1-9]\d{0,2}\.\d{3}$' then
                    fitted := to_jsonb(plain::numeric);
                elsif jsonb_typeof(value) = 'string'
                        and written ~ '^-?([A-Z]{0,3}[$€£¥₩]|[A-Z]{3} )\d{1,3}(,\d{3}){0,5}$' then
                    fitted := to_jsonb(written);
                elsif jsonb_typeof(value) <> 'number' then
                    problem := format('expected a number such as 1,250,000, got %s', left(value::text, 40));
                elsif abs(written::numeric) >= 1e18 then
                    problem := format('the number %s is too large', left(written, 40));
                end if;
                if jsonb_typeof(fitted) = 'number' and problem is null then
                    fitted := to_jsonb(trim_scale((fitted #>> '{}')::numeric));
                end if;
            when 'card' then
                fitted := to_jsonb(hub.read_card(written));
                if jsonb_typeof(value) <> 'string' or fitted is null then
                    problem := format('expected a card such as As or Td, got %s', left(value::text, 40));
                end if;
            when 'cards' then
                if jsonb_typeof(value) = 'array' then
                    parts := array(select card from jsonb_array_elements_text(value) with ordinality as list(card, p)
                        order by p);
                elsif jsonb_typeof(value) = 'string' then
                    parts := regexp_split_to_array(written, '[\s,]+');
                end if;
                most := coalesce((layer ->> 'limit')::integer, 7);
                fitted := (select jsonb_agg(hub.read_card(card) order by p)
                    from unnest(parts) with ordinality as list(card, p));
                if coalesce(cardinality(parts), 0) = 0 or fitted @> 'null' then
                    problem := format('expected cards such as As Kd, got %s', left(value::text, 40));
                elsif cardinality(parts) > most then
                    problem := format('got %s cards; at most %s fit', cardinality(parts), most);
                elsif (select count(distinct e) from jsonb_array_elements(fitted) e) < cardinality(parts) then
                    problem := 'duplicate cards; list each card once';
                end if;
            when 'rows' then
                select * into fitted, problem from hub.fit_rows(layer, value);
            else
                problem := format('layers of the kind %s cannot be filled', layer ->> 'type');
        end case;
    end $$;

create function hub.read_card(written text) returns text language sql immutable as $$
    select upper(replace(left(btrim(card), -1), '10', 'T')) || right(btrim(card), 1)
    from (select lower(translate(written, '♣♦♥♠♧♢♡♤', 'cdhscdhs')) as card) as c
    where btrim(card) ~ '^(10|[2-9tjqka])[cdhs]$'
$$;

create function hub.fit_rows(layer jsonb, value jsonb, out fitted jsonb, out problem text)
language plpgsql immutable as $$
    declare
        cells jsonb;
        number integer := 0;
        fit record;
        shown text := (select string_agg(name, ', ') from jsonb_object_keys(layer -> 'columns') as name);
        wrong text;
        cell record;
    begin
        fitted := '[]';
        if jsonb_typeof(value) <> 'array' or jsonb_array_length(value) = 0 then
            problem := 'expected a list of rows';
            return;
        elsif jsonb_array_length(value) > (layer ->> 'limit')::integer then
            problem := format('got %s rows; at most %s fit', jsonb_array_length(value), layer ->> 'limit');
            return;
        end if;
        for cells in select e from jsonb_array_elements(value) with ordinality as list(e, p) order by p loop
            number := number + 1;
            if jsonb_typeof(cells) <> 'object' then
                problem := format('row %s: expected %s', number, shown);
                return;
            end if;
            cells := jsonb_strip_nulls(cells);
            wrong := (select name from jsonb_object_keys(cells) as name where not (layer -> 'columns') ? name limit 1);
            if wrong is not null then
                problem := format('row %s: unknown column %s; the columns are %s', number, wrong, shown);
                return;
            end if;
            for cell in select name, kind from jsonb_each(layer -> 'columns') as columns(name, kind) loop
                if cells ? cell.name then
                    select * into fit from hub.fit_value(cell.kind, cells -> cell.name);
                    if fit.problem is not null then
                        problem := format('row %s: %s: %s', number, cell.name, fit.problem);
                        return;
                    end if;
                    cells := jsonb_set(cells, array[cell.name], fit.fitted);
                elsif (cell.kind ->> 'required')::boolean then
                    problem := format('row %s: %s is missing', number, cell.name);
                    return;
                end if;
            end loop;
            fitted := fitted || jsonb_build_array(cells);
        end loop;
    end $$;

-- Return the layers as an instruction holds them; what does not fit the template is an error in words.
create function hub.fit_layers(template hub_templates, given jsonb) returns jsonb language plpgsql as $$
    declare
        filled jsonb := '{}';
        layer record;
        fit record;
    begin
        if jsonb_typeof(given) is distinct from 'object' then
            raise exception 'layer_data_json: expected a JSON object with the layers of %', template.name
                using errcode = 'check_violation';
        end if;
        for layer in select name, value from jsonb_each(jsonb_strip_nulls(given)) as layers(name, value) loop
            if not template.layers ? layer.name then
                raise exception 'layer_data_json: unknown layer % of %; its layers are %', quote_literal(layer.name),
                    template.name, (select string_agg(name, ', ') from jsonb_object_keys(template.layers) as name)
                    using errcode = 'check_violation';
            end if;
            select * into fit from hub.fit_value(template.layers -> layer.name, layer.value);
            if fit.problem is not null then
                raise exception 'layer_data_json: layer % of %: %', layer.name, template.name, fit.problem
                    using errcode = 'check_violation';
            end if;
            filled := filled || jsonb_build_object(layer.name, fit.fitted);
        end loop;
        for layer in select name, kind from jsonb_each(template.layers) as layers(name, kind) loop
            if (layer.kind ->> 'required')::boolean and not filled ? layer.name then
                raise exception 'layer_data_json: % needs the layer %', template.name, layer.name
                    using errcode = 'check_violation';
            end if;
        end loop;
        return filled;
    end $$;

create function hub.require_number(settings jsonb, name text, lowest integer, highest integer) returns void
language plpgsql immutable as $$
    begin
        if settings ? name and (jsonb_typeof(settings -> name) <> 'number'
                or (settings ->> name)::numeric not between lowest and highest
                or (settings ->> name)::numeric <> trunc((settings ->> name)::numeric)) then
            raise exception 'output_settings_json: %: expected a whole number from % to %, got %', name, lowest,
                highest, settings ->> name using errcode = 'check_violation';
        end if;
    end $$;

create function hub.fit_output(template hub_templates, given jsonb) returns jsonb language plpgsql as $$
    declare
        settings jsonb := jsonb_strip_nulls(coalesce(nullif(given, 'null'), '{}'));
        output jsonb := template.output;
    begin
        if jsonb_typeof(settings) <> 'object' then
            raise exception 'output_settings_json: expected a JSON object' using errcode = 'check_violation';
        elsif settings ? 'format' and not template.formats @> jsonb_build_array(settings -> 'format') then
            raise exception 'output_settings_json: unknown format % of %; expected one of %', settings -> 'format',
                template.name, template.formats using errcode = 'check_violation';
        end if;
        perform hub.require_number(settings, 'width', 16, 7680), hub.require_number(settings, 'height', 16, 4320),
            hub.require_number(settings, 'fps', 1, 120), hub.require_number(settings, 'duration_frames', 1, 72000);
        if mod((settings ->> 'width')::integer, 2) = 1 or mod((settings ->> 'height')::integer, 2) = 1 then
            raise exception 'output_settings_json: width and height have to be even' using errcode = 'check_violation';
        end if;
        output := output || (select coalesce(jsonb_object_agg(name, value), '{}') from jsonb_each(settings)
            as given(name, value) where name in ('format', 'width', 'height', 'fps'));
        if settings ? 'duration_frames' then
            output := output || jsonb_build_object('seconds',
                round((settings ->> 'duration_frames')::numeric / (output ->> 'fps')::numeric, 6));
        end if;
        if (output ->> 'seconds')::numeric > 600 then
            raise exception 'output_settings_json: duration_frames: a graphic lasts at most 600 seconds'
                using errcode = 'check_violation';
        end if;
        return output;
    end $$;
