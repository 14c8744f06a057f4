import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { nodeRedProgram, type NodeRedProgram, type NodeRedVersion } from './node-red-versions';
import { freshUserDirectory } from './packed-package';
import { until } from './until';

/** A node of a flow as the admin API takes it; `credentials` go in with it. */
export interface FlowNode {
  id: string;
  type: string;
  credentials?: Record<string, string>;
  [property: string]: unknown;
}

export interface NodeSet {
  id: string;
  module: string;
  types: string[];
  enabled: boolean;
  err?: unknown;
}

const START_DEADLINE_MS = 180_000;
const DEPLOY_DEADLINE_MS = 40_000;
/** As `docker stop`. */
const STOP_DEADLINE_MS = 10_000;

/** What is stopped and started again: everything, the flows with changes, or the nodes that changed. */
export type DeploymentType = 'full' | 'flows' | 'nodes';

/** A real Node-RED in a process of its own, with the packed package installed in a fresh user directory. */
export class RealNodeRed {
  private readonly output: string[] = [];
  private child!: ChildProcess;

  private constructor(
    readonly version: NodeRedVersion,
    private readonly program: NodeRedProgram,
    private readonly port: number,
    readonly userDirectory: string,
    private readonly environment: NodeJS.ProcessEnv,
  ) {}

  /**
   * Starts it on a free port of loopback and waits until its flows run.
   * @param options.settings beside or over those of every test
   * @param options.flows what it starts with, for a Node-RED that lets nobody deploy
   */
  static async start(
    version: NodeRedVersion,
    environment: NodeJS.ProcessEnv = {},
    options: { settings?: object; flows?: FlowNode[] } = {},
  ): Promise<RealNodeRed> {
    const [program, userDirectory, port] = await Promise.all([
      nodeRedProgram(version),
      freshUserDirectory(),
      freePort(),
    ]);
    const settings = { ...SETTINGS, ...options.settings };
    writeFileSync(path.join(userDirectory, 'settings.js'), `module.exports = ${JSON.stringify(settings)};\n`);
    writeFileSync(path.join(userDirectory, '.config.users.json'), JSON.stringify({ _: USER_SETTINGS }));
    if (options.flows) {
      writeFileSync(path.join(userDirectory, SETTINGS.flowFile), JSON.stringify(options.flows));
    }
    const nodeRed = new RealNodeRed(version, program, port, userDirectory, environment);
    await nodeRed.launch();
    return nodeRed;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Everything that Node-RED has written so far. */
  log(): string {
    return this.output.join('');
  }

  /** Deploys these nodes in place of all others and waits until they run: Node-RED answers before that. */
  async deploy(flows: FlowNode[], type: DeploymentType = 'full'): Promise<void> {
    const startsBefore = this.starts();
    const answer = await fetch(`${this.url}/flows`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'Node-RED-API-Version': 'v2',
        'Node-RED-Deployment-Type': type,
      },
      body: JSON.stringify({ flows }),
    });
    if (!answer.ok) throw new Error(`deploy: HTTP ${answer.status} ${await answer.text()}`);
    await this.until(() => this.starts() > startsBefore, DEPLOY_DEADLINE_MS);
  }

  /** The text that an admin route answers. */
  async getText(route: string, accept = 'application/json'): Promise<string> {
    const answer = await fetch(`${this.url}/${route}`, { headers: { Accept: accept } });
    if (!answer.ok) throw new Error(`GET ${route}: HTTP ${answer.status} ${await answer.text()}`);
    return answer.text();
  }

  async get<T>(route: string): Promise<T> {
    return JSON.parse(await this.getText(route)) as T;
  }

  /** The node sets of this package. */
  async nodeSets(module: string): Promise<NodeSet[]> {
    return (await this.get<NodeSet[]>('nodes')).filter((set) => set.module === module);
  }

  /** Ends the process as a power cut would: kill -9. The user directory stays, for `restart`. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /**
   * Asks the process to end, and fails when it does not in the time that `docker stop` gives it. The user directory
   * stays.
   */
  async terminate(): Promise<void> {
    await this.end('SIGTERM');
    if (this.child.signalCode === 'SIGKILL') {
      throw new Error(`Node-RED did not end within ${STOP_DEADLINE_MS} ms:\n${this.log()}`);
    }
  }

  /**
   * Starts it again, after `kill` or `terminate`, on the same user directory and port, and waits until its flows run.
   */
  async restart(): Promise<void> {
    await this.launch();
  }

  /** Ends the process by its handle and removes the user directory. */
  async stop(): Promise<void> {
    await this.end('SIGTERM');
    rmSync(this.userDirectory, { recursive: true, force: true });
  }

  private async launch(): Promise<void> {
    const { userDirectory, program } = this;
    const startsBefore = this.starts();
    this.child = spawn(
      program.node,
      [
        program.redJs,
        '-p',
        String(this.port),
        '-u',
        userDirectory,
        '-s',
        path.join(userDirectory, 'settings.js'),
      ],
      {
        cwd: userDirectory,
        env: { ...process.env, ...this.environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => this.output.push(text));
    }
    await this.until(() => this.starts() > startsBefore, START_DEADLINE_MS);
  }

  /** Resolves when the process is gone and its last word is read. */
  private async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (!this.isRunning) return;
    const closed = once(this.child, 'close');
    const impatience = setTimeout(() => this.child.kill('SIGKILL'), STOP_DEADLINE_MS);
    this.child.kill(signal);
    await closed;
    clearTimeout(impatience);
  }

  private starts(): number {
    return this.log().match(/Started (modified )?(flows|nodes)/g)?.length ?? 0;
  }

  private async until(condition: () => boolean, deadlineMs: number): Promise<void> {
    await until(() => !this.isRunning || condition(), 'its flows to start', deadlineMs).catch(
      () => undefined,
    );
    if (this.isRunning && condition()) return;
    await this.stop();
    throw new Error(`Node-RED ${this.version} did not start its flows:\n${this.log()}`);
  }
}

const SETTINGS = {
  uiHost: '127.0.0.1',
  flowFile: 'flows.json',
  credentialSecret: 'only for tests',
  telemetry: { enabled: false, updateNotification: false },
  externalModules: { palette: { allowInstall: false } },
  editorTheme: { tours: false, projects: { enabled: false } },
  logging: { console: { level: 'trace', metrics: false, audit: false } },
};

/**
 * No tips: on a slow machine Node-RED 5.0 would show the first before there is a place for it, an error of the page.
 */
const USER_SETTINGS = { editor: { view: { 'view-show-tips': false } } };

/** Below the ports that systems give to connections: none takes one between the look and the server that it is for. */
const FIRST_PORT = 20_000;
const PORTS = 12_000;

export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    const server = createServer();
    try {
      await once(server.listen(port, '127.0.0.1'), 'listening');
    } catch {
      continue;
    }
    server.close();
    await once(server, 'close');
    return port;
  }
}
