/**
 * Version 1 of the tables. `$S` is the schema.
 *
 * - `event`: `ready` is an event that nobody holds, that is due and that has no older one with its id. A row is
 *   copied when it is leased, so the body lies out of line (toast) and is copied with none of them.
 * - `event_head`: one event for each event id is the head, the others are `behind`. The unique index orders workers
 *   that append one id.
 * - `tally`: totals in 16 rows, so that transactions seldom wait for each other. Their sum counts.
 * - `stored`: keys of appends, so that one whose answer was lost is not stored a second time.
 * - `landing`: event ids of which an older version may still land at the target after it left the queue.
 */
export const TABLES = `
create sequence $S.event_number;
create table $S.queue (
  id int generated always as identity primary key,
  name text not null unique,
  bound_to text not null,
  is_paused boolean not null default false,
  closed_until timestamptz,
  damped_since timestamptz,
  next_slot_at timestamptz
);
create table $S.worker (
  id bigint generated always as identity primary key,
  queue int not null,
  name text not null,
  host text not null,
  version text not null,
  started_at timestamptz not null,
  seen_at timestamptz not null,
  delivered bigint not null default 0,
  per_minute int not null default 0,
  spilled bigint not null default 0,
  last_error text
);
create table $S.tally (
  queue int not null,
  lane int not null,
  events bigint not null default 0,
  bytes bigint not null default 0,
  dead bigint not null default 0,
  dead_bytes bigint not null default 0,
  primary key (queue, lane)
) with (fillfactor = 20);
create table $S.lease (
  token uuid primary key,
  queue int not null,
  worker bigint not null,
  events int not null,
  expires_at timestamptz not null
) with (fillfactor = 50);
create index lease_queue on $S.lease (queue);
create table $S.event (
  queue int not null,
  id bigint not null,
  event_id text not null,
  use_case_id text not null,
  body text not null,
  body_bytes int not null,
  bytes bigint not null,
  pictures int not null,
  behind boolean not null,
  due_at timestamptz,
  lease uuid,
  accepted_at timestamptz not null,
  attempts int not null default 0,
  may_land_until timestamptz,
  trouble jsonb,
  sent boolean not null default false,
  primary key (queue, id)
) with (toast_tuple_target = 128, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
alter table $S.event alter column body set storage external;
create unique index event_head on $S.event (queue, event_id) where not behind;
create index event_behind on $S.event (queue, event_id, id) where behind;
create index event_ready on $S.event (queue, id) where lease is null and due_at is null and not behind;
create index event_deferred on $S.event (queue, due_at) where lease is null and due_at is not null and not behind;
create index event_leased on $S.event (lease) where lease is not null;
create table $S.picture (
  event bigint not null,
  place int not null,
  role text not null,
  image int,
  media_type text not null,
  name text not null,
  metadata jsonb,
  size int not null,
  crc text not null,
  source_id text,
  bytes bytea not null,
  primary key (event, place)
) with (toast_tuple_target = 128);
alter table $S.picture alter column bytes set storage external;
create table $S.dead (
  queue int not null,
  id bigint not null,
  event_id text not null,
  use_case_id text not null,
  body text not null,
  body_bytes int not null,
  bytes bigint not null,
  pictures int not null,
  accepted_at timestamptz not null,
  died_at timestamptz not null,
  code text not null,
  status_code int,
  why text not null,
  primary key (queue, id)
);
create index dead_event_id on $S.dead (queue, event_id);
create table $S.stored (
  queue int not null,
  key text not null,
  keep_until timestamptz not null,
  primary key (queue, key)
);
create table $S.landing (
  queue int not null,
  event_id text not null,
  until timestamptz not null,
  primary key (queue, event_id)
);
`;

/**
 * Version 2.
 *
 * - `stored`: `is_void` is decided of an append that is not stored, and never will be.
 * - `worker`: the last error of its delivery; `at` in it is ms since 1970 by the database's clock.
 */
export const DOUBTS_AND_DELIVERY_ERRORS = `
alter table $S.stored add column is_void boolean not null default false;
alter table $S.worker add column delivery_error jsonb;
-- It has other columns now.
drop function if exists $S.workers(int, timestamptz);
`;
