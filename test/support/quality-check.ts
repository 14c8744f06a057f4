import { until } from './until';
import type { Simulator, StoredEvent } from '../../simulator/server';

/** What a detector says of a part with one scratch: the payload of the quality checks that tests build by hand. */
export const ONE_SCRATCH = JSON.stringify({
  image: { width: 640, height: 480 },
  predictions: [{ x: 320, y: 240, width: 40, height: 30, confidence: 0.9, class: 'scratch', class_id: 2 }],
});

export function firstEvent(simulator: Simulator): Promise<StoredEvent> {
  return until(() => simulator.events()[0], 'no event arrived at the simulator');
}
