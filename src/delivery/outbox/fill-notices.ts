import { FILL_NOTICE_HYSTERESIS_PERCENT, FILL_NOTICE_PERCENTS } from './limits';
import type { TellNotice } from './notices';

export interface FillLimits {
  /** the outbox, as it is named behind "the" */
  what: string;
  maxEvents: number;
  maxBytes: number;
}

interface Taken {
  events: number;
  bytes: number;
}

/** Tells of a filling outbox once an episode. */
export class FillNotices {
  private toldPercent = 0;
  private toldFull = false;

  constructor(
    private readonly limits: FillLimits,
    private readonly tell: TellNotice,
  ) {}

  /** To be called when events came. */
  look(taken: Taken): void {
    const percent = this.percent(taken);
    if (percent < 100 - FILL_NOTICE_HYSTERESIS_PERCENT) this.toldFull = false;
    const reached = Math.max(0, ...FILL_NOTICE_PERCENTS.filter((step) => percent >= step));
    if (reached <= this.toldPercent) return;
    this.toldPercent = reached;
    const { what, maxEvents, maxBytes } = this.limits;
    this.tell({
      code: 'FILLING',
      message:
        `The ${what} is ${reached} % full: ${taken.events} of ${maxEvents} events, ` +
        `${megabytes(taken.bytes)} of ${megabytes(maxBytes)} MB.`,
    });
  }

  /** To be called when events left: an episode of fullness may be over. */
  eased(taken: Taken): void {
    const percent = this.percent(taken);
    while (this.toldPercent > 0 && percent < this.toldPercent - FILL_NOTICE_HYSTERESIS_PERCENT) {
      this.toldPercent = Math.max(0, ...FILL_NOTICE_PERCENTS.filter((step) => step < this.toldPercent));
    }
  }

  /** Something did not fit. @returns the text, which is told once an episode */
  full(shortage: 'events' | 'bytes'): string {
    const { what, maxEvents, maxBytes } = this.limits;
    const [limit, setting] =
      shortage === 'events'
        ? [`${maxEvents} events`, '"Max. events" (outboxMaxEvents)']
        : [`${megabytes(maxBytes)} MB`, '"Max. size (MB)" (outboxMaxMegabytes)'];
    const message =
      `Restore the connection, or raise ${setting} of the workspace: the ${what} is full. ` +
      `It may hold ${limit}; the event was not stored.`;
    this.tellOnce('FULL', message);
    return message;
  }

  tellOnce(code: 'FULL' | 'DISK_LOW', message: string): void {
    if (this.toldFull) return;
    this.toldFull = true;
    this.tell({ code, message });
  }

  private percent({ events, bytes }: Taken): number {
    return Math.max(events / this.limits.maxEvents, bytes / this.limits.maxBytes) * 100;
  }
}

function megabytes(bytes: number): string {
  return (bytes / (1024 * 1024)).toFixed(bytes < 10 * 1024 * 1024 ? 1 : 0);
}
