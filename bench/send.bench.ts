import { CountingServer, printRun, printTable, run, type Run, type Way } from './support-node-red-load';

/**
 * A burst of events through a real Node-RED: function node + "http request" node, as users do it today, beside
 * `roboflow-vision-event` with delivery `send` and with `queue`. Each run is a fresh Node-RED; the ways take turns;
 * medians. Wanted for `send`: at least as many events a second, at most 8 connections, at most a third of the peak
 * memory growth.
 */
const EVENTS = Number(process.env.BENCH_EVENTS ?? 5000);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const WAYS = (process.env.BENCH_WAYS ?? 'http request,send,queue').split(',') as Way[];

async function main(): Promise<void> {
  const server = await CountingServer.start();
  const runs = new Map<string, Run[]>(WAYS.map((way) => [way, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const way of WAYS) {
      const result = await run(way, { events: EVENTS, pace: 'at once' }, server);
      runs.get(way)?.push(result);
      printRun(round, way, result);
    }
  }
  server.stop();
  console.log(`${EVENTS} events at once, medians of ${ROUNDS} runs, Node.js ${process.version}\n`);
  printTable(runs);
}

void main();
