import assert from 'node:assert/strict';
import { startEventStore, type EventStore } from '../../../simulator/event-store';
import { startSimulator, type Simulator } from '../../../simulator/server';
import { validate } from '../../../src/event/validate';
import { NOW } from '../event/events';
import { jpeg } from '../images/made-pictures';
import { call, post } from './client';
import {
  bundleFile,
  bundlePayload,
  everyInput,
  sinkBody,
  sinkStoreBody,
  writerBody,
  type BlockInput,
  type Fields,
} from './roboflow-blocks';

/** The only thing that is said of a request of Roboflow's own blocks: they leave `eventData` out when there is none. */
const NO_EVENT_DATA = { type: 'any.required', path: 'eventData', value: null, valueType: 'object' };

const isEmpty = ({ data }: BlockInput) => Object.keys(data).length === 0;

/** What `validate` says of it: no error, and the warnings. */
function warningsOf(event: Fields): Fields[] {
  const { errors, warnings } = validate(event, NOW);
  assert.deepEqual(errors, [], JSON.stringify(event));
  return warnings as unknown as Fields[];
}

/** Microseconds and none of them: both are how Python writes a time. */
const timeOf = (position: number) => NOW - 60_000 - (position % 2) * 250;

describe("the requests of Roboflow's own workflow blocks", function () {
  this.timeout(60_000);
  let simulator: Simulator;
  let store: EventStore;
  before(async () => {
    simulator = await startSimulator({ now: () => NOW });
    store = await startEventStore({ now: () => NOW });
  });
  beforeEach(() => simulator.reset());
  after(() => Promise.all([simulator.close(), store.close()]));

  async function upload(): Promise<string> {
    const form = new FormData();
    form.append('file', new Blob([new Uint8Array(jpeg(64, 48))], { type: 'image/jpeg' }), 'image.jpg');
    const { status, body } = await call(simulator, 'POST', '/vision-events/upload', form);
    assert.equal(status, 201);
    return body.sourceId as string;
  }

  it('Roboflow Vision Events, to the cloud: no error, no warning but that of missing eventData', async () => {
    const sourceIds: [string, string] = [await upload(), await upload()];
    for (const [position, input] of everyInput().entries()) {
      const body = sinkBody(input, timeOf(position), sourceIds);
      const expected = isEmpty(input) ? [NO_EVENT_DATA] : [];
      assert.deepEqual(warningsOf(body), expected, JSON.stringify(body));
      const answer = await post(simulator, '/vision-events', body);
      assert.equal(answer.status, 201, answer.text);
      assert.deepEqual(answer.body.warnings ?? [], expected, JSON.stringify(body));
      const kept = isEmpty(input) ? { ...body, eventData: {} } : body;
      assert.deepEqual(simulator.events()[0]?.event, kept);
    }
  });

  it('Write Vision Event Bundle: the same, with the use case inside or named by the uploader', async () => {
    for (const [position, input] of everyInput().entries()) {
      const hasUseCase = position % 2 === 0;
      const payload = bundlePayload(input, timeOf(position), hasUseCase);
      const expected = isEmpty(input) ? [NO_EVENT_DATA] : [];
      const query = hasUseCase ? '' : '?useCaseId=dock-count';
      const answer = await post(simulator, `/vision-events/bundle${query}`, bundleFile(payload));
      assert.equal(answer.status, 201, answer.text);
      assert.deepEqual(answer.body.warnings ?? [], expected, JSON.stringify(payload));
      const { event } = simulator.events()[0]!;
      assert.equal(event['useCaseId'], hasUseCase ? 'quality-line-1' : 'dock-count');
      assert.deepEqual(warningsOf(ingested(payload, event)), expected, JSON.stringify(payload));
    }
  });

  it('Roboflow Vision Events and Event Writer, to the Local Event Store: taken, and so is what goes on to the cloud', async () => {
    for (const [position, input] of everyInput().entries()) {
      const bodies = [sinkStoreBody(input, timeOf(position))];
      if (input.eventType !== 'operator_feedback') bodies.push(writerBody(input, timeOf(position)));
      // The store is strict: this one lacks both required fields of its data.
      const isRefused = input.eventType === 'operator_feedback' && isEmpty(input);
      for (const body of bodies) {
        const answer = await fetch(`${store.url}/v2/events`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(body),
        });
        const text = await answer.text();
        assert.equal(answer.status, isRefused ? 422 : 201, `${text} ${JSON.stringify(body)}`);
        if (!isRefused) assert.deepEqual(warningsOf(asCloudEvent(body)), [], JSON.stringify(body));
      }
    }
  });

  it('a pose without keypoints is what the block itself gets wrong: the warning names it', async () => {
    const pose = { class: 'person', x: 9, y: 9, width: 4, height: 8, confidence: 0.5 };
    const [input] = everyInput().filter((one) => one.hasOutputImage && !isEmpty(one));
    for (const [keypoints, type] of [
      [undefined, 'any.required'],
      [[], 'array.min'],
    ]) {
      const predictions = { keypoints: [{ ...pose, ...(keypoints && { keypoints }) }] };
      const body = sinkBody({ ...input!, predictions }, NOW, ['s', 't']);
      const answer = await post(simulator, '/vision-events', body);
      const said = [warningsOf(body), answer.body.warnings as Fields[]];
      for (const warnings of said) {
        assert.deepEqual(
          warnings.map((warning) => [warning['type'], warning['path']]),
          [[type, 'images.0.keypoints.0.keypoints']],
        );
      }
    }
  });
});

/** A bundle's payload as the API reads it: ids in place of the files, and the use case that it was given. */
function ingested({ bundleFormatVersion: _version, ...payload }: Fields, stored: Fields): Fields {
  return { ...payload, useCaseId: stored['useCaseId'], images: stored['images'] };
}

/** What an Event Store hands on to the cloud: the same event in the cloud's names. */
function asCloudEvent(body: Fields): Fields {
  const images = (body['images'] as Fields[]).map(({ base64Image, inputBase64Image, ...rest }) => ({
    ...rest,
    ...(base64Image !== undefined && { sourceId: 'uploaded' }),
    ...(inputBase64Image !== undefined && { inputSourceId: 'uploaded-too' }),
  }));
  return {
    eventId: 'given-by-the-store',
    eventType: body['event_schema'],
    useCaseId: body['solution'] ?? 'quality-line-1',
    timestamp: body['inference_timestamp'],
    eventData: body['event_data'],
    images,
    displayImagePosition: body['displayImagePosition'],
    customMetadata: body['custom_metadata'],
  };
}
