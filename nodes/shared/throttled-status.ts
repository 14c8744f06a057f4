import type { Node, NodeStatus } from 'node-red';

/** Each status goes to every open browser and to Status nodes: at most two a second. */
const MIN_INTERVAL_MS = 500;

/** A function is asked only for a status that gets shown: in a burst most are not, and texts cost their translation. */
export type StatusSource = NodeStatus | (() => NodeStatus);

interface Wanted {
  source: StatusSource;
  onlyWhenChanged: boolean;
}

/** Shows the newest status at most twice a second; the last one always gets shown. */
export class ThrottledStatus {
  private shownAt = -Infinity;
  private shown = '';
  private waiting: Wanted | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly node: Node) {}

  /** For what happened, once more or for the first time. */
  show(source: StatusSource): void {
    this.showSoon({ source, onlyWhenChanged: false });
  }

  /** For a state that is told again and again: shown only when it is another one than before. */
  showChange(source: StatusSource): void {
    this.showSoon({ source, onlyWhenChanged: true });
  }

  /** Drops what waits and clears the status; for `close`. */
  clear(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.waiting = undefined;
    this.node.status({});
  }

  private showSoon(wanted: Wanted): void {
    const wait = this.shownAt + MIN_INTERVAL_MS - performance.now();
    if (wait <= 0 && this.timer === undefined) return this.showNow(wanted);
    this.waiting = wanted;
    this.timer ??= setTimeout(() => this.showWaiting(), Math.max(wait, 0));
  }

  private showWaiting(): void {
    this.timer = undefined;
    if (this.waiting) this.showNow(this.waiting);
    this.waiting = undefined;
  }

  private showNow({ source, onlyWhenChanged }: Wanted): void {
    const status = typeof source === 'function' ? source() : source;
    const text = JSON.stringify(status);
    if (onlyWhenChanged && text === this.shown) return;
    this.shown = text;
    this.shownAt = performance.now();
    this.node.status(status);
  }
}
