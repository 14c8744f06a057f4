import { PINNED } from './queue-sql';

/** Refused events, and of making room, as functions. */
export const UPKEEP_FUNCTIONS = `
-- Two orders on one letter wait for each other, and the second finds it gone. @returns how many
create or replace function $S.retry_dead(p_queue int, p_ids bigint[], p_now timestamptz)
returns table (count int, totals jsonb) language plpgsql ${PINNED} as $$
declare
  v_now timestamptz := $S.now_or(p_now);
  v_rows $S.dead[];
begin
  perform $S.durable();
  with taken as (
    delete from $S.dead d where d.queue = p_queue and d.id in (
      select o.id from $S.dead o where o.queue = p_queue and (p_ids is null or o.id = any (p_ids)) order by o.id for update)
    returning d.*
  )
  select coalesce(array_agg(row(t.*)::$S.dead order by t.id), '{}') into v_rows from taken t;
  count := cardinality(v_rows);
  if count > 0 then
    perform $S.insert_events(p_queue, array_agg(r.id), array_agg(r.event_id), array_agg(r.use_case_id), array_agg(r.body),
      array_agg(r.body_bytes), array_agg(r.bytes), array_agg(r.pictures), array_agg(r.accepted_at), v_now)
    from unnest(v_rows) r;
    perform $S.count_in(p_queue, count, sum(r.bytes)::bigint, -count, -sum(r.bytes)::bigint) from unnest(v_rows) r;
  end if;
  totals := $S.totals(p_queue, p_now);
  return next;
end $$;

create or replace function $S.discard_dead(p_queue int, p_ids bigint[], p_now timestamptz)
returns table (count int, totals jsonb) language plpgsql ${PINNED} as $$
declare
  v_ids bigint[];
  v_bytes bigint;
begin
  perform $S.durable();
  with gone as (
    delete from $S.dead d where d.queue = p_queue and d.id in (
      select o.id from $S.dead o where o.queue = p_queue and (p_ids is null or o.id = any (p_ids)) order by o.id for update)
    returning d.id, d.bytes
  )
  select coalesce(array_agg(g.id), '{}'), coalesce(sum(g.bytes), 0) into v_ids, v_bytes from gone g;
  count := cardinality(v_ids);
  if count > 0 then
    delete from $S.picture p where p.event = any (v_ids);
    perform $S.count_in(p_queue, 0, 0, -count, -v_bytes);
  end if;
  totals := $S.totals(p_queue, p_now);
  return next;
end $$;

-- The oldest events that wait give up their place. @returns how many
create or replace function $S.drop_oldest(p_queue int, p_events bigint, p_bytes bigint, p_now timestamptz)
returns table (count int, totals jsonb) language plpgsql ${PINNED} as $$
declare
  v_row record;
  v_ids bigint[] := '{}';
  v_bytes bigint := 0;
begin
  perform pg_advisory_xact_lock(hashtext('$S'), p_queue);
  perform $S.durable();
  for v_row in select e.id, e.bytes from $S.event e where e.queue = p_queue and e.lease is null order by e.id loop
    exit when cardinality(v_ids) >= p_events and v_bytes >= p_bytes;
    v_ids := v_ids || v_row.id;
    v_bytes := v_bytes + v_row.bytes;
  end loop;
  count := cardinality(v_ids);
  if count > 0 then perform $S.remove_events(p_queue, v_ids, false, $S.now_or(p_now)); end if;
  totals := $S.totals(p_queue, p_now);
  return next;
end $$;

-- The oldest pictures that wait give up their place, but those that may be at the target already. @returns how many
create or replace function $S.shed_pictures(p_queue int, p_bytes bigint, p_now timestamptz)
returns table (count int, totals jsonb) language plpgsql ${PINNED} as $$
declare
  v_row record;
  v_freed bigint := 0;
begin
  perform pg_advisory_xact_lock(hashtext('$S'), p_queue);
  perform $S.durable();
  count := 0;
  for v_row in
    select e.id, p.place, p.size from $S.event e join $S.picture p on p.event = e.id
    where e.queue = p_queue and e.lease is null and e.pictures > 0 and not e.sent and p.source_id is null
    order by e.id, p.place
  loop
    exit when v_freed >= p_bytes;
    delete from $S.picture p where p.event = v_row.id and p.place = v_row.place;
    update $S.event e set bytes = e.bytes - v_row.size, pictures = e.pictures - 1 where e.queue = p_queue and e.id = v_row.id;
    v_freed := v_freed + v_row.size;
    count := count + 1;
  end loop;
  if count > 0 then perform $S.count_in(p_queue, 0, -v_freed, 0, 0); end if;
  totals := $S.totals(p_queue, p_now);
  return next;
end $$;

-- Decides what became of an append whose answer was lost: from now on it is stored, or it never will be. This may be
-- asked again.
-- @returns whether it is stored
create or replace function $S.is_stored(p_queue int, p_key text, p_keep interval, p_now timestamptz) returns boolean
language plpgsql ${PINNED} as $$
begin
  perform $S.durable();
  insert into $S.stored (queue, key, keep_until, is_void) values (p_queue, p_key, $S.now_or(p_now) + p_keep, true)
  on conflict do nothing;
  return not (select s.is_void from $S.stored s where s.queue = p_queue and s.key = p_key);
end $$;
`;
