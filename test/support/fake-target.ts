import type { SendFailure, Target, TargetBatchReceipt, TargetReceipt } from '../../src/api/target';
import type { SenderClock } from '../../src/delivery/sender/clock';

export interface TargetRequest {
  kind: 'event' | 'batch' | 'picture' | 'packed';
  at: number;
  bodies: string[];
  eventIds: string[];
  /** name of the picture; of a packed event, what was packed */
  picture?: string;
}

/**
 * What to do with a request: `undefined` accepts it. `lost`: it is not answered; it lands `landsAfter` ms later, if at
 * all. `sentTwice`: the client repeats it, and only the second one is answered.
 */
export type Answer =
  | SendFailure
  | { lost: SendFailure; landsAfter?: number }
  | { omit: string[] }
  | { sentTwice: { firstLandsAfter: number } }
  | undefined;

/** A target in memory. It stores by event id as the API does: a later body overwrites an earlier one. */
export class FakeTarget implements Target {
  readonly requests: TargetRequest[] = [];
  /** by event id: every body that was stored, in the order of storing */
  readonly stored = new Map<string, string[]>();
  readonly acceptedAt = new Map<string, number>();
  readonly pictures: string[] = [];
  /** of the uploads, in their order */
  readonly metadata: unknown[] = [];
  latency = 20;
  packEvent?: Target['packEvent'];
  givesOwnIds?: boolean;
  answer: (request: TargetRequest) => Answer = () => undefined;
  private running = 0;
  mostAtOnce = 0;

  constructor(private readonly clock: SenderClock) {}

  /** The body that the target shows for an event now. */
  shown(eventId: string): string | undefined {
    return this.stored.get(eventId)?.at(-1);
  }

  async postEvent(body: string, signal?: AbortSignal): Promise<TargetReceipt> {
    const { attempts } = await this.handle('event', [body], signal);
    return { statusCode: 201, warnings: [], attempts };
  }

  async postBatch(bodies: string[], signal?: AbortSignal): Promise<TargetBatchReceipt> {
    const { request, omitted, attempts } = await this.handle('batch', bodies, signal);
    return {
      attempts,
      statusCode: 201,
      eventIds: request.eventIds.filter((id) => !omitted.includes(id)),
      warningsByEvent: {},
      warnings: [],
    };
  }

  async uploadPicture(
    picture: Parameters<Target['uploadPicture']>[0],
    signal?: AbortSignal,
  ): Promise<{ sourceId: string }> {
    await this.handle('picture', [], signal, picture.name);
    this.pictures.push(picture.name);
    this.metadata.push(picture.metadata);
    return { sourceId: `ve-img-${this.pictures.length}-${picture.name}` };
  }

  /** From now on pictures go together with their event, up to so many bytes. */
  takePacked(maxBytes = Infinity): void {
    // eslint-disable-next-line @typescript-eslint/require-await
    this.packEvent = async (body, pictures) => {
      const bytes = pictures.reduce((sum, picture) => sum + picture.bytes.length, body.length);
      if (bytes > maxBytes) return undefined;
      const packed = `${body}+${pictures.map(({ role }) => role).join('+')}`;
      return {
        bytes,
        post: async (signal) => {
          const { attempts } = await this.handle('packed', [body], signal, packed);
          return { statusCode: 201, warnings: [], attempts };
        },
      };
    };
  }

  requestsBetween(from: number, to: number): TargetRequest[] {
    return this.requests.filter(({ at }) => at >= from && at < to);
  }

  private async handle(
    kind: TargetRequest['kind'],
    bodies: string[],
    signal?: AbortSignal,
    picture?: string,
  ): Promise<{ request: TargetRequest; omitted: string[]; attempts: number }> {
    const eventIds = bodies.map((body) => (JSON.parse(body) as { eventId: string }).eventId);
    const request = { kind, at: this.clock.monotonic(), bodies, eventIds, picture };
    this.requests.push(request);
    const answer = this.answer(request);
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.running);
    try {
      await this.latencyOrAbort(signal);
    } finally {
      this.running--;
    }
    if (answer instanceof Error) throw answer;
    if (answer && 'lost' in answer) {
      if (answer.landsAfter !== undefined) {
        this.clock.setTimer(() => this.store(request, []), answer.landsAfter);
      }
      throw answer.lost;
    }
    if (answer && 'sentTwice' in answer) {
      this.clock.setTimer(() => this.store(request, []), answer.sentTwice.firstLandsAfter);
      this.store(request, []);
      return { request, omitted: [], attempts: 2 };
    }
    const omitted = answer?.omit ?? [];
    this.store(request, omitted);
    return { request, omitted, attempts: 1 };
  }

  private latencyOrAbort(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = () => {
        cancel();
        reject(failure('NETWORK', undefined, 'aborted'));
      };
      const cancel = this.clock.setTimer(() => {
        signal?.removeEventListener('abort', abort);
        resolve();
      }, this.latency);
      if (signal?.aborted) abort();
      else signal?.addEventListener('abort', abort);
    });
  }

  /** A request whose answer nobody waits for any more is carried out now. */
  land(request: TargetRequest): void {
    this.store(request, []);
  }

  private store(request: TargetRequest, omitted: string[]): void {
    request.eventIds.forEach((eventId, index) => {
      if (omitted.includes(eventId)) return;
      const bodies = this.stored.get(eventId) ?? [];
      bodies.push(request.bodies[index] ?? '');
      this.stored.set(eventId, bodies);
      if (!this.acceptedAt.has(eventId)) this.acceptedAt.set(eventId, this.clock.monotonic());
    });
  }
}

export function failure(
  code: SendFailure['code'],
  statusCode?: number,
  message = `answer ${statusCode ?? code}`,
  more: Partial<Pick<SendFailure, 'retryAfterMs' | 'needsOperator'>> = {},
): SendFailure {
  return Object.assign(new Error(message), { code, statusCode, ...more });
}

/** The failure that an API client makes of a status. */
export function statusFailure(statusCode: number, message?: string, retryAfterMs?: number): SendFailure {
  const more = retryAfterMs === undefined ? {} : { retryAfterMs };
  return failure(codeOf(statusCode), statusCode, message, more);
}

function codeOf(statusCode: number): SendFailure['code'] {
  if (statusCode === 401 || statusCode === 403) return 'UNAUTHORIZED';
  if (statusCode === 402 || statusCode === 423) return 'PAYMENT_REQUIRED';
  if (statusCode === 429) return 'RATE_LIMITED';
  return statusCode >= 500 ? 'SERVER_ERROR' : 'REJECTED';
}
