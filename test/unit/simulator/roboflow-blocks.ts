/**
 * The requests that Roboflow's own workflow blocks make, rebuilt from their sources (roboflow/inference 3bb973b, the
 * files that docs/decisions/the-comparison-in-the-readme.md names) with values of our own. What they leave out is left
 * out here.
 */
import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { Header } from 'tar';
import { EVENT_TYPES, type EventType } from '../../../src/event/types';
import { jpeg } from '../images/made-pictures';

export type Fields = Record<string, unknown>;

/** What a workflow hands to a block. */
export interface BlockInput {
  eventType: EventType;
  /** what is filled in for the type; nothing of it: the key is left out of the request */
  data: Fields;
  predictions: Fields;
  hasOutputImage: boolean;
  hasInputImage: boolean;
  metadata: Fields;
}

const USE_CASE = 'quality-line-1';
/** What a block writes as base64 is a JPEG without the prefix of a data URL. */
const BASE64_PICTURE = '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBD';

const DATA: Record<EventType, Fields[]> = {
  quality_check: [{}, { result: 'fail' }, { result: 'pass', externalId: 'lot-2211/7' }],
  inventory_count: [
    {},
    { itemCount: 0 },
    { location: 'bay 4', itemCount: 31, itemType: 'pallet', externalId: 'p-9' },
  ],
  safety_alert: [
    {},
    { alertType: 'no_gloves' },
    { alertType: 'spill-2', severity: 'medium', description: 'Oil beside press 2', externalId: 'a-1' },
  ],
  custom: [{}, { value: 'belt stands still' }, { value: 'belt runs', externalId: 'b-3' }],
  operator_feedback: [{}, { relatedEventId: 'evt-77', feedback: 'inconclusive' }],
};

/** Half a box wider than the picture's edge, and confidences as 32-bit floats widen: nothing is rounded or clipped. */
const box = (name: string, confidence: number) => ({
  class: name,
  x: 411.79998779296875,
  y: -3.5,
  width: 88.400024414062,
  height: 61,
  confidence,
});
const polygon = [
  [380, 12],
  [431.5, 15.25],
  [429, 60],
  [381, 58],
];

/** As the blocks merge them into the one entry of `images`: lists that are empty are left out. */
const PREDICTIONS: Fields[] = [
  {},
  { objectDetections: [box('scratch', 0.8713541626930237), box('unknown', 0)] },
  {
    classifications: [
      { class: 'ripe', confidence: 0.7 },
      { class: 'green', confidence: 0.30000001192092896 },
    ],
  },
  // A polygon of less than three points has become a box.
  {
    instanceSegmentations: [{ ...box('dent', 1), points: polygon }],
    objectDetections: [box('dent', 0.42)],
  },
  {
    keypoints: [
      {
        ...box('person', 0.93),
        keypoints: [
          { id: 0, x: 400.5, y: 20 },
          { id: 5, x: 0, y: 0 },
        ],
      },
    ],
  },
];

const METADATA: Fields[] = [{}, { camera_id: 'north 2', shift: 3, speed: 1.25, rework: false }];

/** Every type with every state of its fields, every kind of prediction, and every way to connect pictures. */
export function everyInput(): BlockInput[] {
  const inputs: BlockInput[] = [];
  for (const eventType of EVENT_TYPES)
    for (const data of DATA[eventType])
      for (const predictions of PREDICTIONS)
        for (const hasOutputImage of [true, false])
          for (const hasInputImage of [true, false])
            inputs.push({
              eventType,
              data,
              predictions,
              hasOutputImage,
              hasInputImage,
              metadata: METADATA[inputs.length % METADATA.length]!,
            });
  return inputs;
}

/**
 * `datetime.now(timezone.utc).isoformat()`: microseconds, which are left out when they are 0, and an offset in place of
 * Z.
 */
