import assert from 'node:assert/strict';
import type { Node } from 'node-red';
import { FlowError } from '../../nodes/shared/flow-error';
import { onInput, type FlowMessage, type Send } from '../../nodes/shared/guarded-input';

type Handler = (message: FlowMessage, send: Send, done: (error?: Error) => void) => void;

/** What became of one message: the calls of `done` and of `onError`, in their order. */
async function outcomeOf(handle: () => Promise<void>, onError?: () => void) {
  const calls: string[] = [];
  let handler: Handler | undefined;
  const node = {
    on: (_event: string, registered: Handler) => (handler = registered),
    error: (error: FlowError) => calls.push(`error ${error.code}`),
  } as unknown as Node;
  onInput(node, {
    handle,
    onError: (error) => {
      calls.push(`onError ${error.code}`);
      onError?.();
    },
  });
  const message: FlowMessage = { _msgid: '1' };
  handler?.(
    message,
    () => undefined,
    (error) => calls.push(`done ${(error as FlowError | undefined)?.code ?? String(error)}`),
  );
  await new Promise((resolve) => setImmediate(resolve));
  return { calls, message };
}

describe('the guarded input of a node', () => {
  it('is done without an error after the handler resolved', async () => {
    assert.deepEqual((await outcomeOf(() => Promise.resolve())).calls, ['done undefined']);
  });

  it('is done with the error after the handler rejected, with its status in the message', async () => {
    const error = new FlowError('REJECTED', 'no', { statusCode: 409 });
    const { calls, message } = await outcomeOf(() => Promise.reject(error));
    assert.deepEqual(calls, ['onError REJECTED', 'done REJECTED']);
    assert.equal(message['statusCode'], 409);
  });

  it('is done with the error after the handler threw before it had a promise', async () => {
    const { calls } = await outcomeOf(() => {
      throw new FlowError('NOT_CONFIGURED', 'no workspace');
    });
    assert.deepEqual(calls, ['onError NOT_CONFIGURED', 'done NOT_CONFIGURED']);
  });

  it('tells the Catch node when the status cannot be set, and throws nothing', async () => {
    const { calls } = await outcomeOf(
      () => Promise.reject(new FlowError('REJECTED', 'no')),
      () => {
        throw new Error('no such status');
      },
    );
    assert.deepEqual(calls, ['onError REJECTED', 'error REJECTED']);
  });
});
