/**
 * What the outbox does, as functions: one round trip and one transaction each, and plans that stay the same. A planner
 * that knows only the statistics of an empty table would read the whole queue for each lease. Functions that only other
 * functions call have their plans pinned by those. Times come from the database's clock; `p_now` is for tests.
 */
export const PINNED = `set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off`;

/** What a row of `event` is while it may be leased; as in the index. */
const READY = `lease is null and due_at is null and not behind`;

export const QUEUE_FUNCTIONS = `
create or replace function $S.now_or(p_now timestamptz) returns timestamptz language sql volatile as
$$ select coalesce(p_now, clock_timestamp()) $$;

-- Until the end of the transaction: a setting of the function itself would end before the commit.
create or replace function $S.durable() returns void language plpgsql as $$
begin
  if current_setting('synchronous_commit') in ('off', 'local') then
    perform set_config('synchronous_commit', 'on', true);
  end if;
end $$;

create or replace function $S.count_in(p_queue int, p_events bigint, p_bytes bigint, p_dead bigint, p_dead_bytes bigint)
returns void language plpgsql as $$
begin
  insert into $S.tally as t (queue, lane, events, bytes, dead, dead_bytes)
  values (p_queue, pg_backend_pid() % 16, p_events, p_bytes, p_dead, p_dead_bytes)
  on conflict (queue, lane) do update set events = t.events + p_events, bytes = t.bytes + p_bytes,
    dead = t.dead + p_dead, dead_bytes = t.dead_bytes + p_dead_bytes;
end $$;

create or replace function $S.totals(p_queue int, p_now timestamptz) returns jsonb language plpgsql ${PINNED} as $$
declare
  v_sums record;
  v_due timestamptz;
  v_queue $S.queue;
begin
  select q.* into v_queue from $S.queue q where q.id = p_queue;
  select coalesce(sum(events), 0) events, coalesce(sum(bytes), 0) bytes, coalesce(sum(dead), 0) dead,
    coalesce(sum(dead_bytes), 0) dead_bytes into v_sums from $S.tally where queue = p_queue;
  if exists (select from $S.event where queue = p_queue and ${READY}) then
    v_due := '-infinity';
  else
    select due_at into v_due from $S.event
    where queue = p_queue and lease is null and due_at is not null and not behind order by due_at limit 1;
  end if;
  return jsonb_build_object(
    'now', extract(epoch from $S.now_or(p_now)) * 1000,
    'events', v_sums.events, 'bytes', v_sums.bytes, 'dead', v_sums.dead, 'deadBytes', v_sums.dead_bytes,
    'leased', (select coalesce(sum(events), 0) from $S.lease where queue = p_queue),
    'oldestAt', (select extract(epoch from accepted_at) * 1000 from $S.event where queue = p_queue order by id limit 1),
    'isReady', coalesce(v_due = '-infinity', false),
    'isPaused', v_queue.is_paused,
    'closedUntil', extract(epoch from v_queue.closed_until) * 1000,
    'dampedSince', extract(epoch from v_queue.damped_since) * 1000,
    'dueAt', case when v_due > '-infinity' then extract(epoch from v_due) * 1000 end);
end $$;

-- The first of each event id that nobody has becomes the head, the others wait behind it. Rows are inserted in the
-- order of the event ids, so that two workers with the same ids wait for each other, and never both. A head that is
-- to be believed is locked until the commit.
create or replace function $S.insert_events(p_queue int, p_ids bigint[], p_event_ids text[], p_use_case_ids text[], p_bodies text[],
  p_body_bytes int[], p_bytes bigint[], p_pictures int[], p_accepted timestamptz[], p_now timestamptz)
returns void language plpgsql as $$
declare
  v_left bigint[] := p_ids;
  v_taken bigint[];
  v_behind bigint[];
begin
  for v_round in 1 .. 1000 loop
    with given as (
      select * from unnest(p_ids, p_event_ids, p_use_case_ids, p_bodies, p_body_bytes, p_bytes, p_pictures, p_accepted)
        as g (id, event_id, use_case_id, body, body_bytes, bytes, pictures, accepted_at)
    ), taken as (
      insert into $S.event (queue, id, event_id, use_case_id, body, body_bytes, bytes, pictures, behind, accepted_at, due_at)
      select p_queue, g.id, g.event_id, g.use_case_id, g.body, g.body_bytes, g.bytes, g.pictures, false, g.accepted_at,
        (select l.until from $S.landing l where l.queue = p_queue and l.event_id = g.event_id and l.until > p_now)
      from given g where v_round = 1 or g.id = any (v_left)
      order by g.event_id, g.id
      on conflict (queue, event_id) where not behind do nothing
      returning id
    )
    select array_agg(id) into v_taken from taken;
    if cardinality(v_taken) = cardinality(v_left) then return; end if;
    v_left := array(select unnest(v_left) except select unnest(v_taken));
    with heads as (
      select h.event_id from $S.event h
      where h.queue = p_queue and not h.behind and h.event_id in (
        select g.event_id from unnest(p_ids, p_event_ids) as g (id, event_id) where g.id = any (v_left))
      order by h.event_id for key share
    ), given as (
      select * from unnest(p_ids, p_event_ids, p_use_case_ids, p_bodies, p_body_bytes, p_bytes, p_pictures, p_accepted)
        as g (id, event_id, use_case_id, body, body_bytes, bytes, pictures, accepted_at)
    ), taken as (
      insert into $S.event (queue, id, event_id, use_case_id, body, body_bytes, bytes, pictures, behind, accepted_at)
      select p_queue, g.id, g.event_id, g.use_case_id, g.body, g.body_bytes, g.bytes, g.pictures, true, g.accepted_at
      from given g join heads using (event_id) where g.id = any (v_left)
      returning id
    )
    select array_agg(id) into v_behind from taken;
    if cardinality(v_behind) = cardinality(v_left) then return; end if;
    v_left := array(select unnest(v_left) except select unnest(v_behind));
  end loop;
  raise exception 'no head found for %', v_left;
end $$;

-- @returns the ids in the order of what was given, null for what was stored by an earlier attempt with the same key
create or replace function $S.append(p_queue int, p_keys text[], p_keep interval, p_key_of int[], p_event_ids text[], p_use_case_ids text[],
  p_bodies text[], p_body_bytes int[], p_bytes bigint[], p_pictures int[], p_age_ms float8[], p_now timestamptz)
returns table (ids bigint[], totals jsonb) language plpgsql ${PINNED} as $$
declare
  v_now timestamptz := $S.now_or(p_now);
  v_new text[];
  v_ids bigint[];
  v_events bigint;
  v_bytes bigint;
begin
  perform $S.durable();
  with noted as (
    insert into $S.stored (queue, key, keep_until) select p_queue, k, v_now + p_keep from unnest(p_keys) k
    on conflict do nothing returning key
  )
  select coalesce(array_agg(key), '{}') into v_new from noted;
  if cardinality(v_new) > 0 then
    select array_agg(case when p_keys[k] = any (v_new) then nextval('$S.event_number') end order by o)
    into v_ids from unnest(p_key_of) with ordinality as u (k, o);
    select count(*), sum(b) into v_events, v_bytes from unnest(v_ids, p_bytes) as u (i, b) where i is not null;
    if v_events = cardinality(v_ids) then
      perform $S.insert_events(p_queue, v_ids, p_event_ids, p_use_case_ids, p_bodies, p_body_bytes, p_bytes, p_pictures,
        array(select v_now - a * interval '1 ms' from unnest(p_age_ms) with ordinality as u (a, o) order by o), v_now);
    elsif v_events > 0 then
      perform $S.insert_events(p_queue, array_agg(i order by i), array_agg(e order by i), array_agg(u order by i),
        array_agg(t order by i), array_agg(tb order by i), array_agg(b order by i), array_agg(p order by i),
        array_agg(v_now - a * interval '1 ms' order by i), v_now)
      from unnest(v_ids, p_event_ids, p_use_case_ids, p_bodies, p_body_bytes, p_bytes, p_pictures, p_age_ms)
        as g (i, e, u, t, tb, b, p, a) where i is not null;
    end if;
    perform $S.count_in(p_queue, v_events, coalesce(v_bytes, 0), 0, 0);
  end if;
  return query select v_ids, $S.totals(p_queue, p_now);
end $$;

-- One at a time in a queue: two that begin at the same place would only wait for each other's rows.
create or replace function $S.lease(p_queue int, p_worker bigint, p_token uuid, p_ms float8, p_events int, p_bytes bigint,
  p_newest boolean, p_now timestamptz)
returns table (id bigint, event_id text, use_case_id text, body text, body_bytes int, accepted_ms float8, attempts int,
  may_land_ms float8, trouble jsonb, pictures jsonb, totals jsonb) language plpgsql ${PINNED} as $$
declare
  v_now timestamptz := $S.now_or(p_now);
  v_from refcursor;
  v_row record;
  v_use_case text;
  v_bytes bigint := 0;
  v_ids bigint[] := '{}';
  v_seen int := 0;
  v_totals jsonb;
begin
  if exists (select from $S.queue q where q.id = p_queue and (q.is_paused or q.closed_until > v_now)) then
    totals := $S.totals(p_queue, p_now);
    return next;
    return;
  end if;
  perform pg_advisory_xact_lock(hashtext('$S'), p_queue);
  perform $S.durable();
  update $S.event e set due_at = null where e.queue = p_queue and e.id in (
    select d.id from $S.event d where d.queue = p_queue and d.due_at <= v_now and d.lease is null and not d.behind
    order by d.due_at limit 1000 for no key update skip locked);
  if p_newest then
    open v_from for select e.id, e.use_case_id, e.body_bytes from $S.event e where e.queue = p_queue and ${READY} order by e.id desc;
  else
    open v_from for select e.id, e.use_case_id, e.body_bytes from $S.event e where e.queue = p_queue and ${READY} order by e.id;
  end if;
  loop
    fetch v_from into v_row;
    exit when not found or v_seen >= 16 * p_events + 100 or cardinality(v_ids) >= p_events;
    v_seen := v_seen + 1;
    v_use_case := coalesce(v_use_case, v_row.use_case_id);
    continue when v_row.use_case_id <> v_use_case;
    v_bytes := v_bytes + v_row.body_bytes;
    exit when v_bytes > p_bytes and cardinality(v_ids) > 0;
    v_ids := v_ids || v_row.id;
  end loop;
  close v_from;
  with leased as (
    update $S.event e set lease = p_token where e.queue = p_queue and e.id = any (v_ids) and e.lease is null returning e.id
  )
  select coalesce(array_agg(l.id), '{}') into v_ids from leased l;
  if cardinality(v_ids) > 0 then
    insert into $S.lease (token, queue, worker, events, expires_at)
    values (p_token, p_queue, p_worker, cardinality(v_ids), v_now + p_ms * interval '1 ms');
  end if;
  v_totals := $S.totals(p_queue, p_now);
  if cardinality(v_ids) = 0 then
    totals := v_totals;
    return next;
    return;
  end if;
  return query select e.id, e.event_id, e.use_case_id, e.body, e.body_bytes,
    (extract(epoch from e.accepted_at) * 1000)::float8, e.attempts,
    (extract(epoch from e.may_land_until - v_now) * 1000)::float8, e.trouble,
    case when e.pictures > 0 then (
      select jsonb_agg(jsonb_build_object('place', p.place, 'role', p.role, 'image', p.image, 'mediaType', p.media_type, 'name', p.name,
        'metadata', p.metadata, 'size', p.size, 'crc', p.crc, 'sourceId', p.source_id) order by p.place)
      from $S.picture p where p.event = e.id) end,
    case when e.id = v_ids[1] then v_totals end
  from $S.event e where e.queue = p_queue and e.id = any (v_ids) order by e.id;
end $$;

-- The oldest that waits behind each of these event ids takes its turn.
create or replace function $S.promote(p_queue int, p_event_ids text[], p_now timestamptz) returns void language plpgsql as $$
begin
  update $S.event e set behind = false,
    due_at = (select l.until from $S.landing l where l.queue = p_queue and l.event_id = e.event_id and l.until > p_now)
  where e.queue = p_queue and e.id in (
    select (select b.id from $S.event b where b.queue = p_queue and b.event_id = f and b.behind order by b.id limit 1)
    from (select distinct unnest(p_event_ids) f) freed);
end $$;

-- Deletes events that leave the queue, and remembers which of their requests may still land.
create or replace function $S.remove_events(p_queue int, p_ids bigint[], p_keep_pictures boolean, p_now timestamptz)
returns void language plpgsql as $$
declare
  v_event_ids text[];
  v_events bigint;
  v_bytes bigint;
  v_pictures bigint;
  v_landing boolean;
begin
  perform from $S.event e where e.queue = p_queue and e.id = any (p_ids) order by e.event_id for update;
  with gone as (
    delete from $S.event e where e.queue = p_queue and e.id = any (p_ids) returning e.*
  ), landing as (
    insert into $S.landing as l (queue, event_id, until)
    select p_queue, g.event_id, max(g.may_land_until) from gone g where g.may_land_until > p_now group by g.event_id
    on conflict (queue, event_id) do update set until = greatest(l.until, excluded.until)
  )
  select array_agg(g.event_id), count(*), coalesce(sum(g.bytes), 0), coalesce(sum(g.pictures), 0)
  into v_event_ids, v_events, v_bytes, v_pictures from gone g;
  if v_events = 0 then return; end if;
  if v_pictures > 0 and not p_keep_pictures then delete from $S.picture where event = any (p_ids); end if;
  perform $S.promote(p_queue, v_event_ids, p_now);
  perform $S.count_in(p_queue, -v_events, -v_bytes, 0, 0);
end $$;

`;
