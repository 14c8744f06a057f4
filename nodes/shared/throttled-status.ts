import type { Node, NodeStatus } from 'node-red';

/** Each status goes to every open browser and to Status nodes: at most two a second. */
const MIN_INTERVAL_MS = 500;

/** A function is asked only for a status that gets shown: in a burst most are not, and texts cost their translation. */
export type StatusSource = NodeStatus | (() => NodeStatus);

interface Wanted {
  source: StatusSource;
  onlyWhenChanged: boolean;
  /** not of this node alone */
  isElsewhere?: boolean;
}

/** Shows the newest status at most twice a second; the last one always gets shown. */
export class ThrottledStatus {
  private shownAt = -Infinity;
  private shown = '';
  private waiting: Wanted | undefined;
  /** what the last message came to, which nothing but the next message takes back */
  private trouble: StatusSource | undefined;
  /** what was not shown because of that */
  private heldBack: StatusSource | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly node: Node) {}

  /** For what happened, once more or for the first time. */
  show(source: StatusSource): void {
    this.trouble = undefined;
    this.heldBack = undefined;
    this.showSoon({ source, onlyWhenChanged: false });
  }

  /** For a state that is told again and again: shown only when it is another one than before. */
  showChange(source: StatusSource): void {
    this.showSoon({ source, onlyWhenChanged: true });
  }

  /** For what went wrong with a message: it stays until the next one, whatever goes well elsewhere. */
  showTrouble(source: StatusSource): void {
    this.show(source);
    this.trouble = source;
  }

  /** For a message that went well where `showElsewhere` has the rest to say. */
  showNoTrouble(): void {
    const elsewhere = this.heldBack;
    this.trouble = undefined;
    this.heldBack = undefined;
    if (elsewhere) this.showChange(elsewhere);
  }

  /** For a state that other nodes take part in: it hides no trouble of this one, unless it is trouble itself. */
  showElsewhere(source: StatusSource): void {
    if (!this.trouble) return this.showChange(source);
    this.heldBack = source;
    // The trouble itself waits for its turn.
    if (this.waiting && !this.waiting.isElsewhere) return;
    this.showSoon({ source, onlyWhenChanged: true, isElsewhere: true });
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

  private showNow({ source, onlyWhenChanged, isElsewhere }: Wanted): void {
    const wanted = statusOf(source);
    const status = isElsewhere && this.trouble && !isTrouble(wanted) ? statusOf(this.trouble) : wanted;
    const text = JSON.stringify(status);
    if (onlyWhenChanged && text === this.shown) return;
    this.shown = text;
    this.shownAt = performance.now();
    this.node.status(status);
  }
}

const statusOf = (source: StatusSource): NodeStatus => (typeof source === 'function' ? source() : source);

const isTrouble = ({ fill }: NodeStatus): boolean => fill === 'red' || fill === 'yellow';
