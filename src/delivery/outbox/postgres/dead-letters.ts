import type { DeadLetter, DeadLetters } from '../outbox';
import { idText } from './stored-events';

interface DeadRow {
  id: string;
  event_id: string;
  code: string;
  status_code: number | null;
  why: string;
  died_ms: number;
  body: string;
}

export interface DeadLetterDeps {
  query: <Row>(text: string, values: unknown[]) => Promise<Row[]>;
  /** the name of a table or function of the outbox, with its schema */
  fn: (name: string) => string;
  queue: () => number;
  /** Carries out an order on these ids, all when there are none. @returns how many */
  order: (name: 'retry_dead' | 'discard_dead', ids: string[] | undefined) => Promise<number>;
}

/** The refused events of the queue, once for all its workers. */
export function postgresDeadLetters({ query, fn, queue, order }: DeadLetterDeps): DeadLetters {
  return {
    async list(limit = 100) {
      const rows = await query<DeadRow>(
        `select id, event_id, code, status_code, why, (extract(epoch from died_at) * 1000)::float8 as died_ms, body
         from ${fn('dead')} where queue = $1 order by id limit $2`,
        [queue(), limit],
      );
      return rows.map(presentLetter);
    },
    async idsOf(eventIds) {
      const rows = await query<{ id: string }>(
        `select id from ${fn('dead')} where queue = $1 and event_id = any ($2::text[]) order by id`,
        [queue(), eventIds],
      );
      return rows.map(({ id }) => idText(id));
    },
    retry: (ids) => order('retry_dead', ids),
    discard: (ids) => order('discard_dead', ids),
  };
}

function presentLetter({ id, event_id, code, status_code, why, died_ms, body }: DeadRow): DeadLetter {
  return {
    id: idText(id),
    eventId: event_id,
    code,
    statusCode: status_code ?? undefined,
    why,
    diedAt: died_ms,
    event: parsedOr(body),
  };
}

function parsedOr(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
