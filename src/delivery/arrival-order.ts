/**
 * How long messages wait for one before them whose ids are still being evaluated: a context store that never answers
 * stops nobody else.
 */
const UNKNOWN_IDS_PATIENCE_MS = 5000;

type Ids = readonly string[];

/** Where a message stands among those with versions of the same events. */
export interface Place {
  /** resolves when every earlier one has left; undefined when there is none */
  readonly turn: Promise<void> | undefined;
  /** Lets the next ones go, once it is its own turn. To be called once, whatever became of the message. */
  leave(): void;
}

/**
 * Versions of one event are worked on one after the other, in the order in which their messages arrived, whatever their
 * pictures or inputs cost. Only what is under way is known here, and of an id that came once nothing but the id.
 */
export class ArrivalOrder {
  /** by event id: those that wait for the one under way; null = none does */
  private readonly lines = new Map<string, (() => void)[] | null>();
  /** until the last message whose ids have to be waited for has taken its place */
  private arriving: Promise<void> | undefined;

  /** @param unknownIdsPatienceMs tests pass their own */
  constructor(private readonly unknownIdsPatienceMs = UNKNOWN_IDS_PATIENCE_MS) {}

  /**
   * @param ids of the events in the message; those that come later take their places behind it, also when its ids come
   * late
   */
  arrive(ids: Ids | PromiseLike<Ids>): Place {
    if (!isLate(ids) && !this.arriving) return this.take(ids);
    const earlier = this.arriving ?? Promise.resolve();
    if (!isLate(ids)) return this.takeLater(earlier.then(() => this.take(ids)));
    // The message itself fails with the reason.
    const known = Promise.resolve(ids).catch((): Ids => []);
    const place = Promise.all([known, earlier]).then(([found]) => this.take(found));
    return this.takeLater(place, this.unknownIdsPatienceMs);
  }

  private takeLater(taken: Promise<Place>, patienceMs?: number): Place {
    const arriving = settled(taken, patienceMs).then(() => {
      if (this.arriving === arriving) this.arriving = undefined;
    });
    this.arriving = arriving;
    return {
      turn: taken.then(({ turn }) => turn),
      leave: () => void taken.then((place) => place.leave()),
    };
  }

  private take(ids: Ids): Place {
    const own = ids.length > 1 ? [...new Set(ids)] : ids;
    const waits: Promise<void>[] = [];
    for (const id of own) {
      const line = this.lines.get(id);
      if (line === undefined) this.lines.set(id, null);
      else waits.push(this.joinLine(id, line ?? []));
    }
    const release = () => own.forEach((id) => this.release(id));
    if (waits.length === 0) return { turn: undefined, leave: release };
    const turn = Promise.all(waits).then(() => undefined);
    return { turn, leave: () => void turn.then(release) };
  }

  private joinLine(id: string, line: (() => void)[]): Promise<void> {
    this.lines.set(id, line);
    return new Promise((resolve) => line.push(resolve));
  }

  private release(id: string): void {
    const next = this.lines.get(id)?.shift();
    if (next) next();
    else this.lines.delete(id);
  }
}

/** Resolves when the place is taken, at the latest after the patience. */
function settled(taken: Promise<unknown>, patienceMs?: number): Promise<void> {
  return new Promise((resolve) => {
    const impatience = patienceMs === undefined ? undefined : setTimeout(resolve, patienceMs).unref();
    void taken.then(() => {
      clearTimeout(impatience);
      resolve();
    });
  });
}

function isLate(ids: Ids | PromiseLike<Ids>): ids is PromiseLike<Ids> {
  return !Array.isArray(ids);
}
