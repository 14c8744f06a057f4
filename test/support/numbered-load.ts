import { createHash } from 'node:crypto';
import { EVENT_SENT_AS_IT_IS } from './sent-as-it-is';
import { setTimeout as delay } from 'node:timers/promises';
import {
  visionEventDefaults,
  workspaceDefaults,
  type WorkspaceProperties,
} from '../../nodes/shared/properties';
import type { Endpoint, Simulator } from '../../simulator/server';
import type { OutboxRecord } from '../../src/delivery/outbox/outbox';
import { jpeg } from '../unit/images/made-pictures';
import type { FlowNode } from './real-node-red';
import { until } from './until';

/** One event in so many carries a picture. */
const PICTURE_EVERY = 5;
const PICTURE_FILLER_BYTES = 20_000;
/** What Node-RED was doing with a request when it ended is never answered. */
const ANSWER_DEADLINE_MS = 5_000;
/** So that a Node-RED that is away is not asked a thousand times a second. */
const PAUSE_AFTER_FAILURE_MS = 20;

export const PLAIN = '/plain';
const PICTURED = '/pictured';
export const OUTBOX_COMMAND = '/outbox';

const USE_CASE = 'quality-line-1';

const hasPicture = (n: number) => n % PICTURE_EVERY === 0;
const valueOf = (n: number) => `number ${n}`;

