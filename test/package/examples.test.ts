import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { VisionEvent } from '../../src/event/types';
import { startSimulator, type Simulator } from '../../simulator/server';
import { Observed, withObserver } from '../support/example-observer';
import { Mosquitto } from '../support/mosquitto';
import { NODE_RED_VERSIONS } from '../support/node-red-versions';
import { PROJECT_ROOT } from '../support/packed-package';
import type { RealNodeRed, FlowNode } from '../support/real-node-red';
import { sharedNodeRed } from '../support/shared-node-red';
import { arrivedAt } from '../support/stand-in';
import { until } from '../support/until';

const FOLDER = path.join(PROJECT_ROOT, 'examples');
const FILES = readdirSync(FOLDER).sort();
const API_KEY = 'key-of-the-examples';

/** They wait for a broker, or for the dashboard. */
const DASHBOARD = '13';
const NEED_MORE = ['11', DASHBOARD, '14'];

const SLOW_MS = 180_000;
const ARRIVAL_MS = 20_000;

/** One example in a Node-RED of its own, its events going to the simulator. */
class DeployedExample {
  readonly observed: Observed;
  private readonly logBefore: number;

  private constructor(
    private readonly nodeRed: RealNodeRed,
    private readonly simulator: Simulator,
    private readonly nodes: FlowNode[],
  ) {
    this.observed = new Observed(nodeRed);
    this.logBefore = nodeRed.log().length;
  }

  static async deploy(
    nodeRed: RealNodeRed,
    simulator: Simulator,
    number: string,
    brokerPort?: number,
  ): Promise<DeployedExample> {
    // The example before ends first: its last event must not be taken for one of this.
    await nodeRed.deploy([]);
    simulator.reset();
    const nodes = toSimulator(read(number), simulator).map((node) =>
      node.type === 'mqtt-broker' && brokerPort ? { ...node, port: String(brokerPort) } : node,
    );
    return DeployedExample.deployAsIs(nodeRed, simulator, nodes);
  }

  /** Its events go to its own stand-in. */
  static async deployAsIs(
    nodeRed: RealNodeRed,
    simulator: Simulator,
    nodes: FlowNode[],
  ): Promise<DeployedExample> {
    await nodeRed.deploy(withObserver(nodes));
    // From here on: what the example before had to say at its end is not a fault of this one.
    return new DeployedExample(nodeRed, simulator, nodes);
  }

  /** Presses the button of the inject node with this name. */
  async press(name: string): Promise<void> {
    const button = this.nodes.find((node) => node.type === 'inject' && node['name'] === name);
    assert.ok(button, `no button "${name}"`);
    const answer = await fetch(`${this.nodeRed.url}/inject/${button.id}`, { method: 'POST' });
    assert.equal(answer.status, 200);
  }

  /** Waits for so many events; the simulator found nothing wrong with any of them. */
  async events(count: number): Promise<VisionEvent[]> {
    await until(
      () => this.simulator.events().length >= count,
      () => `${count} events; ${this.trouble()}`,
      ARRIVAL_MS,
    );
    for (const { warnings } of this.simulator.events()) assert.deepEqual(warnings, []);
    return this.simulator.events().map(({ event }) => event as unknown as VisionEvent);
  }

  /** Waits until the debug node of this name was told something that `wanted` accepts. */
  async told<T = unknown>(name: string, wanted: (value: T) => boolean = () => true): Promise<T> {
    const debugged = () => this.observed.debugged(name);
    return until(
      async () => (await debugged()).find((value) => wanted(value as T)) as T | undefined,
      async () => `"${name}" was told ${JSON.stringify(await debugged())}; ${this.trouble()}`,
      ARRIVAL_MS,
    );
  }

  /** Nothing red, nothing caught, no line in the log but of things that were meant to happen. */
  async assertSound(meant: RegExp[] = []): Promise<void> {
    assert.deepEqual(await this.observed.errors(), []);
    const red = (await this.observed.statuses()).filter((status) => status.startsWith('red'));
    assert.deepEqual(
      red.filter((status) => !meant.some((text) => text.test(status))),
      [],
    );
    assert.deepEqual(
      this.troubleLines().filter((line) => !meant.some((text) => text.test(line))),
      [],
    );
  }

  /** Its nodes but those of one tab. */
  without(label: string): FlowNode[] {
    const tab = this.nodes.find((node) => node.type === 'tab' && node['label'] === label);
    assert.ok(tab, `no tab "${label}"`);
    return this.nodes.filter((node) => node.id !== tab.id && node['z'] !== tab.id);
  }