function pythonTime(at: number): string {
  const [seconds, milliseconds] = new Date(at).toISOString().slice(0, -1).split('.');
  return milliseconds === '000' ? `${seconds}+00:00` : `${seconds}.${milliseconds}417+00:00`;
}

/** The one entry of `images`, or none: without a picture the predictions have no place to go. */
function imageEntries(input: BlockInput, output: Fields, original: Fields): Fields[] {
  const pictures = { ...(input.hasOutputImage && output), ...(input.hasInputImage && original) };
  if (Object.keys(pictures).length === 0) return [];
  return [{ ...pictures, label: 'workflow', ...input.predictions }];
}

function payload(input: BlockInput, at: number, images: Fields[]): Fields {
  return {
    eventId: randomUUID(),
    eventType: input.eventType,
    timestamp: pythonTime(at),
    images,
    ...(Object.keys(input.data).length > 0 && { eventData: input.data }),
    ...(Object.keys(input.metadata).length > 0 && { customMetadata: input.metadata }),
    ...(images.length > 0 && { displayImagePosition: 0 }),
  };
}

/** Of the block "Roboflow Vision Events", to the cloud, after its uploads. */
export function sinkBody(input: BlockInput, at: number, sourceIds: [string, string]): Fields {
  const [sourceId, inputSourceId] = sourceIds;
  const images = imageEntries(input, { sourceId }, { inputSourceId });
  return { ...payload(input, at, images), useCaseId: USE_CASE };
}

/** Of the same block, to the Local Event Store. */
export function sinkStoreBody(input: BlockInput, at: number): Fields {
  const pictures = [{ base64Image: BASE64_PICTURE }, { inputBase64Image: BASE64_PICTURE }] as const;
  const images = imageEntries(input, ...pictures);
  return {
    inference_timestamp: pythonTime(at),
    solution: USE_CASE,
    event_schema: input.eventType,
    event_data: input.data,
    images,
    ...(Object.keys(input.metadata).length > 0 && { custom_metadata: input.metadata }),
    ...(images.length > 0 && { displayImagePosition: 0 }),
  };
}

/** `payload.json` of the block "Write Vision Event Bundle"; without a use case when the uploader names it. */
export function bundlePayload(input: BlockInput, at: number, hasUseCase: boolean): Fields {
  const member = () => `images/${randomUUID()}.jpg`;
  const images = imageEntries(input, { file: member() }, { inputFile: member() });
  return {
    bundleFormatVersion: 1,
    ...payload(input, at, images),
    ...(hasUseCase && { useCaseId: USE_CASE }),
  };
}

/** The archive around it: `payload.json` first, then the pictures. */
export function bundleFile(payload: Fields, { isCompressed = true } = {}): Buffer {
  const [image = {}] = payload['images'] as Fields[];
  const pictures = [image['file'], image['inputFile']].filter((file) => typeof file === 'string');
  const members: [string, Buffer][] = [
    ['payload.json', Buffer.from(JSON.stringify(payload, undefined, 2))],
    ...pictures.map((file): [string, Buffer] => [file, jpeg(64, 48)]),
  ];
  const blocks = members.flatMap(([path, bytes]) => {
    const header = Buffer.alloc(512);
    new Header({ path, size: bytes.length, mode: 0o644, type: 'File' }).encode(header, 0);
    return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  const archive = Buffer.concat([...blocks, Buffer.alloc(1024)]);
  return isCompressed ? gzipSync(archive) : archive;
}

/**
 * Of the block "Event Writer": an output picture always, no operator feedback, a label only when one is set, no use
 * case.
 */
export function writerBody(input: BlockInput, at: number): Fields {
  const entry = {
    base64Image: BASE64_PICTURE,
    ...(input.hasInputImage && { inputBase64Image: BASE64_PICTURE, label: 'press 2' }),
    ...input.predictions,
  };
  return {
    inference_timestamp: pythonTime(at),
    event_schema: input.eventType,
    event_data: input.data,
    images: [entry],
    displayImagePosition: 0,
    custom_metadata: input.metadata,
  };
}
