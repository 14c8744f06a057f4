import assert from 'node:assert/strict';
import { eventSettingsError, workspaceSettingsError } from '../../nodes/shared/number-settings';
import { visionEventDefaults, workspaceDefaults } from '../../nodes/shared/properties';
import { helper, roboflow, TestFlow } from '../support/node-red-helper';

const UNSET = '${A_VARIABLE_THAT_NOBODY_SETS}';

/** Values as flows hold them that were written by hand or filled from the environment. */
const WRONG_OF_EVENT: [object, RegExp][] = [
  [{ minConfidence: '0,5' }, /"minConfidence" holds "0,5".*0 to 1/],
  [{ minConfidence: '50%' }, /minConfidence/],
  [{ minConfidence: '1.01' }, /minConfidence/],
  [{ minConfidence: -0.1 }, /minConfidence/],
  [{ minConfidence: 'NaN' }, /minConfidence/],
  [{ minConfidence: UNSET }, /A_VARIABLE_THAT_NOBODY_SETS.*minConfidence/],
  [{ defaultConfidence: 'sure' }, /defaultConfidence/],
  [{ imageWidth: '640' }, /imageSize.*width and height/],
  [{ imageHeight: '480' }, /imageSize/],
  [{ imageWidth: '640.5', imageHeight: '480' }, /imageWidth/],
  [{ imageWidth: '640', imageHeight: '0' }, /imageHeight/],
  [{ sourceWidth: '70000', sourceHeight: '480' }, /sourceWidth/],
  [{ sourceHeight: '480' }, /sourceSize/],
  [{ cooldown: '-1' }, /cooldown.*seconds/],
  [{ cooldown: 'soon', detectionsType: 'none' }, /cooldown/],
  [{ cooldown: 'Infinity' }, /cooldown/],
];
const RIGHT_OF_EVENT: object[] = [
  {},
  { minConfidence: '0', defaultConfidence: '1' },
  { minConfidence: ' 0.5 ' },
  { minConfidence: 0.5 },
  { imageWidth: '640', imageHeight: 480, sourceWidth: '65535', sourceHeight: '1' },
  { cooldown: '' },
  { cooldown: '1.5' },
  { detectionsType: 'none', minConfidence: '7', imageWidth: 'x', sourceHeight: '1' },
];
const WRONG_OF_WORKSPACE: object[] = [
  { timeout: 'soon' },
  { timeout: '' },
  { timeout: 0 },
  { timeout: UNSET },
  { maxWaiting: '1.5' },
  { imageMaxMegabytes: '0.5' },
  { uploadReuseMinutes: -1 },
  { outboxMaxMegabytes: '10 GB' },
  { outboxMaxEvents: '0' },
  { batchSize: 101 },
  { batchLinger: '-5' },
];

const itself = (property: string) => property;

describe('numbers of the dialogs', () => {
  for (const [properties, text] of WRONG_OF_EVENT) {
    it(`event: refuses ${JSON.stringify(properties)}`, () => {
      const fault = eventSettingsError({ ...visionEventDefaults, ...properties }, itself);
      assert.match(fault?.message ?? '', text);
    });
  }

  for (const properties of RIGHT_OF_EVENT) {
    it(`event: takes ${JSON.stringify(properties)}`, () => {
      const fault = eventSettingsError({ ...visionEventDefaults, ...properties }, itself);
      assert.equal(fault?.message, undefined);
    });
  }

  for (const properties of WRONG_OF_WORKSPACE) {
    it(`workspace: refuses ${JSON.stringify(properties)}`, () => {
      const fault = workspaceSettingsError({ ...workspaceDefaults, ...properties }, itself);
      assert.equal(fault?.code, 'NOT_CONFIGURED');
      assert.match(fault.message, new RegExp(Object.keys(properties)[0]!));
    });
  }

  it('workspace: takes its defaults, and numbers as text', () => {
    const asText = Object.entries(workspaceDefaults).map(([name, value]) => [name, String(value)]);
    assert.equal(workspaceSettingsError(workspaceDefaults, itself), undefined);
    assert.equal(workspaceSettingsError(Object.fromEntries(asText) as never, itself), undefined);
  });

  describe('in a flow', () => {
    before((done) => void helper.startServer(done));
    afterEach(() => helper.unload());
    after((done) => void helper.stopServer(done));

    it('a wrong one shows in the status after the deploy, and fails each message instead of being passed over', async () => {
      const flow = await TestFlow.load({ delivery: 'build', minConfidence: '0,5' });
      await flow.until(() => flow.statuses.some(({ text }) => text?.endsWith('wrongInput')));
      for (let i = 0; i < 2; i++) {
        const { out, caught } = await flow.send({ payload: roboflow({ class: 'part', confidence: 0.2 }) });
        assert.equal(out, undefined);
        assert.equal(caught!.error!.code, 'EVENT_INVALID');
        assert.match(caught!.error!.message, /minConfidence/);
      }
    });

    it('one from a variable that is not set names the variable', async () => {
      const flow = await TestFlow.load({ delivery: 'build', cooldown: UNSET });
      const { caught } = await flow.send({ payload: [] });
      assert.equal(caught!.error!.code, 'NOT_CONFIGURED');
      assert.match(caught!.error!.message, /A_VARIABLE_THAT_NOBODY_SETS/);
    });

    it('a wrong one of the workspace fails each message of its nodes', async () => {
      const flow = await TestFlow.load({}, { apiKey: 'a-key', timeout: 'soon' as never });
      const { caught } = await flow.send({ payload: [] });
      assert.equal(caught!.error!.code, 'NOT_CONFIGURED');
      assert.match(caught!.error!.message, /"timeout" of the workspace/);
    });
  });
});
