import type { Node, NodeAPI } from 'node-red';
import type { ReplayBody } from '../shared/admin-bodies';
import { AdminRefusal, deployedNode, type AdminRequest } from '../shared/admin-route';
import { knownProperties, withVariables } from '../shared/dialog-values';
import { fieldLabels } from '../shared/field-label';
import { hidesInPictures } from '../shared/hiding';
import { visionEventSceneDefaults } from '../shared/properties';
import { dataUrlOf } from '../shared/shown-picture';
import { sceneRecorder, type RecordedCamera, type RecordedFrame } from './recorder';
import { replay } from './replay';
import { sceneSettings } from './settings';

const NODE_TYPE = 'roboflow-vision-event-scene';
/** The tracks of the last seconds, ms. */
const TRAIL_MS = 5000;
const MOST_TRACKS = 100;
/** Of one track; of more every second one is left out, and again. */
const MOST_POINTS = 50;

/** A track as the dialog draws it; all numbers are fractions of the picture. */
interface Trail {
  id: string;
  class: string;
  isConfirmed: boolean;
  /** centre and height of its box, the oldest first */
  points: [x: number, y: number, height: number][];
  /** in the last frame: centre and size */
  box?: [x: number, y: number, width: number, height: number];
}

/**
 * The last picture of a deployed node and the tracks of the last seconds; keeps the next frames for ten minutes. Of the
 * query `camera` picks one of several, and `picture` is the time of the picture that the dialog has: the same one does
 * not travel again.
 */
export function view(RED: NodeAPI, { params, query }: AdminRequest) {
  const cameras = watchedCameras(deployedScene(RED, params['id']));
  const name = chosenCamera(cameras, query['camera']);
  const camera = name === undefined ? undefined : cameras.get(name);
  if (!camera) return { cameras: [] };
  const { frames } = camera;
  // One that was kept before something had to be hidden.
  const picture = hidesInPictures(RED) ? undefined : camera.picture;
  const last = frames.at(-1);
  const size = last?.size ?? picture?.size;
  return {
    cameras: [...cameras.keys()].sort(),
    camera: name,
    at: last?.seenAt,
    size,
    tracks: size ? trailsOf(frames, size) : [],
    ...(picture && {
      picture: {
        at: picture.at,
        ...(String(picture.at) !== query['picture'] && {
          dataUrl: dataUrlOf(picture.mediaType, picture.bytes),
        }),
      },
    }),
  };
}

/** Which moments the settings of the open dialog would have made of the last seconds. Nothing is sent. */
export function replayed(RED: NodeAPI, { body }: AdminRequest<ReplayBody>) {
  const node = deployedScene(RED, body.id);
  const cameras = watchedCameras(node);
  const name = chosenCamera(cameras, body.camera);
  const properties = knownProperties(visionEventSceneDefaults, body.properties);
  const config = withVariables(RED, node, properties);
  const settings = sceneSettings(config, fieldLabels(RED, NODE_TYPE));
  const frames = name === undefined ? [] : (cameras.get(name)?.frames ?? []);
  return replay(frames, settings, config);
}

/** @throws AdminRefusal `KEEPS_NOTHING` */
function watchedCameras({ id }: Node): ReadonlyMap<string, RecordedCamera> {
  if (!sceneRecorder.isOff) return sceneRecorder.watch(id);
  throw new AdminRefusal(
    409,
    'KEEPS_NOTHING',
    'No frames are kept: visionEvents.keepLastMessages is false in settings.js. Zones can be drawn all the same.',
  );
}

/** @throws AdminRefusal `NOT_DEPLOYED` */
function deployedScene(RED: NodeAPI, id: string | undefined): Node {
  const node = deployedNode(RED, id) as Node | undefined;
  if (node?.type === NODE_TYPE) return node;
  throw new AdminRefusal(404, 'NOT_DEPLOYED', 'This node is not deployed yet, or it is disabled.');
}

/** The wanted one where it is there, else the one that sent last. */
function chosenCamera(cameras: ReadonlyMap<string, RecordedCamera>, wanted: unknown): string | undefined {
  return typeof wanted === 'string' && cameras.has(wanted) ? wanted : [...cameras.keys()].at(-1);
}

function trailsOf(frames: readonly RecordedFrame[], size: { width: number; height: number }): Trail[] {
  const last = frames.at(-1);
  const trails = new Map<string, Trail>();
  for (const frame of frames) {
    if (frame.seenAt < last!.seenAt - TRAIL_MS) continue;
    for (const { id, class: name, box, isConfirmed } of frame.things) {
      const trail = trails.get(id) ?? { id, class: name, isConfirmed, points: [] };
      if (!trails.has(id) && trails.size >= MOST_TRACKS) continue;
      trails.set(id, trail);
      const [x, y] = [share(box.x, size.width), share(box.y, size.height)];
      const height = share(box.height, size.height);
      trail.points.push([x, y, height]);
      Object.assign(trail, { class: name, isConfirmed });
      if (frame === last) trail.box = [x, y, share(box.width, size.width), height];
    }
  }
  for (const trail of trails.values()) trail.points = thinned(trail.points);
  return [...trails.values()];
}

function thinned<Point>(points: Point[]): Point[] {
  let kept = points;
  while (kept.length > MOST_POINTS)
    kept = kept.filter((_point, index) => (kept.length - 1 - index) % 2 === 0);
  return kept;
}

/** Short numbers: an answer a second should not be long. */
function share(pixels: number, side: number): number {
  return Math.round((pixels / side) * 10_000) / 10_000;
}
