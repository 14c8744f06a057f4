import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** ms */
export interface LongestTurn {
  /** other work on the machine makes it longer */
  byClock: number;
  /**
   * what of it the main thread spent on a processor, in at least a millisecond; NaN where the system does not say (not
   * Linux)
   */
  onProcessor: number;
}

/** The longest turn of the event loop between start and stop, of all starts and stops. */
export class TurnWatch {
  private delays = monitorEventLoopDelay({ resolution: 1 });
  private timer: NodeJS.Timeout | undefined;
  private longestByClock = 0;
  private longest = 0;
  private before = 0;

  start(): void {
    this.before = mainThreadMs();
    // One that is enabled again takes the time in between for a turn.
    this.delays = monitorEventLoopDelay({ resolution: 1 });
    this.delays.enable();
    this.timer = setInterval(() => this.look(), 1);
  }

  stop(): LongestTurn {
    clearInterval(this.timer);
    this.look();
    this.delays.disable();
    this.longestByClock = Math.max(this.longestByClock, this.delays.max / 1e6);
    return { byClock: this.longestByClock, onProcessor: this.longest };
  }

  private look(): void {
    const now = mainThreadMs();
    this.longest = now - this.before > this.longest || Number.isNaN(now) ? now - this.before : this.longest;
    this.before = now;
  }
}

/** What the main thread has spent on a processor, ms. */
function mainThreadMs(): number {
  if (process.platform !== 'linux') return NaN;
  return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
}
