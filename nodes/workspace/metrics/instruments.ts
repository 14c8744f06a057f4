import type * as PromClient from 'prom-client';
import { BoundedValues } from './bounded';

/**
 * A series costs Prometheus some kilobytes for as long as it keeps samples: enough for a plant, too few for a mistake.
 */
const MOST_WORKSPACES = 50;
const MOST_USE_CASES = 100;
const MOST_FIELDS = 100;
const MOST_WARNING_TYPES = 50;
/** Warnings and repairs have several labels: so many combinations of them, then only their totals go on. */
export const MOST_COMBINATIONS = 2000;

/** From a site's own Event Store to a large picture over a slow line, in seconds. */
const DURATION_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** Loaded when the first workspace has its metrics on. */
function promClient(): typeof PromClient {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require('prom-client') as typeof PromClient;
}

/** All metrics of this process, in a registry of its own: another package may use the library's default one. */
function makeInstruments() {
  const { Counter, Gauge, Histogram, Registry } = promClient();
  const registry = new Registry();
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, ...labels: Label[]) =>
    new Counter<'workspace' | Label>({
      name: `vision_events_${name}_total`,
      help,
      labelNames: ['workspace', ...labels],
      registers,
    });
  const gauge = <Label extends string>(name: string, help: string, ...labels: Label[]) =>
    new Gauge<'workspace' | Label>({
      name: `vision_events_${name}`,
      help,
      labelNames: ['workspace', ...labels],
      registers,
    });
  return {
    registry,
    workspaces: new BoundedValues(MOST_WORKSPACES),
    useCases: new BoundedValues(MOST_USE_CASES),
    fields: new BoundedValues(MOST_FIELDS),
    warningTypes: new BoundedValues(MOST_WARNING_TYPES),
    warningSets: new BoundedValues(MOST_COMBINATIONS, Infinity),
    repairSets: new BoundedValues(MOST_COMBINATIONS, Infinity),

    stored: counter('stored', 'Events that were stored in the outbox.', 'use_case'),
    delivered: counter('delivered', 'Events that the target took.', 'use_case'),
    refused: counter('refused', 'Events that the target refused for good.', 'use_case', 'reason'),
    dropped: counter(
      'dropped',
      'Events that were neither delivered nor kept: their flow got an error, or the outbox was full.',
      'use_case',
      'reason',
    ),
    retries: counter('retries', 'Requests of the outbox that failed or were refused.', 'cause'),
    repairs: counter('repairs', 'Values that were repaired before an event left.', 'use_case', 'field'),
    warnings: counter(
      'warnings',
      'Values that the API does not keep, predicted by the nodes or answered by the target.',
      'use_case',
      'source',
      'type',
      'field',
    ),
    uploads: counter('uploads', 'Pictures and bundles that were uploaded.', 'kind'),
    picturesShed: counter('pictures_shed', 'Pictures that a full outbox gave up to keep their events.'),
    damaged: counter('outbox_damaged_places', 'Damaged places in the outbox that were set aside.'),
    requestSeconds: new Histogram({
      name: 'vision_events_request_duration_seconds',
      help: 'Time from a connection to the last byte of the reply.',
      labelNames: ['workspace', 'endpoint', 'outcome'],
      buckets: DURATION_BUCKETS,
      registers,
    }),

    open: gauge(
      'outbox_open',
      '1 while the outbox is open, 0 while nodes store in it but it cannot be opened.',
    ),
    events: gauge('outbox_events', 'Events that wait in the outbox.'),
    bytes: gauge('outbox_bytes', 'Bytes that wait in the outbox.'),
    oldestAge: gauge('outbox_oldest_age_seconds', 'Age of the oldest event that waits in the outbox.'),
    limitEvents: gauge('outbox_limit_events', 'Events that the outbox may hold.'),
    limitBytes: gauge('outbox_limit_bytes', 'Bytes that the outbox may hold.'),
    freeBytes: gauge('outbox_free_bytes', 'Free space on the disk of the outbox folder.'),
    refusedKept: gauge('outbox_refused_events', 'Refused events that lie in the outbox until somebody acts.'),
    senderState: gauge('sender_state', '1 for what the sender does now, 0 for the others.', 'state'),
    breakerState: gauge('breaker_state', '1 for the state of the breaker, 0 for the others.', 'state'),
    rejecting: gauge('rejecting_use_cases', 'Use cases of which the target refuses every event at present.'),
  };
}

export type Instruments = ReturnType<typeof makeInstruments>;

let made: Instruments | undefined;

/** Made once for the process, so that a deploy resets no counter. */
export function instruments(): Instruments {
  return (made ??= makeInstruments());
}
