import { BOX_CONVENTIONS, COORDINATE_UNITS } from './geometry';
import { parsePath } from './path';
import { POINT_SHAPES } from './points';
import { SOURCE_FITS } from './types';
import { isObject } from '../json-object';
import { isText, own } from './values';
import type { JsonObject } from './values';

/** What is wrong with a mapping, and where. */
export interface MappingError {
  /** dotted path of the property within the mapping, empty for the mapping as a whole */
  path: string;
  message: string;
}

const PROPERTIES = [
  'list',
  'whenListMissing',
  'passOver',
  'kind',
  'class',
  'classMap',
  'predicted',
  'confidence',
  'confidenceUnit',
  'track',
  'minConfidence',
  'box',
  'points',
  'keypoints',
  'imageSize',
  'sourceSize',
  'fit',
  'stripCodeFence',
];

const POINTS_PROPERTIES = ['path', 'shape', 'fields', 'notFound', 'units'];
/** The shapes in which a point stands by itself. */
const SINGLE_SHAPES = ['pairs', 'xyObjects'];

/**
 * Checks a custom mapping, an object or its JSON text, before it is deployed.
 *
 * @returns every error with the property that has it; an empty list means that the mapping can be used
 */
export function checkMapping(mapping: unknown): MappingError[] {
  const value = typeof mapping === 'string' ? parse(mapping) : mapping;
  if (typeof mapping === 'string' && mapping.trim() === '') {
    return [{ path: '', message: 'It is empty. Say where list, class and box are.' }];
  }
  if (!isObject(value))
    return [{ path: '', message: 'It must be a JSON object such as {"list": "results", …}.' }];
  return new MappingCheck(value).run();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

class MappingCheck {
  private readonly errors: MappingError[] = [];

  constructor(private readonly mapping: JsonObject) {}

  run(): MappingError[] {
    this.noOthers(this.mapping, '', PROPERTIES);
    this.listPath();
    this.oneOf('whenListMissing', ['error', 'empty']);
    this.passOver();
    this.oneOf('kind', ['boxes', 'classification']);
    this.classSource();
    this.classMap();
    this.predicted();
    this.confidence();
    if (own(this.mapping, 'track') !== undefined) this.valuePath('track', own(this.mapping, 'track'));
    this.geometry();
    this.imageSize();
    this.sourceSize();
    this.oneOf('fit', SOURCE_FITS);
    if (!['boolean', 'undefined'].includes(typeof own(this.mapping, 'stripCodeFence'))) {
      this.error('stripCodeFence', 'must be true or false.');
    }
    return this.errors;
  }

  private error(path: string, message: string): void {
    this.errors.push({ path, message });
  }

  private noOthers(object: JsonObject, path: string, known: readonly string[]): void {
    for (const key of Object.keys(object)) {
      if (!known.includes(key))
        this.error(path ? `${path}.${key}` : key, `is not known here; known: ${known.join(', ')}.`);
    }
  }

  private get(path: string): unknown {
    return path.split('.').reduce<unknown>(own, this.mapping);
  }

  private oneOf(path: string, allowed: readonly string[], required = false): void {
    const value = this.get(path);
    if (value === undefined ? required : !allowed.includes(value as string)) {
      this.error(path, `must be one of: ${allowed.join(', ')}.`);
    }
  }

  private listPath(): void {
    const list = own(this.mapping, 'list');
    if (typeof list !== 'string') {
      this.error('list', 'is missing: the path of the list of detections, "" when the payload is the list.');
      return;
    }
    const parsed = parsePath(list.replace(/^map:/, ''));
    if (typeof parsed === 'string') this.error('list', parsed + '.');
  }

  private passOver(): void {
    const keys = own(this.mapping, 'passOver');
    if (keys !== undefined && !(Array.isArray(keys) && keys.every(isText)))
      this.error('passOver', 'must be a list of keys, such as ["note"].');
  }

  /** A path into a row, with a leading `../` into what is around it, with a leading slash into the payload. */
  private valuePath(path: string, value: unknown): void {
    if (typeof value !== 'string') {
      this.error(path, 'must be a path, such as "label" or "box.x1".');
      return;
    }
    const parts = value.startsWith('/') ? value.slice(1).split('[$i]') : [value.replace(/^(\.\.\/)+/, '')];
    if (parts.length > 2) this.error(path, 'may contain [$i] only once.');
    for (const part of parts) {
      const parsed = parsePath(part.replace(/^\./, ''));
      if (typeof parsed === 'string') this.error(path, parsed + '.');
      else if (parsed.some((step) => 'each' in step))
        this.error(path, 'must lead to one value: [] and * belong to "list".');
    }
  }

  private classSource(): void {
    const from = own(this.mapping, 'class');
    if (typeof from === 'string') {
      this.valuePath('class', from);
    } else if (own(from, 'key') === true) {
      const list = own(this.mapping, 'list');
      if (typeof list === 'string' && !list.includes('*')) {
        this.error('class', '{"key": true} needs a "*" in "list": the key there is the class.');
      }
    } else if (!isText(own(from, 'const'))) {
      this.error('class', 'must be a path, {"const": "a name"} or {"key": true}.');
    }
  }

  private classMap(): void {
    const map = own(this.mapping, 'classMap');
    if (map === undefined) return;
    if (!isObject(map)) this.error('classMap', 'must be an object such as {"15": "person"}.');
    else {
      for (const [key, name] of Object.entries(map)) {
        if (!isText(name)) this.error(`classMap.${key}`, 'must be a class name.');
      }
    }
  }

  private predicted(): void {
    this.oneOf('predicted', ['top', 'all']);
    if (own(this.mapping, 'predicted') !== undefined && own(this.mapping, 'kind') !== 'classification')
      this.error('predicted', 'belongs to "kind": "classification".');
  }

  private confidence(): void {
    const from = own(this.mapping, 'confidence');
    if (isObject(from)) {
      if (!isFraction(own(from, 'const'))) this.error('confidence.const', 'must be a number from 0 to 1.');
    } else if (from !== undefined) {
      this.valuePath('confidence', from);
    }
    this.oneOf('confidenceUnit', ['fraction', 'percent']);
    const least = own(this.mapping, 'minConfidence');
    if (least !== undefined && !isFraction(least))
      this.error('minConfidence', 'must be a number from 0 to 1.');
  }

  private geometry(): void {
    const { box, points, keypoints } = this.mapping;
    const kind = own(this.mapping, 'kind') ?? 'boxes';
    if (kind === 'boxes' && box === undefined && points === undefined && keypoints === undefined) {
      this.error('box', 'is missing: say where the box is, or set "kind" to "classification".');
    }
    if (box !== undefined) this.box(box);
    if (points !== undefined) this.points('points', points, POINTS_PROPERTIES);
    if (keypoints !== undefined) this.points('keypoints', keypoints, [...POINTS_PROPERTIES, 'third', 'id']);
  }

  private box(box: unknown): void {
    if (!isObject(box)) {
      this.error('box', 'must be an object with convention, units and fields.');
      return;
    }
    this.noOthers(box, 'box', ['convention', 'units', 'fields']);
    this.oneOf('box.convention', BOX_CONVENTIONS, true);
    this.oneOf('box.units', COORDINATE_UNITS, true);
    const fields = own(box, 'fields');
    if (typeof fields === 'string') {
      this.valuePath('box.fields', fields);
    } else if (Array.isArray(fields) && fields.length === 4) {
      fields.forEach((field, index) => this.valuePath(`box.fields.${index}`, field));
    } else {
      this.error(
        'box.fields',
        'must be four paths in the order of the convention, or the path of a list of four numbers.',
      );
    }
  }

  private points(name: string, points: unknown, known: readonly string[]): void {
    if (!isObject(points)) {
      this.error(name, 'must be an object with path, shape and units.');
      return;
    }
    this.noOthers(points, name, known);
    const path = own(points, 'path');
    const fields = own(points, 'fields');
    if (Array.isArray(path) && path.length > 0)
      path.forEach((one, index) => this.valuePath(`${name}.path.${index}`, one));
    else this.valuePath(`${name}.path`, path);
    if (fields === undefined)
      this.oneOf(`${name}.shape`, Array.isArray(path) ? SINGLE_SHAPES : POINT_SHAPES, true);
    else this.pointFields(name, fields);
    this.oneOf(`${name}.notFound`, ['zero']);
    this.oneOf(`${name}.units`, COORDINATE_UNITS, true);
    this.oneOf(`${name}.third`, ['score', 'coco-visibility']);
    const id = own(points, 'id');
    if (id !== undefined) this.pathInPoint(`${name}.id`, id);
  }

  private pointFields(name: string, fields: unknown): void {
    if (!Array.isArray(fields) || fields.length !== 2)
      this.error(`${name}.fields`, 'must be two paths in a point: of x, then of y.');
    else fields.forEach((field, index) => this.pathInPoint(`${name}.fields.${index}`, field));
    if (this.get(`${name}.shape`) !== undefined)
      this.error(`${name}.shape`, 'stands in place of "fields": leave one of them out.');
  }

  private pathInPoint(path: string, value: unknown): void {
    if (typeof value === 'string' && /^(\/|\.\.\/)/.test(value)) this.error(path, 'must start at the point.');
    else this.valuePath(path, value);
  }

  private imageSize(): void {
    const size = own(this.mapping, 'imageSize');
    if (size === undefined) return;
    if (own(size, 'path') !== undefined) this.sizePath('imageSize', size);
    else {
      this.valuePath('imageSize.width', own(size, 'width'));
      this.valuePath('imageSize.height', own(size, 'height'));
    }
  }

  private sourceSize(): void {
    const size = own(this.mapping, 'sourceSize');
    if (size === undefined) return;
    if (own(size, 'path') !== undefined) this.sizePath('sourceSize', size);
    else {
      for (const side of ['width', 'height']) {
        const value = own(size, side);
        if (typeof value !== 'number' || !(value > 0))
          this.error(`sourceSize.${side}`, 'must be a number of pixels above 0.');
      }
    }
    this.oneOf('sourceSize.fit', SOURCE_FITS);
  }

  private sizePath(name: string, size: unknown): void {
    this.valuePath(`${name}.path`, own(size, 'path'));
    if (!['wh', 'hw'].includes(own(size, 'order') as string)) {
      this.error(`${name}.order`, 'must be "wh" (width first) or "hw" (height first).');
    }
  }
}

function isFraction(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= 1;
}
