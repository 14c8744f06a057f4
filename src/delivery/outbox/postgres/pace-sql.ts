import { PINNED } from './queue-sql';

/**
 * What all workers of a queue keep to, as functions. Only a pause has to outlive a power cut: no other commit waits for
 * a disk.
 */
export const PACE_FUNCTIONS = `
-- One pace for all workers of a queue. @returns ms until the caller may send its request; its turn is taken then
create or replace function $S.take_turn(p_queue int, p_spacing_ms float8, p_now timestamptz) returns float8 language plpgsql ${PINNED} as $$
declare
  v_now timestamptz := $S.now_or(p_now);
  v_at timestamptz;
begin
  perform set_config('synchronous_commit', 'off', true);
  update $S.queue q set next_slot_at = greatest(v_now, q.next_slot_at) + p_spacing_ms * interval '1 ms'
  where q.id = p_queue returning next_slot_at - p_spacing_ms * interval '1 ms' into v_at;
  return greatest(0, extract(epoch from v_at - v_now) * 1000);
end $$;

-- What one worker heard from the target holds for all: nobody sends before that. A longer wait is never shortened.
create or replace function $S.close_target(p_queue int, p_ms float8, p_now timestamptz) returns void language plpgsql ${PINNED} as $$
begin
  perform set_config('synchronous_commit', 'off', true);
  update $S.queue q set closed_until = greatest(q.closed_until, $S.now_or(p_now) + p_ms * interval '1 ms') where q.id = p_queue;
end $$;

-- A backlog is drained at the common pace from now on, or it is no longer.
create or replace function $S.damp(p_queue int, p_is_damped boolean, p_now timestamptz) returns void language plpgsql ${PINNED} as $$
begin
  perform set_config('synchronous_commit', 'off', true);
  update $S.queue q set damped_since = case when p_is_damped then $S.now_or(p_now) end where q.id = p_queue;
end $$;

-- Nobody delivers, until this is taken back.
create or replace function $S.pause(p_queue int, p_is_paused boolean, p_now timestamptz) returns void language plpgsql ${PINNED} as $$
begin
  perform $S.durable();
  update $S.queue q set is_paused = p_is_paused where q.id = p_queue;
end $$;
`;
