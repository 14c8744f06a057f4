// npm start: installs, builds, then runs the simulator of the API and a Node-RED with the demo flow.
// Everything lives in .demo/ of this checkout; the user's own Node-RED folder is never touched.
// npm run dev (`--watch`): after each change it builds again, restarts what runs, and reloads open editors.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, watch, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { ensureInstalled, root } from './ensure-installed.mjs';

const PREFERRED_PORTS = { nodeRed: 1880, simulator: 4010 };
const SIMULATOR_KEY = 'simulator-key';
const demo = path.join(root, '.demo');
const reloader = path.join(demo, 'reload.js');
const isWatching = process.argv.includes('--watch');
/** Editors save a file in several steps, and a branch changes many. */
const QUIET_MS = 300;
let stopping = false;

ensureInstalled();
if (!build()) process.exit(1);

const simulatorPort = await freePort(PREFERRED_PORTS.simulator);
const nodeRedPort = await freePort(PREFERRED_PORTS.nodeRed);
prepareDemoFolder();

const PROGRAMS = {
  simulator: [
    '--require',
    'tsx/cjs',
    'simulator/main.ts',
    '--port',
    String(simulatorPort),
    '--key',
    SIMULATOR_KEY,
  ],
  'node-red': [
    path.join('node_modules', 'node-red', 'red.js'),
    '--userDir',
    demo,
    '--settings',
    path.join(demo, 'settings.js'),
  ],
};
const children = new Map();
/** what is watched: texts by path */
const seen = new Map();
for (const name of Object.keys(PROGRAMS)) run(name);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, stop);
await allAnswer();
if (!stopping) await deployDemo();
if (isWatching) watchSources();
console.log(`
  Node-RED editor        http://127.0.0.1:${nodeRedPort}/
  What arrived           http://127.0.0.1:${simulatorPort}/

  Ctrl-C ends both.${isWatching ? ' Changes in src, nodes, icons and simulator restart them.' : ''}
`);

function build() {
  console.log('Building ...');
  const { status } = spawnSync(process.execPath, [path.join(root, 'scripts', 'build.mjs')], {
    stdio: 'inherit',
  });
  return status === 0;
}

/** One round of building and restarting at a time; what changes meanwhile starts the next one. */
function watchSources() {
  let timer;
  let round = Promise.resolve();
  for (const folder of ['src', 'nodes', 'icons', 'simulator'].map((name) => path.join(root, name))) {
    for (const name of readdirSync(folder, { recursive: true })) hasChanged(path.join(folder, name));
    watch(folder, { recursive: true }, (_event, name) => {
      if (!hasChanged(path.join(folder, name))) return;
      clearTimeout(timer);
      timer = setTimeout(() => (round = round.then(renew)), QUIET_MS);
    });
  }
}

/** Since the last look. The build writes some of the sources itself, mostly the same text again. */
function hasChanged(file) {
  let text;
  try {
    text = readFileSync(file, 'latin1');
  } catch {
    // a folder, or gone
  }
  const isNew = seen.get(file) !== text;
  seen.set(file, text);
  return isNew;
}

async function renew() {
  if (stopping) return;
  if (!build()) return console.log('The build failed, so the last one goes on.');
  await Promise.all(Object.keys(PROGRAMS).map(restart));
  await allAnswer();
  writeReloader();
  console.log('Restarted.');
}

/** A page that finds another text than it began with was opened before the restart. */
function writeReloader() {
  writeFileSync(
    reloader,
    `const self = document.currentScript.src;
let first;
setInterval(async () => {
  const text = await fetch(self, { cache: 'no-store' }).then((reply) => reply.text(), () => first);
  first ??= text;
  if (text !== first) location.reload();
}, 1000);
// ${Date.now()}
`,
  );
}

/** The preferred port when it is free, else any. */
function freePort(preferred) {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', () => {
      const other = net.createServer();
      other.once('error', reject);
      other.listen(0, '127.0.0.1', () => {
        const { port } = other.address();
        other.close(() => resolve(port));
      });
    });
    server.listen(preferred, '127.0.0.1', () => server.close(() => resolve(preferred)));
  });
}

/** A user directory that sees this checkout as an installed package, with two of the examples as its flow. */
function prepareDemoFolder() {
  const scope = path.join(demo, 'node_modules', '@vision-events');
  mkdirSync(scope, { recursive: true });
  const link = path.join(scope, 'node-red-roboflow');
  rmSync(link, { recursive: true, force: true });
  symlinkSync(root, link, 'junction');
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const manifest = {
    name: 'vision-events-demo',
    private: true,
    dependencies: { '@vision-events/node-red-roboflow': version },
  };
  writeFileSync(path.join(demo, 'package.json'), JSON.stringify(manifest, null, 2));
  writeFileSync(path.join(demo, 'settings.js'), settings());
  if (isWatching) writeReloader();
}

