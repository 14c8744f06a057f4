import assert from 'node:assert/strict';
import { startSimulator, type Simulator } from '../../simulator/server';
import type { visionEventDefaults } from '../../nodes/shared/properties';
import { helper, roboflow, TestFlow } from '../support/node-red-helper';
import { jpeg } from '../unit/images/made-pictures';

/** Of the processor, for the whole message. */
const MOST_MS = 2_000;

const detection = roboflow({ class: 'part' });
const cyclic: Record<string, unknown> = { predictions: [] };
cyclic['itself'] = cyclic;
const ownList: unknown[] = [];
ownList.push(ownList, { output: ownList, label: ownList, detections: ownList });
const parsed = (text: string) => JSON.parse(text) as unknown;

const PAYLOADS: [string, () => unknown][] = [
  ['an object that contains itself', () => cyclic],
  ['a BigInt', () => ({ ...detection, time: 10n ** 30n })],
  ['a symbol', () => Symbol('payload')],
  [
    'a toJSON that throws',
    () => ({
      ...detection,
      toJSON: () => {
        throw new Error('boo');
      },
    }),
  ],
  [
    'names that bend objects',
    () => parsed(`{"__proto__":{"polluted":1},"predictions":[{"class":"__proto__","x":1}]}`),
  ],
  ['a class called __proto__', () => roboflow({ class: '__proto__' }, { class: 'constructor' })],
  ['a typed array', () => new Float64Array(1_000_000)],
  ['500,000 levels of JSON', () => '['.repeat(500_000) + ']'.repeat(500_000)],
  ['20 MB of backticks', () => '`'.repeat(20_000_000)],
  ['20,000 marks', () => '--SPLIT--'.repeat(20_000)],
  ['100,000 rows', () => Array(100_000).fill({ bbox: [1, 2, 3, 4], class: 'cup', score: 0.5 })],
  [
    'a proxy that throws',
    () =>
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error('boo');
          },
        },
      ),
  ],
  [
    'what was thrown has no text',
    () =>
      Object.defineProperty({}, 'x', {
        enumerable: true,
        get: () => {
          throw Object.create(null);
        },
      }),
  ],
];

const PICTURES: [string, unknown][] = [
  ['a path', '/etc/passwd'],
  ['an address', 'http://127.0.0.1:9/?key=1'],
  ['a Buffer that is none', { type: 'Buffer', data: { length: 1e9 } }],
  ['a Buffer of holes', { type: 'Buffer', data: Array(1_000_000) }],
  ['shared memory', new SharedArrayBuffer(1_000)],
  ['blanks', 'a '.repeat(5_000_000)],
];

const FIELDS: [string, Partial<typeof visionEventDefaults>, unknown][] = [
  ['a use case that climbs', { useCaseType: 'msg' }, '../../v1/secret'],
  ['half a character', { useCaseType: 'msg' }, '\ud800'],
  ['a use case of 5 MB', { useCaseType: 'msg' }, 'x'.repeat(5_000_000)],
  [
    'a use case that is written by code',
    { useCaseType: 'msg' },
    {
      toString: () => {
        throw new Error('boo');
      },
    },
  ],
  ['line breaks in an id', { eventIdType: 'msg' }, 'a\r\nx: y'],
  ['an id called __proto__', { eventIdType: 'msg' }, '__proto__'],
  [
    'metadata of 10,000 keys',
    { metadataFromType: 'msg' },
    Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`k${index}`, index])),
  ],
  ['metadata with a key of 1 MB', { metadataFromType: 'msg' }, { ['a-'.repeat(500_000)]: 1 }],
  ['a list of a million pictures', { picturesType: 'msg' }, Array(1_000_000)],
  ['a list of pictures that holds itself', { picturesType: 'msg' }, ownList],
  [
    'a picture of a list that throws',
    { picturesType: 'msg' },
    [
      {
        get output() {
          throw new Error('boo');
        },
      },
    ],
  ],
  [
    'a picture of a list whose metadata bends objects',
    { picturesType: 'msg' },
    [{ output: jpeg(8, 8), metadata: parsed('{"__proto__":{"polluted":1}}') }],
  ],
  [
    '1,000 pictures with detections that hold themselves',
    { picturesType: 'msg' },
    Array(1_000).fill({ detections: cyclic }),
  ],
  ['metadata that bends objects', { metadataFromType: 'msg' }, parsed('{"__proto__":{"polluted":1}}')],
];

describe('a hostile message', function () {
  this.timeout(30_000);
  let simulator: Simulator;

  before((done) => void helper.startServer(done));
  before(async () => {
    simulator = await startSimulator();
  });
  beforeEach(() => simulator.reset());
  afterEach(() => helper.unload());
  after(() => simulator.close());
  after((done) => void helper.stopServer(done));

  async function endsWell(settings: Partial<typeof visionEventDefaults>, message: object): Promise<TestFlow> {
    const flow = await TestFlow.load(settings, { baseUrl: simulator.url, apiKey: simulator.keys.full });
    const started = process.cpuUsage();
    await flow.send(message);
    const took = process.cpuUsage(started).user / 1000;
    assert.ok(took < MOST_MS, `${took} ms`);
    assert.equal(flow.out.length + flow.caught.length, 1);
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
    const [error] = flow.caught;
    assert.ok(!error || error.error!.message.length < 1_000, 'the error repeats the value');
    const next = await flow.send({ payload: detection, topic: 'quality-line-1' });
    assert.ok(next.out ?? next.caught, 'the next message is not handled');
    return flow;
  }

  for (const [name, payload] of PAYLOADS) {
    it(`${name} for detections: one outcome, and the next message is handled`, async () => {
      await endsWell({ delivery: 'send' }, { payload: payload() });
    });
  }

  for (const [name, image] of PICTURES) {
    it(`${name} for a picture is an error, and no file is read`, async () => {
      const settings = { detectionsType: 'none', outputImage: 'image', outputImageType: 'msg' } as const;
      const flow = await endsWell(settings, { payload: 1, image });
      assert.equal(flow.caught[0]?.error?.code, 'IMAGE_INVALID');
      assert.ok(!flow.caught[0]?.error?.message.includes('key=1'), 'the address is repeated');
    });
  }

  it('a name of a picture that climbs and breaks lines is sent as a plain one', async () => {
    const settings = {
      detectionsType: 'none',
      outputImage: 'image',
      outputImageType: 'msg',
      delivery: 'send',
    } as const;
    const flow = await endsWell(settings, { payload: 1, image: jpeg(8, 8), filename: '../../x\r\ny: z' });
    assert.equal(flow.out[0]?.visionEvent?.state, 'created');
  });

  for (const [name, settings, value] of FIELDS) {
    it(`${name}: one outcome, and no request leaves the path of the API`, async () => {
      const named = Object.fromEntries(
        Object.keys(settings).map((key) => [key.replace(/Type$/, ''), 'field']),
      );
      await endsWell(
        { detectionsType: 'none', delivery: 'send', ...named, ...settings },
        { payload: 1, field: value },
      );
    });
  }
});
