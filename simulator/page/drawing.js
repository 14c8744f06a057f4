import { el, svg } from './dom.js';

/**
 * Draws the annotations of one image entry over its picture, or over an empty frame when there is none.
 * Coordinates are absolute pixels of the picture; x and y are the centre of a box.
 */

/** Bright enough for dark label text, apart enough for neighbours. */
const PALETTE = [
  '#4cc9f0',
  '#ff9f1c',
  '#a3e635',
  '#f78fb3',
  '#ffd60a',
  '#b79cff',
  '#2ee6a8',
  '#ff7a6b',
  '#7cb8ff',
  '#e0aaff',
  '#5eead4',
  '#f4b183',
];
/** With more than so many, labels would hide what they name; pointing at a shape tells its class all the same. */
const MAX_LABELS = 40;
/** A box narrower than this part of the picture is labelled without its confidence, until enlarged. */
const NARROW = 0.13;
const USUAL_FRAMES = [
  [640, 480],
  [1280, 720],
  [1920, 1080],
  [3840, 2160],
];

const colours = new Map();

/** One colour a class, the same on every picture and, while there are few classes, after a reload too. */
export function colourOf(className) {
  if (!colours.has(className)) {
    let hash = 7;
    for (const character of className) hash = (hash * 31 + character.codePointAt(0)) >>> 0;
    const taken = new Set(colours.values());
    let place = hash % PALETTE.length;
    for (let i = 0; i < PALETTE.length && taken.has(PALETTE[place]); i++) {
      place = (place + 1) % PALETTE.length;
    }
    colours.set(className, PALETTE[place]);
  }
  return colours.get(className);
}

/** All annotations of an image entry in one list, each with its kind. */
export function annotationsOf(image) {
  const of = (list, kind) => (Array.isArray(list) ? list.map((one) => ({ ...one, kind })) : []);
  return [
    ...of(image.instanceSegmentations, 'polygon'),
    ...of(image.objectDetections, 'box'),
    ...of(image.keypoints, 'keypoints'),
    ...of(image.classifications, 'classification'),
  ];
}

/**
 * The picture with everything drawn on it. `sourceId` says which of the entry's pictures; without one, or when it
 * cannot be shown, an empty frame that fits the annotations stands in.
 */
export function drawImage(image, sourceId) {
  const annotations = annotationsOf(image);
  const placed = annotations.filter(({ kind }) => kind !== 'classification');
  const overlay = svg('svg', { class: 'overlay', preserveAspectRatio: 'none', role: 'img' });
  overlay.setAttribute('aria-label', `${annotations.length} annotations`);
  const labels = el('div', { class: 'labels' });
  const frame = el('div', { class: 'frame' }, overlay, labels, classificationStrip(annotations));

  const fit = ([width, height]) => {
    frame.style.setProperty('--width', width);
    frame.style.setProperty('--height', height);
    overlay.setAttribute('viewBox', `0 0 ${width} ${height}`);
    overlay.replaceChildren(...placed.flatMap(shapesOf));
    const labelled = placed.length <= MAX_LABELS ? placed : [];
    labels.replaceChildren(...labelled.map((one) => labelOf(one, width, height)));
  };
  const standIn = (reason) => {
    frame.classList.add('without-picture');
    frame.append(el('p', { class: 'no-picture' }, reason));
    fit(fittingFrame(placed));
  };

  if (sourceId === undefined) standIn('no picture');
  else if (!isOurs(sourceId)) standIn('picture not uploaded here');
  else {
    const picture = el('img', {
      src: `/_simulator/images/${sourceId}`,
      alt: String(image.label ?? ''),
      decoding: 'async',
      loading: 'lazy',
    });
    picture.addEventListener('load', () => fit([picture.naturalWidth, picture.naturalHeight]));
    picture.addEventListener('error', () => {
      picture.remove();
      standIn('picture cannot be shown');
    });
    fit(fittingFrame(placed));
    frame.prepend(picture);
  }
  return frame;
}

/** Ids that the simulator gives out look like this; only such go into an address. */
export function isOurs(sourceId) {
  return typeof sourceId === 'string' && /^[\w-]+$/.test(sourceId);
}

