import { existsSync } from 'node:fs';
import path from 'node:path';
import type {
  DeadLetter,
  DeliveredEvent,
  Outbox,
  OutboxRecord,
  OutboxStats,
  OutboxWorker,
  RecoveryReport,
} from '../../src/delivery/outbox/outbox';
import { nodeFileLayer } from '../../src/delivery/outbox/disk/file-layer';
import { Sender } from '../../src/delivery/sender/sender';
import { leaveLandings, takeLandings } from '../../src/delivery/sender/handover';
import type {
  OutageNotice,
  SenderListeners,
  SenderState,
  SuspectedEvent,
} from '../../src/delivery/sender/types';
import type { Target } from '../../src/api/target';
import { MAX_WAITING_PICTURES } from '../../src/images/limits';
import type { WorkspaceProperties } from '../shared/properties';
import { numberOf } from '../shared/event-settings';
import { FlowError, toFlowError } from '../shared/flow-error';
import type * as LeftQueue from '../../src/delivery/outbox/postgres/left-queue';
import type { LateLanding } from '../../src/delivery/sender/handover';
import type { DatabaseSettings } from './database-settings';
import { Adoption } from './adoption';
import type { WorkspaceMetrics } from './metrics/workspace-metrics';
import { makeOutbox } from './make-outbox';
import type { OutboxFolder } from './outbox-folder';
import { WorkLimit } from '../../src/work-limit';

/** After the outbox could not be opened (a full disk, another process on the folder) it is tried again. */
const REOPEN_AFTER_MS = 15_000;
/** So that "retry in 8 s" counts down on the canvas. */
const COUNTDOWN_INTERVAL_MS = 1000;
/** Node-RED gives a closing node 15 s, `docker stop` gives the process 10 s; closing takes at most three such steps. */
const CLOSE_STEP_MS = 1500;
/**
 * Messages that are made into events at the same time and stored in one go: more take more memory, fewer wait more
 * often for the disk. Twice the pictures that may wait to be changed: the next ones learn that there are too many, and
 * all others pass.
 */
const STORED_AT_ONCE = 2 * MAX_WAITING_PICTURES;
/**
 * The same for the very first ones. V8 looks at what becomes of the first hundred or so objects that a place in the
 * code makes: are nearly all of them in use when it collects garbage, as in a burst right after the start, it makes all
 * later ones where only a full collection frees them. Wanted: 20,000 queued events grow the process by at most 60 MB.
 */
const STORED_AT_FIRST = 8;
/** Events that may be stored twice are told of at most this often, with their number. */
const DOUBT_INTERVAL_MS = 60_000;
const DOUBTS_NAMED = 5;
/** Events that were refused for the first time are told of at most this often. */
const SUSPICION_INTERVAL_MS = 10 * 60_000;

export interface DeliveryLog {
  info(text: string): void;
  warn(text: string): void;
}

export interface DeliveryDeps {
  folder: OutboxFolder;
  /** where events wait instead, with the folder in front; missing: in the folder. Throws a FlowError */
  database?: () => DatabaseSettings;
  /**
   * where events waited before, while they are kept in the folder: what is left there moves into it. Throws a FlowError
   */
  leftDatabase?: () => DatabaseSettings;
  /** below it, outboxes of replicas that are gone are taken over */
  adopt?: OutboxFolder;
  target: Target;
  log: DeliveryLog;
  /** only while the workspace's metrics are on */
  metrics?: WorkspaceMetrics | undefined;
  reopenAfterMs?: number;
}

/** What the sender says, and the number of refused events that lie in the folder now, also from before. */
export interface DeliveryState extends SenderState {
  deadLetters: number;
  /** the kind of file system of the folder, when it does not outlive the container or the machine */
  forgets?: RecoveryReport['forgets'];
}

/** What else nodes may want to hear. */
export interface DeliveryListeners extends Omit<SenderListeners, 'state'> {
  state(state: DeliveryState): void;
}

/** A node that shows what the outbox of its workspace does, or why it cannot be opened. */
export interface DeliveryUser {
  showDelivery(state: DeliveryState): void;
  showError(error: FlowError): void;
}

