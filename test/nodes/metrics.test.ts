import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import express from 'express';
import type { NodeAPI } from 'node-red';
import { METRICS_PATH, registerMetricsRoute } from '../../nodes/workspace/metrics/route';
import { visionEventBundleDefaults, visionEventSendDefaults } from '../../nodes/shared/properties';
import { startSimulator, type Simulator } from '../../simulator/server';
import { writeBundle } from '../../src/bundle/write';
import { MetricsPage } from '../support/metrics-page';
import { EVENT_NODE_ID, helper, TestFlow, WORKSPACE_ID } from '../support/node-red-helper';
import { SENT_AS_IT_IS } from '../support/sent-as-it-is';
import { assertNoSecret } from '../support/secrets';
import { SingleNodeFlow } from '../support/single-node-flow';
import { until } from '../support/until';
import { jpeg } from '../unit/images/made-pictures';

import visionEventBundle = require('../../nodes/bundle/node');

const KEY = 'rf-secret-Wq72Lm09Xc';
const TOKEN = 'metrics-secret-Jk4_Tz8.Pw';
const USE_CASE = 'quality-line-1';
const VARIABLE = 'VISION_EVENTS_TEST_METRICS_TOKEN';

let workspaces = 0;
/** Counters live as long as the process: each test has its own. */
let workspace = '';

const ask = (authorization?: string, method: 'get' | 'head' = 'get') => {
  const request = helper.request()[method](METRICS_PATH);
  return authorization === undefined ? request : request.set('Authorization', authorization);
};

async function page(token = TOKEN): Promise<MetricsPage> {
  const answer = await ask(`Bearer ${token}`);
  assert.equal(answer.status, 200, answer.text);
  return new MetricsPage(answer.text);
}

/** The first page on which that is so. */
async function pageWhere(holds: (metrics: MetricsPage) => boolean): Promise<MetricsPage> {
  let last: MetricsPage | undefined;
  return until(
    async () => {
      last = await page();
      return holds(last) && last;
    },
    () => last?.linesOf(workspace) ?? 'no page',
  );
}

