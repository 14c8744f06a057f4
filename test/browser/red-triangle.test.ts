import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { EVENT_SENT_AS_IT_IS, SENT_AS_IT_IS } from '../support/sent-as-it-is';
import * as properties from '../../nodes/shared/properties';
import { startSimulator, type Simulator } from '../../simulator/server';
import { EditorPage, type EditorNode } from '../support/editor-page';
import { sharedBrowser } from '../support/editor-session';
import { NODE_RED_VERSIONS } from '../support/node-red-versions';
import { RealNodeRed, type FlowNode } from '../support/real-node-red';
import { until } from '../support/until';

/** Installing and starting take their time on a small machine with an empty npm cache. */
const SLOW_MS = 180_000;
const OUTCOMES_DEADLINE_MS = 20_000;

interface Case {
  type?: 'send' | 'image' | 'query' | 'use-case';
  properties: Record<string, unknown>;
  /** the words of the editor's reason, where it must mark the node */
  marked?: RegExp;
}

const MAPPING = {
  list: 'predictions',
  class: 'class',
  box: { convention: 'center', units: 'pixel', fields: ['x', 'y', 'width', 'height'] },
};
const mapping = (changed: object) => ({
  format: 'custom',
  mapping: JSON.stringify({ ...MAPPING, ...changed }),
});
const row = (key: string, value: string, valueType = 'str') => ({ key, value, valueType });
const LISTED = { pictures: 'pictures', picturesType: 'msg' };
const LONG = 'x'.repeat(1001);

/**
 * Settings of which no message can make up for the fault, each beside such that look alike and go through. Every node
 * gets the same good message; whatever is not marked must go through, and the other way round.
 */
