/** A small payload for each preset, made of its mapping: what "Try it" shows in the editor before a message came. */
import { EXAMPLE_SIZE } from '../nodes/shared/example-size';
import { convertDetections } from '../src/detections/convert';
import type { Mapping, MappedPoints } from '../src/detections/mapping';
import { parsePath, type PathStep } from '../src/detections/path';
import { PRESETS } from '../src/detections/presets';

const SIZE = EXAMPLE_SIZE;
/** left, top, right, bottom in fractions of the picture */
const BOX = { left: 0.1875, top: 0.3125, right: 0.4375, bottom: 0.6125 };
const CONFIDENCE = 0.87;

/** Examples by preset; one of which the mapping needs more than a row, such as a list beside it, has none. */
export function presetExamples(): Record<string, unknown> {
  return Object.fromEntries(
    PRESETS.flatMap(({ id, mappings }) => {
      const example = exampleOf(mappings[0]);
      return example !== undefined && isRead(id, example) ? [[id, example]] : [];
    }),
  );
}

/** What an example is good for: with the format chosen, its detection is found. */
export function isRead(format: string, payload: unknown): boolean {
  try {
    const { count } = convertDetections(
      payload,
      { format, labels: ['bolt'], defaultConfidence: 0.5 },
      { imageSize: SIZE },
    );
    return count > 0;
  } catch {
    return false;
  }
}

function exampleOf(mapping: Mapping): unknown {
  const row = rowOf(mapping);
  if (row === undefined) return undefined;
  const path = mapping.list.replace(/^map:/, '');
  const steps = stepsOf(path);
  if (!steps) return undefined;
  const last = steps.at(-1);
  const rows = last && 'each' in last ? row : [row];
  return merge(placed(steps, rows), sizeOf(mapping));
}

function rowOf(mapping: Mapping): unknown {
  const { class: name, confidence, box, points, keypoints, classMap } = mapping;
  const className = Object.keys(classMap ?? {})[0] ?? 'bolt';
  const parts = [
    typeof name === 'string' ? at(name, className) : {},
    typeof confidence === 'string'
      ? at(confidence, mapping.confidenceUnit === 'percent' ? CONFIDENCE * 100 : CONFIDENCE)
      : {},
    box ? boxOf(box) : {},
    points ? pointsOf(points) : {},
    keypoints ? pointsOf(keypoints) : {},
  ];
  return parts.includes(undefined) ? undefined : parts.reduce(merge);
}

function boxOf({ convention, units, fields }: NonNullable<Mapping['box']>): unknown {
  const [left, top] = [scaled(BOX.left, 'width', units), scaled(BOX.top, 'height', units)];
  const [right, bottom] = [scaled(BOX.right, 'width', units), scaled(BOX.bottom, 'height', units)];
  const four = {
    center: [(left + right) / 2, (top + bottom) / 2, right - left, bottom - top],
    corner: [left, top, right - left, bottom - top],
    corners: [left, top, right, bottom],
    'corners-yx': [top, left, bottom, right],
    xxyy: [left, right, top, bottom],
  }[convention];
  if (typeof fields === 'string') return at(fields, four);
  return fields.map((field, place) => at(field, four[place])).reduce(merge);
}

function pointsOf({ path, shape = 'pairs', fields, units }: MappedPoints): unknown {
  if (typeof path !== 'string') return undefined;
  const [left, top] = [scaled(BOX.left, 'width', units), scaled(BOX.top, 'height', units)];
  const [right, bottom] = [scaled(BOX.right, 'width', units), scaled(BOX.bottom, 'height', units)];
  const points = [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ] as const;
  if (fields)
    return at(
      path,
      points.map(([x, y]) => merge(at(fields[0], x), at(fields[1], y))),
    );
  if (shape === 'xyObjects')
    return at(
      path,
      points.map(([x, y]) => ({ x, y })),
    );
  if (shape === 'flat') return at(path, points.flat());
  return shape === 'pairs' ? at(path, points) : undefined;
}

function scaled(fraction: number, side: 'width' | 'height', units: string): number {
  const scale: Record<string, number> = { pixel: SIZE[side], fraction: 1, percent: 100, per1000: 1000 };
  return Math.round(fraction * (scale[units] ?? NaN) * 10_000) / 10_000;
}

function sizeOf({ imageSize }: Mapping): unknown {
  if (!imageSize) return {};
  if (!('path' in imageSize))
    return merge(at(imageSize.width, SIZE.width), at(imageSize.height, SIZE.height));
  const pair = [SIZE.width, SIZE.height];
  return at(imageSize.path, imageSize.order === 'wh' ? pair : pair.reverse());
}

/** The value at the end of the path; undefined for a path that leaves the row. */
function at(path: string, value: unknown): unknown {
  if (path === '') return value;
  const steps = path.startsWith('/') || path.startsWith('../') ? undefined : stepsOf(path);
  return steps && placed(steps, value);
}

function stepsOf(path: string): PathStep[] | undefined {
  if (path === '') return [];
  const steps = parsePath(path);
  return typeof steps === 'string' ? undefined : steps;
}

function placed([step, ...rest]: readonly PathStep[], value: unknown): unknown {
  if (!step) return value;
  const inner = placed(rest, value);
  if ('key' in step)
    return /^\d+$/.test(step.key) ? listWith(Number(step.key), inner) : { [step.key]: inner };
  if ('index' in step) return listWith(step.index, inner);
  return step.each === 'element' ? [inner] : { bolt: inner };
}

function listWith(index: number, value: unknown): unknown[] {
  return Array.from({ length: index + 1 }, (_, place) => (place === index ? value : undefined));
}

function merge(one: unknown, other: unknown): unknown {
  if (one === undefined || isEmpty(one)) return other;
  if (other === undefined || isEmpty(other)) return one;
  if (Array.isArray(one) && Array.isArray(other))
    return Array.from({ length: Math.max(one.length, other.length) }, (_, place): unknown =>
      merge(one[place], other[place]),
    );
  if (typeof one !== 'object' || typeof other !== 'object') return one;
  const [first, second] = [one, other] as Record<string, unknown>[];
  const names = new Set([...Object.keys(first!), ...Object.keys(second!)]);
  return Object.fromEntries([...names].map((name) => [name, merge(first![name], second![name])]));
}

const isEmpty = (value: unknown) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
