import { PINNED } from './queue-sql';

/**
 * What is done with a lease, as functions. Every write names the token of its lease; without it in the table, nothing
 * is written.
 */
export const LEASE_FUNCTIONS = `
-- Not held: it was settled before, or it was given up and its events are with others.
create or replace function $S.settle(p_queue int, p_token uuid, p_acked bigint[], p_retry jsonb, p_dead jsonb, p_notes jsonb, p_now timestamptz)
returns table (held boolean, totals jsonb) language plpgsql ${PINNED} as $$
declare
  v_now timestamptz := $S.now_or(p_now);
  v_dead bigint[];
  v_bytes bigint;
begin
  perform $S.durable();
  delete from $S.lease l where l.token = p_token;
  held := found;
  if held then
    if p_notes is not null then
      update $S.event e set may_land_until = greatest(e.may_land_until, v_now + n."mayLandMs" * interval '1 ms'),
        trouble = coalesce(n.trouble || jsonb_build_object('at', extract(epoch from v_now) * 1000), e.trouble)
      from jsonb_to_recordset(p_notes) as n (id bigint, "mayLandMs" float8, trouble jsonb)
      where e.queue = p_queue and e.id = n.id and e.lease = p_token;
    end if;
    if p_dead is not null then
      with buried as (
        insert into $S.dead (queue, id, event_id, use_case_id, body, body_bytes, bytes, pictures, accepted_at, died_at, code, status_code, why)
        select p_queue, e.id, e.event_id, e.use_case_id, e.body, e.body_bytes, e.bytes, e.pictures, e.accepted_at, v_now, d.code, d."statusCode", d.why
        from jsonb_to_recordset(p_dead) as d (id bigint, code text, "statusCode" int, why text)
        join $S.event e on e.queue = p_queue and e.id = d.id and e.lease = p_token
        returning id, bytes
      )
      select array_agg(b.id), coalesce(sum(b.bytes), 0) into v_dead, v_bytes from buried b;
      if v_dead is not null then
        perform $S.remove_events(p_queue, v_dead, true, v_now);
        perform $S.count_in(p_queue, 0, 0, cardinality(v_dead), v_bytes);
      end if;
    end if;
    if cardinality(p_acked) > 0 then
      perform $S.remove_events(p_queue, array(select e.id from $S.event e where e.lease = p_token and e.id = any (p_acked)), false, v_now);
    end if;
    if p_retry is not null then
      update $S.event e set lease = null, attempts = e.attempts + 1,
        due_at = case when r."delayMs" > 0 then v_now + r."delayMs" * interval '1 ms' end
      from jsonb_to_recordset(p_retry) as r (id bigint, "delayMs" float8)
      where e.queue = p_queue and e.id = r.id and e.lease = p_token;
    end if;
    update $S.event e set lease = null where e.lease = p_token;
  end if;
  totals := $S.totals(p_queue, p_now);
  return next;
end $$;

create or replace function $S.mark_uploaded(p_queue int, p_token uuid, p_id bigint, p_role text, p_image int, p_source_id text)
returns boolean language plpgsql ${PINNED} as $$
begin
  perform $S.durable();
  perform from $S.lease l where l.token = p_token for key share;
  if not found then return false; end if;
  update $S.picture p set source_id = p_source_id
  where p.event = p_id and p.role = p_role and coalesce(p.image, 0) = p_image
    and exists (select from $S.event e where e.queue = p_queue and e.id = p_id and e.lease = p_token);
  return found;
end $$;

create or replace function $S.mark_sent(p_queue int, p_token uuid, p_id bigint) returns boolean language plpgsql ${PINNED} as $$
begin
  perform $S.durable();
  perform from $S.lease l where l.token = p_token for key share;
  if not found then return false; end if;
  update $S.event e set sent = true where e.queue = p_queue and e.id = p_id and e.lease = p_token;
  return found;
end $$;

-- The heartbeat of one worker: its leases live on, those of workers that fell silent are given up. What a silent
-- worker had under way may still land, so younger versions of its events wait.
-- @returns which of its leases it still has
create or replace function $S.beat(p_queue int, p_worker bigint, p_tokens uuid[], p_ms float8, p_land_ms float8, p_delivered bigint,
  p_per_minute int, p_spilled bigint, p_last_error text, p_delivery_error jsonb, p_prunes boolean, p_now timestamptz)
returns table (held uuid[], taken_over int, version int, totals jsonb) language plpgsql ${PINNED} as $$
declare
  v_now timestamptz := $S.now_or(p_now);
  v_lost uuid[];
begin
  perform $S.durable();
  update $S.worker w set seen_at = v_now, delivered = p_delivered, per_minute = p_per_minute, spilled = p_spilled, last_error = p_last_error,
    delivery_error = (p_delivery_error - 'msAgo')
      || jsonb_build_object('at', extract(epoch from v_now) * 1000 - (p_delivery_error->>'msAgo')::float8)
  where w.id = p_worker;
  with kept as (
    update $S.lease l set expires_at = v_now + p_ms * interval '1 ms' where l.token = any (p_tokens) returning token
  )
  select coalesce(array_agg(token), '{}') into held from kept;
  with over as (
    delete from $S.lease l where l.token in (
      select o.token from $S.lease o where o.queue = p_queue and o.expires_at < v_now order by o.token for update skip locked)
    returning token
  )
  select coalesce(array_agg(token), '{}') into v_lost from over;
  taken_over := 0;
  if cardinality(v_lost) > 0 then
    update $S.event e set lease = null, may_land_until = greatest(e.may_land_until, v_now + p_land_ms * interval '1 ms')
    where e.lease = any (v_lost);
    get diagnostics taken_over = row_count;
  end if;
  if p_prunes then
    delete from $S.stored s where s.keep_until < v_now and s.queue = p_queue;
    delete from $S.landing l where l.until < v_now and l.queue = p_queue;
    delete from $S.worker w where w.queue = p_queue and w.seen_at < v_now - interval '7 days';
  end if;
  select m.version into version from $S.meta m;
  totals := $S.totals(p_queue, p_now);
  return next;
end $$;

-- Who delivers from the queue, or did in the last hour.
create or replace function $S.workers(p_queue int, p_now timestamptz)
returns table (id bigint, name text, host text, version text, leased bigint, delivered bigint, per_minute int, seen_ms_ago float8,
  spilled bigint, last_error text, delivery_error jsonb) language sql ${PINNED} as $$
  select w.id, w.name, w.host, w.version, (select coalesce(sum(l.events), 0)::bigint from $S.lease l where l.worker = w.id and l.queue = p_queue),
    w.delivered, w.per_minute, greatest(0, extract(epoch from $S.now_or(p_now) - w.seen_at) * 1000)::float8, w.spilled, w.last_error,
    (w.delivery_error - 'at') || jsonb_build_object('msAgo',
      greatest(0, extract(epoch from $S.now_or(p_now)) * 1000 - (w.delivery_error->>'at')::float8))
  from $S.worker w where w.queue = p_queue and w.seen_at > $S.now_or(p_now) - interval '1 hour'
  order by w.name, w.id
$$;
`;
