import { valueOf, type Copy } from './copies';
import type { FlowLine } from './flow';
import type { MadeMessage } from './load';
import type { FolderContents } from './outbox-folder';
import type { Arrival } from './server';

/** Something that was done to a Node-RED, and what may come of it. */
export interface Disturbance {
  name: string;
  /** ms of the run's clock */
  from: number;
  to: number;
  /** the errors that messages may end with meanwhile */
  codes: readonly string[];
  /** whether messages may end without a word, because the process or its nodes end */
  interrupts: boolean;
  /** the process ended without having been asked */
  isUnclean: boolean;
}

export interface Evidence {
  copies: ReadonlyMap<number, Copy>;
  messages: ReadonlyMap<number, MadeMessage>;
  lines: readonly FlowLine[];
  arrivals: readonly Arrival[];
  /** copies that the server refused for what they are: by number, how often */
  refused: ReadonlyMap<number, number>;
  /** copies that came alone and met a mode that refuses all */
  refusedByMode: ReadonlyMap<number, number>;
  folder: FolderContents;
  disturbances: readonly Disturbance[];
  /** what was seen besides */
  complaints: readonly string[];
}

export type Table = Record<string, string | number>;

export interface Account {
  table: Table;
  /** what must not have happened, one line each */
  faults: string[];
}

/** ms before a disturbance within which a message may still have been under way, and after it until all is as before */
const UNDER_WAY_MS = 20_000;
const SETTLED_MS = 20_000;
const REFUSALS_TO_DIE = 2;
const TRANSPORT_CODES = [
  'UNAUTHORIZED',
  'PAYMENT_REQUIRED',
  'REJECTED',
  'RATE_LIMITED',
  'SERVER_ERROR',
  'TIMEOUT',
  'NETWORK',
  'BAD_RESPONSE',
];

/** Holds what was acknowledged against what arrived, event by event. */
export function account(evidence: Evidence): Account {
  return new Accounting(evidence).account();
}

class Accounting {
  private readonly acknowledged = new Map<number, Copy>();
  private readonly faults: string[];
  private readonly arrivalsOf = new Map<number, Arrival[]>();
  private readonly table: Table = {};

  constructor(private readonly evidence: Evidence) {
    this.faults = evidence.complaints.map((complaint) => `unexplained: ${complaint}`);
    for (const arrival of evidence.arrivals) {
      const known = this.arrivalsOf.get(arrival.copyNumber);
      if (known) known.push(arrival);
      else this.arrivalsOf.set(arrival.copyNumber, [arrival]);
    }
  }

  account(): Account {
    this.lookAtMessages();
    this.lookAtAcknowledged();
    this.lookAtBodies();
    this.lookAtOrder();
    this.lookAtContents();
    this.lookAtDead();
    this.table['unexplained'] = this.faults.filter((fault) => fault.startsWith('unexplained')).length;
    return { table: this.table, faults: this.faults };
  }

  private lookAtMessages(): void {
    const { messages, lines, copies } = this.evidence;
    const done = new Map<number, number[]>();
    const failed = new Map<number, FlowLine & { kind: 'error' }>();
    const leftOut = new Map<number, Set<string | null>>();
    let wordsTooMany = 0;
    for (const line of lines) {
      if (line.kind === 'failed') leftOut.set(line.messageId, new Set(line.eventIds));
      else if (done.has(line.messageId) || failed.has(line.messageId)) wordsTooMany++;
      else if (line.kind === 'done') done.set(line.messageId, [line.ms]);
      else failed.set(line.messageId, line);
    }
    let wordless = 0;
    for (const message of messages.values()) {
      const error = failed.get(message.messageId);
      if (error) this.explainError(message, error);
      else if (done.has(message.messageId)) this.acknowledge(message, this.leftOutOf(message, leftOut));
      else if (message.isTaken) {
        wordless++;
        if (!this.wasInterrupted(message.madeAt)) {
          this.fault('unexplained', `message ${message.messageId} ended neither with done nor with an error`);
        }
      }
    }
    const latencies = [...done.values()].flat().sort((a, b) => a - b);
    const at = (share: number) => latencies[Math.floor(share * (latencies.length - 1))] ?? 0;
    if (wordsTooMany > 0) this.fault('unexplained', `${wordsTooMany} messages ended more than once`);
    Object.assign(this.table, {
      'events made': copies.size,
      'events acknowledged': this.acknowledged.size,
      'messages that ended with an error': failed.size,
      'messages that ended with nothing (at an interruption)': wordless,
      'messages that ended more than once': wordsTooMany,
      'done after, p50 / p99 / max ms': `${at(0.5)} / ${at(0.99)} / ${at(1)}`,
    });
  }

