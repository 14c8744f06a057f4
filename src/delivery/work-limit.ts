interface Waiter {
  work: () => Promise<void>;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** Where the dead places at the head of a line are cut off. */
const SHORTEST_CUT = 1000;

/**
 * First come, first served. No `Set`: one from which is taken all the time is copied again and again, and each old copy keeps the next
 * one, with everything in it, in memory until the next full collection.
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
 * Lets so many pieces of work go on at the same time; the others wait, first come first served. What waits is not begun, so that
 * a burst costs the memory of its messages and not that of everything that is made of them.
 */
export class WorkLimit {
  private underWay = 0;
  private readonly waiting = new Line<Waiter>();
  /** how many wait for something else than a place: they take their places only then */
  private heldBack = 0;
  private refusal: Error | undefined;
  /** the same, once it also concerns what was taken before */
  private lastRefusal: Error | undefined;
  private onIdle: () => void = () => undefined;

  /**
   * @param most at the same time
   * @param queue how many may wait, and the error for one more; without it any number
   */
  constructor(
    private readonly most: number,
    private readonly queue?: { most: number; busy: () => Error },
  ) {}

  /**
   * Begins the work when its turn comes, and settles as it does. Work that is refused is never begun.
   *
   * @param turn before it, the work waits without taking a place from others; never rejects
   */
  run(work: () => Promise<void>, turn?: Promise<void>): Promise<void> {
    if (this.refusal) return Promise.reject(this.refusal);
    const mustWait = turn !== undefined || this.underWay >= this.most;
    if (mustWait && this.queue && this.waiting.length + this.heldBack >= this.queue.most) {
      return Promise.reject(this.queue.busy());
    }
    if (!turn) return this.takePlace(work);
    this.heldBack++;
    return turn.then(() => {
      this.heldBack--;
      return this.lastRefusal ? Promise.reject(this.lastRefusal) : this.takePlace(work);
    });
  }

  private takePlace(work: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter = { work, resolve, reject };
      if (this.underWay >= this.most) this.waiting.join(waiter);
      else this.begin(waiter);
    });
  }

  /**
   * The promise that was given out only hears the outcome, nothing of the work hangs on it: in a burst it has grown old while it waited,
   * and objects referenced from old-generation objects are freed only by a full garbage collection.
   */
  private begin({ work, resolve, reject }: Waiter): void {
    this.underWay++;
    void work()
      .then(resolve, reject)
      .then(() => this.ended());
  }

  /**
   * Refuses new work at once, and what waits as soon as the patience is over. Resolves then, or when all work has ended.
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
    for (let waiter = this.waiting.next(); waiter; waiter = this.waiting.next()) waiter.reject(refusal);
  }

  private ended(): void {
    this.underWay--;
    const next = this.waiting.next();
    if (next) this.begin(next);
    else if (this.underWay + this.heldBack === 0) this.onIdle();
  }
}
