import {
  CountingServer,
  printRun,
  printTable,
  run,
  type Load,
  type Run,
  type Way,
} from './support-node-red-load';

/**
 * Store-and-forward in a real Node-RED, from the first message to the last arrival: 20,000 events at once through
 * `roboflow-vision-event` with delivery `queue`, beside function node + "http request" node, and a steady stream of
 * 5,000 and of 50,000 events while the server refuses everything, which then drains. Each run is a fresh Node-RED; the
 * loads take turns; medians. Wanted: ten times the events a second, at most 8 connections, at most 60 MB of peak memory
 * growth whatever the backlog.
 */
const EVENTS = Number(process.env.BENCH_EVENTS ?? 20_000);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const BACKLOGS = (process.env.BENCH_BACKLOGS ?? '5000,50000').split(',').filter(Boolean).map(Number);
/** ms; a steady stream makes an event a millisecond */
const OUTAGE_AFTER_LAST_EVENT = 3000;

const LOADS: Record<string, { way: Way; load: Load }> = {
  [`http request, ${EVENTS} at once`]: {
    way: 'http request',
    load: { events: EVENTS, pace: 'at once', patienceMs: 60_000 },
  },
  [`queue, ${EVENTS} at once`]: {
    way: 'queue',
    load: { events: EVENTS, pace: 'at once', patienceMs: 60_000 },
  },
};
for (const events of BACKLOGS) {
  const load: Load = {
    events,
    pace: 'steady',
    outageMs: events + OUTAGE_AFTER_LAST_EVENT,
    patienceMs: 90_000,
  };
  LOADS[`queue, backlog of ${events}`] = { way: 'queue', load };
}

async function main(): Promise<void> {
  const server = await CountingServer.start();
  const runs = new Map<string, Run[]>(Object.keys(LOADS).map((title) => [title, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [title, { way, load }] of Object.entries(LOADS)) {
      const result = await run(way, load, server);
      runs.get(title)?.push(result);
      printRun(round, title, result);
    }
  }
  server.stop();
  console.log(`\nmedians of ${ROUNDS} runs, Node.js ${process.version}\n`);
  printTable(runs);
}

void main();
