import type { EndedRequest } from '../../../src/api/http-client';
import type { DeliveredEvent, Outbox, OutboxStats } from '../../../src/delivery/outbox/outbox';
import { RETRY_CAUSES, type RetryCause } from '../../../src/delivery/sender/retry-policy';
import type { Sender } from '../../../src/delivery/sender/sender';
import type { RefusedEvent } from '../../../src/delivery/sender/types';
import type { EventWarning, Repaired } from '../../../src/event/types';
import type { EventReport, Findings } from '../../shared/report';
import { fieldOf, OTHER } from './bounded';
import { instruments } from './instruments';

/** Who says that a value is not kept. */
type WarningSource = 'predicted' | 'server';

/** What an outbox and its sender count themselves, since they were opened. */
type OwnCounts = Pick<OutboxStats, 'dropped' | 'shedPictures' | 'corrupt'> & Record<RetryCause, number>;

const NOTHING_YET: OwnCounts = {
  dropped: 0,
  shedPictures: 0,
  corrupt: 0,
  ...(Object.fromEntries(RETRY_CAUSES.map((cause) => [cause, 0])) as Record<RetryCause, number>),
};

/** What one workspace adds to the metrics of the process. Made only for one whose metrics are on. */
export class WorkspaceMetrics {
  /** `label` as it stands in the series: bounded */
  readonly workspace: string;
  private readonly all = instruments();
  private readonly counted = new WeakMap<Sender, OwnCounts>();

  /** @param label of all its series, different from that of any other workspace */
  constructor(readonly label: string) {
    const workspace = this.all.workspaces.of(label);
    this.workspace = workspace;
    for (const cause of RETRY_CAUSES) this.all.retries.inc({ workspace, cause: snakeCase(cause) }, 0);
  }

  // ----- what nodes do

  /** An event was stored, sent, built or held back by a node. */
  handled(report: EventReport, useCaseId: unknown): void {
    this.found(report, useCaseId);
    if (report.state === 'queued') this.stored(useCaseId);
    if (report.state !== 'created') return;
    const { serverWarnings = [], serverWarningCount = serverWarnings.length } = report;
    this.delivered(useCaseId);
    this.warned('server', serverWarnings, serverWarningCount, useCaseId);
  }

  /** A node could not do it: the error went to the flow, and nothing was kept. */
  failed(code: string, useCaseId?: unknown, report?: Partial<Findings>): void {
    if (report) this.found(report, useCaseId);
    if (code === 'REJECTED') this.refused(code, useCaseId);
    else this.dropped(code, useCaseId);
  }

  /** What was found in an event before it left. */
  found(found: Partial<Pick<Findings, 'warnings' | 'warningCount' | 'repaired'>>, useCaseId: unknown): void {
    const { warnings = [], warningCount = warnings.length, repaired = [] } = found;
    this.warned('predicted', warnings, warningCount, useCaseId);
    this.repaired(repaired, useCaseId);
  }

  stored(useCaseId: unknown): void {
    this.all.stored.inc(this.labels(useCaseId));
  }

  delivered(useCaseId: unknown, events = 1): void {
    this.all.delivered.inc(this.labels(useCaseId), events);
  }

  refused(code: string, useCaseId: unknown): void {
    this.all.refused.inc({ reason: code.toLowerCase(), ...this.labels(useCaseId) });
  }

  private dropped(code: string, useCaseId: unknown, events = 1): void {
    this.all.dropped.inc({ reason: code.toLowerCase(), ...this.labels(useCaseId) }, events);
  }

  /** @param count the true number, when there are more than are listed */
  warned(source: WarningSource, listed: readonly EventWarning[], count: number, useCaseId: unknown): void {
    const { warnings, warningSets, warningTypes, fields } = this.all;
    for (const warning of listed) {
      const type = warningTypes.of(warning.type);
      const field = fields.of(fieldOf(warning.path));
      const labels = { source, type, field, ...this.labels(useCaseId) };
      const isKnown = warningSets.of(Object.values(labels).join('\0')) !== OTHER;
      warnings.inc(isKnown ? labels : { ...labels, use_case: OTHER, type: OTHER, field: OTHER });
    }
    const unlisted = count - listed.length;
    if (unlisted > 0)
      warnings.inc({ source, type: OTHER, field: OTHER, ...this.labels(useCaseId) }, unlisted);
  }

  private repaired(repaired: readonly Repaired[], useCaseId: unknown): void {
    const { repairs, repairSets, fields } = this.all;
    for (const { path } of repaired) {
      const labels = { field: fields.of(fieldOf(path)), ...this.labels(useCaseId) };
      const isKnown = repairSets.of(Object.values(labels).join('\0')) !== OTHER;
      repairs.inc(isKnown ? labels : { ...labels, use_case: OTHER, field: OTHER });
    }
  }

  private labels(useCaseId: unknown): { workspace: string; use_case: string } {
    return { workspace: this.workspace, use_case: this.all.useCases.of(useCaseId) };
  }

  // ----- what clients do

  readonly requestEnded = ({ endpoint, seconds, code }: EndedRequest): void => {
    const { workspace } = this;
    const outcome = code === undefined ? 'ok' : 'failed';
    this.all.requestSeconds.observe({ workspace, endpoint, outcome }, seconds);
    if (code !== undefined) return;
    if (endpoint === 'upload') this.all.uploads.inc({ workspace, kind: 'picture' });
    if (endpoint === 'bundle') this.all.uploads.inc({ workspace, kind: 'bundle' });
  };

  // ----- what the outbox does

  outboxDelivered(
    events: readonly DeliveredEvent[],
    batchWarnings: readonly EventWarning[],
    useCaseId: string,
  ): void {
    this.delivered(useCaseId, events.length);
    for (const { warnings } of events) this.warned('server', warnings, warnings.length, useCaseId);
    this.warned('server', batchWarnings, batchWarnings.length, useCaseId);
  }

  outboxRefused(events: readonly RefusedEvent[], useCaseId: string): void {
    for (const { code } of events) this.refused(code, useCaseId);
  }

  /**
   * Adds what an outbox and its sender have counted since the last call: theirs begins anew with each deploy, ours does
   * not.
   */
  addCounts(sender: Sender, outbox: Outbox): void {
    const { workspace, all } = this;
    const { dropped, shedPictures, corrupt } = outbox.stats();
    const now: OwnCounts = { dropped, shedPictures, corrupt, ...sender.state().retriesByCause };
    const before = this.counted.get(sender) ?? NOTHING_YET;
    this.counted.set(sender, now);
    // Smaller than before: the database's part of the outbox was opened anew.
    const more = (of: keyof OwnCounts) => (now[of] < before[of] ? now[of] : now[of] - before[of]);
    const droppedNow = more('dropped');
    if (droppedNow > 0) this.dropped('oldest', undefined, droppedNow);
    all.picturesShed.inc({ workspace }, more('shedPictures'));
    all.damaged.inc({ workspace }, more('corrupt'));
    for (const cause of RETRY_CAUSES) all.retries.inc({ workspace, cause: snakeCase(cause) }, more(cause));
  }
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
