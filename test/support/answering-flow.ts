import { visionEventDefaults, workspaceDefaults } from '../../nodes/shared/properties';
import { EVENT_SENT_AS_IT_IS } from './sent-as-it-is';
import type { FlowNode } from './real-node-red';

export interface EventRoute {
  /** such as `/detections`; the answer holds `{event, report}` with 201, or `{error, report}` with 500 */
  url: string;
  event: Partial<typeof visionEventDefaults>;
  /** body of a function node in front of the event node */
  prepare?: string;
}

/**
 * The workspace, and per route: http in → (function) → vision event → http response; what goes wrong is answered too.
 */
export function answeringFlow(baseUrl: string, apiKey: string, routes: EventRoute[]): FlowNode[] {
  return [
    { id: 'tab', type: 'tab', label: 'Test' },
    {
      ...workspaceDefaults,
      id: 'workspace',
      type: 'roboflow-vision-event-workspace',
      name: 'Test',
      baseUrl,
      credentials: { apiKey },
    },
    ...routes.flatMap(eventRoute),
    { id: 'catch', type: 'catch', z: 'tab', x: 300, y: 200, scope: null, wires: [['fault']] },
    ...answerWith('report', '{"event": payload, "report": visionEvent}', 201),
    ...answerWith('fault', '{"error": error, "report": visionEvent}', 500),
  ];
}

function eventRoute({ url, event, prepare = 'return msg;' }: EventRoute, place: number): FlowNode[] {
  const y = 40 + 60 * place;
  return [
    {
      id: `in${place}`,
      type: 'http in',
      z: 'tab',
      x: 100,
      y,
      url,
      method: 'post',
      wires: [[`prepare${place}`]],
    },
    {
      id: `prepare${place}`,
      type: 'function',
      z: 'tab',
      x: 250,
      y,
      func: prepare,
      outputs: 1,
      wires: [[`event${place}`]],
    },
    {
      ...visionEventDefaults,
      ...EVENT_SENT_AS_IT_IS,
      workspace: 'workspace',
      useCase: 'quality-line-1',
      ...event,
      id: `event${place}`,
      type: 'roboflow-vision-event',
      z: 'tab',
      x: 400,
      y,
      wires: [['report']],
    },
  ];
}

/** A change node and an HTTP response that answer what the JSONata expression gives. */
export function answerWith(id: string, jsonata: string, statusCode: number): FlowNode[] {
  const rules = [
    { t: 'set', p: 'payload', pt: 'msg', to: jsonata, tot: 'jsonata' },
    { t: 'delete', p: 'headers', pt: 'msg' },
  ];
  const response = `${id}-response`;
  return [
    { id, type: 'change', z: 'tab', x: 600, y: 100, rules, wires: [[response]] },
    {
      id: response,
      type: 'http response',
      z: 'tab',
      x: 800,
      y: 100,
      statusCode: String(statusCode),
      wires: [],
    },
  ];
}
