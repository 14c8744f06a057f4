import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  visionEventBundleDefaults,
  visionEventQueryDefaults,
  workspaceDefaults,
  type QueryFilterRow,
} from '../../nodes/shared/properties';
import { startSimulator, type Simulator } from '../../simulator/server';
import { answerWith } from '../support/answering-flow';
import type { RealNodeRed, FlowNode } from '../support/real-node-red';
import { sharedNodeRed } from '../support/shared-node-red';
import { bundleFile, bundlePayload, everyInput } from '../unit/simulator/roboflow-blocks';

const KEY = 'rf-query-secret-77Lm';
const SLOW_MS = 180_000;
const IS_LONG = process.env.VISION_EVENTS_LONG === '1';
const EVENTS = IS_LONG ? 10_000 : 2_500;
const BUNDLES = IS_LONG ? 50 : 15;
const USE_CASE = 'quality-line-1';
const CLASSES = ['scratch', 'dent', 'stain', 'burr'];

type Fields = Record<string, unknown>;

const byClass = (
  operator: QueryFilterRow['operator'],
  value: string,
  confidence: Pick<QueryFilterRow, 'confidence' | 'confidenceOperator'> = {},
): QueryFilterRow => ({ on: 'detection', field: '', operator, value, valueType: 'str', ...confidence });

/** What is asked, by the route that asks it. */
const QUERIES: Record<string, QueryFilterRow[]> = {
  sure: [byClass('eq', 'scratch', { confidenceOperator: 'gte', confidence: '0.8' })],
  any: [byClass('in', 'dent, burr', { confidenceOperator: 'lt', confidence: '0.25' })],
  none: [byClass('not_in', 'scratch, dent')],
  everything: [],
};

/** http in → node → http response, for each query and for the upload of the folder that the message names. */
function flow(baseUrl: string): FlowNode[] {
  const place = { z: 'tab', x: 100, y: 100 };
  const route = (name: string, node: object): FlowNode[] => [
    { id: `in-${name}`, type: 'http in', ...place, url: `/${name}`, method: 'post', wires: [[name]] },
    { ...(node as FlowNode), id: name, ...place, workspace: 'workspace', wires: [['answer']] },
  ];
  return [
    { id: 'tab', type: 'tab', label: 'Test' },
    {
      ...workspaceDefaults,
      id: 'workspace',
      type: 'roboflow-vision-event-workspace',
      baseUrl,
      credentials: { apiKey: KEY },
    },
    ...Object.entries(QUERIES).flatMap(([name, filters]) =>
      route(name, {
        ...visionEventQueryDefaults,
        type: 'roboflow-vision-event-query',
        useCase: USE_CASE,
        startTime: '',
        filters,
      }),
    ),
    ...route('upload', {
      ...visionEventBundleDefaults,
      type: 'roboflow-vision-event-bundle',
      action: 'upload',
      directory: 'payload.folder',
      directoryType: 'msg',
      useCase: 'dock-count',
    }),
    { id: 'catch', type: 'catch', ...place, scope: null, wires: [['fault']] },
    ...answerWith('answer', '{"payload": payload, "report": visionEvent}', 200),
    ...answerWith('fault', '{"error": error}', 500),
  ];
}

