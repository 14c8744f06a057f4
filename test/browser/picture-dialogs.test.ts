import assert from 'node:assert/strict';
import {
  assertFieldsOfActions,
  assertOpen,
  assertRefusals,
  nodesOf,
  type Refused,
} from '../support/dialog-checks';
import { EDITOR_DEADLINE_MS, useEditor } from '../support/editor-session';
import { flowOf, type NodeSettings } from '../support/flow-of';
import { NODE_RED_VERSIONS } from '../support/node-red-versions';

const image = { type: 'roboflow-vision-event-image' };
const bundle = { type: 'roboflow-vision-event-bundle', directory: '/media/usb', workspace: '' };

const NODES: Record<string, NodeSettings> = {
  image,
  imageTouched: image,
  writer: bundle,
  listWriter: { ...bundle, pictures: 'frames', picturesType: 'msg', outputImageType: 'file' },
  uploader: { ...bundle, action: 'upload', workspace: 'workspace' },
};

const REFUSED: Record<string, Refused> = {
  noWorkspace: [{ ...image, workspace: '' }, /workspace/],
  noPicture: [{ ...image, image: '' }, /picture/],
  imageQuality: [{ ...image, pictureQuality: '300' }, /from 1 to 100/],
  metadataKey: [{ ...image, metadata: [{ key: 'a.b', value: '1', valueType: 'str' }] }, /letters/],
  noFolder: [{ ...bundle, directory: '' }, /folder/],
  oddName: [{ ...bundle, fileName: '{klass}' }, /values in braces/],
  margin: [{ ...bundle, hideMargin: '300' }, /from 0 to 100/],
  noFile: [{ ...bundle, outputImageType: 'file' }, /picture/],
  noList: [{ ...bundle, picturesType: 'msg' }, /picture/],
  uploaderWithoutWorkspace: [{ ...bundle, action: 'upload' }, /workspace/],
};

const FIELDS_OF_ACTION = {
  write: ['directory', 'outputImage', 'inputImage', 'pictures', 'useCaseInBundle'],
  upload: ['directory', 'workspace', 'useCase'],
};

for (const version of NODE_RED_VERSIONS) {
  describe(`the dialogs for pictures and bundles in Node-RED ${version}`, function () {
    this.timeout(EDITOR_DEADLINE_MS);
    const session = useEditor(version, () => flowOf({ ...NODES, ...nodesOf(REFUSED) }));
    afterEach(() => session.editor.cancelDialogs());

    it('open without an error, with translated texts and named fields', () =>
      assertOpen(session.editor, ['image', 'writer', 'uploader']));

    it('show the fields of the chosen action', () =>
      assertFieldsOfActions(session.editor, 'writer', FIELDS_OF_ACTION));

    it('fold what is rarely set, and open it where something in it is wrong', async () => {
      const { editor } = session;
      const isOpen = (section: string) =>
        editor.page.locator(`[data-section="${section}"]`).evaluate((own: HTMLDetailsElement) => own.open);
      await editor.openDialog('image');
      assert.equal(await isOpen('reducing'), false);
      await editor.cancelDialogs();
      await editor.openDialog('imageQuality');
      assert.equal(await isOpen('reducing'), true);
      await editor.cancelDialogs();
      await editor.openDialog('margin');
      assert.deepEqual(
        {
          pictures: await isOpen('pictures'),
          reducing: await isOpen('reducing'),
          hiding: await isOpen('hiding'),
        },
        { pictures: true, reducing: false, hiding: true },
      );
    });

    it('save what they show, and change nothing that was not touched', async () => {
      const { editor } = session;
      const { valid: _valid, ...before } = await editor.node('imageTouched');
      await editor.openDialog('imageTouched');
      await editor.page.locator('[data-section="metadata"] > summary').click();
      await editor.page.locator('[data-section="metadata"] .red-ui-editableList-addButton').click();
      await editor.page.keyboard.type('lens');
      await editor.page.locator('.vision-event-list-row .red-ui-typedInput-input').fill('8mm');
      await editor.chooseType('node-input-image', 'file');
      await editor.typeInto('node-input-image', '~/frame.jpg');
      await editor.confirmDialog('node-dialog');
      const { valid: _validNow, ...after } = await editor.node('imageTouched');
      assert.deepEqual(after, {
        ...before,
        image: '~/frame.jpg',
        imageType: 'file',
        metadata: [{ key: 'lens', value: '8mm', valueType: 'str' }],
      });
      assert.deepEqual(editor.pageErrors, []);
    });

    it('have a red triangle exactly where the runtime would refuse, with the reason', () =>
      assertRefusals(session.editor, Object.keys(NODES), REFUSED));
  });
}
