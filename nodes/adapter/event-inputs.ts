import { randomUUID } from 'node:crypto';
import type { Node, NodeAPI } from 'node-red';
import { EVENT_DATA_RULES } from '../../src/event/rules';
import { EVENT_TYPES, type EventType } from '../../src/event/types';
import type { VisionEventProperties } from '../properties';
import type { FlowMessage } from './guarded-input';
import { metadataInputs, type MetadataInput } from './metadata-rows';
import { typedInput } from './typed-input';

type Evaluate = (message: FlowMessage) => Promise<unknown>;

const TOP_LEVEL_INPUTS = [
  'deviceId',
  'streamId',
  'workflowId',
  'workflowVersion',
  'imageLabel',
  'metadataFrom',
] as const;

type InputName = keyof VisionEventProperties;
type TopLevelInput = (typeof TOP_LEVEL_INPUTS)[number] | 'comment';

/** A field whose value comes from the detections; `classes` is what the dialog holds (comma separated). */
export interface DerivedField {
  derive: 'detected' | 'count' | 'topClass';
  classes: string;
}

/** What the dialog and the message say, before any detection is looked at. */
export interface EventValues {
  eventType: unknown;
  useCaseId: unknown;
  eventId: unknown;
  timestamp: unknown;
  eventData: Record<string, unknown>;
  topLevel: Partial<Record<TopLevelInput, unknown>>;
  metadata: { key: string; value: unknown }[];
  /** undefined when the node takes no detections (type `none`) */
  detections?: { payload: unknown };
  cooldownBy: unknown;
}

export function isDerived(value: unknown): value is DerivedField {
  return typeof value === 'object' && value !== null && 'derive' in value;
}

/** All typed inputs of one `vision-event` node, prepared once. */
export class EventInputs {
  private readonly evaluators = new Map<string, Evaluate>();
  private readonly metadata: MetadataInput[];

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    private readonly config: VisionEventProperties,
  ) {
    this.metadata = metadataInputs(RED, node, config.metadata);
  }

  /** @throws FlowError as `typedInput` does; only inputs that this event type uses are evaluated */
  async evaluate(message: FlowMessage): Promise<EventValues> {
    const eventType = await this.value('eventType', message);
    const [useCaseId, eventId, timestamp, cooldownBy, detections] = await Promise.all([
      this.value('useCase', message),
      this.typeOf('eventId') === 'uuid' ? randomUUID() : this.value('eventId', message),
      this.typeOf('timestamp') === 'now' ? Date.now() : this.value('timestamp', message),
      this.value('cooldownBy', message),
      this.typeOf('detections') === 'none' ? undefined : this.value('detections', message),
    ]);
    return {
      eventType,
      useCaseId,
      eventId,
      timestamp,
      cooldownBy,
      eventData: await this.eventData(eventType, message),
      topLevel: {
        ...(await this.values(TOP_LEVEL_INPUTS, message)),
        // It stands beside eventData, but belongs to one event type, as the fields in it do.
        comment: eventType === 'operator_feedback' ? await this.value('comment', message) : undefined,
      },
      metadata: await Promise.all(
        this.metadata.map(async ({ key, evaluate }) => ({ key, value: await evaluate(message) })),
      ),
      ...(this.typeOf('detections') === 'none' ? {} : { detections: { payload: detections } }),
    };
  }

  private async eventData(eventType: unknown, message: FlowMessage): Promise<Record<string, unknown>> {
    if (!EVENT_TYPES.includes(eventType as EventType)) return {};
    // Each field of eventData has a property of the same name in the dialog.
    const names = [...EVENT_DATA_RULES[eventType as EventType].byName.keys()] as InputName[];
    const data: Record<string, unknown> = await this.values(names, message);
    for (const name of names) {
      const type = this.typeOf(name);
      if (type === 'detected' || type === 'count' || type === 'topClass') {
        const classes = this.config[name];
        data[name] = {
          derive: type,
          classes: typeof classes === 'string' ? classes : '',
        } satisfies DerivedField;
      }
    }
    return data;
  }

  private async values<Name extends InputName>(names: readonly Name[], message: FlowMessage) {
    const values: Partial<Record<Name, unknown>> = {};
    for (const name of names) values[name] = await this.value(name, message);
    return values;
  }

  private value(name: InputName, message: FlowMessage): Promise<unknown> {
    let evaluate = this.evaluators.get(name);
    if (!evaluate) {
      evaluate = typedInput(this.RED, this.node, name, this.config[name], this.typeOf(name));
      this.evaluators.set(name, evaluate);
    }
    return evaluate(message);
  }

  private typeOf(name: InputName): string {
    const type = (this.config as unknown as Record<string, unknown>)[`${name}Type`];
    return typeof type === 'string' && type !== '' ? type : 'str';
  }
}