describe('detected classes and foreign bundles in a real Node-RED', function () {
  this.timeout(SLOW_MS);
  let simulator: Simulator;
  let nodeRed: RealNodeRed;
  let folder: string;

  before(async () => {
    simulator = await startSimulator({ apiKey: KEY });
    nodeRed = await sharedNodeRed('4.1');
    await nodeRed.deploy(flow(simulator.url));
    folder = mkdtempSync(path.join(tmpdir(), 'vision-events-foreign-'));
  });
  after(async () => {
    await simulator.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function ask(route: string, payload: object = {}) {
    const begun = performance.now();
    const reply = await fetch(`${nodeRed.url}/${route}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(payload),
    });
    const answer = (await reply.json()) as { payload: unknown; report: Fields; error?: unknown };
    const ms = Math.round(performance.now() - begun);
    assert.equal(reply.status, 200, JSON.stringify(answer.error));
    return { ...answer, ms };
  }

  /** One to three detections an event, in two pictures, of classes and confidences that go round at different paces. */
  function events(): Fields[] {
    const newest = Date.now();
    const detections = (i: number) =>
      Array.from({ length: 1 + (i % 3) }, (_, d) => ({
        class: CLASSES[(i * 7 + d * 3) % CLASSES.length],
        x: 50,
        y: 40,
        width: 10,
        height: 8,
        confidence: ((i * 37 + d * 11) % 101) / 100,
      }));
    return Array.from({ length: EVENTS }, (_, i) => ({
      eventId: `event-${i}`,
      eventType: 'quality_check',
      useCaseId: USE_CASE,
      timestamp: new Date(newest - i * 1000).toISOString(),
      eventData: { result: 'fail' },
      images: [
        { label: 'top', objectDetections: detections(i).slice(0, 1) },
        { label: 'side', objectDetections: detections(i).slice(1) },
      ],
    }));
  }

  async function put(all: Fields[]): Promise<void> {
    for (let at = 0; at < all.length; at += 100) {
      const reply = await fetch(`${simulator.url}/vision-events/batch`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${KEY}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ events: all.slice(at, at + 100) }),
      });
      assert.equal(reply.status, 201);
    }
  }

  it(`finds among ${EVENTS} events those with a class of that confidence, all of them, newest first`, async () => {
    const all = events();
    await put(all);
    const detectionsOf = (event: Fields) =>
      (event['images'] as Fields[]).flatMap(
        (image) => image['objectDetections'] as { class: string; confidence: number }[],
      );
    const has =
      (...wanted: string[]) =>
      (holds: (confidence: number) => boolean) =>
      (event: Fields) =>
        detectionsOf(event).some((one) => wanted.includes(one.class) && holds(one.confidence));
    const expected: Record<string, Fields[]> = {
      sure: all.filter(has('scratch')((confidence) => confidence >= 0.8)),
      any: all.filter(has('dent', 'burr')((confidence) => confidence < 0.25)),
      none: all.filter((event) => !has('scratch', 'dent')(() => true)(event)),
      everything: all,
    };
    for (const [route, wanted] of Object.entries(expected)) {
      assert.ok(wanted.length > EVENTS / 20, `${route}: ${wanted.length}`);
      const asked = simulator.requests.count('POST', '/vision-events/query');
      const { payload, report, ms } = await ask(route);
      const found = payload as Fields[];
      const pages = simulator.requests.count('POST', '/vision-events/query') - asked;
      if (IS_LONG) console.log(`      ${route}: ${found.length} of ${EVENTS} in ${ms} ms, ${pages} pages`);
      assert.deepEqual(
        found.map(({ eventId }) => eventId),
        wanted.map(({ eventId }) => eventId),
      );
      assert.equal(report['complete'], true);
      assert.equal(pages, Math.ceil(wanted.length / 1000));
    }
  });

  it(`uploads a folder of ${BUNDLES} bundles whatever their names, the oldest first, and names what it passes over`, async () => {
    simulator.reset();
    const inputs = everyInput();
    const names = Array.from({ length: BUNDLES }, (_, i) => foreignName(i));
    const eventIds = names.map((name, i) => {
      const payload = bundlePayload(inputs[(i * 7) % inputs.length]!, Date.now(), i % 2 === 0);
      const file = path.join(folder, name);
      writeFileSync(file, bundleFile(payload, { isCompressed: !name.endsWith('.tar') }));
      // The order of age is not that of the names.
      const changed = Date.now() / 1000 - 60 - ((i * 13) % BUNDLES);
      utimesSync(file, changed, changed);
      return { eventId: payload['eventId'], changed };
    });
    const passedOver = ['.half-written.tar.gz', 'bundles.zip', 'folder.tar', 'notes.txt'];
    for (const name of passedOver) {
      if (name.startsWith('folder')) mkdirSync(path.join(folder, name));
      else writeFileSync(path.join(folder, name), 'x');
    }
    writeFileSync(path.join(folder, 'torn.tar.gz'), 'no archive');

    const { payload, ms } = await ask('upload', { folder });
    const summary = payload as Fields & { refused: Fields[] };
    if (IS_LONG) console.log(`      ${BUNDLES} bundles in ${ms} ms`);
    assert.equal(summary['uploaded'], BUNDLES);
    assert.equal(summary['left'], 0);
    assert.deepEqual(summary['kept'], []);
    assert.deepEqual(
      summary.refused.map(({ file, statusCode }) => [file, statusCode]),
      [['torn.tar.gz', 400]],
    );
    assert.deepEqual(summary['passedOver'], { count: passedOver.length, names: passedOver });
    assert.deepEqual(readdirSync(folder).sort(), [...passedOver, 'refused'].sort());

    const arrived = simulator.events().reverse();
    assert.deepEqual(
      arrived.map(({ eventId }) => eventId),
      eventIds.sort((a, b) => a.changed - b.changed).map(({ eventId }) => eventId),
    );
    assert.ok(arrived.every(({ useCaseId, via }) => useCaseId === 'dock-count' && via === 'bundle'));
  });
});

/** As other programs call their archives. */
function foreignName(position: number): string {
  const shapes = [
    (n: number) => `Schicht ${n}, Presse №4.tar.gz`,
    (n: number) => `line-${n}.TGZ`,
    (n: number) => `${n}.tar`,
    (n: number) => `20261120_081530_${n}_ok.tar.gz`,
    (n: number) => `検査 ${n}.tgz`,
  ];
  return shapes[position % shapes.length]!(position);
}
