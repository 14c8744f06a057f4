/* global visionEventElement, visionEventSvg */
/**
 * Draws the annotations of one image entry of an event over its picture, or over an empty frame.
 * Coordinates are absolute pixels of the picture; x and y are the centre of a box ("Create a Vision Event").
 */
// eslint-disable-next-line no-unused-vars -- used by the html that includes this
const visionEventDrawing = (() => {
  /** Bright enough for a dark halo, apart enough for neighbours. */
  const PALETTE = ['#4cc9f0', '#ff9f1c', '#a3e635', '#f78fb3', '#ffd60a', '#b79cff', '#2ee6a8', '#ff7a6b'];
  /** With more than so many, labels would hide what they name; pointing at a shape tells its class all the same. */
  const MAX_LABELS = 40;
  /** Beyond it the page would become slow; the list beneath says that there are more. */
  const MAX_SHAPES = 500;
  const USUAL_FRAMES = [
    [640, 480],
    [1280, 720],
    [1920, 1080],
    [3840, 2160],
  ];
  /** The frame in heights of a label, so that labels are as large as other text in a dialog of usual width; live.css bounds its height. */
  const LABELS_ACROSS = 36;
  const LABELS_DOWN = 30;

  function colourOf(className) {
    let hash = 7;
    for (const character of String(className)) hash = (hash * 31 + character.codePointAt(0)) >>> 0;
    return PALETTE[hash % PALETTE.length];
  }

  /** All annotations of an image entry in one list, each with its kind. */
  function annotationsOf(image) {
    const of = (list, kind) => (Array.isArray(list) ? list.map((one) => ({ ...one, kind })) : []);
    return [
      ...of(image.instanceSegmentations, 'polygon'),
      ...of(image.objectDetections, 'box'),
      ...of(image.keypoints, 'keypoints'),
      ...of(image.classifications, 'classification'),
    ];
  }

  /**
   * @param image an entry of the event's `images`
   * @param {{width: number, height: number} | undefined} size of the picture; without one a frame that fits what is drawn
   * @param {string | undefined} dataUrl of the picture
   * @param {{drawing: string, noPicture: string, caption?: string}} texts
   */
  function draw(image, size, dataUrl, texts) {
    const annotations = annotationsOf(image);
    const placed = annotations.filter(({ kind }) => kind !== 'classification').slice(0, MAX_SHAPES);
    const [width, height] = size ? [size.width, size.height] : fittingFrame(placed);
    const overlay = visionEventSvg(
      'svg',
      { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': texts.drawing },
      placed.flatMap(shapesOf),
      placed.length <= MAX_LABELS ? placed.map((one) => labelOf(one, width, height)) : [],
    );
    const frame = visionEventElement('div', { class: 'vision-event-frame' }, overlay);
    frame.style.aspectRatio = `${width} / ${height}`;
    if (dataUrl) {
      frame.prepend(visionEventElement('img', { src: dataUrl, alt: '' }));
    } else {
      frame.append(visionEventElement('span', { class: 'vision-event-frame-note' }, texts.noPicture));
    }
    const caption =
      texts.caption && visionEventElement('p', { class: 'vision-event-frame-caption' }, texts.caption);
    return visionEventElement('div', {}, caption, frame, classificationsOf(annotations));
  }

  function shapesOf(annotation) {
    const { x, y, width, height, kind } = annotation;
    const colour = colourOf(annotation.class);
    const title = visionEventSvg('title', {}, nameOf(annotation));
    if (kind === 'polygon') {
      const points = (annotation.points ?? []).map((point) => point.join(',')).join(' ');
      return [
        visionEventSvg(
          'polygon',
          { points, class: 'vision-event-shape', stroke: colour, fill: colour },
          title,
        ),
      ];
    }
    const box = {
      x: x - width / 2,
      y: y - height / 2,
      width: Math.max(width, 0),
      height: Math.max(height, 0),
    };
    return [
      visionEventSvg('rect', { ...box, class: 'vision-event-shape', stroke: colour, fill: colour }, title),
      ...(annotation.keypoints ?? []).map((point) => dotOf(point, colour)),
    ];
  }

  /** A line of no length with round ends: a dot that keeps its size on the screen whatever the picture's size. */
  function dotOf({ x, y, id, occluded }, colour) {
    return visionEventSvg(
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
      visionEventSvg('title', {}, String(id)),
    );
  }

  /** Above its box, or inside where there is no room above; never beyond the right edge. */
  function labelOf(annotation, frameWidth, frameHeight) {
    const { x, y, width, height } = annotation;
    const size = Math.max(frameWidth / LABELS_ACROSS, frameHeight / LABELS_DOWN);
    const top = y - height / 2;
    const isLeft = x - width / 2 < frameWidth * 0.6;
    return visionEventSvg(
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

  const nameOf = ({ class: name, confidence }) => `${String(name).slice(0, 60)} ${percent(confidence)}`;

  function classificationsOf(annotations) {
    const classified = annotations.filter(({ kind }) => kind === 'classification').slice(0, 12);
    if (classified.length === 0) return undefined;
    return visionEventElement(
      'ul',
      { class: 'vision-event-classes' },
      classified.map((one) => visionEventElement('li', {}, nameOf(one))),
    );
  }

  /** The smallest usual camera frame that holds everything drawn, or just what is drawn when none is large enough. */
  function fittingFrame(placed) {
    let [right, bottom] = [1, 1];
    for (const one of placed) {
      const corner = [one.x + one.width / 2, one.y + one.height / 2];
      const keypoints = (one.keypoints ?? []).map((point) => [point.x, point.y]);
      for (const [x, y] of [...(one.points ?? []), ...keypoints, corner]) {
        if (x > right) right = x;
        if (y > bottom) bottom = y;
      }
    }
    return USUAL_FRAMES.find(([width, height]) => right <= width && bottom <= height) ?? [right, bottom];
  }

  function percent(confidence) {
    return `${Math.round(confidence * 100)}%`;
  }

  return { annotationsOf, draw, percent };
})();