const CASES: Record<string, Case> = {
  'as it comes': { properties: {} },
  'no workspace': { properties: { workspace: '' }, marked: /workspace/ },
  'a workspace that is gone': { properties: { workspace: 'nowhere' }, marked: /no longer exists/ },
  'a disabled workspace': { properties: { workspace: 'disabled' }, marked: /disabled/ },
  'a workspace with a wrong address': { properties: { workspace: 'bad-url' }, marked: /has an error/ },
  'a workspace with a wrong number': { properties: { workspace: 'bad-number' }, marked: /has an error/ },
  'queue, no workspace': { properties: { delivery: 'queue', workspace: '' }, marked: /workspace/ },
  'build, no workspace': { properties: { delivery: 'build', workspace: '' } },
  'build, a workspace that is gone': {
    properties: { delivery: 'build', workspace: 'nowhere' },
    marked: /no longer/,
  },
  'build, a workspace with a wrong address': { properties: { delivery: 'build', workspace: 'bad-url' } },

  'no use case': { properties: { useCase: '' }, marked: /use case/ },
  'a use case of blanks': { properties: { useCase: '  ' }, marked: /use case/ },
  'a use case that is too long': { properties: { useCase: LONG }, marked: /256/ },
  'a use case from a variable': { properties: { useCase: '${USE_CASE_OF_THE_TEST}' } },
  'a use case by a broken path': { properties: { useCase: 'a[', useCaseType: 'msg' }, marked: /path/ },
  'a use case by no path': { properties: { useCase: '', useCaseType: 'flow' }, marked: /use case/ },
  'a use case by a broken expression': {
    properties: { useCase: '((', useCaseType: 'jsonata' },
    marked: /expression/,
  },
  'an unknown event type': { properties: { eventType: 'nonsense' }, marked: /event type/ },
  'an event id by no path': { properties: { eventId: '', eventIdType: 'msg' }, marked: /id/ },
  'a time by no path': { properties: { timestamp: '', timestampType: 'msg' }, marked: /time/ },

  'detections by a broken path': { properties: { detections: 'a[' }, marked: /path/ },
  'detections of broken JSON': { properties: { detections: '{', detectionsType: 'json' }, marked: /JSON/ },
  'an unknown format': { properties: { format: 'nonsense' }, marked: /format/i },
  'no mapping': { properties: { format: 'custom' }, marked: /mapping/ },
  'a mapping that is not JSON': { properties: { format: 'custom', mapping: '{' }, marked: /JSON/ },
  'a right mapping': { properties: mapping({}) },
  'a mapping with an unknown convention': {
    properties: mapping({ box: { ...MAPPING.box, convention: 'xywh' } }),
    marked: /convention/,
  },
  'a mapping with a word misspelt': { properties: mapping({ clas: 'class' }), marked: /clas/ },
  'a mapping with a broken path': { properties: mapping({ list: 'a[' }), marked: /list/ },
  'a wrong mapping that is not used': { properties: { mapping: '{' } },

  'a least confidence of 7': { properties: { minConfidence: '7' }, marked: /0 to 1/ },
  'a least confidence with a comma': { properties: { minConfidence: '0,5' }, marked: /0 to 1/ },
  'a least confidence of 1': { properties: { minConfidence: '1' } },
  'half a picture size': { properties: { imageWidth: '640' }, marked: /width and height/ },
  'a pause below 0': { properties: { cooldown: '-1' }, marked: /seconds/ },
  'no detections, and their settings wrong': {
    properties: { detectionsType: 'none', minConfidence: '7', format: 'nonsense', imageWidth: '640' },
  },

  'a field by a broken path': { properties: { externalId: 'a[', externalIdType: 'msg' }, marked: /path/ },
  'a field by no path': { properties: { externalId: '', externalIdType: 'msg' } },
  'fields of other event types wrong': {
    properties: { severity: 'a[', severityType: 'msg', comment: 'a[', commentType: 'msg' },
  },
  'a count that is not a number': {
    properties: { eventType: 'inventory_count', itemCount: 'many', itemCountType: 'num' },
  },
  'a count that is not a number, with stop': {
    properties: { eventType: 'inventory_count', itemCount: 'many', itemCountType: 'num', onWarnings: 'stop' },
    marked: /whole number/,
  },
  'an alert type with blanks': { properties: { eventType: 'safety_alert', alertType: 'no hat' } },
  'an alert type with blanks, with stop': {
    properties: { eventType: 'safety_alert', alertType: 'no hat', onWarnings: 'stop' },
    marked: /letters/,
  },
  'feedback without a verdict': { properties: { eventType: 'operator_feedback' } },
  'feedback without a verdict, with stop': {
    properties: { eventType: 'operator_feedback', onWarnings: 'stop' },
    marked: /feedback/,
  },

  'a picture by no path': { properties: { outputImage: '', outputImageType: 'msg' }, marked: /picture/ },
  'a picture by no path, sent without': {
    properties: { outputImage: '', outputImageType: 'file', whenImageFails: 'send-without' },
  },
  'a list of pictures': { properties: LISTED },
  'a list of pictures by no path': { properties: { ...LISTED, pictures: '' }, marked: /picture/ },
  'a list of pictures by a broken path': { properties: { ...LISTED, pictures: 'a[' }, marked: /path/ },
  'a list of pictures by no path, sent without': {
    properties: { ...LISTED, pictures: '', whenImageFails: 'send-without' },
  },
  'a single picture by no path beside a list': {
    properties: { ...LISTED, outputImage: '', outputImageType: 'msg' },
  },
  'a wrong confidence for the detections of a list': {
    properties: { ...LISTED, detectionsType: 'none', minConfidence: '2' },
    marked: /0 to 1/,
  },
  'a value for pictures with a dot in its name': {
    properties: { ...LISTED, pictureMetadata: [row('a.b', '1')] },
    marked: /letters/,
  },
  'a value for pictures with a dot in its name, repaired': {
    properties: { ...LISTED, pictureMetadata: [row('a.b', '1')], onWarnings: 'repair' },
  },
  'a value for pictures with a dot in its name, without a picture': {
    properties: { pictureMetadata: [row('a.b', '1')] },
  },
  'a value for pictures by a broken path': {
    properties: { pictureMetadata: [row('a', 'b[', 'msg')] },
    marked: /path/,
  },
  'a value for pictures that is empty': { properties: { ...LISTED, pictureMetadata: [row('a', '')] } },
  'metadata without a name': { properties: { metadata: [row('', 'x')] } },
  'metadata without a value': { properties: { metadata: [row('a', '', 'msg')] } },
  'metadata with a name twice': {
    properties: { metadata: [row('a', '1'), row('a', '2')], onWarnings: 'stop' },
  },
  'metadata by a broken path': { properties: { metadata: [row('a', 'b[', 'msg')] }, marked: /path/ },
  'metadata with a dot in its name': { properties: { metadata: [row('a.b', '1')] } },
  'metadata with a dot in its name, with stop': {
    properties: { metadata: [row('a.b', '1')], onWarnings: 'stop' },
    marked: /letters/,
  },
  'metadata with seven decimals, with stop': {
    properties: { metadata: [row('a', '0.1234567', 'num')], onWarnings: 'stop' },
    marked: /decimals/,
  },
  'metadata that is too long, with repair': {
    properties: { metadata: [row('a', LONG)], onWarnings: 'repair' },
  },
  'metadata that is not a list': { properties: { metadata: 'nonsense' } },
  'metadata from broken JSON': {
    properties: { metadataFrom: '{', metadataFromType: 'json' },
    marked: /JSON/,
  },

  'send: as it comes': { type: 'send', properties: { events: 'event' } },
  'send: events by no path': { type: 'send', properties: { events: '' }, marked: /events/ },
  'image: as it comes': { type: 'image', properties: { image: 'picture' } },
  'image: by no path': { type: 'image', properties: { image: '' }, marked: /picture/ },
  'image: metadata with a dot in its name': {
    type: 'image',
    properties: { image: 'picture', metadata: [row('a.b', '1')] },
    marked: /letters/,
  },
  'image: metadata without a name': {
    type: 'image',
    properties: { image: 'picture', metadata: [row('', '1')] },
  },
  'query: as it comes': { type: 'query', properties: {} },
  'query: no use case': { type: 'query', properties: { useCase: '' }, marked: /use case/ },
  'query: from 30 February': { type: 'query', properties: { startTime: '2026-02-30' }, marked: /time/ },
  'query: from a word behind a day': {
    type: 'query',
    properties: { startTime: '2026-11-20junk' },
    marked: /time/,
  },
  'query: from a day with a blank': { type: 'query', properties: { startTime: '2026-11-20 10:00' } },
  'query: until before its start': {
    type: 'query',
    properties: { startTime: '-1h', endTime: '-2h' },
    marked: /before/,
  },
  'query: at most 0': { type: 'query', properties: { limit: '0' }, marked: /whole number/ },
  'query: filters that are not a list': { type: 'query', properties: { filters: 'nonsense' } },
  'use case: list': { type: 'use-case', properties: {} },
  'use case: create without a name': { type: 'use-case', properties: { action: 'create' }, marked: /name/ },
  'use case: schema of none': { type: 'use-case', properties: { action: 'schema' }, marked: /use case/ },
};

