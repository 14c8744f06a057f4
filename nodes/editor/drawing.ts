import { colourOf } from './colours';
import { makeElement, makeSvg } from './live';

/**
 * An annotation of an event that may have any faults. Coordinates are absolute pixels; x and y are the centre of a box.
 */
export interface Annotation {
  kind: 'polygon' | 'box' | 'keypoints' | 'classification';
  class: unknown;
  confidence: number;
  x: number;
  y: number;
  width: number;
  height: number;
  points?: [number, number][];
  keypoints?: Keypoint[];
}

interface Keypoint {
  x: number;
  y: number;
  id: unknown;
  occluded?: boolean;
}

/** An entry of the event's `images`. */
export interface Image {
  label?: unknown;
  objectDetections?: unknown;
  classifications?: unknown;
  instanceSegmentations?: unknown;
  keypoints?: unknown;
}

export interface Size {
  width: number;
  height: number;
}

/** With more than so many, labels would hide what they name; pointing at a shape tells its class all the same. */
const MAX_LABELS = 40;
/** Beyond it the page would become slow; the list beneath says that there are more. */
const MAX_SHAPES = 500;
const USUAL_FRAMES: [number, number][] = [
  [640, 480],
  [1280, 720],
  [1920, 1080],
  [3840, 2160],
];
/**
 * The frame in heights of a label, so that labels are as large as other text in a dialog of usual width; live.css
 * bounds its height.
 */
const LABELS_ACROSS = 36;
const LABELS_DOWN = 30;

/** All annotations of an image entry in one list, each with its kind. */
export function annotationsOf(image: Image): Annotation[] {
  const of = (list: unknown, kind: Annotation['kind']) =>
    Array.isArray(list) ? (list as Annotation[]).map((one) => ({ ...one, kind })) : [];
  return [
    ...of(image.instanceSegmentations, 'polygon'),
    ...of(image.objectDetections, 'box'),
    ...of(image.keypoints, 'keypoints'),
    ...of(image.classifications, 'classification'),
  ];
}

/**
 * Draws the annotations of one image entry over its picture, or over an empty frame.
 *
 * @param size of the picture; without one a frame that fits what is drawn
 * @param picture an element that shows it
 * @param options.labels false: too small for texts; pointing at a shape tells its class all the same
 */
export function draw(
  image: Image,
  size: Size | undefined,
  picture: HTMLElement | undefined,
  texts: { drawing: string; noPicture: string; caption?: string },
  { labels = true, mostShapes = MAX_SHAPES } = {},
): HTMLElement {
  const annotations = annotationsOf(image);
  const placed = annotations.filter(({ kind }) => kind !== 'classification').slice(0, mostShapes);
  const [width, height] = size ? [size.width, size.height] : fittingFrame(placed);
  const overlay = makeSvg(
    'svg',
    { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': texts.drawing },
    placed.flatMap(shapesOf),
    labels && placed.length <= MAX_LABELS ? placed.map((one) => labelOf(one, width, height)) : [],
  );
  const frame = makeElement('div', { class: 'vision-event-frame' }, overlay);
  frame.style.aspectRatio = `${width} / ${height}`;
  if (picture) {
    frame.prepend(picture);
  } else {
    frame.append(makeElement('span', { class: 'vision-event-frame-note' }, texts.noPicture));
  }
  const caption = texts.caption && makeElement('p', { class: 'vision-event-frame-caption' }, texts.caption);
  return makeElement('div', {}, caption, frame, classificationsOf(annotations));
}

function shapesOf(annotation: Annotation): SVGElement[] {
  const { x, y, width, height, kind } = annotation;
  const colour = colourOf(annotation.class);
  const title = makeSvg('title', {}, nameOf(annotation));
  if (kind === 'polygon') {
    const points = (annotation.points ?? []).map((point) => point.join(',')).join(' ');
    return [makeSvg('polygon', { points, class: 'vision-event-shape', stroke: colour, fill: colour }, title)];
  }
  const box = {
    x: x - width / 2,
    y: y - height / 2,
    width: Math.max(width, 0),
    height: Math.max(height, 0),
  };
  return [
    makeSvg('rect', { ...box, class: 'vision-event-shape', stroke: colour, fill: colour }, title),
    ...(annotation.keypoints ?? []).map((point) => dotOf(point, colour)),
  ];
}

/** A line of no length with round ends: a dot that keeps its size on the screen whatever the picture's size. */
function dotOf({ x, y, id, occluded }: Keypoint, colour: string): SVGElement {
  return makeSvg(
    'line',
    {
      x1: x,
      y1: y,
      x2: x,
      y2: y,
      class: 'vision-event-dot',
      stroke: colour,
      'stroke-opacity': occluded ? 0.5 : 1,
    },
    makeSvg('title', {}, String(id)),
  );
}

/** Above its box, or inside where there is no room above; never beyond the right edge. */
function labelOf(annotation: Annotation, frameWidth: number, frameHeight: number): SVGElement {
  const { x, y, width, height } = annotation;
  const size = Math.max(frameWidth / LABELS_ACROSS, frameHeight / LABELS_DOWN);
  const top = y - height / 2;
  const isLeft = x - width / 2 < frameWidth * 0.6;
  return makeSvg(
    'text',
    {
      x: isLeft ? Math.max(x - width / 2, 0) : Math.min(x + width / 2, frameWidth),
      y: top > size * 1.3 ? top - size * 0.3 : Math.max(top, 0) + size,
      'font-size': size,
      'text-anchor': isLeft ? 'start' : 'end',
      fill: colourOf(annotation.class),
      'stroke-width': size / 5,
    },
    nameOf(annotation),
  );
}

const nameOf = ({ class: name, confidence }: Annotation) =>
  `${String(name).slice(0, 60)} ${percent(confidence)}`;

function classificationsOf(annotations: Annotation[]): HTMLElement | undefined {
  const classified = annotations.filter(({ kind }) => kind === 'classification').slice(0, 12);
  if (classified.length === 0) return undefined;
  return makeElement(
    'ul',
    { class: 'vision-event-classes' },
    classified.map((one) => makeElement('li', {}, nameOf(one))),
  );
}

/** The smallest usual camera frame that holds everything drawn, or just what is drawn when none is large enough. */
function fittingFrame(placed: Annotation[]): [number, number] {
  let [right, bottom] = [1, 1];
  for (const one of placed) {
    const corner: [number, number] = [one.x + one.width / 2, one.y + one.height / 2];
    const keypoints = (one.keypoints ?? []).map((point): [number, number] => [point.x, point.y]);
    for (const [x, y] of [...(one.points ?? []), ...keypoints, corner]) {
      if (x > right) right = x;
      if (y > bottom) bottom = y;
    }
  }
  return USUAL_FRAMES.find(([width, height]) => right <= width && bottom <= height) ?? [right, bottom];
}

export function percent(confidence: number): string {
  return `${Math.round(confidence * 100)}%`;
}
