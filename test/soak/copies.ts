import { createHash } from 'node:crypto';
import { jpeg } from '../unit/images/made-pictures';

/** The nodes that the load goes through; each makes events in another way. */
export const ROUTES = [
  'message-picture',
  'file-picture',
  'maybe-picture',
  'no-picture',
  'direct',
  'array',
] as const;
export type Route = (typeof ROUTES)[number];

/** What is wrong with an event on purpose, and what has to come of it. */
export type Flaw =
  /** the server refuses it by status 400 */
  | 'poison'
  /** the server refuses it by status 404 */
  | 'unknown use case'
  /** the node must end with an error */
  | 'unreadable detections'
  /** the node must end with an error */
  | 'no picture'
  /** left out of its array, and named there */
  | 'no event type';

/** One version of one event. */
export interface Copy {
  /** unique, travels in the event's metadata */
  number: number;
  eventId: string;
  version: number;
  route: Route;
  boxes: number;
  useCase: string;
  flaw?: Flaw;
  /** SHA-256 of its picture */
  picture?: string;
  /** ms of the run's clock */
  madeAt: number;
}

export const USE_CASES = { usual: 'line-1', seasonal: 'line-2', unknown: 'line-9' } as const;
export const POISON = 'poison';

export const valueOf = ({ number, flaw }: Copy) => (flaw === 'poison' ? POISON : `copy ${number}`);

export const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');

/** The same number gives the same bytes, and no other number does. */
export function pictureOf(number: number, fillerBytes = 20_000): Buffer {
  return jpeg(16 + (number % 1000), 16 + Math.floor(number / 1000), { filler: fillerBytes });
}

/** What a detector says who saw so many things, as the route's node expects it. */
export function detectionsOf({ route, boxes, flaw }: Copy): unknown {
  if (flaw === 'unreadable detections') return { nothing: 'that a detector says' };
  const each = <Row>(row: (index: number) => Row) => Array.from({ length: boxes }, (_, index) => row(index));
  const confidence = (index: number) => 0.5 + (index % 50) / 100;
  switch (route) {
    case 'message-picture':
    case 'direct':
      return {
        predictions: each((index) => ({
          x: 8,
          y: 8,
          width: 4,
          height: 4,
          confidence: confidence(index),
          class: 'part',
        })),
        image: { width: 640, height: 480 },
      };
    case 'file-picture':
      return each((index) => ({
        name: 'part',
        class: 0,
        confidence: confidence(index),
        box: { x1: 2, y1: 2, x2: 6, y2: 6 },
      }));
    case 'maybe-picture':
      return each((index) => ({ bbox: [2, 2, 4, 4], class: 'part', score: confidence(index) }));
    case 'no-picture':
      return {
        success: true,
        predictions: each((index) => ({
          label: 'part',
          confidence: confidence(index),
          x_min: 2,
          y_min: 2,
          x_max: 6,
          y_max: 6,
        })),
      };
    case 'array':
      return undefined;
  }
}
