import type { EventWarning } from '../../src/event/types';
import type { VisionEventProperties } from './properties';
import { firstWarning, warningsOf, type EventReport } from './report';

/** A camera makes the same mistake with every frame. */
const ONCE_IN_MS = 60_000;
/** So many kinds are remembered; a flow has a handful. */
const MAX_KINDS = 100;

/**
 * What the API objects to, as a line of the debug sidebar: the status names the field only. Each kind of warning is
 * told once a minute.
 */
export class WarningLines {
  private readonly toldAt = new Map<string, number>();

  /** @param now monotonic, ms */
  constructor(
    private readonly warn: (line: string) => void,
    private readonly onWarnings: VisionEventProperties['onWarnings'],
    private readonly now: () => number = () => performance.now(),
  ) {}

  tell(report: EventReport): void {
    const first = firstWarning(report);
    if (!first) return;
    this.once(`${first.type} ${first.path}`, () => this.line(first, warningsOf(report) - 1));
  }

  /** Says what mends boxes that may lie elsewhere in their picture. */
  tellMisplaced(reason: string): void {
    this.once(reason, () => `${reason}.`);
  }

  private once(kind: string, line: () => string): void {
    const before = this.toldAt.get(kind);
    if (before !== undefined && this.now() - before < ONCE_IN_MS) return;
    if (this.toldAt.size >= MAX_KINDS) this.toldAt.clear();
    this.toldAt.set(kind, this.now());
    this.warn(line());
  }

  private line({ type, path, value }: EventWarning, others: number): string {
    const isRepaired = this.onWarnings === 'repair';
    const otherwise = isRepaired ? '' : ', or choose "Repair, then send" under "On warnings" (onWarnings)';
    const repaired = isRepaired ? 'it could not be repaired, and ' : '';
    const more = others > 0 ? ` ${others} more: see msg.visionEvent.` : '';
    const objection = type.endsWith('.required') ? 'the API misses it' : `the API objects to ${shown(value)}`;
    return `Correct ${path || 'the event'}${otherwise}: ${repaired}${objection} (${type}).${lossOf(path)}${more}`;
  }
}

/** What the API drops for it. */
function lossOf(path: string): string {
  if (path.startsWith('eventData')) return ' It stores the event without its event data.';
  return path.startsWith('images') ? ' It may store the event without its pictures or detections.' : '';
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
