import { Sender } from '../../src/delivery/sender/sender';
import type { LateLanding } from '../../src/delivery/sender/handover';
import type { OutboxRecord } from '../../src/delivery/outbox/outbox';
import type { SenderSettings } from '../../src/delivery/sender/settings';
import type { OutageNotice, RefusedEvent, SenderState } from '../../src/delivery/sender/types';
import type { DeliveredEvent } from '../../src/delivery/outbox/outbox';
import { FakeClock } from './fake-clock';
import { FakeTarget } from './fake-target';
import { seededRandom } from './seed';
import { SenderOutbox } from './sender-outbox';

export function record(
  eventId: string,
  more: Partial<OutboxRecord> & { version?: number } = {},
): OutboxRecord {
  const { version = 1, ...fields } = more;
  const useCaseId = fields.useCaseId ?? 'dock';
  const body = JSON.stringify({ eventId, useCaseId, eventData: { value: `version ${version}` } });
  return { eventId, useCaseId, body, pictures: [], ...fields };
}

export function picture(name: string, role: 'output' | 'input' = 'output') {
  return { role, mediaType: 'image/png', name, bytes: new Uint8Array([1, 2, 3]) };
}

export interface BenchOptions {
  settings?: Partial<SenderSettings>;
  random?: () => number;
}

/** A sender between an outbox and a target in memory, on a clock that only moves when told. */
export class SenderBench {
  readonly clock = new FakeClock();
  readonly outbox = new SenderOutbox(this.clock);
  readonly target = new FakeTarget(this.clock);
  readonly delivered: DeliveredEvent[] = [];
  readonly refused: RefusedEvent[] = [];
  readonly outages: OutageNotice[] = [];
  readonly states: SenderState[] = [];
  sender: Sender;

  constructor(private readonly options: BenchOptions = {}) {
    this.sender = this.newSender();
  }

  /** @param lateLandings what the last sender left */
  newSender(lateLandings?: LateLanding[]): Sender {
    return new Sender({
      lateLandings,
      outbox: this.outbox,
      target: this.target,
      clock: this.clock,
      random: this.options.random ?? seededRandom(1),
      settings: this.options.settings,
      listeners: {
        delivered: (events) => this.delivered.push(...events),
        refused: (events) => this.refused.push(...events),
        outage: (notice) => this.outages.push(notice),
        state: (state) => this.states.push(state),
      },
    });
  }

  append(...records: OutboxRecord[]): Promise<void> {
    return this.outbox.append(records);
  }

  /** `count` events with ids `<prefix>1` … */
  appendMany(count: number, prefix = 'e', more: Partial<OutboxRecord> = {}): Promise<void> {
    return this.outbox.append(
      Array.from({ length: count }, (_, index) => record(`${prefix}${index + 1}`, more)),
    );
  }

  get waiting(): number {
    return this.outbox.stats().events;
  }

  storedIds(): string[] {
    return [...this.target.stored.keys()];
  }
}
