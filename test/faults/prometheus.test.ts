import assert from 'node:assert/strict';
import { writeFileSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { METRICS_PATH } from '../../nodes/workspace/metrics/route';
import { visionEventDefaults, workspaceDefaults } from '../../nodes/shared/properties';
import { startSimulator, type Simulator } from '../../simulator/server';
import { complaintsOfPromtool, Prometheus } from '../support/prometheus';
import { RealNodeRed, type FlowNode } from '../support/real-node-red';
import { isLongRun } from '../support/seed';
import { EVENT_SENT_AS_IT_IS } from '../support/sent-as-it-is';
import { until } from '../support/until';
import { jpeg } from '../unit/images/made-pictures';

const TOKEN = 'metrics-secret-Vb5Rt9Qe';
const STORED = 'quality-line-1';
const SENT = 'dock-count';
/** The long form takes ten minutes. */
const SECONDS = isLongRun ? 600 : 15;
const SCRAPE_SECONDS = isLongRun ? 5 : 1;
/** In thirds: all is well, the API is away, it is back. */
const OUTAGE = { from: SECONDS / 3, to: (2 * SECONDS) / 3 };
const STORED_A_SECOND = 5;

describe('Prometheus reads a real Node-RED across an outage and deploys', function () {
  this.timeout((SECONDS + 240) * 1000);

  let simulator: Simulator;
  let nodeRed: RealNodeRed;
  let prometheus: Prometheus;

  before(async function () {
    simulator = await startSimulator();
    // Without an editor: the metrics must be there all the same.
    nodeRed = await RealNodeRed.start('4.1', {}, { settings: { disableEditor: true } });
    await nodeRed.deploy(flow(simulator));
    prometheus = await Prometheus.start(this, {
      host: new URL(nodeRed.url).host,
      path: METRICS_PATH,
      token: TOKEN,
      everySeconds: SCRAPE_SECONDS,
    });
  });
  after(async () => {
    await prometheus?.stop();
    await nodeRed?.stop();
    await simulator?.close();
  });

  const post = async (route: string) => (await fetch(`${nodeRed.url}/${route}`, { method: 'POST' })).status;
  const value = (expression: string) => prometheus.value(expression);
  const arrived = (useCase: string) =>
    simulator.events().filter(({ useCaseId }) => useCaseId === useCase).length;

  it('and counts what the simulator counts', async () => {
    const done = { stored: 0, sent: 0, failed: 0 };
    const begun = performance.now();
    const seconds = () => (performance.now() - begun) / 1000;
    let hasDeployed = false;
    for (let tick = 0; seconds() < SECONDS; tick++) {
      const isAway = seconds() > OUTAGE.from && seconds() < OUTAGE.to;
      if (isAway) simulator.faults.always({ status: 503, body: {} });
      else simulator.faults.clear();
      // In the middle of the outage, with events that wait and counts that no scrape has seen.
      if (!hasDeployed && seconds() > SECONDS / 2) {
        hasDeployed = true;
        await nodeRed.deploy(flow(simulator));
      }
      assert.equal(await post('store'), 200);
      done.stored++;
      if (tick % STORED_A_SECOND === 0) {
        if ((await post('send')) === 200) done.sent++;
        else done.failed++;
      }
      await delay(Math.max(0, ((tick + 1) / STORED_A_SECOND - seconds()) * 1000));
    }
    simulator.faults.clear();
    await until(() => arrived(STORED) === done.stored, 'all stored events', 120_000);
    const all = `sum(vision_events_delivered_total)`;
    await until(async () => (await value(all)) === done.stored + done.sent, 'the last scrape', 30_000);

    const requests = { ok: 0, failed: 0 };
    for (const [status, count] of Object.entries(simulator.requests.byStatus)) {
      requests[Number(status) < 300 ? 'ok' : 'failed'] += count;
    }
    const span = `[${Math.ceil(seconds()) + 60}s]`;
    const duration = 'vision_events_request_duration_seconds_count';
    const expected: Record<string, number> = {
      [`vision_events_stored_total{use_case="${STORED}"}`]: done.stored,
      [`vision_events_delivered_total{use_case="${STORED}"}`]: arrived(STORED),
      [`vision_events_delivered_total{use_case="${SENT}"}`]: arrived(SENT),
      [`vision_events_dropped_total{use_case="${SENT}",reason="server_error"}`]: done.failed,
      'sum(vision_events_dropped_total)': done.failed,
      [`sum(${duration}{outcome="ok"})`]: requests.ok,
      [`sum(${duration}{outcome="failed"})`]: requests.failed,
      // Every failed request was one of the outbox or one of a node that sends at once.
      'vision_events_retries_total{cause="server"}': requests.failed - done.failed,
      'sum(vision_events_retries_total)': requests.failed - done.failed,
      [`vision_events_uploads_total{kind="picture"}`]: simulator.requests.entries.filter(
        ({ path: asked, status }) => asked.startsWith('/vision-events/upload') && status === 201,
      ).length,
      vision_events_outbox_events: 0,
      vision_events_outbox_bytes: 0,
      'vision_events_breaker_state{state="closed"}': 1,
    };
    const found: Record<string, number | undefined> = {};
    for (const expression of Object.keys(expected)) found[expression] = await value(expression);
    const [most, oldest, away, down, scrapes] = [
      await value(`max_over_time(vision_events_outbox_events${span})`),
      await value(`max_over_time(vision_events_outbox_oldest_age_seconds${span})`),
      await value(`sum_over_time(vision_events_breaker_state{state="backing-off"}${span})`),
      await value(`count_over_time(up${span}) - sum_over_time(up${span})`),
      await value(`count_over_time(up${span})`),
    ];
    console.log(
      `      ${JSON.stringify({ ...done, requests, most, oldest, away, down, scrapes })}\n` +
        Object.entries(found)
          .map(([expression, count]) => `      ${expression} ${count}`)
          .join('\n'),
    );
    assert.deepEqual(found, expected);
    const outageSeconds = OUTAGE.to - OUTAGE.from;
    assert.ok(most! > (outageSeconds - 2 * SCRAPE_SECONDS) * STORED_A_SECOND * 0.5, `${most} waited`);
    assert.ok(oldest! > outageSeconds / 2, `${oldest} s`);
    assert.ok(away! > 0, 'the outage shows in no scrape');
  });

  it('on a page that passes promtool check metrics', async function () {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const text = await (await fetch(nodeRed.url + METRICS_PATH, { headers })).text();
    assert.match(text, /vision_events_delivered_total\{/);
    assert.equal(complaintsOfPromtool(this, text), '');
    assert.notEqual(complaintsOfPromtool(this, text.replaceAll('_total', '_count')), '', 'it finds nothing');
  });

  it('with users in the editor, who have no say in it', async () => {
    await nodeRed.terminate();
    const file = path.join(nodeRed.userDirectory, 'settings.js');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, `${text}module.exports.adminAuth = { type: 'credentials', users: [] };\n`);
    await nodeRed.restart();
    assert.equal((await fetch(`${nodeRed.url}/flows`)).status, 401);
    assert.equal((await fetch(nodeRed.url + METRICS_PATH)).status, 401);
    const headers = { authorization: `Bearer ${TOKEN}` };
    assert.equal((await fetch(nodeRed.url + METRICS_PATH, { headers })).status, 200);
    // A new process counts from 0, and Prometheus goes on reading it.
    await until(async () => (await value('sum(vision_events_retries_total)')) === 0, 'a scrape', 60_000);
  });
});

/** `POST /store` stores an event with a picture of its own, `POST /send` sends one at once; 500 when it could not. */
function flow(simulator: Simulator): FlowNode[] {
  const place = { z: 'tab', x: 300, y: 100 };
  const event = (id: string, useCase: string, delivery: 'queue' | 'send', answer: string): FlowNode => ({
    ...visionEventDefaults,
    ...EVENT_SENT_AS_IT_IS,
    id,
    type: 'roboflow-vision-event',
    ...place,
    workspace: 'workspace',
    useCase,
    delivery,
    detectionsType: 'none',
    outputImage: 'image',
    outputImageType: delivery === 'queue' ? 'msg' : 'none',
    wires: [[answer]],
  });
  return [
    { id: 'tab', type: 'tab', label: 'Test' },
    {
      ...workspaceDefaults,
      id: 'workspace',
      type: 'roboflow-vision-event-workspace',
      name: 'line "1"\\\n{a="b"} ü',
      baseUrl: simulator.url,
      // Of a backlog the waits would take longer than the test.
      batchLinger: 0,
      metrics: true,
      credentials: { apiKey: simulator.keys.full, metricsToken: TOKEN },
    },
    { id: 'store', type: 'http in', ...place, url: '/store', method: 'post', wires: [['picture']] },
    {
      id: 'picture',
      type: 'function',
      ...place,
      // The same picture would be uploaded once only.
      func: `const end = Buffer.from(msg._msgid);
        msg.image = Buffer.concat([Buffer.from('${jpeg(8, 8).toString('base64')}', 'base64'), end]);
        return msg;`,
      wires: [['event']],
    },
    event('event', STORED, 'queue', 'answer'),
    { id: 'in', type: 'http in', ...place, url: '/send', method: 'post', wires: [['sender']] },
    event('sender', SENT, 'send', 'answer'),
    { id: 'answer', type: 'http response', ...place, statusCode: '200' },
    { id: 'catch', type: 'catch', ...place, scope: null, uncaught: false, wires: [['failed']] },
    { id: 'failed', type: 'http response', ...place, statusCode: '500' },
  ];
}