interface OpenDelivery {
  outbox: Outbox;
  sender: Sender;
  forgets: RecoveryReport['forgets'];
}

/**
 * The store-and-forward of one workspace: its outbox and sender, opened when the first node that uses them registers.
 */
export class WorkspaceDelivery {
  /** absolute; as typed when a variable in it is not set */
  readonly folder: string;
  /**
   * Messages that store pass here, so that a burst reaches the disk piece by piece and not only after all of it was
   * converted. Any number may wait: the messages are in memory already.
   */
  readonly storing = new WorkLimit(STORED_AT_ONCE, undefined, STORED_AT_FIRST);
  private readonly users = new Set<DeliveryUser>();
  private readonly listeners = new Set<Partial<DeliveryListeners>>();
  private opening: Promise<OpenDelivery> | undefined;
  private open: OpenDelivery | undefined;
  /** opened or about to be */
  private outbox: Outbox | undefined;
  private adoption: Adoption | undefined;
  /** why it is not open, although it should be */
  private error: FlowError | undefined;
  private reopening: NodeJS.Timeout | undefined;
  private countdown: NodeJS.Timeout | undefined;
  private doubtTimer: NodeJS.Timeout | undefined;
  private suspicionTimer: NodeJS.Timeout | undefined;
  private readonly doubtfulIds: string[] = [];
  private closing = false;
  private closed = false;

  constructor(
    private readonly config: WorkspaceProperties,
    private readonly deps: DeliveryDeps,
  ) {
    const { folder } = deps;
    this.folder = 'path' in folder ? folder.path : folder.typed;
  }

  /** @returns takes the user out again */
  register(user: DeliveryUser, listeners: Partial<DeliveryListeners> = {}): () => void {
    this.users.add(user);
    this.listeners.add(listeners);
    this.openInBackground();
    return () => {
      this.users.delete(user);
      this.listeners.delete(listeners);
    };
  }

  /** For what is no user: it opens nothing, and listens as long as this lasts. */
  listen(listeners: Partial<DeliveryListeners>): void {
    this.listeners.add(listeners);
  }

  /**
   * Whether an event with this id waits here or is being delivered: a later version that went out at once would
   * overtake it. Of an outbox that no node uses, or that cannot be opened, nothing is delivered.
   */
  async holds(eventId: string): Promise<boolean> {
    const open = this.open ?? (await this.opening?.catch(() => undefined));
    return (await open?.outbox.holds(eventId)) ?? false;
  }

  /** Resolves once every record is safe on the disk. @throws OutboxError `OUTBOX_FULL`, `OUTBOX_IO` */
  append(records: OutboxRecord[]): Promise<void> {
    if (this.open) return this.open.outbox.append(records);
    return this.opened().then(({ outbox }) => outbox.append(records));
  }

  /** undefined while the outbox is not open */
  state(): DeliveryState | undefined {
    if (!this.open) return undefined;
    const { sender, outbox, forgets } = this.open;
    return { deadLetters: outbox.stats().dead, forgets, ...sender.state() };
  }

  /** What the outbox holds and may hold; undefined while it is not open */
  stats(): OutboxStats | undefined {
    return this.open?.outbox.stats();
  }

  /** On the disk of the folder, now; undefined while it is not open, or where the system does not say */
  async freeBytes(): Promise<number | undefined> {
    return this.open && (await nodeFileLayer.space(this.folder))?.free;
  }

  /** Brings the metrics up to what outbox and sender count themselves. */
  addCounts(open = this.open): void {
    if (open) this.deps.metrics?.addCounts(open.sender, open.outbox);
  }

  /** Why the outbox is not open although nodes use it; undefined while it is, or is not needed. */
  openingError(): FlowError | undefined {
    return this.error;
  }

  /** Resolves once the outbox is open. @throws OutboxError when it cannot be opened */
  async ready(): Promise<void> {
    await this.opened();
  }

  async flush(): Promise<void> {
    (await this.opened()).sender.flush();
  }

  async pause(): Promise<void> {
    (await this.opened()).sender.pause();
  }

  async resume(): Promise<void> {
    (await this.opened()).sender.resume();
  }

