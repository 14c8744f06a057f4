import type { Node, NodeAPI } from 'node-red';
import { MAX_USE_CASE_NAME_LENGTH } from '../../src/api/limits';
import { MAX_IDENTIFIER_LENGTH } from '../../src/event/limits';
import type { VisionEventUseCaseProperties } from '../shared/properties';
import { FlowError, toFlowError } from '../shared/flow-error';
import type { FlowMessage, Send } from '../shared/guarded-input';
import { StatusTexts } from '../shared/status-texts';
import { neededText, wrongInput } from '../shared/text-input';
import { ThrottledStatus } from '../shared/throttled-status';
import { typedInput, type Evaluate } from '../shared/typed-input';
import { ACTIONS, type UseCaseInputs, type UseCaseReport } from './actions';
import { workspaceOf } from '../workspace/workspace-node';

/** What one `roboflow-vision-event-use-case` node does with a message: one action on the use cases of a workspace. */
export class UseCaseWork {
  private readonly useCase: Evaluate;
  private readonly useCaseName: Evaluate;
  private readonly eventIds: Evaluate;
  private readonly status: ThrottledStatus;
  private readonly texts: StatusTexts;
  private readonly closing = new AbortController();

  constructor(
    private readonly RED: NodeAPI,
    node: Node,
    private readonly config: VisionEventUseCaseProperties,
  ) {
    this.useCase = typedInput(RED, node, 'useCase', config.useCase, config.useCaseType || 'str');
    this.useCaseName = typedInput(
      RED,
      node,
      'useCaseName',
      config.useCaseName,
      config.useCaseNameType || 'str',
    );
    this.eventIds = typedInput(RED, node, 'eventIds', config.eventIds, config.eventIdsType || 'msg');
    this.status = new ThrottledStatus(node);
    this.texts = new StatusTexts(RED);
    this.showMissingSettings();
  }

  /** Answers with the result as `msg.payload`, or throws; `msg.visionEvent` is the report in both cases. */
  async handle(message: FlowMessage, send: Send): Promise<void> {
    const action = Object.hasOwn(ACTIONS, this.config.action) ? this.config.action : 'list';
    const report: UseCaseReport = { action };
    message['visionEvent'] = report;
    const client = workspaceOf(this.RED, this.config.workspace).client();
    this.status.show(this.texts.sending());
    try {
      const { payload, count } = await ACTIONS[action]({
        client,
        inputs: this.inputs(message),
        settings: this.config,
        report,
        onProgress: (done, total) => this.status.show(this.texts.progress(done, total)),
        signal: this.closing.signal,
      });
      message.payload = payload;
      this.status.show(this.texts.useCaseDone(action, count));
    } catch (error) {
      throw this.closing.signal.aborted ? stoppedByDeploy(report) : error;
    }
    send(message);
  }

  showError(error: FlowError): void {
    if (!this.closing.signal.aborted) this.status.show(this.texts.error(error));
  }

  close(): void {
    this.closing.abort();
    this.status.clear();
  }

  private inputs(message: FlowMessage): UseCaseInputs {
    return {
      useCase: async () => neededText('useCase', await this.useCase(message), MAX_IDENTIFIER_LENGTH),
      useCaseName: async () =>
        neededText('useCaseName', await this.useCaseName(message), MAX_USE_CASE_NAME_LENGTH),
      eventIds: async () => idsOf(await this.eventIds(message), this.config.eventIdsType === 'str'),
    };
  }

  private showMissingSettings(): void {
    try {
      workspaceOf(this.RED, this.config.workspace).client();
    } catch (error) {
      this.status.show(this.texts.error(toFlowError(error)));
    }
  }
}

/**
 * The ids of the events to delete, each once. There is no word for "all": what is deleted is gone for good, so it is
 * named.
 * @param isTyped typed into the dialog: several are separated by commas
 */
function idsOf(value: unknown, isTyped: boolean): string[] {
  if (typeof value === 'string' && value !== '') {
    const ids = isTyped ? value.split(',').map((id) => id.trim()) : [value];
    return [...new Set(ids.filter((id) => id !== ''))];
  }
  if (!Array.isArray(value)) {
    throw wrongInput(
      'eventIds',
      'The field "Event ids" (eventIds) must give the ids of the events to delete: a list of texts, or one text. Nothing was deleted.',
    );
  }
  const wrong = value.findIndex((id) => typeof id !== 'string' || id === '');
  if (wrong < 0) return [...new Set(value as string[])];
  throw wrongInput(
    'eventIds',
    `Entry ${wrong} of the field "Event ids" (eventIds) is not text. For a list of events, use the JSONata expression ` +
      '[payload.eventId]. Nothing was deleted.',
  );
}

function stoppedByDeploy({ action, deleted }: UseCaseReport): FlowError {
  const soFar = deleted === undefined ? '' : ` ${deleted} events were deleted before.`;
  return new FlowError(
    'NETWORK',
    `A deploy ended the action "${action}" before its answer came; whether it was carried out is not known.${soFar}`,
  );
}
