import assert from 'node:assert/strict';
import { copyMessage, LastMessages } from '../../nodes/shared/last-messages';

const PICTURE = Buffer.alloc(5000, 0xff);

describe('the last message of a node that hides something in pictures', () => {
  it('is kept without anything that may be a picture', () => {
    const { message, leftOut } = copyMessage(
      {
        _msgid: 'one',
        payload: { predictions: [{ class: 'person', x: 5 }] },
        frame: PICTURE,
        words: PICTURE.buffer,
        text: PICTURE.toString('base64'),
        json: PICTURE.toJSON(),
        inside: { list: [{ pixels: new Uint8ClampedArray(PICTURE) }] },
      },
      0,
      { withoutPictures: true },
    );
    assert.deepEqual(leftOut.sort(), ['frame', 'inside.list[0].pixels', 'json.data', 'text', 'words']);
    assert.deepEqual(message.payload, { predictions: [{ class: 'person', x: 5 }] });
    assert.equal(JSON.stringify(message).length < 300, true);
  });

  it('is kept so while its dialog is open', () => {
    const messages = new LastMessages();
    messages.watch('node');
    messages.note('node', { _msgid: 'one', frame: PICTURE }, () => true);
    const kept = messages.last('node');
    messages.forget('node');
    assert.deepEqual([kept?.withoutPictures, kept?.message['frame']], [true, undefined]);
  });
});
