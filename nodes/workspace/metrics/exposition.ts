import { BREAKER_STATES, SENDER_STATES } from '../../../src/delivery/sender/types';
import type { Workspace } from '../workspace';
import { instruments } from './instruments';
import type { WorkspaceMetrics } from './workspace-metrics';

interface Measured {
  metrics: WorkspaceMetrics;
  workspace: Workspace;
  freeBytes: number | undefined;
}

/** The metrics of the process as Prometheus reads them. @param workspaces those whose metrics are on */
export async function exposition(workspaces: readonly Workspace[]): Promise<{ text: string; type: string }> {
  const { registry } = instruments();
  const measured = await Promise.all(workspaces.map(measure));
  // In one go: another scrape may be reading.
  resetGauges();
  for (const one of measured) if (one) setGauges(one);
  return { text: await registry.metrics(), type: registry.contentType };
}

async function measure(workspace: Workspace): Promise<Measured | undefined> {
  const { metrics, delivery } = workspace;
  return metrics && { metrics, workspace, freeBytes: await delivery.freeBytes() };
}

function resetGauges(): void {
  const all = instruments();
  for (const gauge of [
    all.open,
    all.events,
    all.bytes,
    all.oldestAge,
    all.limitEvents,
    all.limitBytes,
    all.freeBytes,
    all.refusedKept,
    all.senderState,
    all.breakerState,
    all.rejecting,
  ])
    gauge.reset();
}

function setGauges({ metrics, workspace: { delivery }, freeBytes }: Measured): void {
  const all = instruments();
  const { workspace } = metrics;
  delivery.addCounts();
  const state = delivery.state();
  const stats = delivery.stats();
  if (!state || !stats) {
    if (delivery.openingError()) all.open.set({ workspace }, 0);
    return;
  }
  all.open.set({ workspace }, 1);
  all.events.set({ workspace }, state.events);
  all.bytes.set({ workspace }, state.bytes);
  // Not known of an event that was stored by a clock that was ahead.
  const ageMs = state.events === 0 ? 0 : state.oldestAgeMs;
  if (ageMs !== undefined) all.oldestAge.set({ workspace }, ageMs / 1000);
  all.limitEvents.set({ workspace }, stats.maxEvents);
  all.limitBytes.set({ workspace }, stats.maxBytes);
  if (freeBytes !== undefined) all.freeBytes.set({ workspace }, freeBytes);
  all.refusedKept.set({ workspace }, state.deadLetters);
  all.rejecting.set({ workspace }, state.rejecting.length);
  for (const name of SENDER_STATES)
    all.senderState.set({ workspace, state: name }, name === state.state ? 1 : 0);
  for (const name of BREAKER_STATES)
    all.breakerState.set({ workspace, state: name }, name === state.breaker ? 1 : 0);
}
