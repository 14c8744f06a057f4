import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { WorkspaceProperties } from '../../nodes/shared/properties';
import { LoopDisk } from '../support/loop-disk';
import { RealNodeRed, type DeploymentType } from '../support/real-node-red';
import { seededRandom } from '../support/seed';
import { account, type Account, type Disturbance } from './account';
import { pictureOf, sha256 } from './copies';
import { soakFlow, type FlowLine, type FlowSettings } from './flow';
import { Load } from './load';
import { readOutboxFolder } from './outbox-folder';
import { MisbehavingServer, MODES } from './server';
import { ShiftedClock } from './shifted-clock';

export interface SiteProfile {
  name: string;
  workspace: Partial<WorkspaceProperties>;
  /** a small file system and a clock of its own, where the machine allows it */
  isIsolated?: boolean;
  /** errors that its settings alone may bring */
  codes?: readonly string[];
}

const API_KEY = 'the-key-of-the-soak';
const WRONG_KEY = 'the-key-of-yesterday';
const DISK_MEBIBYTES = 200;
const FILE_PICTURE_BYTES = 200_000;
const POST_DEADLINE_MS = 60_000;
const PAUSE_WHILE_AWAY_MS = 250;
const SAMPLE_MS = 5_000;
const LOOK_MS = 10_000;
const LONGEST_FAULT_MS = 60_000;
const LONGEST_WELL_MS = 40_000;
const QUIET = { logging: { console: { level: 'info', metrics: false, audit: false } } };

/** One Node-RED under load, its server, and what is done to both. */
export class Site {
  readonly disturbances: Disturbance[] = [];
  readonly complaints: string[] = [];
  /** whether the process is meant to run */
  isMeantToRun = true;
  private readonly samples: { rss: number; files: number }[] = [];
  private second: RealNodeRed | undefined;
  private deploys = 0;
  /** wall clock, ms */
  private lastStart = 0;

  private constructor(
    readonly profile: SiteProfile,
    readonly folder: string,
    readonly random: () => number,
    readonly clock: () => number,
    readonly server: MisbehavingServer,
    readonly nodeRed: RealNodeRed,
    private readonly load: Load,
    private readonly settings: FlowSettings,
    readonly disk: LoopDisk | undefined,
    readonly shiftedClock: ShiftedClock | undefined,
  ) {}

  /** @param folder of its own, for all that it writes */
  static async start(profile: SiteProfile, seed: number, folder: string, clock: () => number): Promise<Site> {
    mkdirSync(folder, { recursive: true });
    const random = seededRandom(seed);
    const server = new MisbehavingServer(API_KEY, seededRandom(seed + 1), clock);
    await server.listen();
    const disk = profile.isIsolated ? await orNone(() => LoopDisk.make(DISK_MEBIBYTES)) : undefined;
    const shiftedClock = profile.isIsolated ? await orNone(() => new ShiftedClock(folder)) : undefined;
    const picture = pictureOf(0, FILE_PICTURE_BYTES);
    const pictureFile = join(folder, 'picture.jpg');
    writeFileSync(pictureFile, picture);
    const outboxDir = join(disk?.mountPoint ?? folder, 'outbox');
    const settings: FlowSettings = {
      apiKey: API_KEY,
      baseUrl: server.url,
      logFile: join(folder, 'flow.ndjson'),
      pictureFile,
      workspace: { ...profile.workspace, outboxDir },
    };
    const nodeRed = await RealNodeRed.start('4.1', shiftedClock?.environment, { settings: QUIET });
    const load = new Load(seededRandom(seed + 2), clock, sha256(picture));
    const site = new Site(
      profile,
      folder,
      random,
      clock,
      server,
      nodeRed,
      load,
      settings,
      disk,
      shiftedClock,
    );
    await site.deploy();
    return site;
  }

  /** Loads it until the signal comes. */
  async keepLoading(end: AbortSignal): Promise<void> {
    while (!end.aborted) {
      await this.post(this.nodeRed, this.load.turn());
      await delay(this.load.pause() * (0.5 + this.random()));
    }
  }

  /** Lets the server misbehave, in one way after the other, until the signal comes. */
  async keepMisbehaving(end: AbortSignal): Promise<void> {
    while (!end.aborted) {
      await this.server.enter('well');
      await pause(this.random() * LONGEST_WELL_MS, end);
      const mode = MODES[Math.floor(this.random() * MODES.length)];
      if (mode) await this.server.enter(mode);
      await pause(5_000 + this.random() * (LONGEST_FAULT_MS - 5_000), end);
    }
    await this.server.enter('well');
  }