export function numberedEventId(n: number): string {
  return `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
}

/** The same number gives the same bytes, and no other number does. */
export function pictureOf(n: number): Buffer {
  return jpeg(8 + (n % 1000), 8 + Math.floor(n / 1000), { filler: PICTURE_FILLER_BYTES });
}

/** The event that the flow makes of the number, as an outbox takes it. */
export function numberedDelivery(n: number): OutboxRecord {
  const event = {
    eventId: numberedEventId(n),
    eventType: 'custom',
    useCaseId: USE_CASE,
    timestamp: '2026-01-01T00:00:00.000Z',
    eventData: { value: valueOf(n) },
    customMetadata: { number: n },
  };
  const picture = { role: 'output', mediaType: 'image/jpeg', name: `${n}.jpg` } as const;
  return {
    eventId: event.eventId,
    useCaseId: event.useCaseId,
    body: JSON.stringify(event),
    pictures: hasPicture(n) ? [{ ...picture, bytes: pictureOf(n) }] : [],
  };
}

/**
 * The flow that the load is posted into: each request becomes one event, and is answered when `acknowledge` says so.
 *
 * - `done`: by a Complete node, so after the vision event node called `done`
 * - `at once`: beside the vision event node, as flows do that do not care
 */
export function numberedFlow(
  simulator: Simulator,
  {
    delivery = 'queue',
    acknowledge = 'done',
    apiKey = simulator.keys.full,
    workspace = {},
    credentials = {},
  }: {
    delivery?: 'queue' | 'send';
    acknowledge?: 'done' | 'at once';
    apiKey?: string;
    workspace?: Partial<WorkspaceProperties>;
    credentials?: Record<string, string>;
  } = {},
): FlowNode[] {
  const node = (id: string, type: string, properties: object): FlowNode => ({
    id,
    type,
    z: 'tab',
    x: 200,
    y: 200,
    ...properties,
  });
  const event = (id: string, properties: Partial<typeof visionEventDefaults>) =>
    node(id, 'roboflow-vision-event', {
      ...visionEventDefaults,
      ...EVENT_SENT_AS_IT_IS,
      workspace: 'workspace',
      delivery,
      detectionsType: 'none',
      eventType: 'custom',
      useCase: USE_CASE,
      eventId: 'payload.id',
      eventIdType: 'msg',
      value: 'payload.value',
      valueType: 'msg',
      metadata: [{ key: 'number', value: 'payload.number', valueType: 'msg' }],
      ...properties,
      wires: [[]],
    });
  const soon = acknowledge === 'at once' ? ['answer'] : [];
  return [
    { id: 'tab', type: 'tab', label: 'Load' },
    {
      ...workspaceDefaults,
      id: 'workspace',
      type: 'roboflow-vision-event-workspace',
      name: 'Test',
      baseUrl: simulator.url,
      batchLinger: 50,
      ...workspace,
      credentials: { apiKey, ...credentials },
    },
    node('plain-in', 'http in', { url: PLAIN, method: 'post', wires: [['plain', ...soon]] }),
    node('pictured-in', 'http in', { url: PICTURED, method: 'post', wires: [['decode', ...soon]] }),
    node('decode', 'function', {
      func: "msg.image = Buffer.from(msg.payload.image, 'base64'); return msg;",
      outputs: 1,
      wires: [['pictured']],
    }),
    event('plain', {}),
    event('pictured', { outputImage: 'image', outputImageType: 'msg' }),
    node('complete', 'complete', {
      scope: ['plain', 'pictured'],
      wires: [acknowledge === 'done' ? ['answer'] : []],
    }),
    node('catch', 'catch', { scope: null, wires: [acknowledge === 'done' ? ['refuse'] : []] }),
    node('answer', 'http response', { statusCode: '200', wires: [] }),
    node('refuse', 'http response', { statusCode: '500', wires: [] }),
    node('outbox-in', 'http in', { url: OUTBOX_COMMAND, method: 'post', wires: [['command']] }),
    node('command', 'change', {
      rules: [{ t: 'set', p: 'payload', pt: 'msg', to: 'payload.command', tot: 'msg' }],
      wires: [['outbox']],
    }),
    node('outbox', 'roboflow-vision-event-outbox', { workspace: 'workspace', wires: [[], [], ['state']] }),
    // The state also comes unasked; only an answer has somewhere to go.
    node('state', 'switch', {
      property: 'res',
      propertyType: 'msg',
      rules: [{ t: 'nnull' }],
      checkall: 'true',
      outputs: 1,
      wires: [['answer']],
    }),
  ];
}

/** Posts numbered events from several sides at once, each number once, and remembers those that were acknowledged. */
export class NumberedLoad {
  readonly acknowledged: number[] = [];
  private next: number;
  private running: Promise<void>[] = [];
  private stopping = false;
  private patience = new AbortController();

  constructor(
    private readonly url: string,
    private readonly producers = 6,
    first = 1,
  ) {
    this.next = first;
  }

  start(): void {
    this.stopping = false;
    this.running = Array.from({ length: this.producers }, () => this.produce());
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.running);
  }

  /** Gives up on what is under way: a redeploy leaves requests of the old flow without an answer. */
  abandon(): void {
    this.patience.abort();
    this.patience = new AbortController();
  }

  /** Waits until so many more were acknowledged. */
  async more(count: number, deadlineMs = 30_000): Promise<void> {
    const wanted = this.acknowledged.length + count;
    await until(
      () => this.acknowledged.length >= wanted,
      () => `only ${this.acknowledged.length} of ${wanted} events were acknowledged`,
      deadlineMs,
    );
  }

  private async produce(): Promise<void> {
    while (!this.stopping) {
      const n = this.next++;
      if (await this.post(n)) this.acknowledged.push(n);
      else await delay(PAUSE_AFTER_FAILURE_MS);
    }
  }

  private async post(n: number): Promise<boolean> {
    const body = {
      id: numberedEventId(n),
      number: n,
      value: valueOf(n),
      ...(hasPicture(n) ? { image: pictureOf(n).toString('base64') } : {}),
    };
    try {
      const answer = await fetch(`${this.url}${hasPicture(n) ? PICTURED : PLAIN}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.any([AbortSignal.timeout(ANSWER_DEADLINE_MS), this.patience.signal]),
      });
      await answer.arrayBuffer();
      return answer.status === 200;
    } catch {
      // Node-RED is away or went away: not acknowledged, so nothing was promised.
      return false;
    }
  }
}

/** Every body that reached the server, by event id, also of requests that then failed. */
export class ArrivalLog {
  private readonly bodies = new Map<string, Set<string>>();
  private readonly lastRounds = new Map<string, number>();
  /** by round: how many events came in it that came again later */
  readonly repeats: number[] = [0];

