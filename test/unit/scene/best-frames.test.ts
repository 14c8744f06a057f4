import assert from 'node:assert/strict';
import { FRAME_HANDLING, type FrameMessage } from '../../../nodes/scene/frame-message';
import { BestFrames } from '../../../src/scene/best-frames';

const MEGABYTE = 1024 * 1024;
const frame = (bytes: number): FrameMessage => ({ topic: 'gate', picture: Buffer.alloc(bytes) });

/** Things, each with a frame of its own; the later the better. */
function keep(frames: BestFrames<FrameMessage>, count: number, bytes: number): object[] {
  return Array.from({ length: count }, (_value, index) => {
    const thing = {};
    frames.offer(thing, index, frame(bytes), {});
    return thing;
  });
}

describe('best frames', () => {
  it('keep the pictures of 200 things; of more, those of the least good frames go first', () => {
    const frames = new BestFrames(FRAME_HANDLING);
    const things = keep(frames, 205, 5000);
    assert.deepEqual([frames.state.pictures, frames.state.dropped], [200, 5]);
    assert.deepEqual(
      things.map((thing) => frames.get(thing)!.isLight),
      things.map((_thing, index) => index < 5),
    );
  });

  it('keep 64 MB of pictures in all', () => {
    const frames = new BestFrames(FRAME_HANDLING);
    keep(frames, 20, 4 * MEGABYTE);
    assert.ok(frames.state.bytes <= 64 * MEGABYTE);
    assert.ok(frames.state.pictures >= 15, `${frames.state.pictures}`);
    assert.equal(frames.state.pictures + frames.state.dropped, 20);
  });

  it('leave the rest of a message whose picture had to go', () => {
    const frames = new BestFrames(FRAME_HANDLING);
    const [first] = keep(frames, 201, 5000);
    assert.deepEqual(frames.get(first!)!.kept, { topic: 'gate' });
  });

  it('count a frame once, however many things it shows, and give its room back', () => {
    const frames = new BestFrames(FRAME_HANDLING);
    const [shared, source] = [frame(MEGABYTE), {}];
    const things = [{}, {}, {}];
    for (const thing of things) frames.offer(thing, 1, shared, source);
    assert.ok(frames.state.bytes < 1.1 * MEGABYTE);
    for (const thing of things) frames.drop(thing);
    assert.deepEqual([frames.state.pictures, frames.state.bytes], [0, 0]);
  });
});