describe('metrics', function () {
  let simulator: Simulator;
  let outboxDir: string;

  before((done) => void helper.startServer(done));
  before(async () => {
    simulator = await startSimulator({ apiKey: KEY });
  });
  beforeEach(() => {
    simulator.reset();
    outboxDir = mkdtempSync(path.join(tmpdir(), 'vision-events-metrics-'));
    workspace = `line ${++workspaces}`;
  });
  afterEach(async () => {
    await helper.unload();
    rmSync(outboxDir, { recursive: true, force: true });
  });
  after(() => simulator.close());
  after((done) => void helper.stopServer(done));

  const settings = () => ({
    name: workspace,
    baseUrl: simulator.url,
    apiKey: KEY,
    outboxDir,
    batchLinger: 20,
    timeout: 2000,
    metrics: true,
    metricsToken: TOKEN,
  });
  const load = (
    event: Parameters<typeof TestFlow.load>[0] = {},
    more: Parameters<typeof TestFlow.load>[1] = {},
    others: object[] = [],
  ) =>
    TestFlow.load(
      { detectionsType: 'none', resultType: 'str', result: 'pass', ...event },
      { ...settings(), ...more },
      others,
    );
  const sender = (delivery: 'send' | 'queue') => ({
    id: 'sender',
    type: 'roboflow-vision-event-send',
    z: 'tab',
    x: 100,
    y: 100,
    wires: [],
    ...visionEventSendDefaults,
    ...SENT_AS_IT_IS,
    workspace: WORKSPACE_ID,
    delivery,
  });
  let lastId = 0;
  const built = (more: object = {}) => ({
    eventId: `metrics-${++lastId}`,
    eventType: 'quality_check' as const,
    useCaseId: USE_CASE,
    timestamp: new Date().toISOString(),
    eventData: { result: 'pass' },
    ...more,
  });
  const delivered = (metrics: MetricsPage) =>
    metrics.value('vision_events_delivered_total', { workspace, use_case: USE_CASE });

  describe('who may read them', () => {
    it('nobody while they are off: 404 with the setting that switches them on', async () => {
      await load({}, { metrics: false });
      const answer = await ask(`Bearer ${TOKEN}`);
      assert.equal(answer.status, 404);
      assert.match(answer.text, /Switch on \\"Metrics\\" \(metrics\)/);
      assert.equal((await ask(undefined, 'head')).status, 404);
    });

    for (const [what, authorization] of [
      ['no token', undefined],
      ['a wrong one', 'Bearer wrong'],
      ['its beginning', `Bearer ${TOKEN.slice(0, -1)}`],
      ['more than it', `Bearer ${TOKEN}x`],
      ['it under another scheme', `Basic ${TOKEN}`],
      ['an empty one', 'Bearer '],
    ] as const) {
      it(`not with ${what}: 401 with what to do`, async () => {
        await load();
        const answer = await ask(authorization);
        assert.equal(answer.status, 401);
        assert.match(answer.get('WWW-Authenticate') ?? '', /^Bearer/);
        assert.match(answer.text, /Authorization: Bearer/);
        assert.doesNotMatch(answer.text, /vision_events_/);
        assert.equal((await ask(authorization, 'head')).status, 401);
      });
    }

    it('who has the token, in any case of the scheme, also by HEAD', async () => {
      await load();
      const answer = await ask(`bearer ${TOKEN}`);
      assert.equal(answer.status, 200);
      assert.match(answer.get('Content-Type') ?? '', /^text\/plain; version=0\.0\.4/);
      assert.equal(answer.get('Cache-Control'), 'no-store');
      const head = await ask(`Bearer ${TOKEN}`, 'head');
      assert.equal(head.status, 200);
      assert.ok(!head.text);
    });

    it('nobody when no workspace has a token, or it is in a variable that is not set', async () => {
      for (const metricsToken of [undefined, ' ', `\${${VARIABLE}}`]) {
        await load({}, { metricsToken });
        for (const given of ['', `\${${VARIABLE}}`, 'undefined']) {
          const answer = await ask(`Bearer ${given}`);
          assert.equal(answer.status, 401);
          assert.match(answer.text, /Enter a \\"Metrics token\\" \(metricsToken\)/);
        }
        await helper.unload();
      }
    });

    it('asks for the token of the first workspace that has one, and takes it from the environment', async () => {
      process.env[VARIABLE] = TOKEN;
      try {
        const second = {
          id: 'second',
          type: 'roboflow-vision-event-workspace',
          metrics: true,
          name: workspace,
        };
        await load({}, { metricsToken: `\${${VARIABLE}}` }, [second]);
        const metrics = await page();
        const [first, other] = [workspace, `${workspace} (second)`];
        for (const name of [first, other]) {
          const labels = { workspace: name, cause: 'network' };
          assert.equal(metrics.value('vision_events_retries_total', labels), 0, name);
        }
      } finally {
        delete process.env[VARIABLE];
      }
    });

    it('asks nobody for a permission of the editor', async () => {
      await load();
      const app = express();
      const RED = {
        httpAdmin: app,
        auth: { needsPermission: () => assert.fail('a permission is asked for') },
        nodes: { eachNode: () => undefined },
        log: { warn: () => undefined },
      };
      registerMetricsRoute(RED as unknown as NodeAPI);
      const server = app.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      const answer = await fetch(`http://127.0.0.1:${port}${METRICS_PATH}`, {
        headers: { authorization: `Bearer ${TOKEN}` },
      });
      assert.equal(answer.status, 200);
      await new Promise((resolve) => server.close(resolve));
    });
  });

  describe('what they count', () => {
    it('events that are sent at once, their pictures and requests', async () => {
      const flow = await load({ delivery: 'send', outputImage: 'image', outputImageType: 'msg' });
      for (let width = 8; width < 13; width++) await flow.send({ payload: 1, image: jpeg(width, 8) });
      const metrics = await page();
      assert.equal(delivered(metrics), 5);
      assert.equal(simulator.events().length, 5);
      assert.equal(metrics.value('vision_events_uploads_total', { workspace, kind: 'picture' }), 5);
      for (const endpoint of ['upload', 'vision-events']) {
        const labels = { workspace, endpoint, outcome: 'ok' };
        assert.equal(metrics.value('vision_events_request_duration_seconds_count', labels), 5);
        const seconds = metrics.value('vision_events_request_duration_seconds_sum', labels)!;
        assert.ok(seconds > 0 && seconds < 10, `${seconds} s`);
      }
      assert.equal(metrics.value('vision_events_outbox_open', { workspace }), undefined);
    });

    it('events that are stored and delivered, and what waits while the target is away', async () => {
      simulator.faults.always({ status: 503, body: {} });
      const flow = await load({ delivery: 'queue' });
      for (let i = 0; i < 7; i++) await flow.send({ payload: i });
      const away = await pageWhere(
        (metrics) => metrics.sum('vision_events_retries_total', { workspace, cause: 'server' }) >= 1,
      );
      assert.equal(away.value('vision_events_stored_total', { workspace, use_case: USE_CASE }), 7);
      assert.equal(away.value('vision_events_outbox_events', { workspace }), 7);
      assert.ok(away.value('vision_events_outbox_bytes', { workspace })! > 7 * 100);
      assert.ok(away.value('vision_events_outbox_free_bytes', { workspace })! > 0);
      assert.equal(away.value('vision_events_outbox_limit_events', { workspace }), 100_000);
      assert.equal(away.value('vision_events_breaker_state', { workspace, state: 'backing-off' }), 1);
      assert.equal(away.value('vision_events_breaker_state', { workspace, state: 'closed' }), 0);
      assert.equal(delivered(away), undefined);
      const old = await pageWhere(
        (metrics) => metrics.value('vision_events_outbox_oldest_age_seconds', { workspace })! > 0.2,
      );
      assert.ok(old.value('vision_events_outbox_oldest_age_seconds', { workspace })! < 60);
      simulator.faults.clear();
      await helper.request().post(`/vision-events/workspaces/${WORKSPACE_ID}/outbox/flush`).send({});
      const back = await pageWhere((metrics) => delivered(metrics) === 7);
      assert.equal(simulator.events().length, 7);
      assert.equal(back.value('vision_events_outbox_events', { workspace }), 0);
      assert.equal(back.value('vision_events_outbox_oldest_age_seconds', { workspace }), 0);
      assert.equal(back.value('vision_events_breaker_state', { workspace, state: 'closed' }), 1);
    });

    it('a refused key as a breaker that needs somebody', async () => {
      simulator.faults.always({ status: 401, body: {} });
      const flow = await load({ delivery: 'queue' });
      await flow.send({ payload: 1 });
      const metrics = await pageWhere(
        (found) => found.value('vision_events_breaker_state', { workspace, state: 'open' }) === 1,
      );
      assert.equal(metrics.value('vision_events_retries_total', { workspace, cause: 'operator' }), 1);
    });

    it('what was refused, and what was lost with the reason of its error', async () => {
      const flow = await load({ delivery: 'send' });
      simulator.faults.next({ status: 400, body: {} });
      await flow.send({ payload: 1 });
      simulator.faults.next({ kind: 'reset' }, 2);
      await flow.send({ payload: 1 });
      await helper.unload();
      const wrong = await load({ delivery: 'send', eventId: '', eventIdType: 'str' });
      await wrong.send({ payload: 1 });
      const metrics = await page();
      const of = (name: string, reason: string) =>
        metrics.value(`vision_events_${name}_total`, { workspace, use_case: USE_CASE, reason });
      assert.equal(of('refused', 'rejected'), 1);
      assert.equal(of('dropped', 'network'), 1);
      assert.equal(of('dropped', 'event_invalid'), 1);
      assert.equal(delivered(metrics), undefined);
    });

    it('a message that fails before it has an event', async () => {
      const flow = await load({ delivery: 'send', detections: 'nowhere', detectionsType: 'jsonata' });
      await flow.send({ payload: 1 });
      assert.equal(flow.caught.length, 1);
      assert.equal((await page()).sum('vision_events_dropped_total', { workspace }), 1);
    });

    it('events that a full outbox gave up, and those it did not take', async () => {
      simulator.faults.always({ status: 503, body: {} });
      const limits = { outboxMaxEvents: 3 };
      const oldest = await load({ delivery: 'queue' }, { ...limits, outboxWhenFull: 'drop-oldest' });
      for (let i = 0; i < 5; i++) await oldest.send({ payload: i });
      await helper.unload();
      const reject = await load({ delivery: 'queue' }, limits);
      await reject.send({ payload: 1 });
      const metrics = await page();
      const dropped = (use_case: string, reason: string) =>
        metrics.value('vision_events_dropped_total', { workspace, use_case, reason });
      assert.equal(dropped('unknown', 'oldest'), 2);
      assert.equal(dropped(USE_CASE, 'outbox_full'), 1);
    });

    it('repairs, and warnings by type and field without positions, predicted and answered', async () => {
      const detections = (count: number) =>
        Array.from({ length: count }, (_, i) => ({
          class: 'dent',
          x: 10 + i,
          y: 10,
          width: 4,
          height: 4,
          confidence: 7,
        }));
      await load({}, {}, [sender('send')]);
      const events = [1, 3].map((count) => built({ images: [{ objectDetections: detections(count) }] }));
      helper.getNode('sender').receive({ payload: events });
      const metrics = await pageWhere((found) => delivered(found) === 2);
      for (const source of ['predicted', 'server']) {
        const labels = { workspace, use_case: USE_CASE, source, type: 'number.max' };
        const field = 'images.objectDetections.confidence';
        assert.equal(metrics.value('vision_events_warnings_total', { ...labels, field }), 4, source);
      }
      await helper.unload();
      await load({}, {}, [{ ...sender('queue'), onWarnings: 'repair' }]);
      helper.getNode('sender').receive({ payload: built({ deviceId: 'd'.repeat(300) }) });
      const repaired = await pageWhere((found) => delivered(found) === 3);
      const labels = { workspace, use_case: USE_CASE, field: 'deviceId' };
      assert.equal(repaired.value('vision_events_repairs_total', labels), 1);
    });

    it('a list of events, each where it belongs', async () => {
      await load({}, {}, [sender('send')]);
      const events = [
        built(),
        built({ useCaseId: 'dock-count' }),
        built({ eventType: 'nothing known' }),
        built(),
      ];
      helper.getNode('sender').receive({ payload: events });
      const metrics = await pageWhere((found) => delivered(found) === 2);
      assert.equal(metrics.value('vision_events_delivered_total', { workspace, use_case: 'dock-count' }), 1);
      assert.equal(metrics.sum('vision_events_dropped_total', { workspace, reason: 'event_invalid' }), 1);
    });

    it('an event that went as a bundle with its picture', async () => {
      const flow = await load(
        { delivery: 'queue', outputImage: 'image', outputImageType: 'msg' },
        { transport: 'bundle' },
      );
      await flow.send({ payload: 1, image: jpeg(8, 8) });
      const metrics = await pageWhere((found) => delivered(found) === 1);
      assert.equal(metrics.value('vision_events_uploads_total', { workspace, kind: 'bundle' }), 1);
      assert.equal(metrics.value('vision_events_uploads_total', { workspace, kind: 'picture' }), undefined);
    });

    it('bundle files that a node uploads', async () => {
      for (let i = 0; i < 3; i++) await writeBundle({ directory: outboxDir, event: built(), pictures: [] });
      const properties = { ...visionEventBundleDefaults, action: 'upload' as const, workspace: WORKSPACE_ID };
      const flow = await SingleNodeFlow.load(
        {
          type: 'roboflow-vision-event-bundle',
          register: visionEventBundle,
          properties: { ...properties, directory: outboxDir, directoryType: 'str', useCase: USE_CASE },
        },
        settings(),
      );
      await flow.send({ payload: 1 });
      const metrics = await page();
      assert.equal(delivered(metrics), 3);
      assert.equal(metrics.value('vision_events_uploads_total', { workspace, kind: 'bundle' }), 3);
    });
  });

  describe('over time', () => {
    it('deploys reset no counter and count nothing twice', async () => {
      for (let round = 1; round <= 3; round++) {
        simulator.faults.next({ status: 503, body: {} });
        const flow = await load({ delivery: 'queue' });
        await flow.send({ payload: round });
        await until(() => simulator.requests.total >= 2 * round - 1, 'the refused request');
        await helper.request().post(`/vision-events/workspaces/${WORKSPACE_ID}/outbox/flush`).send({});
        const metrics = await pageWhere((found) => delivered(found) === round);
        assert.equal(metrics.value('vision_events_retries_total', { workspace, cause: 'server' }), round);
        // A scrape changes nothing.
        const again = await page();
        assert.equal(again.value('vision_events_retries_total', { workspace, cause: 'server' }), round);
        await helper.unload();
      }
    });

    it('counts of the last moment are not lost with the deploy', async () => {
      simulator.faults.always({ status: 503, body: {} });
      const flow = await load({ delivery: 'queue' });
      await flow.send({ payload: 1 });
      await until(() => simulator.requests.total > 0, 'a request');
      await flow.until(() => flow.statuses.some(({ text }) => text?.includes('retry')));
      await helper.unload();
      simulator.faults.clear();
      await load({ delivery: 'build' });
      const metrics = await page();
      assert.ok(metrics.value('vision_events_retries_total', { workspace, cause: 'server' })! >= 1);
      assert.equal(metrics.value('vision_events_outbox_events', { workspace }), undefined);
    });
  });

  describe('as a page', () => {
    it('writes hostile names so that they are read as they are', async () => {
      workspace = 'line "A"\\\n{x="1"} ü';
      const useCase = 'use "case"\n\\';
      const flow = await load({ delivery: 'send', useCase });
      await flow.send({ payload: 1 });
      const labels = { workspace, use_case: useCase, reason: 'rejected' };
      assert.equal((await page()).value('vision_events_refused_total', labels), 1);
    });

    it('token and key are in no page, answer, message or log line', async () => {
      const echo = {
        error: `refused ${KEY} ${TOKEN}`,
        warnings: [{ type: KEY, path: `a.${TOKEN}`, value: KEY }],
      };
      const flow = await load({ delivery: 'send', useCase: TOKEN });
      for (const status of [201, 400, 401, 500]) {
        simulator.faults.next({ status, body: echo });
        await flow.send({ payload: 1 });
      }
      const refused = await ask('Bearer wrong');
      const { text } = await page();
      assert.match(text, /\[API key\]/);
      for (const secret of [KEY, TOKEN]) {
        assertNoSecret(secret, [text, refused.text, refused.headers], 'the metrics');
        assertNoSecret(secret, helper.log().args, 'the log');
      }
      assertNoSecret(KEY, [flow.out, flow.caught, flow.statuses], 'a message or status');
      const answer = await helper.request().get(`/vision-events/workspaces/${WORKSPACE_ID}/outbox`);
      assertNoSecret(TOKEN, answer.text, 'an admin answer');
      assert.ok(helper.getNode(EVENT_NODE_ID));
    });

    // The last one: what it uses up stays used up as long as the process lives.
    it('a flood of use cases, fields and types ends in "other"', async () => {
      await load({}, {}, [sender('send')]);
      const events = Array.from({ length: 300 }, (_, i) =>
        built({ useCaseId: `hostile-${i}`, customMetadata: { [`key "${i}"\n`]: { not: 'allowed' } } }),
      );
      helper.getNode('sender').receive({ payload: events });
      const refused = 'vision_events_refused_total';
      const metrics = await pageWhere((found) => found.sum(refused, { workspace }) === events.length);
      assert.ok(metrics.series(refused) < 200, `${metrics.series(refused)} series`);
      assert.ok(metrics.sum(refused, { workspace, use_case: 'other' }) >= 200);
      const warnings = 'vision_events_warnings_total';
      assert.equal(metrics.sum(warnings, { workspace }), events.length);
      assert.ok(metrics.series(warnings) < 300, `${metrics.series(warnings)} series`);
      assert.ok(metrics.sum(warnings, { workspace, use_case: 'other', field: 'other' }) >= 200);
    });
  });
});
