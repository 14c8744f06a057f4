/**
 * What loading the nodes costs Node-RED at its start: all node files of the build beside axios alone and zod alone,
 * each in a fresh process: milliseconds of wall clock, milliseconds of processor, resident memory. Modules of Node.js
 * that Node-RED itself has loaded before its nodes (http and the like) are loaded before the measurement begins. The
 * candidates take turns; medians. Wanted: less than axios alone, for nothing heavy loads before the first message needs
 * it.
 *
 * Usage: npm run build && npx tsx bench/load-cost.bench.ts [rounds]
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { LOAD_NODES, nodeFiles } from '../test/support/load-nodes';

const rounds = Number(process.argv.slice(2).find((argument) => Number(argument) > 0) ?? 15);

const CANDIDATES: Record<string, { program: string; files: string[] }> = {
  'all our nodes': { program: LOAD_NODES, files: nodeFiles('built') },
  'axios alone': { program: `require('axios')`, files: [] },
  'zod alone': { program: `require('zod')`, files: [] },
};

const LOADED_BY_NODE_RED = [
  'http',
  'https',
  'crypto',
  'zlib',
  'stream',
  'url',
  'util',
  'os',
  'net',
  'fs/promises',
];

interface Cost {
  wallMs: number;
  processorMs: number;
  residentMb: number;
}

function costOf({ program, files }: { program: string; files: string[] }): Cost {
  const script = `
    ${JSON.stringify(LOADED_BY_NODE_RED)}.forEach((name) => require(name));
    const before = { rss: process.memoryUsage.rss(), cpu: process.cpuUsage(), time: performance.now() };
    { ${program} }
    const { user, system } = process.cpuUsage(before.cpu);
    console.log(JSON.stringify({
      wallMs: performance.now() - before.time,
      processorMs: (user + system) / 1000,
      residentMb: (process.memoryUsage.rss() - before.rss) / 1024 / 1024,
    }));`;
  const output = execFileSync(process.execPath, ['-e', script, ...files], {
    cwd: __dirname,
    encoding: 'utf8',
  });
  return JSON.parse(output) as Cost;
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

const missing = nodeFiles('built').filter((file) => !existsSync(file));
if (missing.length > 0) throw new Error('There is no build to measure. Run "npm run build" first.');
const costs = new Map<string, Cost[]>(Object.keys(CANDIDATES).map((name) => [name, []]));
for (let round = 0; round < rounds; round++) {
  for (const [name, candidate] of Object.entries(CANDIDATES)) costs.get(name)?.push(costOf(candidate));
}
console.log(`Node.js ${process.version}, medians of ${rounds} fresh processes each\n`);
const rows = [...costs].map(([name, list]) => {
  const of = (key: keyof Cost) => Number(median(list.map((cost) => cost[key])).toFixed(1));
  return [
    name,
    { 'wall ms': of('wallMs'), 'processor ms': of('processorMs'), 'memory MB': of('residentMb') },
  ];
});
console.table(Object.fromEntries(rows));
