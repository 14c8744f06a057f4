import type { DeliveryState } from './delivery';

/** What the outbox node's third output and the panel in the editor say: `state` and the numbers beside it. */
export function stateMessage(state: DeliveryState) {
  const { events, bytes, oldestAgeMs, delivered, dropped, retries, nextAttemptMs, lastError } = state;
  return {
    state: state.state,
    events,
    bytes,
    oldestAgeMs: oldestAgeMs ?? null,
    delivered,
    dropped,
    refused: state.deadLetters,
    retries,
    nextAttemptMs: nextAttemptMs ?? null,
    lastError: lastError ?? null,
  };
}