function shapesOf(annotation) {
  const colour = colourOf(annotation.class);
  const title = svg('title', {}, `${annotation.class} ${percent(annotation.confidence)}`);
  const { x, y, width, height } = annotation;
  const box = { x: x - width / 2, y: y - height / 2, width: Math.max(width, 0), height: Math.max(height, 0) };
  if (annotation.kind === 'polygon') {
    const points = annotation.points.map((point) => point.join(',')).join(' ');
    return [
      svg('polygon', { points, class: 'halo' }),
      svg('polygon', { points, class: 'area', stroke: colour, fill: colour }, title),
    ];
  }
  const rectangles = [
    svg('rect', { ...box, class: 'halo' }),
    svg('rect', { ...box, class: `box ${annotation.kind}`, stroke: colour, fill: colour }, title),
  ];
  const dots = (annotation.keypoints ?? []).flatMap((point) => dotsOf(point, colour));
  return [...rectangles, ...dots];
}

/** A line of no length with round ends: a dot that keeps its size on the screen whatever the picture's size. */
function dotsOf({ id, x, y, occluded }, colour) {
  const at = { x1: x, y1: y, x2: x, y2: y };
  const title = svg('title', {}, `keypoint ${id}${occluded ? ', occluded' : ''}`);
  return [
    svg('line', { ...at, class: 'dot-halo' }),
    svg('line', { ...at, class: 'dot', stroke: colour }, title),
    occluded ? svg('line', { ...at, class: 'dot-hollow' }) : undefined,
  ].filter(Boolean);
}

/** Boxes carry their label on top, polygons below, so that a fault on a part does not hide the part's name. */
function labelOf(annotation, frameWidth, frameHeight) {
  const { x, y, width, height } = annotation;
  const [left, right] = [(x - width / 2) / frameWidth, (x + width / 2) / frameWidth];
  const [top, bottom] = [(y - height / 2) / frameHeight, (y + height / 2) / frameHeight];
  const isBelow = annotation.kind === 'polygon' && bottom < 0.92;
  const fromRight = left > 0.7;
  const marks = [
    fromRight && 'from-right',
    isBelow && 'below',
    !isBelow && top < 0.08 && 'inside',
    width / frameWidth < NARROW && 'narrow',
  ];
  const label = el(
    'span',
    { class: ['label', ...marks].filter(Boolean).join(' ') },
    el('b', {}, annotation.class),
    el('span', { class: 'confidence' }, ` ${percent(annotation.confidence)}`),
  );
  label.style.setProperty('--colour', colourOf(annotation.class));
  label.style.setProperty(fromRight ? 'right' : 'left', share(fromRight ? 1 - right : left));
  label.style.setProperty('top', share(isBelow ? bottom : top));
  return label;
}

function share(fraction) {
  return `${Math.max(fraction, 0) * 100}%`;
}

function classificationStrip(annotations) {
  const classified = annotations.filter(({ kind }) => kind === 'classification');
  if (classified.length === 0) return undefined;
  return el(
    'ul',
    { class: 'classified' },
    classified.slice(0, 6).map((one) => {
      const entry = el('li', {}, el('b', {}, one.class), ` ${percent(one.confidence)}`);
      entry.style.setProperty('--colour', colourOf(one.class));
      return entry;
    }),
  );
}

/** The smallest usual camera frame that holds everything drawn, or just what is drawn when none is large enough. */
function fittingFrame(placed) {
  let [right, bottom] = [1, 1];
  for (const one of placed) {
    const points = [
      ...(one.points ?? []),
      ...(one.keypoints ?? []).map((point) => [point.x, point.y]),
      [one.x + one.width / 2, one.y + one.height / 2],
    ];
    for (const [x, y] of points) {
      right = Math.max(right, x);
      bottom = Math.max(bottom, y);
    }
  }
  return USUAL_FRAMES.find(([width, height]) => right <= width && bottom <= height) ?? [right, bottom];
}

export function percent(confidence) {
  return `${Math.round(confidence * 100)}%`;
}
