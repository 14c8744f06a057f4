import { setImmediate as nextTurn } from 'node:timers/promises';
import type { QueryDelivery, QueryReport } from './deliver';
import type { Query } from './inputs';
import { endingWarning, readPages, type ReadPage, type Reader } from '../../src/api/query-pages';
import { lookbackStart } from './time';

export interface RunOptions {
  query: Query;
  reader: Required<Reader>;
  delivery: QueryDelivery;
  /** kept up to date while the query runs */
  report: QueryReport;
  /** epoch milliseconds of the query's start */
  now: number;
  onWarning: (text: string) => void;
  /** called after each page; `isLast` after the last */
  onProgress: (isLast: boolean) => void;
}

/**
 * Reads one query to its end and hands its pages on.
 *
 * Node-RED does not tell a node when the next one is done with a message. What can be done is done: a page is asked for
 * only after the messages of the one before had their turn in the event loop, so that nodes which work at once keep up,
 * and no more than one page is held here. Nodes behind that take their time need a limit, or a queue of their own.
 *
 * @throws ApiError when a page cannot be read; when the reader's signal is aborted, anything
 */
export async function runQuery(options: RunOptions): Promise<void> {
  const { query, reader, delivery, report } = options;
  try {
    for await (const page of readPages(query, reader)) {
      reader.signal.throwIfAborted();
      count(page, report);
      for (const warning of warningsOf(page, options)) {
        report.warnings = [...(report.warnings ?? []), warning];
        options.onWarning(warning);
      }
      delivery.take(page, report);
      options.onProgress(page.ending !== undefined);
      await nextTurn();
    }
  } catch (error) {
    if (!reader.signal.aborted) delivery.release?.(report);
    throw error;
  }
}

function count({ events, lookbackDays, ending }: ReadPage, report: QueryReport): void {
  report.pages++;
  report.count += events.length;
  report.complete = ending === 'end';
  if (lookbackDays !== undefined) report.lookbackDays = lookbackDays;
}

function warningsOf(page: ReadPage, { query, report, now }: RunOptions): string[] {
  const found = [
    report.pages === 1 ? lookbackWarning(query, page, now) : undefined,
    page.ending && endingWarning(page.ending),
  ];
  return found.filter((warning) => warning !== undefined);
}

function lookbackWarning(query: Query, { lookbackDays }: ReadPage, now: number): string | undefined {
  if (query.startTime === undefined || lookbackDays === undefined) return undefined;
  const oldest = lookbackStart(lookbackDays, now);
  if (Date.parse(query.startTime) >= oldest) return undefined;
  return (
    `The query starts at ${query.startTime}, but this workspace answers for the last ${lookbackDays} days only: ` +
    `events before ${new Date(oldest).toISOString()} are missing from the answer.`
  );
}
