import type { Node, NodeAPI } from 'node-red';
import { processClockWatch } from '../../src/delivery/clock-watch';
import { DERIVATIONS, parseClasses, type Derivation } from '../../src/event/derive';
import { EVENT_DATA_RULES } from '../../src/event/rules';
import { EVENT_TYPES, type EventType } from '../../src/event/types';
import { momentId, withMoment } from './from-scene';
import type { VisionEventProperties } from '../shared/properties';
import type { FlowMessage } from '../shared/guarded-input';
import { metadataInputs, type MetadataInput } from '../shared/metadata-rows';
import type { MetadataValueRow } from '../shared/picture-metadata';
import { isPromise, typedInput, type Evaluate } from '../shared/typed-input';

const INPUTS_OF_EVERY_EVENT = [
  'useCase',
  'timestamp',
  'cooldownBy',
  'detections',
  'deviceId',
  'streamId',
  'workflowId',
  'workflowVersion',
  'imageLabel',
  'metadataFrom',
] as const;

type InputName = keyof VisionEventProperties;

/** Stands for an id that is made when the event is: while a burst waits, ids would be much of what it takes. */
export const FRESH_ID = Symbol('fresh id');

/** A field whose value comes from the detections. */
export class DerivedField {
  constructor(
    readonly derivation: Derivation,
    /** of the detections that count; none = all */
    readonly classes: readonly string[],
  ) {}
}

/** What the dialog and the message say, before any detection is looked at. What is empty is not there. */
export interface EventValues {
  eventType: unknown;
  inputs: Partial<Record<(typeof INPUTS_OF_EVERY_EVENT)[number] | 'eventId' | 'comment', unknown>>;
  /** by the names of the fields; the value of some is a `DerivedField` */
  eventData: Record<string, unknown>;
  metadata: readonly MetadataValueRow[];
  pictureMetadata: readonly MetadataValueRow[];
}

/** What is known of a message when it arrives, or will be. */
export interface ArrivedInputs {
  /**
   * its place among the versions of its event is taken by it alone, while the other values may still take their time
   */
  eventId: unknown;
  values: EventValues | PromiseLike<EventValues>;
}

interface Input {
  name: string;
  evaluate: Evaluate;
}

/** All typed inputs of one `roboflow-vision-event` node, prepared once. */
export class EventInputs {
  private readonly eventType: Evaluate;
  private readonly eventId: Evaluate;
  private readonly ofEveryEvent: readonly Input[];
  private readonly ofFeedback: readonly Input[];
  private readonly metadata: readonly MetadataInput[];
  private readonly pictureMetadata: readonly MetadataInput[];
  private readonly ofEventType = new Map<unknown, readonly Input[]>();

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    private readonly config: VisionEventProperties,
  ) {
    this.eventType = this.input('eventType').evaluate;
    this.eventId = this.input('eventId').evaluate;
    this.ofEveryEvent = INPUTS_OF_EVERY_EVENT.map((name) => this.input(name));
    // It stands beside eventData, but belongs to one event type, as the fields in it do.
    this.ofFeedback = [...this.ofEveryEvent, this.input('comment')];
    this.metadata = metadataInputs(RED, node, config.metadata);
    this.pictureMetadata = metadataInputs(RED, node, config.pictureMetadata);
    for (const type of EVENT_TYPES) this.ofEventType.set(type, this.eventDataInputs(type));
  }

  /**
   * The values for a message: at once, unless an input asks a context store or JSONata. Only inputs that the event type
   * uses are evaluated.
   *
   * @throws FlowError as `typedInput` does
   */
  evaluate(message: FlowMessage): ArrivedInputs {
    const eventId = momentId(message, this.config) ?? this.eventId(message);
    const later: PromiseLike<void>[] = [];
    const inputs: EventValues['inputs'] = {};
    put(eventId, inputs, 'eventId', later);
    const eventType = this.eventType(message);
    const known = isPromise(eventType)
      ? eventType.then((type) => this.evaluateAs(type, message, inputs, later))
      : this.evaluateAs(eventType, message, inputs, later);
    const fill = (values: EventValues) => withMoment(values, message, this.config);
    return { eventId, values: isPromise(known) ? known.then(fill) : fill(known) };
  }

  private evaluateAs(
    eventType: unknown,
    message: FlowMessage,
    inputs: EventValues['inputs'],
    later: PromiseLike<void>[],
  ): EventValues | PromiseLike<EventValues> {
    gather(eventType === 'operator_feedback' ? this.ofFeedback : this.ofEveryEvent, message, inputs, later);
    const eventData: EventValues['eventData'] = {};
    gather(this.ofEventType.get(eventType) ?? [], message, eventData, later);
    const metadata = gatherRows(this.metadata, message, later);
    const pictureMetadata = gatherRows(this.pictureMetadata, message, later);
    const values: EventValues = { eventType, inputs, eventData, metadata, pictureMetadata };
    return later.length > 0 ? Promise.all(later).then(() => values) : values;
  }

  /** Each field of eventData has a property of the same name in the dialog. */
  private eventDataInputs(eventType: EventType): Input[] {
    return [...EVENT_DATA_RULES[eventType].byName.keys()].map((name) => this.input(name as InputName));
  }

  private input(name: InputName): Input {
    return { name, evaluate: this.evaluatorOf(name) };
  }

  private evaluatorOf(name: InputName): Evaluate {
    const type = this.typeOf(name);
    if (name === 'eventId' && type === 'uuid') return () => FRESH_ID;
    if (name === 'timestamp' && type === 'now') return () => processClockWatch.now();
    const derivation = DERIVATIONS.find((known) => known === type);
    if (!derivation) return typedInput(this.RED, this.node, name, this.config[name], type);
    const classes = this.config[name];
    const field = new DerivedField(derivation, parseClasses(typeof classes === 'string' ? classes : ''));
    return () => field;
  }

  private typeOf(name: InputName): string {
    const type = (this.config as unknown as Record<string, unknown>)[`${name}Type`];
    return typeof type === 'string' && type !== '' ? type : 'str';
  }
}

function gather(
  from: readonly Input[],
  message: FlowMessage,
  fields: Record<string, unknown>,
  later: PromiseLike<void>[],
): void {
  for (const input of from) put(input.evaluate(message), fields, input.name, later);
}

/** What most nodes have of rows waits with every message of a burst. */
const NO_ROWS: readonly MetadataValueRow[] = [];

function gatherRows(
  from: readonly MetadataInput[],
  message: FlowMessage,
  later: PromiseLike<void>[],
): readonly MetadataValueRow[] {
  if (from.length === 0) return NO_ROWS;
  return from.map(({ key, evaluate }) => {
    const row: MetadataValueRow = { key, value: undefined };
    put(evaluate(message), row, 'value', later);
    return row;
  });
}

/** Puts a value that is there, now, or adds to `later` what has to be waited for. */
function put(value: unknown, fields: object, name: string, later: PromiseLike<void>[]): void {
  if (isPromise(value)) later.push(putLater(value, fields, name));
  else if (value !== undefined) (fields as Record<string, unknown>)[name] = value;
}

function putLater(value: PromiseLike<unknown>, fields: object, name: string): PromiseLike<void> {
  const known = value.then((result) => {
    if (result !== undefined) (fields as Record<string, unknown>)[name] = result;
  });
  // Nobody waits for it any more when another input throws at once; unheard, it would end the process.
  known.then(undefined, () => undefined);
  return known;
}