  /** All Node-REDs that deliver from the same queue; undefined when the outbox is this one's alone. */
  async workers(): Promise<OutboxWorker[] | undefined> {
    return (await this.opened()).outbox.workers?.();
  }

  /** Whether somebody paused all Node-REDs of the queue; undefined when the outbox is this one's alone. */
  get isPausedForAll(): boolean | undefined {
    return this.open?.outbox.pace?.isPaused;
  }

  /** Pauses all Node-REDs that deliver from the same queue, or lets them go on. @throws OutboxError */
  async setPausedForAll(isPaused: boolean): Promise<void> {
    await (await this.opened()).outbox.pace?.setPaused(isPaused);
    this.showState();
  }

  async refused(limit?: number): Promise<DeadLetter[]> {
    return (await this.opened()).outbox.deadLetters.list(limit);
  }

  /** The outbox's own ids of the refused events that have one of these event ids; several may have the same. */
  async refusedIdsOf(eventIds: string[]): Promise<string[]> {
    return (await this.opened()).outbox.deadLetters.idsOf(eventIds);
  }

  /** Puts refused events back into the queue, all or those with these ids of the outbox. @returns how many */
  async retryRefused(ids?: string[]): Promise<number> {
    const { outbox, sender } = await this.opened();
    const count = await outbox.deadLetters.retry(ids);
    sender.flush();
    return count;
  }

  /** Deletes refused events for good, all or those with these ids of the outbox. @returns how many */
  async discardRefused(ids?: string[]): Promise<number> {
    const { outbox } = await this.opened();
    const count = await outbox.deadLetters.discard(ids);
    this.showState();
    return count;
  }

  /**
   * What waits stays on the disk. Idempotent.
   * @param removed the workspace was deleted: its folder is kept, and named
   */
  async close(removed: boolean): Promise<void> {
    if (this.closing) return;
    this.closing = true;
    clearTimeout(this.reopening);
    clearTimeout(this.doubtTimer);
    clearTimeout(this.suspicionTimer);
    this.tellDoubts();
    // What was taken already still reaches the disk, while nothing is sent any more.
    await Promise.all([
      this.storing.close(this.closedError(), CLOSE_STEP_MS),
      this.open?.sender.stop(CLOSE_STEP_MS),
      this.adoption?.stop(CLOSE_STEP_MS),
    ]);
    this.closed = true;
    const { open } = this;
    this.open = undefined;
    clearInterval(this.countdown);
    const waiting = open?.outbox.stats().events;
    await open?.sender.stop(CLOSE_STEP_MS);
    this.addCounts(open);
    const lateLandings = open?.sender.lateLandings();
    // Also for the one that comes when events no longer wait in a database, but in the folder.
    if (lateLandings) await leaveLandings(this.folder, lateLandings);
    // Also one that still waits for the lock of its folder, and would for longer than a deploy may take.
    await this.outbox?.close(CLOSE_STEP_MS);
    if (removed) this.tellKept(waiting);
  }

  /** Also when no node used it any more: what waits from before is kept all the same. */
  private tellKept(waiting: number | undefined): void {
    if (this.deps.database || 'error' in this.deps.folder || !existsSync(this.folder)) return;
    const events = waiting === undefined ? '' : ` (${waiting} events wait there)`;
    this.deps.log.warn(
      `The workspace was deleted. Its outbox is kept in ${this.folder}${events}. ` +
        'To deliver what waits there, add a workspace with this outbox folder; to give it up, delete the folder.',
    );
  }

  private openInBackground(): void {
    this.opened()
      .catch(() => undefined)
      .finally(() => this.showState());
  }

  private opened(): Promise<OpenDelivery> {
    if (this.closed) return Promise.reject(this.closedError());
    if (!this.opening) {
      this.opening = this.openNow();
      this.opening.catch((error: unknown) => this.openingFailed(toFlowError(error)));
    }
    return this.opening;
  }

  private closedError(): FlowError {
    return new FlowError('OUTBOX_IO', 'This workspace was closed by a deploy before the event was stored.');
  }