  private trouble(): string {
    return `${this.simulator.events().length} events arrived; log: ${this.troubleLines().join('\n')}`;
  }

  private troubleLines(): string[] {
    return this.nodeRed
      .log()
      .slice(this.logBefore)
      .split('\n')
      .filter((line) => /\[(warn|error)\]/.test(line));
  }
}

/** Events that were told once each: the next one comes so much later, ms. */
function assertApart(events: VisionEvent[], least: number): void {
  assert.ok(events.length > 0);
  const times = events.map(({ timestamp }) => Date.parse(String(timestamp))).sort((a, b) => a - b);
  times.slice(1).forEach((time, index) => {
    const after = time - times[index]!;
    assert.ok(after >= least, `told again after ${after} ms`);
  });
}

function assertPictured(images: VisionEvent['images']): void {
  assert.ok(images?.[0]?.sourceId, 'no picture');
  assert.equal(images[0].objectDetections?.length, 1);
}

function read(number: string): FlowNode[] {
  const file = FILES.find((name) => name.startsWith(number));
  assert.ok(file, `no example ${number}`);
  return JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8')) as FlowNode[];
}

function toSimulator(nodes: FlowNode[], simulator: Simulator): FlowNode[] {
  return nodes.map((node) =>
    node.type === 'roboflow-vision-event-workspace'
      ? { ...node, baseUrl: simulator.url, credentials: { apiKey: API_KEY } }
      : node,
  );
}

for (const version of NODE_RED_VERSIONS) {
  describe(`examples 01, 02 and 15 in Node-RED ${version}`, function () {
    this.timeout(SLOW_MS);
    let nodeRed: RealNodeRed;
    let simulator: Simulator;
    before(async () => {
      simulator = await startSimulator({ apiKey: API_KEY });
      nodeRed = await sharedNodeRed(version);
    });
    after(async () => {
      await simulator?.close();
    });

    it('01: quality check with its picture, and count', async () => {
      const example = await DeployedExample.deploy(nodeRed, simulator, '01');
      const events = await example.events(2);
      const check = events.find((event) => event.eventType === 'quality_check');
      assert.match(String(check?.eventData['result']), /^(pass|fail)$/);
      assert.ok(check?.images?.[0]?.inputSourceId);
      assert.ok(events.some((event) => event.eventType === 'inventory_count'));
      await example.assertSound();
    });

    it('02: counts boxes', async () => {
      const example = await DeployedExample.deploy(nodeRed, simulator, '02');
      const [event] = await example.events(1);
      assert.equal(event?.eventData['itemCount'], event?.images?.[0]?.objectDetections?.length);
      assert.equal(event?.eventData['location'], 'dock 3');
      await example.assertSound();
    });

    it('15: one event for each person who stays, scratch, minute of parts and object of Frigate', async function () {
      this.timeout(2 * SLOW_MS);
      const example = await DeployedExample.deploy(nodeRed, simulator, '15');
      for (const name of ['it appears', 'it is still there', 'it is still there', 'it is gone'])
        await example.press(name);
      await until(
        () => simulator.events().some(({ event }) => event['eventType'] === 'inventory_count'),
        'the parts of the first minute, in the time of the film',
        SLOW_MS,
      );
      const events = await example.events(1);
      const ofType = (type: string) => events.filter(({ eventType }) => eventType === type);
      const alerts = (severity: string) =>
        ofType('safety_alert').filter(({ eventData }) => eventData['severity'] === severity);

      // two came, the second half a minute after the first: each stayed for long enough, and went
      const stayed = alerts('high');
      assertApart(stayed, 20_000);
      const over = alerts('low');
      assertApart(over, 20_000);
      for (const { eventData, customMetadata, images } of [...stayed, ...over]) {
        assert.match(String(eventData['alertType']), /^person_(stayed|left)$/);
        assert.equal(customMetadata?.['zone'], 'press');
        assert.ok(Number(customMetadata?.['duration_s']) >= 10, JSON.stringify(customMetadata));
        assertPictured(images);
      }
      assert.match(String(over[0]?.eventData['description']), /^Somebody was in the area for 1\d s\.$/);

      // a scratch passes every 9 s, and is in sight for 5 s
      const scratched = ofType('quality_check');
      assert.ok(scratched.length >= 5, `${scratched.length} scratches`);
      assertApart(scratched, 6_000);
      for (const { eventData, images } of scratched) {
        assert.equal(eventData['result'], 'fail');
        assertPictured(images);
      }

      // a part passes every 3 s, the first one after 4 s
      const counts = ofType('inventory_count');
      assert.deepEqual(
        counts.map(({ eventData, customMetadata }) => [eventData['location'], customMetadata?.['direction']]),
        [['belt 1', 'in']],
      );
      const parts = Number(counts[0]?.eventData['itemCount']);
      assert.ok(parts >= 17 && parts <= 19, `${parts} parts`);

      const ofFrigate = alerts('medium');
      assert.deepEqual(
        ofFrigate.map(({ eventData }) => eventData['alertType']),
        ['person_left'],
      );
      await example.assertSound();
    });
  });
}

