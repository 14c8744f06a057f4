import type { SharedPace } from '../outbox';
import type { Mirror } from './mirror';

export interface CommonPaceDeps {
  mirror: Mirror;
  /** Calls a function of the outbox; rejects while the database does not answer. */
  call: (name: PaceFunction, value: number | boolean) => Promise<unknown>;
}

type PaceFunction = 'take_turn' | 'close_target' | 'damp' | 'pause';

/** What the workers of one queue keep to, by way of its row in the database. */
export class CommonPace implements SharedPace {
  constructor(private readonly deps: CommonPaceDeps) {}

  get isPaused(): boolean {
    return this.deps.mirror.totals.isPaused;
  }

  async setPaused(isPaused: boolean): Promise<void> {
    await this.deps.call('pause', isPaused);
    this.deps.mirror.amend({ isPaused });
  }

  closedForMs(): number {
    const { mirror } = this.deps;
    const { closedUntil } = mirror.totals;
    return closedUntil === null ? 0 : Math.max(0, closedUntil - mirror.databaseNow());
  }

  dampedForMs(): number | undefined {
    const { mirror } = this.deps;
    const { dampedSince } = mirror.totals;
    return dampedSince === null ? undefined : Math.max(0, mirror.databaseNow() - dampedSince);
  }

  close(ms: number): void {
    const { mirror } = this.deps;
    const until = mirror.databaseNow() + ms;
    mirror.amend({ closedUntil: Math.max(until, mirror.totals.closedUntil ?? -Infinity) });
    this.tell('close_target', ms);
  }

  beginDrain(): void {
    this.deps.mirror.amend({ dampedSince: this.deps.mirror.databaseNow() });
    this.tell('damp', true);
  }

  endDrain(): void {
    this.deps.mirror.amend({ dampedSince: null });
    this.tell('damp', false);
  }

  async takeTurn(spacingMs: number): Promise<number | undefined> {
    const wait = await this.deps.call('take_turn', spacingMs).catch(() => undefined);
    return typeof wait === 'number' ? wait : undefined;
  }

  /** The others hear of it when the database answers. */
  private tell(name: 'close_target' | 'damp', value: number | boolean): void {
    this.deps.call(name, value).catch(() => undefined);
  }
}