  /** how many different events arrived */
  get events(): number {
    return this.bodies.size;
  }

  /** What arrives from now on belongs to a new round. */
  beginRound(): void {
    this.repeats.push(0);
  }

  /** For the simulator's `observe`. */
  readonly observe = (endpoint: Endpoint, body: Buffer): void => {
    if (endpoint !== 'event' && endpoint !== 'batch') return;
    const content = JSON.parse(body.toString('utf8')) as { events?: SentEvent[] } & SentEvent;
    for (const event of content.events ?? [content]) {
      const sha = createHash('sha256').update(JSON.stringify(event)).digest('hex');
      this.bodies.set(event.eventId, (this.bodies.get(event.eventId) ?? new Set()).add(sha));
      const lastRound = this.lastRounds.get(event.eventId);
      if (lastRound !== undefined) this.repeats[lastRound]!++;
      this.lastRounds.set(event.eventId, this.repeats.length - 1);
    }
  };

  withSeveralBodies(): string[] {
    return [...this.bodies].filter(([, shas]) => shas.size > 1).map(([eventId]) => eventId);
  }
}

interface SentEvent {
  eventId: string;
}

/** @returns what is wrong with what is at the simulator, given what was acknowledged; empty when nothing is */
export function faultsOfArrivals(acknowledged: number[], simulator: Simulator, log: ArrivalLog): string[] {
  const there = new Map(simulator.events().map((stored) => [stored.eventId, stored.event]));
  const lost = acknowledged.filter((n) => !there.has(numberedEventId(n)));
  const faults = lost.length > 0 ? [`${lost.length} lost: ${lost.slice(0, 10).join(' ')}`] : [];
  const several = log.withSeveralBodies();
  if (several.length > 0)
    faults.push(`${several.length} with several bodies: ${several.slice(0, 5).join(' ')}`);
  for (const [eventId, event] of there) {
    const n = Number(eventId.slice(-12));
    const { eventData, customMetadata } = event as {
      eventData?: { value?: string };
      customMetadata?: { number?: number };
    };
    if (eventData?.value !== valueOf(n) || customMetadata?.number !== n) {
      faults.push(`event ${n} is not what was sent: ${JSON.stringify(event)}`);
    }
  }
  return faults;
}

/** @returns the numbers of events whose picture is missing or is not theirs */
export async function wrongPictures(simulator: Simulator): Promise<number[]> {
  const wrong: number[] = [];
  for (const { eventId, event } of simulator.events()) {
    const n = Number(eventId.slice(-12));
    const [image] = (event['images'] ?? []) as { sourceId?: string }[];
    if (!hasPicture(n) && image?.sourceId === undefined) continue;
    const answer = await fetch(`${simulator.url}/_simulator/images/${image?.sourceId}`);
    const bytes = Buffer.from(await answer.arrayBuffer());
    if (!answer.ok || !bytes.equals(pictureOf(n))) wrong.push(n);
  }
  return wrong;
}

export interface OutboxState {
  state: string;
  events: number;
  refused: number;
}

/** Gives the outbox of the flow a command and answers with its state. */
export async function commandOutbox(url: string, command: 'flush' | 'state'): Promise<OutboxState> {
  const answer = await fetch(`${url}${OUTBOX_COMMAND}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ command }),
    signal: AbortSignal.timeout(30_000),
  });
  if (!answer.ok) throw new Error(`the outbox answered ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as OutboxState;
}

const FLUSH_PAUSE_MS = 200;

/** Waits until everything that the outbox holds was delivered. */
export async function untilDrained(url: string, deadlineMs = 60_000): Promise<OutboxState> {
  let state: OutboxState | undefined;
  return until(
    async () => {
      state = await commandOutbox(url, 'flush');
      if (state.events === 0) return state;
      // a flush ends every wait between attempts
      await delay(FLUSH_PAUSE_MS);
      return undefined;
    },
    () => `the outbox does not drain: ${JSON.stringify(state)}`,
    deadlineMs,
  );
}