describe('the other examples in Node-RED 4.1', function () {
  this.timeout(SLOW_MS);
  let nodeRed: RealNodeRed;
  let simulator: Simulator;
  let mosquitto: Mosquitto | undefined;
  const deploy = (number: string, brokerPort?: number) =>
    DeployedExample.deploy(nodeRed, simulator, number, brokerPort);

  before(async () => {
    simulator = await startSimulator({ apiKey: API_KEY });
    nodeRed = await sharedNodeRed('4.1');
  });
  after(async () => {
    await mosquitto?.stop();
    await simulator?.close();
  });

  it('03: one alert for each camera, the rest held back', async () => {
    const example = await deploy('03');
    const events = await example.events(2);
    assert.deepEqual(events.map((event) => event.streamId).sort(), ['gate', 'ramp']);
    await example.press('gate, every 4 s');
    await example.told('held back', (state) => state === 'throttled');
    assert.equal(simulator.events().length, 2);
    await example.assertSound();
  });

  it('04: an MQTT message of Frigate', async () => {
    const example = await deploy('04');
    await example.press('somebody walked by');
    const [event] = await example.events(1);
    assert.equal(event?.eventData['alertType'], 'person');
    assert.equal(event?.eventData['description'], 'Seen by Frigate in yard, gate');
    assert.deepEqual(
      event?.images?.[0]?.objectDetections?.map(({ x, y }) => [x, y]),
      [[485, 590]],
    );
    await example.assertSound();
  });

  it('05: asks the inference server about the picture', async () => {
    const example = await deploy('05');
    const [event] = await example.events(1);
    const scratches = event?.images?.[0]?.objectDetections?.length ?? 0;
    assert.equal(event?.eventData['result'], scratches > 0 ? 'fail' : 'pass');
    await example.told(
      'reports',
      (report: { detections: { format: string } }) => report.detections.format === 'roboflow',
    );
    await example.assertSound();
  });

  it('06: an operator answers on the page', async () => {
    const example = await deploy('06');
    const [check] = await example.events(1);
    const page = await (await fetch(`${nodeRed.url}/vision-events-feedback`)).text();
    assert.ok(check && page.includes(check.eventId), page);
    const answer = await fetch(`${nodeRed.url}/vision-events-feedback`, {
      method: 'POST',
      body: new URLSearchParams({ eventId: check.eventId, feedback: 'incorrect', note: 'dust <b>only</b>' }),
      redirect: 'manual',
    });
    assert.equal(answer.status, 303, await answer.text());
    const [feedback] = await example.events(2);
    assert.deepEqual(feedback?.eventData, { relatedEventId: check.eventId, feedback: 'incorrect' });
    assert.equal(feedback?.comment, 'dust <b>only</b>');
    assert.match(await (await fetch(`${nodeRed.url}/vision-events-feedback`)).text(), /→ incorrect/);
    await example.assertSound();
  });

  it('07: two pictures in one event, and one by itself', async () => {
    const example = await deploy('07');
    const [event] = await example.events(1);
    assert.ok(event?.images?.[0]?.sourceId && event.images[0].inputSourceId, JSON.stringify(event?.images));
    assert.deepEqual(event.customMetadata, { shift: 'early', belt_speed: 0.4 });
    await example.press('upload one');
    const { sourceId } = await example.told<{ sourceId: string }>('sourceId');
    assert.ok(sourceId);
    await example.assertSound();
  });

  it('08: bundles written at the site, uploaded at the station', async () => {
    const example = await deploy('08');
    const { eventId } = await example.told<{ eventId: string }>('written');
    assert.deepEqual(simulator.events(), []);
    await example.press('upload');
    const summary = await example.told<{ uploaded: number; refused: unknown[]; left: number }>('summary');
    assert.ok(
      summary.uploaded >= 1 && summary.left === 0 && summary.refused.length === 0,
      JSON.stringify(summary),
    );
    assert.ok((await example.events(1)).some((event) => event.eventId === eventId));
    await example.assertSound();
  });

  it('09: keeps events while the link is down, delivers them when it is back', async () => {
    const example = await deploy('09');
    const { eventId } = await example.told<{ eventId: string }>('delivered');
    assert.ok((await example.events(1)).some((event) => event.eventId === eventId));
    simulator.faults.always({ status: 503 });
    const waiting = await example.told<{ state: string; events: number; lastError: { statusCode: number } }>(
      'state',
      (state) => state.state === 'waiting' && state.events > 0,
    );
    assert.equal(waiting.lastError.statusCode, 503);
    simulator.faults.clear();
    await example.press('flush');
    await example.told(
      'state',
      (state: { events: number; delivered: number }) => state.events === 0 && state.delivered > 1,
    );
    await example.assertSound([/Events are kept and sent later/]);
  });

  it('10: says in words what waits', async () => {
    const example = await deploy('10');
    await example.events(1);
    await example.told('numbers', (state: { events: number }) => state.events === 0);
    simulator.faults.always({ status: 503 });
    const inWords = /^yellow "backlog": \d+ waiting, oldest/;
    await until(
      async () => (await example.observed.statuses()).some((status) => inWords.test(status)),
      'the words',
      ARRIVAL_MS,
    );
    simulator.faults.clear();
    await example.assertSound([/Events are kept and sent later/]);
  });

  it('11: an event goes from device by broker and gateway to the API', async function () {
    mosquitto = await Mosquitto.start(this);
    const example = await deploy('11', mosquitto.port);
    const [event] = await example.events(1);
    assert.equal(event?.deviceId, 'camera-1');
    await example.told('stored', (report: { state: string }) => report.state === 'queued');
    await example.assertSound();
  });

  it('12: reads events back, lists and creates use cases', async () => {
    const example = await deploy('12');
    const [event] = await example.events(1);
    await example.press('one by one');
    assert.equal(await example.told('one message an event'), event?.timestamp);
    await example.press('what failed?');
    const failures = await example.told<VisionEvent[]>('list of failures');
    for (const failure of failures) assert.equal(failure.eventData['result'], 'fail');
    await example.press('which use cases?');
    const useCases = await example.told<{ id: string }[]>('use cases');
    assert.ok(
      useCases.some(({ id }) => id === 'quality-line-1'),
      JSON.stringify(useCases),
    );
    await example.press('create "Night shift"');
    assert.equal((await example.told<{ name: string }>('created')).name, 'Night shift');
    await example.assertSound();
  });

  it('14: the fleet sees how a site is, and that it is gone', async function () {
    mosquitto ??= await Mosquitto.start(this);
    const example = await deploy('14', mosquitto.port);
    await example.events(1);
    type State = { site: string; online: boolean; needsSomebody: boolean };
    await example.told<State[]>('all sites', ([site]) => site?.site === 'site-1' && site.online);
    await example.assertSound();
    // Deploys the overview alone: the connection of the site closes.
    const overview = example.without('Fleet: a site');
    const later = await DeployedExample.deployAsIs(nodeRed, simulator, overview);
    await later.told<State[]>('all sites', ([site]) => site?.online === false && site.needsSomebody);
  });

  it('all together, each with its own stand-in, as right after import', async () => {
    const nodes = FILES.filter((file) => !file.startsWith(DASHBOARD))
      .flatMap((file) => read(file))
      .filter((node) => node.type !== 'mqtt in' && node.type !== 'mqtt out');
    const example = await DeployedExample.deployAsIs(nodeRed, simulator, nodes);
    await example.press('somebody walked by');
    await example.told('written');
    await example.press('upload');
    for (const file of FILES) {
      if (NEED_MORE.some((number) => file.startsWith(number))) continue;
      const workspace = read(file).find((node) => node.type === 'roboflow-vision-event-workspace');
      const page = nodeRed.url + String(workspace?.['baseUrl']);
      await until(async () => (await arrivedAt(page)).count > 0, `events on ${page}`, ARRIVAL_MS);
    }
  });
});
