import { setTimeout as delay } from 'node:timers/promises';
import { adoptFolders } from '../../src/delivery/outbox/disk/adopt';
import { ADOPT_LOOK_MS } from '../../src/delivery/outbox/limits';
import type { Outbox } from '../../src/delivery/outbox/outbox';
import type { OutboxFolder } from './outbox-folder';

/** Takes over the outbox folders of replicas that are gone for good, now and once a minute. */
export class Adoption {
  private readonly timer: NodeJS.Timeout;
  private looking: Promise<void> | undefined;
  private stopped = false;
  private told = '';

  constructor(
    private readonly parent: OutboxFolder,
    private readonly ownDir: string,
    private readonly into: Outbox,
    private readonly warn: (text: string) => void,
  ) {
    this.timer = setInterval(() => this.look(), ADOPT_LOOK_MS).unref();
    this.look();
  }

  /** Does not wait for a folder whose lock is just being waited for: nothing is taken from it any more. */
  async stop(deadlineMs: number): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await Promise.race([this.looking, delay(deadlineMs, undefined, { ref: false })]);
  }

  private look(): void {
    this.looking ??= this.adopt()
      .catch((error: unknown) => this.tellOnce(`Check the folder to adopt outboxes from: ${String(error)}`))
      .finally(() => (this.looking = undefined));
  }

  private async adopt(): Promise<void> {
    if ('error' in this.parent) throw this.parent.error;
    await adoptFolders(this.parent.path, {
      ownDir: this.ownDir,
      into: this.into,
      isStopped: () => this.stopped,
      adopted: (dir, events, refused) => {
        const left = refused > 0 ? ` Its ${refused} refused event(s) stay there.` : '';
        this.warn(
          `${events} event(s) that waited in ${dir} were taken over: the Node-RED that stored them is gone.${left}`,
        );
      },
    });
  }

  private tellOnce(text: string): void {
    if (text !== this.told) this.warn(text);
    this.told = text;
  }
}