  /**
   * Which events the flow said were left out of an array. A deploy may end the flow between that word and the message's
   * own.
   */
  private leftOutOf({ messageId, copies, madeAt }: MadeMessage, leftOut: Map<number, Set<string | null>>) {
    const isWordLost = !leftOut.has(messageId) && this.wasInterrupted(madeAt);
    if (!isWordLost) return leftOut.get(messageId);
    return new Set(copies.filter(({ flaw }) => flaw === 'no event type').map(({ eventId }) => eventId));
  }

  private acknowledge({ copies }: MadeMessage, leftOut: Set<string | null> | undefined): void {
    for (const copy of copies) {
      const isLeftOut = leftOut?.has(copy.eventId) ?? false;
      if (!isLeftOut) this.acknowledged.set(copy.number, copy);
      if (isLeftOut !== (copy.flaw === 'no event type') && !this.isDisturbed(copy.madeAt, 'EVENT_INVALID')) {
        this.fault('unexplained', `${nameOf(copy)} was ${isLeftOut ? '' : 'not '}left out of its array`);
      }
    }
  }

  private explainError({ copies, madeAt }: MadeMessage, { code, text }: FlowLine & { kind: 'error' }): void {
    const [copy] = copies;
    if (!copy) return;
    const isMeant =
      (copy.flaw === 'unreadable detections' && code.startsWith('DETECTIONS_')) ||
      (copy.flaw === 'no picture' && code === 'IMAGE_INVALID') ||
      (copy.route === 'direct' && TRANSPORT_CODES.includes(code));
    if (isMeant || this.isDisturbed(madeAt, code)) return;
    this.fault('unexplained', `${nameOf(copy)} ended with ${code}: ${text}`);
  }

  private lookAtAcknowledged(): void {
    const waiting = new Set(this.evidence.folder.waiting);
    const dead = new Set(this.evidence.folder.dead);
    const counts = { arrived: 0, dead: 0, waiting: 0, lost: 0 };
    for (const copy of this.acknowledged.values()) {
      if (this.arrivalsOf.has(copy.number)) counts.arrived++;
      else if (dead.has(copy.number)) counts.dead++;
      else if (waiting.has(copy.number)) {
        counts.waiting++;
        // Of a use case that takes nothing, most events are not even tried.
        if (!this.evidence.refused.has(copy.number) && copy.flaw !== 'unknown use case') {
          this.fault('unexplained', `${nameOf(copy)} still waits, though nothing refused it`);
        }
      } else {
        counts.lost++;
        this.fault('lost', nameOf(copy));
      }
    }
    const unacknowledged = [...this.arrivalsOf.keys()].filter((number) => !this.acknowledged.has(number));
    Object.assign(this.table, {
      'of the acknowledged: arrived + refused + waiting': `${counts.arrived} + ${counts.dead} + ${counts.waiting}`,
      lost: counts.lost,
      'arrived though not acknowledged': unacknowledged.length,
    });
  }

  private lookAtBodies(): void {
    let again = 0;
    let other = 0;
    for (const [number, arrivals] of this.arrivalsOf) {
      const bodies = new Set(arrivals.map(({ bodyHash }) => bodyHash));
      if (bodies.size > 1) {
        other++;
        this.fault('another body', `copy ${number}: ${arrivals.map(whenAndWhat).join('; ')}`);
      } else if (arrivals.length > 1) again++;
    }
    Object.assign(this.table, { 'arrived again, same bytes': again, 'twice with another body': other });
  }

  private lookAtOrder(): void {
    const newest = new Map<string, Arrival>();
    const last = new Map<string, Arrival>();
    const counts = { older: 0, afterCrash: 0, endsOld: 0, endsOldAfterCrash: 0 };
    const idsAfterCrash = new Set<string>();
    for (const arrival of this.evidence.arrivals) {
      const { eventId, version } = arrival;
      const before = newest.get(eventId);
      last.set(eventId, arrival);
      if (!before || version >= before.version) newest.set(eventId, arrival);
      else if (this.crashExplains(arrival, before)) {
        counts.afterCrash++;
        idsAfterCrash.add(eventId);
      } else {
        counts.older++;
        this.fault(
          'older after newer',
          `${eventId}: version ${before.version} ${whenAndWhat(before)}, then version ${version} ${whenAndWhat(arrival)}`,
        );
      }
    }
    for (const [eventId, { version }] of last) {
      if (version === newest.get(eventId)?.version) continue;
      if (idsAfterCrash.has(eventId)) counts.endsOldAfterCrash++;
      else counts.endsOld++;
    }
    Object.assign(this.table, {
      'older version stored after a newer one': counts.older,
      'ids that end on an old version': counts.endsOld,
      'older after newer over a crash, as documented': `${counts.afterCrash}, ${counts.endsOldAfterCrash} ids end so`,
    });
  }