  /** Watches the process until the signal comes. */
  async keepWatching(end: AbortSignal): Promise<void> {
    while (!end.aborted) {
      await pause(SAMPLE_MS, end);
      if (!this.isMeantToRun) continue;
      if (this.nodeRed.isRunning) this.sample();
      else {
        this.complaints.push(`Node-RED ended by itself at ${this.clock()}`);
        this.isMeantToRun = false;
      }
    }
  }

  async deploy(changes: { isKeyWrong?: boolean; type?: DeploymentType } = {}): Promise<void> {
    // A deploy of changed nodes needs a change.
    const workspace = { ...this.settings.workspace, name: `Soak ${++this.deploys}` };
    const apiKey = changes.isKeyWrong ? WRONG_KEY : API_KEY;
    this.lastStart = Date.now();
    await this.nodeRed.deploy(soakFlow({ ...this.settings, apiKey, workspace }), changes.type);
  }

  /** Notes what is done while it is done. */
  async during(
    name: string,
    work: () => Promise<void>,
    effects: Partial<Pick<Disturbance, 'codes' | 'interrupts' | 'isUnclean'>> = {},
  ): Promise<void> {
    const disturbance: Disturbance = {
      name,
      from: this.clock(),
      to: Infinity,
      codes: [],
      interrupts: false,
      isUnclean: false,
      ...effects,
    };
    this.disturbances.push(disturbance);
    await work();
    disturbance.to = this.clock();
  }

  async kill(): Promise<void> {
    this.isMeantToRun = false;
    await this.nodeRed.kill();
  }

  async terminate(): Promise<void> {
    this.isMeantToRun = false;
    await this.nodeRed.terminate().catch(({ message }: Error) => {
      this.complaints.push(`at ${this.clock()}: ${message.split('\n')[0]}`);
    });
  }

  async restart(): Promise<void> {
    this.lastStart = Date.now();
    await this.nodeRed.restart();
    this.isMeantToRun = true;
  }

  /** A second Node-RED with the same outbox folder, that is given messages too. */
  async letSecondOwnerTry(ms: number): Promise<void> {
    const logFile = join(this.folder, 'flow-second.ndjson');
    const flows = soakFlow({ ...this.settings, logFile });
    if (this.second) await this.second.restart();
    else {
      this.second = await RealNodeRed.start('4.1', {}, { settings: QUIET });
      await this.second.deploy(flows);
    }
    const end = AbortSignal.timeout(ms);
    while (!end.aborted) {
      const messages = this.load.turn();
      // What is sent at once cannot know what waits in a folder of somebody else.
      if (!messages.some(({ route }) => route === 'direct')) await this.post(this.second, messages, 5_000);
      await pause(1_000, end);
    }
    await this.second.kill();
  }

  /** Waits until all that can be delivered is, or the time is over; then ends Node-RED and counts. */
  async drainAndAccount(longestMs: number): Promise<Account> {
    await this.server.enter('well');
    this.server.isSeasonArchived = false;
    const from = this.clock();
    // Once: each flush also tries the refused events again, at the cost of the others.
    await this.flush();
    while (this.clock() < from + longestMs && this.isMeantToRun) {
      if (this.missing() === 0 && this.server.pending === 0) break;
      await delay(LOOK_MS);
    }
    const drainedAfter = Math.round((this.clock() - from) / 1000);
    if (this.isMeantToRun) await this.terminate();
    while (this.server.pending > 0) await delay(1_000);
    await this.server.close();
    const { table, faults } = this.accountNow();
    return { table: { ...table, ...this.summary(), 'drained after, s': drainedAfter }, faults };
  }

  /** Removes what it took from the machine. What it wrote into its folder stays. */
  async remove(): Promise<void> {
    writeFileSync(join(this.folder, 'node-red.log'), this.nodeRed.log());
    if (this.second) writeFileSync(join(this.folder, 'node-red-second.log'), this.second.log());
    await this.server.close();
    await this.nodeRed.stop();
    await this.second?.stop();
    await this.disk?.remove();
  }