function settings() {
  return `module.exports = ${JSON.stringify(
    {
      uiHost: '127.0.0.1',
      uiPort: nodeRedPort,
      flowFile: 'flows.json',
      credentialSecret: 'vision-events-demo',
      editorTheme: {
        tours: false,
        page: { title: 'Vision Events demo', ...(isWatching && { scripts: [reloader] }) },
        header: { title: 'Vision Events demo' },
      },
      telemetry: { enabled: false, updateNotification: false },
      logging: { console: { level: 'info' } },
    },
    null,
    2,
  )};\n`;
}

/** A conveyor, and a stream of frames; in place of their stand-ins the simulator answers. */
function demoFlow() {
  const examples = path.join(root, 'examples');
  const files = readdirSync(examples).sort();
  const wanted = [files[0], files.find((file) => file.includes('One event for each thing'))];
  const [first, ...others] = wanted.map((file) =>
    JSON.parse(readFileSync(path.join(examples, file), 'utf8')).filter(isOfDemo),
  );
  const isWorkspace = ({ type }) => type === 'roboflow-vision-event-workspace';
  const workspace = first.find(isWorkspace);
  const nodes = [...first, ...others.flat().filter((node) => !isWorkspace(node))];
  for (const node of nodes) {
    if (node.workspace) node.workspace = workspace.id;
    if (node.type === 'tab') node.info = node.info.split('\n')[0];
    if (node.type === 'comment' && node.name.startsWith('1.')) {
      node.name = '1. Watch the events arrive: the address is in the terminal';
      node.info =
        'Nothing leaves this computer: the simulator of the API answers. Ctrl-C in the terminal ends both.';
    }
  }
  return nodes;
}

function isOfDemo(node, _place, nodes) {
  const tab = node.type === 'tab' ? node : nodes.find(({ id }) => id === node.z);
  return !tab?.label.startsWith('Stand-in') && !/^2\. See what/.test(node.name ?? '');
}

/**
 * Deploys the demo flow into an empty Node-RED. A flow that is there already stays as the user made it; only the
 * simulator's address is renewed, since its port may differ from start to start.
 */
async function deployDemo() {
  const url = `http://127.0.0.1:${nodeRedPort}/flows`;
  const { flows } = await (await fetch(url, { headers: { 'Node-RED-API-Version': 'v2' } })).json();
  const nodes = flows.some((node) => node.type === 'roboflow-vision-event-workspace') ? flows : demoFlow();
  let changed = nodes !== flows;
  const baseUrl = `http://127.0.0.1:${simulatorPort}`;
  for (const node of nodes) {
    const local = /^http:\/\/127\.0\.0\.1:\d+(\/vision-events-stand-in)?$/.test(node.baseUrl ?? '');
    if (node.type !== 'roboflow-vision-event-workspace' || !local || node.baseUrl === baseUrl) continue;
    Object.assign(node, { name: 'Simulator', baseUrl, credentials: { apiKey: SIMULATOR_KEY } });
    changed = true;
  }
  if (!changed) return;
  const headers = {
    'Content-Type': 'application/json',
    'Node-RED-API-Version': 'v2',
    'Node-RED-Deployment-Type': 'full',
  };
  const reply = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ flows: nodes }) });
  if (!reply.ok) throw new Error(`Node-RED refused the demo flow: ${reply.status} ${await reply.text()}`);
}

function run(name) {
  const child = spawn(process.execPath, PROGRAMS[name], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  children.set(name, child);
  child.on('exit', (code) => {
    if (children.get(name) !== child) return;
    if (!stopping) console.log(`${name} ended (${code}), so the demo ends.`);
    stop();
  });
}

async function restart(name) {
  const child = children.get(name);
  children.delete(name);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
  if (!stopping) run(name);
}

function stop() {
  if (stopping) return;
  stopping = true;
  for (const child of children.values()) if (child.exitCode === null) child.kill('SIGTERM');
  if (isWatching) process.exit();
}

function allAnswer() {
  return Promise.all([
    answers(`http://127.0.0.1:${simulatorPort}/`),
    answers(`http://127.0.0.1:${nodeRedPort}/settings`),
  ]);
}

async function answers(url) {
  for (let attempt = 0; attempt < 240; attempt++) {
    if (stopping) process.exit(1);
    try {
      if ((await fetch(url)).ok) return;
    } catch {
      // not up yet
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  console.error(`${url} did not answer within a minute.`);
  stop();
}