  /** Until the next attempt, messages fail with this error at once. */
  private openingFailed(error: FlowError): void {
    if (this.closing) return;
    if (error.message !== this.error?.message) this.deps.log.warn(error.message);
    this.error = error;
    this.reopening = setTimeout(() => {
      this.opening = undefined;
      this.openInBackground();
    }, this.deps.reopenAfterMs ?? REOPEN_AFTER_MS).unref();
  }

  /**
   * Another process uses the folder now. What waits there is delivered by it, and by this one when its turn comes
   * again.
   */
  private folderLost(message: string): void {
    const { open } = this;
    if (this.closing || !open) return;
    this.open = undefined;
    clearInterval(this.countdown);
    this.countdown = undefined;
    this.openingFailed(new FlowError('OUTBOX_IO', message));
    this.showState();
    void this.adoption?.stop(CLOSE_STEP_MS);
    open.sender
      .stop(CLOSE_STEP_MS)
      .then(() => this.addCounts(open))
      .then(() => open.outbox.close(CLOSE_STEP_MS))
      .catch(() => undefined);
  }

  private async openNow(): Promise<OpenDelivery> {
    const { config, deps } = this;
    if ('error' in deps.folder) throw deps.folder.error;
    const outbox = makeOutbox(config, this.folder, deps.database?.(), {
      onNotice: ({ code, message }) => {
        if (code === 'LOCK_LOST') this.folderLost(message);
        else deps.log.warn(message);
      },
      deliveryError: () => this.open?.sender.state().lastError,
    });
    this.outbox = outbox;
    const report = await outbox.open();
    this.tellRecovery(report);
    if (this.closed) throw this.closedError();
    const left = await takeLandings(this.folder);
    // The database remembers by itself what may still land; a folder that may have been lost with a container says
    // nothing.
    const isKnown = deps.database !== undefined || (report.isNew && !report.forgets);
    const lateLandings = left ?? (isKnown ? [] : undefined);
    const ofQueue = await this.takeOverQueue(outbox);
    if (this.closed) throw this.closedError();
    this.error = undefined;
    const sender = new Sender({
      outbox,
      lateLandings: lateLandings && [...lateLandings, ...ofQueue],
      target: deps.target,
      settings: {
        ...(numberOf(config.batchSize) === undefined ? {} : { batchSize: numberOf(config.batchSize) }),
        ...(numberOf(config.batchLinger) === undefined ? {} : { lingerMs: numberOf(config.batchLinger) }),
      },
      listeners: {
        delivered: (events, warnings, useCaseId) => {
          this.noteDoubts(events);
          deps.metrics?.outboxDelivered(events, warnings, useCaseId);
          this.listeners.forEach((listener) => listener.delivered?.(events, warnings, useCaseId));
        },
        refused: (events, useCaseId) => {
          deps.metrics?.outboxRefused(events, useCaseId);
          deps.log.warn(
            `${events.length} event(s) were refused for good and lie in ${deps.database ? 'the database' : path.join(this.folder, 'dead')}: ${events[0]?.message ?? ''}`,
          );
          this.listeners.forEach((listener) => listener.refused?.(events, useCaseId));
        },
        suspected: (event) => {
          this.tellSuspected(event);
          this.listeners.forEach((listener) => listener.suspected?.(event));
        },
        state: () => this.showState(),
        outage: (notice) => this.tellOutage(notice),
      },
    });
    this.open = { outbox, sender, forgets: report.forgets };
    sender.start();
    if (deps.adopt)
      this.adoption = new Adoption(deps.adopt, this.folder, outbox, (text) => deps.log.warn(text));
    return this.open;
  }

