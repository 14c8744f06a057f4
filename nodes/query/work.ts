import type { Node, NodeAPI } from 'node-red';
import type { VisionEventQueryProperties } from '../shared/properties';
import { FlowError, toFlowError } from '../shared/flow-error';
import type { FlowMessage, Send } from '../shared/guarded-input';
import { DELIVERIES, type QueryReport } from './deliver';
import { QueryInputs } from './inputs';
import { runQuery } from './run';
import { StatusTexts } from '../shared/status-texts';
import { ThrottledStatus } from '../shared/throttled-status';
import { workspaceOf } from '../workspace/workspace-node';

type StopReason = 'reset' | 'closed';

/** What one `roboflow-vision-event-query` node does with a message: reads events back, page by page. */
export class QueryWork {
  private readonly inputs: QueryInputs;
  private readonly status: ThrottledStatus;
  private readonly texts: StatusTexts;
  /** the queries under way */
  private readonly runs = new Set<AbortController>();
  private isClosed = false;

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    private readonly config: VisionEventQueryProperties,
  ) {
    this.inputs = new QueryInputs(RED, node, config);
    this.status = new ThrottledStatus(node);
    this.texts = new StatusTexts(RED);
    this.showMissingSettings();
  }

  /**
   * Answers with the events as the dialog says, or throws with the report as far as it got in `msg.visionEvent`.
   * `msg.reset` stops the queries under way: their messages end without an error, and nothing more of them leaves.
   */
  async handle(message: FlowMessage, send: Send): Promise<void> {
    if (isReset(message)) {
      this.stop('reset');
      return;
    }
    const run = new AbortController();
    const report: QueryReport = { count: 0, pages: 0, complete: false };
    this.runs.add(run);
    try {
      await this.run(message, send, report, run.signal);
      message['visionEvent'] = report;
    } catch (error) {
      if (run.signal.reason === 'reset') {
        this.status.show(this.texts.stopped(report.count));
        return;
      }
      message['visionEvent'] = report;
      throw run.signal.aborted ? stoppedByDeploy(report) : error;
    } finally {
      this.runs.delete(run);
    }
  }

  showError(error: FlowError): void {
    if (!this.isClosed) this.status.show(this.texts.error(error));
  }

  close(): void {
    this.isClosed = true;
    this.stop('closed');
    this.status.clear();
  }

  private stop(reason: StopReason): void {
    for (const run of this.runs) run.abort(reason);
  }

  private async run(
    message: FlowMessage,
    send: Send,
    report: QueryReport,
    signal: AbortSignal,
  ): Promise<void> {
    const client = () => workspaceOf(this.RED, this.config.workspace).client();
    client();
    const now = Date.now();
    const query = await this.inputs.evaluate(message, now);
    const outlet = DELIVERIES[this.config.deliver] ?? DELIVERIES.array;
    this.status.show(this.texts.eventsRead(0, 'reading'));
    await runQuery({
      query,
      reader: {
        // Asked anew for each page: a deploy may have replaced the workspace in between.
        ask: async (body) => client().query(body, { signal }),
        onRetry: (waitMs) =>
          this.status.show(this.texts.retryReading(Math.ceil(waitMs / 1000), report.count)),
        signal,
      },
      delivery: outlet(this.RED, message, send),
      report,
      now,
      onWarning: (text) => this.node.warn(text),
      onProgress: (isLast) => this.showProgress(report, isLast),
    });
  }

  private showProgress({ count, warnings }: QueryReport, isLast: boolean): void {
    const done = warnings ? 'doubtful' : 'read';
    this.status.show(this.texts.eventsRead(count, isLast ? done : 'reading'));
  }

  private showMissingSettings(): void {
    try {
      workspaceOf(this.RED, this.config.workspace).client();
    } catch (error) {
      this.status.show(this.texts.error(toFlowError(error)));
    }
  }
}

/** As Node-RED's own nodes take it, but `false` resets nothing. */
function isReset(message: FlowMessage): boolean {
  return message['reset'] !== undefined && message['reset'] !== false;
}

function stoppedByDeploy({ count }: QueryReport): FlowError {
  return new FlowError('NETWORK', `A deploy stopped the query after ${count} events. Start it again.`);
}