  /**
   * Two things only a crash forgets: what was delivered, but not noted yet, is sent again; and so may a request still
   * be carried out whose answer was lost and that was repeated with success.
   */
  private crashExplains(older: Arrival, newer: Arrival): boolean {
    const from = Math.min(older.receivedAt, newer.receivedAt);
    const to = Math.max(older.receivedAt, newer.receivedAt);
    const isCrashed = this.evidence.disturbances.some(
      (each) => each.isUnclean && each.to >= from && each.from <= to,
    );
    const isSentAgain = older.receivedAt > newer.receivedAt;
    const wasRepeated = this.arrivalsOf
      .get(older.copyNumber)
      ?.some((other) => other !== older && other.storedAt < newer.receivedAt);
    return isCrashed && (isSentAgain || wasRepeated === true);
  }

  private lookAtContents(): void {
    const counts = { picture: 0, shed: 0, boxes: 0, unknown: 0 };
    for (const arrival of this.evidence.arrivals) {
      const copy = this.evidence.copies.get(arrival.copyNumber);
      if (
        copy?.eventId !== arrival.eventId ||
        copy.version !== arrival.version ||
        valueOf(copy) !== arrival.value
      ) {
        counts.unknown++;
        this.fault('unexplained', `an event arrived that nobody made so: ${JSON.stringify(arrival)}`);
        continue;
      }
      if (arrival.shed && arrival.picture === undefined) counts.shed++;
      else if (arrival.picture !== copy.picture && !this.isDisturbed(copy.madeAt, 'IMAGE_INVALID')) {
        counts.picture++;
        this.fault('wrong picture', `${nameOf(copy)} ${whenAndWhat(arrival)}: ${arrival.picture}`);
      }
      if (arrival.boxes !== copy.boxes) {
        counts.boxes++;
        this.fault('wrong boxes', `${nameOf(copy)}: ${arrival.boxes} instead of ${copy.boxes}`);
      }
    }
    Object.assign(this.table, {
      'wrong or torn picture': counts.picture,
      'picture given up for want of room, and said so': counts.shed,
      'wrong number of boxes': counts.boxes,
      'never made so': counts.unknown,
    });
  }

  private lookAtDead(): void {
    const { folder, refused, refusedByMode, copies } = this.evidence;
    const both = folder.dead.filter((number) => this.arrivalsOf.has(number));
    const wrongful = folder.dead.filter((number) => {
      const refusals = (refused.get(number) ?? 0) + (refusedByMode.get(number) ?? 0);
      return refusals < REFUSALS_TO_DIE;
    });
    for (const number of both) this.fault('unexplained', `copy ${number} is both refused and stored`);
    for (const number of wrongful) this.fault('unexplained', `copy ${number} is refused without reason`);
    for (const name of folder.quarantined) this.fault('unexplained', `quarantine/${name}`);
    for (const name of folder.orphanPictures) this.fault('unexplained', `nothing names pictures/${name}`);
    Object.assign(this.table, {
      'refused events': folder.dead.length,
      '- poison': folder.dead.filter((number) => copies.get(number)?.flaw === 'poison').length,
      '- both refused and stored': both.length,
      'in quarantine': folder.quarantined.length,
      'pictures that nothing names, older than ten minutes at the last start': folder.orphanPictures.length,
    });
  }

  private isDisturbed(at: number, code: string): boolean {
    return this.evidence.disturbances.some(
      ({ from, to, codes }) => codes.includes(code) && at >= from - UNDER_WAY_MS && at <= to + SETTLED_MS,
    );
  }

  private wasInterrupted(at: number): boolean {
    return this.evidence.disturbances.some(
      ({ from, to, interrupts }) => interrupts && at >= from - UNDER_WAY_MS && at <= to,
    );
  }

  private fault(kind: string, text: string): void {
    this.faults.push(`${kind}: ${text}`);
  }
}

const nameOf = ({ number, eventId, version, route, flaw, madeAt }: Copy) =>
  `copy ${number} (${eventId}, version ${version}, ${route}${flaw ? `, ${flaw}` : ''}, made at ${madeAt})`;

const whenAndWhat = ({ receivedAt, storedAt, bodyHash, shed }: Arrival) =>
  `received at ${receivedAt}, stored at ${storedAt}, body ${bodyHash.slice(0, 8)}${shed ? ', without its picture' : ''}`;