const DEFAULTS: Record<string, object> = {
  'roboflow-vision-event': {
    ...properties.visionEventDefaults,
    ...EVENT_SENT_AS_IT_IS,
    useCase: 'quality-line-1',
  },
  'roboflow-vision-event-send': { ...properties.visionEventSendDefaults, ...SENT_AS_IT_IS },
  'roboflow-vision-event-image': properties.visionEventImageDefaults,
  'roboflow-vision-event-query': { ...properties.visionEventQueryDefaults, useCase: 'quality-line-1' },
  'roboflow-vision-event-use-case': properties.visionEventUseCaseDefaults,
};

/** Body of a function node: what every detector, camera and flow of these cases would have sent. */
const GOOD_MESSAGE = `
  const eventId = RED.util.generateId();
  const picture = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
  return {
    payload: {
      image: { width: 640, height: 480 },
      predictions: [{ x: 320, y: 240, width: 40, height: 30, confidence: 0.9, class: 'scratch', class_id: 2 }],
    },
    event: { eventId, eventType: 'custom', useCaseId: 'quality-line-1', timestamp: new Date().toISOString(), eventData: {} },
    picture,
    pictures: [picture, { input: picture, label: 'gate' }],
  };`;

/** Body of a function node: keeps what became of the message in the node that `source` names. */
const keepOutcome = (source: string, outcome: string) =>
  `const kept = global.get('outcomes') ?? {}; kept[${source}.id] = ${outcome}; global.set('outcomes', kept);`;

