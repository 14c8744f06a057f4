/**
 * A piece of work that may have to wait. Until its turn, it is all that is kept of it: what it holds is what waiting
 * costs.
 */
export interface Work {
  /** Its turn has come. Settles when it has ended; never rejects. */
  begin(): Promise<void>;
  /** Its turn will not come. */
  refuse(error: Error): void;
}

/** Where the dead places at the head of a line are cut off. */
const SHORTEST_CUT = 1000;

/**
 * First come, first served. No `Set`: one from which is taken all the time is copied again and again, and each old copy
 * keeps the next one, with everything in it, in memory until the next full collection.
 */
class Line<T> {
  private places: (T | undefined)[] = [];
  private head = 0;

  get length(): number {
    return this.places.length - this.head;
  }

  join(one: T): void {
    this.places.push(one);
  }

  leave(one: T): void {
    const at = this.places.indexOf(one, this.head);
    if (at >= 0) this.places.splice(at, 1);
  }

  next(): T | undefined {
    if (this.length === 0) return undefined;
    const first = this.places[this.head];
    this.places[this.head++] = undefined;
    if (this.length === 0 || (this.head >= SHORTEST_CUT && this.head >= this.length)) {
      this.places = this.places.slice(this.head);
      this.head = 0;
    }
    return first;
  }
}

/**
 * Lets so many pieces of work go on at the same time; the others wait, first come first served. What waits is not
 * begun, so that a burst costs the memory of its messages and not that of everything that is made of them.
 */
export class WorkLimit {
  private underWay = 0;
  private done = 0;
  private readonly waiting = new Line<Work>();
  /** how many wait for something else than a place: they take their places only then */
  private heldBack = 0;
  private refusal: Error | undefined;
  /** the same, once it also concerns what was taken before */
  private lastRefusal: Error | undefined;
  private onIdle: () => void = () => undefined;

  /**
   * @param most at the same time
   * @param queue how many may wait, and the error for one more; without it any number
   * @param first at the same time before any has ended; one more for each four that have
   */
  constructor(
    private readonly most: number,
    private readonly queue?: { most: number; busy: () => Error },
    private readonly first = most,
  ) {}

  /**
   * Begins the work when its turn comes. Work that is refused is never begun.
   *
   * @param turn before it, the work waits without taking a place from others; never rejects
   */
  enter(work: Work, turn?: Promise<void>): void {
    if (this.refusal) return work.refuse(this.refusal);
    const mustWait = turn !== undefined || !this.hasPlace;
    if (mustWait && this.queue && this.waiting.length + this.heldBack >= this.queue.most) {
      return work.refuse(this.queue.busy());
    }
    if (!turn) return this.takePlace(work);
    this.heldBack++;
    void turn.then(() => {
      this.heldBack--;
      if (this.lastRefusal) work.refuse(this.lastRefusal);
      else this.takePlace(work);
    });
  }

  /** Work that need not wait any longer gives its place up; what was begun goes on. */
  leave(work: Work): void {
    this.waiting.leave(work);
  }

  private takePlace(work: Work): void {
    if (this.hasPlace) this.begin(work);
    else this.waiting.join(work);
  }

  private get hasPlace(): boolean {
    return this.underWay < Math.min(this.most, this.first + Math.floor(this.done / 4));
  }

  private begin(work: Work): void {
    this.underWay++;
    void work.begin().then(() => this.ended());
  }

  /**
   * Refuses new work at once, and what waits as soon as the patience is over. Resolves then, or when all work has
   * ended.
   * @param patienceMs in which what waits still gets its turn
   */
  async close(refusal: Error, patienceMs = 0): Promise<void> {
    this.refusal = refusal;
    if (patienceMs > 0 && this.underWay + this.heldBack > 0) {
      await new Promise<void>((resolve) => {
        const impatience = setTimeout(resolve, patienceMs);
        this.onIdle = () => {
          clearTimeout(impatience);
          resolve();
        };
      });
    }
    this.lastRefusal = refusal;
    for (let work = this.waiting.next(); work; work = this.waiting.next()) work.refuse(refusal);
  }

  private ended(): void {
    this.underWay--;
    this.done++;
    while (this.hasPlace) {
      const next = this.waiting.next();
      if (!next) break;
      this.begin(next);
    }
    if (this.underWay + this.heldBack === 0) this.onIdle();
  }
}