  private async post(nodeRed: RealNodeRed, messages: { messageId: number }[], deadlineMs = POST_DEADLINE_MS) {
    try {
      const answer = await fetch(`${nodeRed.url}/load`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ messages }),
        signal: AbortSignal.timeout(deadlineMs),
      });
      await answer.arrayBuffer();
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      for (const { messageId } of messages) {
        const made = this.load.messages.get(messageId);
        if (made) made.isTaken = true;
      }
    } catch {
      // It is away or went away: whether it took the messages is not known.
      await delay(PAUSE_WHILE_AWAY_MS);
    }
  }

  private async flush(): Promise<void> {
    await fetch(`${this.nodeRed.url}/outbox`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ command: 'flush' }),
      signal: AbortSignal.timeout(POST_DEADLINE_MS),
    }).catch(() => undefined);
  }

  /** How many copies were acknowledged, are not stored, and were not refused for what they are. */
  private missing(): number {
    const stored = new Set(this.server.arrivals.map(({ copyNumber }) => copyNumber));
    const done = new Set(this.lines().flatMap((line) => (line.kind === 'done' ? [line.messageId] : [])));
    return [...this.load.messages.values()]
      .filter(({ messageId }) => done.has(messageId))
      .flatMap(({ copies }) => copies)
      .filter(({ number, flaw }) => !stored.has(number) && !flaw && !this.server.refused.has(number)).length;
  }

  private lines(): FlowLine[] {
    return readdirSync(this.folder)
      .filter((name) => name.endsWith('.ndjson'))
      .flatMap((name) => readFileSync(join(this.folder, name), 'utf8').split('\n'))
      .filter((line) => line.endsWith('}'))
      .map((line) => JSON.parse(line) as FlowLine);
  }

  private accountNow(): Account {
    const { server, load, disturbances } = this;
    const arrivals = server.arrivals.map((arrival) => JSON.stringify(arrival));
    writeFileSync(join(this.folder, 'arrivals.json'), `[${arrivals.join(',\n')}]\n`);
    writeFileSync(join(this.folder, 'disturbances.json'), JSON.stringify(disturbances, undefined, 1));
    const always: Disturbance = {
      name: 'its settings',
      from: 0,
      to: Infinity,
      codes: this.profile.codes ?? [],
      interrupts: false,
      isUnclean: false,
    };
    return account({
      copies: load.copies,
      messages: load.messages,
      lines: this.lines(),
      arrivals: server.arrivals,
      refused: server.refused,
      refusedByMode: server.refusedByMode,
      folder: readOutboxFolder(this.settings.workspace.outboxDir ?? '', this.lastStart),
      disturbances: [always, ...disturbances],
      complaints: [...this.complaints, ...server.complaints, ...this.badWords()],
    });
  }

  /** Lines of Node-RED's log that must not be there. */
  private badWords(): string[] {
    const log = this.nodeRed.log() + (this.second?.log() ?? '');
    return log.split('\n').filter((line) => /unhandled|uncaught|UNEXPECTED|the-key-of/i.test(line));
  }

  private summary() {
    const counts = new Map<string, number>();
    for (const { name } of this.disturbances) counts.set(name, (counts.get(name) ?? 0) + 1);
    const largest = (what: 'rss' | 'files') => Math.max(0, ...this.samples.map((sample) => sample[what]));
    return {
      'requests / that met a fault': `${this.server.requests} / ${Object.values(this.server.faults).reduce((a, b) => a + b, 0)}`,
      'largest RSS, MB / open files': `${largest('rss')} / ${largest('files')}`,
      'done to it': [...counts].map(([name, count]) => `${name} ${count}`).join(', '),
    };
  }

  private sample(): void {
    const process = `/proc/${this.nodeRed.pid}`;
    if (!existsSync(process)) return;
    try {
      const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`${process}/status`, 'utf8'))?.[1] ?? 0);
      const sample = { rss: Math.round(kilobytes / 1024), files: readdirSync(`${process}/fd`).length };
      this.samples.push(sample);
      appendFileSync(join(this.folder, 'samples.txt'), `${this.clock()} ${sample.rss} ${sample.files}\n`);
    } catch {
      // It ended just now.
    }
  }
}

async function orNone<Value>(make: () => Value | Promise<Value>): Promise<Value | undefined> {
  try {
    return await make();
  } catch (error) {
    console.log(`left out: ${(error as Error).message.trim().split('\n')[0]}`);
    return undefined;
  }
}

/** Waits so many ms, or until the signal comes. */
export async function pause(ms: number, end: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal: end }).catch(() => undefined);
}
