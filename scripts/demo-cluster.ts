// npm run demo:cluster: a PostgreSQL of its own, two Node-REDs that share its queue, and the simulator of the API. Kill
// one and watch. Everything lives in .demo/cluster of this checkout and a temporary folder; nothing of the user is
// touched.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { visionEventDefaults, workspaceDefaults } from '../nodes/shared/properties';
import { startSimulator, type Simulator } from '../simulator/server';
import { PostgresServer } from '../test/support/postgres-server';
import { freePort } from '../test/support/real-node-red';
import { until } from '../test/support/until';

const ROOT = path.dirname(__dirname);
const NAMES = ['a', 'b'] as const;
const REPORT_EVERY_MS = 5_000;
const EVENTS_A_SECOND = 2;
const START_DEADLINE_MS = 120_000;

type Name = (typeof NAMES)[number];

/** One of the two Node-REDs: each makes events, and each delivers what both of them made. */
class ClusterNodeRed {
  private child: ChildProcess | undefined;
  private readonly dir: string;

  private constructor(
    private readonly name: Name,
    private readonly port: number,
  ) {
    this.dir = path.join(ROOT, '.demo', 'cluster', name);
  }

  static async make(name: Name, database: string, simulator: Simulator): Promise<ClusterNodeRed> {
    const nodeRed = new ClusterNodeRed(name, await freePort());
    nodeRed.writeUserDirectory();
    await nodeRed.start();
    await nodeRed.deploy(flowOf(name, database, simulator));
    return nodeRed;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/`;
  }

  get pid(): number | undefined {
    return this.isRunning ? this.child?.pid : undefined;
  }

  get isRunning(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  async start(): Promise<void> {
    if (this.isRunning) return;
    const red = path.join(ROOT, 'node_modules', 'node-red', 'red.js');
    const settings = path.join(this.dir, 'settings.js');
    this.child = spawn(process.execPath, [red, '--userDir', this.dir, '--settings', settings], {
      cwd: this.dir,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const answers = () =>
      fetch(`${this.url}settings`).then(
        ({ ok }) => ok,
        () => false,
      );
    await until(answers, `Node-RED ${this.name}`, START_DEADLINE_MS);
  }

  stop(): void {
    this.child?.kill('SIGTERM');
  }

  private writeUserDirectory(): void {
    rmSync(this.dir, { recursive: true, force: true });
    const scope = path.join(this.dir, 'node_modules', '@vision-events');
    mkdirSync(scope, { recursive: true });
    symlinkSync(ROOT, path.join(scope, 'node-red-roboflow'), 'junction');
    const title = `Node-RED ${this.name}`;
    const settings = {
      uiHost: '127.0.0.1',
      uiPort: this.port,
      flowFile: 'flows.json',
      credentialSecret: 'vision-events-demo',
      editorTheme: { tours: false, page: { title }, header: { title } },
      telemetry: { enabled: false, updateNotification: false },
    };
    writeFileSync(path.join(this.dir, 'settings.js'), `module.exports = ${JSON.stringify(settings)};\n`);
    const dependencies = { '@vision-events/node-red-roboflow': '*' };
    writeFileSync(
      path.join(this.dir, 'package.json'),
      JSON.stringify({ name: 'cluster-demo', dependencies }),
    );
  }

  private async deploy(flows: object[]): Promise<void> {
    const headers = { 'Content-Type': 'application/json', 'Node-RED-API-Version': 'v2' };
    const body = JSON.stringify({ flows });
    const reply = await fetch(`${this.url}flows`, { method: 'POST', headers, body });
    if (!reply.ok) throw new Error(`Node-RED refused the flow: ${reply.status} ${await reply.text()}`);
  }
}

function flowOf(name: Name, database: string, simulator: Simulator): object[] {
  const { username, host, pathname } = new URL(database);
  return [
    { id: 'tab', type: 'tab', label: `Events of Node-RED ${name}` },
    {
      ...workspaceDefaults,
      id: 'workspace',
      type: 'roboflow-vision-event-workspace',
      name: 'Cluster demo',
      baseUrl: simulator.url,
      keepWaiting: 'postgres',
      postgresUrl: `postgres://${host}${pathname}`,
      credentials: { apiKey: simulator.keys.full, postgresUser: username },
    },
    {
      id: 'tick',
      type: 'inject',
      z: 'tab',
      x: 140,
      y: 80,
      name: 'a camera',
      props: [{ p: 'payload' }],
      payloadType: 'date',
      repeat: String(1 / EVENTS_A_SECOND),
      once: true,
      wires: [['event']],
    },
    {
      ...visionEventDefaults,
      id: 'event',
      type: 'roboflow-vision-event',
      z: 'tab',
      x: 360,
      y: 80,
      name: `event of ${name}`,
      workspace: 'workspace',
      detectionsType: 'none',
      eventType: 'custom',
      useCase: 'quality-line-1',
      value: `made by Node-RED ${name}`,
      valueType: 'str',
      wires: [[]],
    },
    {
      id: 'outbox',
      type: 'roboflow-vision-event-outbox',
      z: 'tab',
      x: 360,
      y: 160,
      name: 'its outbox',
      workspace: 'workspace',
      wires: [[], [], []],
    },
  ];
}

