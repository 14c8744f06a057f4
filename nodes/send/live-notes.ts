import { MAX_EVENTS, type LiveNote } from '../shared/live-events';
import { idOf, type ManyEventsReport } from './deliver-many';

/**
 * What became of each of many events; of the last ones, where there are more than are shown.
 * @param events as they were sent
 */
export function liveNotes(
  events: readonly unknown[],
  report: ManyEventsReport,
): Pick<LiveNote, 'event' | 'report' | 'error'>[] {
  const { state, warnings, repaired, serverWarnings, failed } = report;
  const failures = new Map(failed.map((failure) => [failure.eventId, failure]));
  const taken = new Set(report.eventIds);
  const queued = new Set(state === 'queued' ? report.eventIds : report.queued);
  const first = Math.max(0, events.length - MAX_EVENTS);
  const last = events.slice(first);
  const ids = last.map(idOf);
  return last.flatMap((event, position): Pick<LiveNote, 'event' | 'report' | 'error'>[] => {
    const index = first + position;
    const id = ids[position] ?? null;
    const found = { warnings: warnings[index] ?? [], repaired: repaired?.[index] };
    const error = failures.get(id);
    if (error) return [{ event, report: found, error }];
    // A later one of the same id took its place.
    if (id === null || !taken.has(id) || ids.lastIndexOf(id) > position) return [];
    if (queued.has(id)) return [{ event, report: { ...found, state: 'queued' as const } }];
    const answered = { state: 'created' as const, serverWarnings: serverWarnings?.[index] };
    return [{ event, report: { ...found, ...answered } }];
  });
}
