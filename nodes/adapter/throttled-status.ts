import type { Node, NodeStatus } from 'node-red';

/** Each status goes to every open browser and to Status nodes: at most two a second. */
const MIN_INTERVAL_MS = 500;

type StatusSource = NodeStatus | (() => NodeStatus);

const resolved = (status: StatusSource): NodeStatus => (typeof status === 'function' ? status() : status);

/** Shows the newest status at most twice a second, and none twice in a row; the last one always gets shown. */
export class ThrottledStatus {
  private shownAt = -Infinity;
  private shown = '';
  private waiting: StatusSource | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly node: Node) {}

  /** A function is asked only for a status that gets shown: in a burst most are not, and texts cost their translation. */
  show(status: StatusSource): void {
    const wait = this.shownAt + MIN_INTERVAL_MS - performance.now();
    if (wait <= 0 && this.timer === undefined) {
      this.showNow(status);
      return;
    }
    this.waiting = status;
    this.timer ??= setTimeout(() => this.showWaiting(), Math.max(wait, 0));
  }

  /** Drops what waits and clears the status; for `close`. */
  clear(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.waiting = undefined;
    this.node.status({});
  }

  private showWaiting(): void {
    this.timer = undefined;
    if (this.waiting) this.showNow(this.waiting);
    this.waiting = undefined;
  }

  private showNow(source: StatusSource): void {
    this.shownAt = performance.now();
    const status = resolved(source);
    const text = JSON.stringify(status);
    if (text === this.shown) return;
    this.shown = text;
    this.node.status(status);
  }
}