for (const version of NODE_RED_VERSIONS) {
  describe(`the red triangle in the editor of Node-RED ${version}`, function () {
    this.timeout(SLOW_MS);
    let browser: Browser;
    let nodeRed: RealNodeRed;
    let simulator: Simulator;
    let editor: EditorPage;
    let nodes: EditorNode[];
    let outcomes: Record<string, string>;

    before(async function () {
      browser = await sharedBrowser(this);
      simulator = await startSimulator();
      nodeRed = await RealNodeRed.start(version, { USE_CASE_OF_THE_TEST: 'quality-line-1' });
      await nodeRed.deploy(flowOfCases(simulator));
      editor = await EditorPage.open(browser, nodeRed.url);
      nodes = await editor.nodes();
      outcomes = await outcomesOf(nodeRed);
    });
    after(async () => {
      await editor?.close();
      await nodeRed?.stop();
      await simulator?.close();
    });

    for (const [name, { marked }] of Object.entries(CASES)) {
      it(`${name}: ${marked ? 'marked, and each message fails' : 'not marked, and messages go through'}`, () => {
        const { valid, validationErrors } = nodes.find(({ id }) => id === idOf(name))!;
        assert.equal(outcomes[idOf(name)] === 'done', marked === undefined, outcomes[idOf(name)]);
        assert.equal(valid, marked === undefined, validationErrors.join('\n'));
        if (marked) assert.match(validationErrors.join('\n'), marked);
      });
    }

    it('is found without an error in the page', () => assert.deepEqual(editor.pageErrors, []));
  });
}

const idOf = (name: string) => `case-${Object.keys(CASES).indexOf(name)}`;

function flowOfCases({ url, keys }: Simulator): FlowNode[] {
  const workspace = (id: string, changed: object = {}): FlowNode => ({
    ...properties.workspaceDefaults,
    id,
    type: 'roboflow-vision-event-workspace',
    name: `Workspace ${id}`,
    baseUrl: url,
    credentials: { apiKey: keys.full },
    ...changed,
  });
  const place = { z: 'tab', x: 100, y: 100 };
  const functionNode = (id: string, func: string, wires: string[]): FlowNode => ({
    ...place,
    id,
    type: 'function',
    func,
    outputs: 1,
    wires: [wires],
  });
  const ids = Object.keys(CASES).map(idOf);
  return [
    { id: 'tab', type: 'tab', label: 'Test' },
    workspace('workspace'),
    workspace('bad-url', { baseUrl: 'nonsense' }),
    workspace('bad-number', { timeout: 'soon' }),
    workspace('disabled', { d: true }),
    { ...place, id: 'start', type: 'inject', props: [], repeat: '', wires: [['good-message']] },
    functionNode('good-message', GOOD_MESSAGE, ids),
    { ...place, id: 'catch', type: 'catch', scope: null, wires: [['failed']] },
    functionNode('failed', keepOutcome('msg.error.source', 'msg.error.message'), []),
    { ...place, id: 'complete', type: 'complete', scope: ids, wires: [['done']] },
    functionNode('done', keepOutcome('msg.complete.source', "'done'"), []),
    ...Object.entries(CASES).map(([name, { type, properties: own }]) => {
      const fullType = type ? `roboflow-vision-event-${type}` : 'roboflow-vision-event';
      return {
        ...DEFAULTS[fullType],
        workspace: 'workspace',
        ...own,
        ...place,
        id: idOf(name),
        type: fullType,
        wires: [[]],
      };
    }),
  ];
}

/** What became of one message in each case: `done`, or the error's text. */
async function outcomesOf(nodeRed: RealNodeRed): Promise<Record<string, string>> {
  await fetch(`${nodeRed.url}/inject/start`, { method: 'POST' });
  let missing: string[] = [];
  return until(
    async () => {
      const { msg } = await nodeRed.get<{ msg?: string }>('context/global/outcomes');
      const outcomes = JSON.parse(msg ?? '{}') as Record<string, string>;
      missing = Object.keys(CASES).filter((name) => !(idOf(name) in outcomes));
      return missing.length === 0 && outcomes;
    },
    () => `nothing became of: ${missing.join(', ')}`,
    OUTCOMES_DEADLINE_MS,
  );
}
