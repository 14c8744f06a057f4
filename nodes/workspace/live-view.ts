import type { NodeAPI } from 'node-red';
import { keepsNothing } from '../shared/keeps-nothing';
import { liveEvents } from '../shared/live-events';

/** Of the editor's own channel, which everybody with `status.read` hears. */
const TOPIC = 'vision-events/live';

/** Call once, when the node type is registered. */
export function startLiveView(RED: NodeAPI): void {
  if (keepsNothing(RED)) liveEvents.switchOff();
  // Says only that there is something to ask for.
  liveEvents.onNews(() => RED.comms.publish(TOPIC, { at: Date.now() }, false));
}