async function main(): Promise<void> {
  if (!existsSync(path.join(ROOT, 'dist', 'nodes'))) {
    const { status } = spawnSync(process.execPath, [path.join(ROOT, 'scripts', 'build.mjs')], {
      stdio: 'inherit',
    });
    if (status !== 0) process.exit(1);
  }
  const server = await PostgresServer.startIfInstalled();
  if (!server) {
    console.error(
      'Install PostgreSQL first: there is none below /usr/lib/postgresql (apt-get install postgresql).',
    );
    process.exit(1);
  }
  const simulator = await startSimulator({ maxEventsKept: 100_000 });
  const nodeReds: [Name, ClusterNodeRed][] = [];
  let isStopping = false;
  const stop = async () => {
    if (isStopping) return;
    isStopping = true;
    for (const [, nodeRed] of nodeReds) nodeRed.stop();
    await delay(2_000);
    await simulator.close();
    await server.stop();
    process.exit();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop());
  console.log('Starting two Node-REDs ...');
  // One after the other: the first one makes the tables.
  for (const name of NAMES) nodeReds.push([name, await ClusterNodeRed.make(name, server.url, simulator)]);
  console.log(`
  Node-RED a             ${nodeReds[0]?.[1].url}   (its workspace, Outbox status, shows both)
  Node-RED b             ${nodeReds[1]?.[1].url}
  What arrived           ${simulator.url}/

  Kill one, as a power cut would, and watch the other deliver what both had stored:
    kill -9 ${nodeReds[0]?.[1].pid}          (a)
    kill -9 ${nodeReds[1]?.[1].pid}          (b)
  What the dead one had just in work follows after at most 75 s.
  Enter starts again what was killed. Ctrl-C ends all.
`);
  createInterface(process.stdin).on('line', () => {
    for (const [, nodeRed] of nodeReds) void nodeRed.start().catch(console.error);
  });
  for (;;) {
    await delay(REPORT_EVERY_MS);
    if (isStopping) return;
    console.log(await report(server, simulator, nodeReds));
  }
}

/** One line: who lives, what arrived of whom, what waits. */
async function report(
  server: PostgresServer,
  simulator: Simulator,
  nodeReds: [Name, ClusterNodeRed][],
): Promise<string> {
  const alive = nodeReds.map(
    ([name, { pid }]) => `${name} ${pid === undefined ? 'is dead' : `runs (${pid})`}`,
  );
  const values = simulator
    .events()
    .map(({ event }) => (event['eventData'] as { value?: string }).value ?? '');
  const arrived = NAMES.map((name) => `${values.filter((value) => value.endsWith(name)).length} of ${name}`);
  const [found] = await server.sql<{ waiting: number; leased: number }>(
    'select count(*)::int as waiting, count(lease)::int as leased from vision_events.event',
  );
  return `  ${alive.join(', ')} · arrived: ${arrived.join(', ')} · waiting: ${found?.waiting} (${found?.leased} in work)`;
}

void main();
