/**
 * The property of an own mapping that the runtime would refuse, or undefined: the same rules as src/detections/check-mapping.ts,
 * which a test holds against each other.
 */
// eslint-disable-next-line no-unused-vars -- used by the html that includes this
function visionEventMappingError(mapping) {
  const REFUSED_NAMES = ['__proto__', 'constructor', 'prototype'];
  const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
  const own = (object, key) => (isObject(object) && Object.hasOwn(object, key) ? object[key] : undefined);
  const optional = (rule) => (value) => value === undefined || rule(value);
  const oneOf =
    (...allowed) =>
    (value) =>
      allowed.includes(value);
  const isText = (value) => typeof value === 'string' && value.trim() !== '';
  const isFraction = (value) => typeof value === 'number' && value >= 0 && value <= 1;
  const isUnit = oneOf('pixel', 'fraction', 'percent', 'per1000', 'onvif');
  const isFit = optional(oneOf('squash', 'crop', 'letterbox'));
  const hasOnly = (object, ...known) => Object.keys(object).every((key) => known.includes(key));

  const STEP = /^(?:\[(\d*)\]|\[(?:"([^"]*)"|'([^']*)')\]|\.([^.[\]]+))/;

  /** The steps of a path such as `a.b`, `a[0]["b.c"]`, `[].results[]` or `predictions.*`: `[]` and `*` as they are, else names. */
  const stepsOf = (path) => {
    const found = [];
    let rest = path === '' || path.startsWith('[') ? path : `.${path}`;
    while (rest !== '') {
      const [step, index, quoted, alsoQuoted, name] = STEP.exec(rest) ?? [];
      if (step === undefined) return undefined;
      found.push(index === '' ? '[]' : (index ?? quoted ?? alsoQuoted ?? name));
      if (index === undefined && REFUSED_NAMES.includes(found.at(-1))) return undefined;
      if ((quoted ?? alsoQuoted) !== undefined) found[found.length - 1] = `key ${found.at(-1)}`;
      rest = rest.slice(step.length);
    }
    return found;
  };
  const isListPath = (path) => stepsOf(path) !== undefined;
  const leadsToOneValue = (path) => stepsOf(path)?.every((step) => step !== '[]' && step !== '*') === true;

  /** A path into a row, with a leading `../` into what is around it, with a leading slash into the payload. */
  const isPath = (value) => {
    if (typeof value !== 'string') return false;
    const parts = value.startsWith('/') ? value.slice(1).split('[$i]') : [value.replace(/^(\.\.\/)+/, '')];
    return parts.length <= 2 && parts.every((part) => leadsToOneValue(part.replace(/^\./, '')));
  };
  const isPathInPoint = (value) => isPath(value) && !/^(\/|\.\.\/)/.test(value);

  const isSizePath = (size) => isPath(own(size, 'path')) && ['wh', 'hw'].includes(own(size, 'order'));
  const isPixels = (value) => typeof value === 'number' && value > 0;

  const isBox = (box) => {
    if (!isObject(box) || !hasOnly(box, 'convention', 'units', 'fields')) return false;
    const { fields } = box;
    const hasFields = Array.isArray(fields) ? fields.length === 4 && fields.every(isPath) : isPath(fields);
    const isConvention = oneOf('center', 'corner', 'corners', 'corners-yx', 'xxyy');
    return isConvention(box.convention) && isUnit(box.units) && hasFields;
  };

  const isPoints = (points, ...more) =>
    isObject(points) &&
    hasOnly(points, 'path', 'shape', 'fields', 'notFound', 'units', ...more) &&
    (Array.isArray(points.path)
      ? points.path.length > 0 && points.path.every(isPath)
      : isPath(points.path)) &&
    isPointShape(points) &&
    isUnit(points.units) &&
    optional(oneOf('zero'))(points.notFound) &&
    optional(oneOf('score', 'coco-visibility'))(points.third) &&
    optional(isPathInPoint)(points.id);

  const isPointShape = ({ path, shape, fields }) => {
    if (fields !== undefined)
      return (
        shape === undefined && Array.isArray(fields) && fields.length === 2 && fields.every(isPathInPoint)
      );
    const single = oneOf('pairs', 'xyObjects');
    return single(shape) || (!Array.isArray(path) && oneOf('flat', 'flatTriplets', 'xyArrays')(shape));
  };

  const isClass = (from) => {
    if (typeof from === 'string') return isPath(from);
    const { list } = mapping;
    if (own(from, 'key') === true) return typeof list !== 'string' || list.includes('*');
    return isText(own(from, 'const'));
  };

  const needsNoBox = () =>
    mapping.kind === 'classification' || mapping.points !== undefined || mapping.keypoints !== undefined;

  const RULES = {
    list: (list) => typeof list === 'string' && isListPath(list.replace(/^map:/, '')),
    passOver: optional((keys) => Array.isArray(keys) && keys.every(isText)),
    predicted: (value) =>
      value === undefined || (oneOf('top', 'all')(value) && mapping.kind === 'classification'),
    whenListMissing: optional(oneOf('error', 'empty')),
    kind: optional(oneOf('boxes', 'classification')),
    class: isClass,
    classMap: optional((map) => isObject(map) && Object.values(map).every(isText)),
    confidence: optional((from) => (isObject(from) ? isFraction(own(from, 'const')) : isPath(from))),
    confidenceUnit: optional(oneOf('fraction', 'percent')),
    minConfidence: optional(isFraction),
    box: (box) => (box === undefined ? needsNoBox() : isBox(box)),
    points: optional((points) => isPoints(points)),
    keypoints: optional((points) => isPoints(points, 'third', 'id')),
    imageSize: optional((size) =>
      own(size, 'path') === undefined
        ? isPath(own(size, 'width')) && isPath(own(size, 'height'))
        : isSizePath(size),
    ),
    sourceSize: optional(
      (size) =>
        isFit(own(size, 'fit')) &&
        (own(size, 'path') === undefined
          ? isPixels(own(size, 'width')) && isPixels(own(size, 'height'))
          : isSizePath(size)),
    ),
    fit: isFit,
    stripCodeFence: optional((value) => typeof value === 'boolean'),
  };
  const unknown = Object.keys(mapping).find((name) => !Object.hasOwn(RULES, name));
  return Object.keys(RULES).find((name) => !RULES[name](own(mapping, name))) ?? unknown;
}