  /**
   * Moves what waits in the database that was used before, before anything new is taken: it is older. Where that is not
   * possible the log says so, and nothing is held up.
   *
   * @returns what may still land
   */
  private async takeOverQueue(outbox: Outbox): Promise<LateLanding[]> {
    const { leftDatabase, log } = this.deps;
    if (!leftDatabase) return [];
    try {
      const settings = leftDatabase();
      const { emptyLeftQueue } = require('../../src/delivery/outbox/postgres/left-queue') as typeof LeftQueue;
      const left = await emptyLeftQueue(settings, outbox, () => this.closed);
      if (!left) return [];
      const { moved, waiting, others, refused, mayLand } = left;
      const name = `the queue "${settings.queueName}" in PostgreSQL`;
      if (moved > 0) log.info(`${moved} event(s) that waited in ${name} are on this machine now.`);
      if (waiting > 0)
        log.warn(`${waiting} event(s) wait in ${name}; ${others} other Node-RED(s) deliver from it.`);
      if (refused > 0)
        log.warn(`${refused} refused event(s) stay in ${name}: to retry them, keep events there again.`);
      return mayLand.map((landing) => ({ ...landing, id: '' }));
    } catch (error) {
      log.warn(
        `${toFlowError(error).message} What still waits in the database stays there; it is looked for at the next start. ` +
          'Clear "Database" in the workspace if nothing does.',
      );
      return [];
    }
  }

  private showState(): void {
    if (this.error) for (const user of this.users) user.showError(this.error);
    const state = this.state();
    if (!state) return;
    for (const user of this.users) user.showDelivery(state);
    this.listeners.forEach((listener) => listener.state?.(state));
    if (state.state === 'waiting') {
      this.countdown ??= setInterval(() => this.showState(), COUNTDOWN_INTERVAL_MS).unref();
    } else {
      clearInterval(this.countdown);
      this.countdown = undefined;
    }
  }

  /** The first of them: of a stretch of refused events one line says enough. */
  private tellSuspected({ eventId, error, retryInMs }: SuspectedEvent): void {
    if (this.suspicionTimer) return;
    this.suspicionTimer = setTimeout(() => {
      this.suspicionTimer = undefined;
    }, SUSPICION_INTERVAL_MS).unref();
    this.deps.log.warn(
      `${error.message} The event ${eventId} is kept and tried again in ${Math.round(retryInMs / 60_000)} min. ` +
        'Refused once more while others are accepted, it goes to the refused events.',
    );
  }

  private noteDoubts(events: DeliveredEvent[]): void {
    const ids = events.filter(({ mayBeTwice }) => mayBeTwice).map(({ eventId }) => eventId);
    if (ids.length === 0) return;
    this.doubtfulIds.push(...ids);
    if (this.doubtTimer) return;
    this.tellDoubts();
    this.doubtTimer = setTimeout(() => {
      this.doubtTimer = undefined;
      this.tellDoubts();
    }, DOUBT_INTERVAL_MS).unref();
  }

  private tellDoubts(): void {
    const ids = this.doubtfulIds.splice(0);
    if (ids.length === 0) return;
    const others = ids.length > DOUBTS_NAMED ? ' and others' : '';
    this.deps.log.warn(
      `${ids.length} event(s) may be twice in the Local Event Store: an answer to them was lost, so they were sent again. ` +
        `Look for externalId ${ids.slice(0, DOUBTS_NAMED).join(', ')}${others}.`,
    );
  }

  /** One line at the begin of an outage and one at its end, never one a message. */
  private tellOutage(notice: OutageNotice): void {
    const { phase, error, events, attempts, durationMs } = notice;
    if (phase === 'begin') {
      this.deps.log.warn(`${error.message} Events are kept and sent later; ${events} wait now.`);
    } else {
      const seconds = Math.round(durationMs / 1000);
      this.deps.log.info(
        `Events are delivered again after ${seconds} s and ${attempts} failed request(s); ${events} wait to be sent.`,
      );
    }
    this.listeners.forEach((listener) => listener.outage?.(notice));
  }

  private tellRecovery({ events, corrupt, quarantined, tornTails }: RecoveryReport): void {
    if (events > 0) this.deps.log.info(`${events} event(s) from before wait in ${this.folder}.`);
    if (corrupt > 0) {
      this.deps.log.warn(
        `${corrupt} damaged place(s) in the outbox were set aside: ${quarantined.join(', ')}. ` +
          'Everything else is delivered. The disk or memory card may be failing.',
      );
    }
    if (tornTails > 0) {
      this.deps.log.info(
        'The last write before the stop was incomplete; it had not been confirmed to any flow.',
      );
    }
  }
}
