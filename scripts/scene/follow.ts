/** Detections of a film become paths, as the scene follows them at its default settings. */
import { Tracker } from '../../src/scene/tracker';
import { byFrame, lastFrame, type MotBox } from './mot';

const DEFAULTS = { rate: 25, lostAfter: 2000, hits: 3, frames: 5 };
/** A thing out of sight for no longer than this is put where it must have been, ms. */
const LONGEST_FILLED = 600;

/**
 * @param detections of one class; frames are `1000 / rate` ms apart
 * @param filled also boxes between two sightings that are close in time, and those before the thing was confirmed;
 * without it, what was known in each frame
 */
export function follow(
  detections: readonly MotBox[],
  { rate = DEFAULTS.rate, filled = true } = {},
): MotBox[] {
  const tracker = new Tracker(DEFAULTS.hits);
  const seen = new Map<string, MotBox[]>();
  const numbers = new Map<string, number>();
  const confirmed = new Set<string>();
  const told: MotBox[] = [];
  const frames = byFrame(detections);
  for (let frame = 1; frame <= lastFrame(detections); frame++) {
    const at = (frame * 1000) / rate;
    tracker.forget(({ lastSeen }) => at - lastSeen > DEFAULTS.lostAfter);
    const boxes = (frames.get(frame) ?? []).map(({ box, confidence }) => ({
      class: 'thing',
      confidence,
      box,
    }));
    tracker.update(at, boxes).forEach((track, index) => {
      if (!track) return;
      const path = seen.get(track.id) ?? [];
      seen.set(track.id, path);
      const id = numbers.get(track.id) ?? numbers.size + 1;
      numbers.set(track.id, id);
      const box = { frame, id, box: track.box, confidence: boxes[index]!.confidence };
      path.push(box);
      if (path.filter((one) => one.frame > frame - DEFAULTS.frames).length >= DEFAULTS.hits)
        confirmed.add(track.id);
      if (!filled && confirmed.has(track.id)) told.push(box);
    });
  }
  if (filled)
    for (const id of confirmed) told.push(...withoutGaps(seen.get(id) ?? [], (LONGEST_FILLED * rate) / 1000));
  return told.sort((a, b) => a.frame - b.frame || a.id - b.id);
}

function withoutGaps(path: readonly MotBox[], longest: number): MotBox[] {
  return path.flatMap((box, index) => {
    const before = path[index - 1];
    const gap = before ? box.frame - before.frame : 1;
    if (!before || gap > longest) return [box];
    const steps = Array.from({ length: gap - 1 }, (_value, step) => between(before, box, (step + 1) / gap));
    return [...steps, box];
  });
}

function between(from: MotBox, to: MotBox, share: number): MotBox {
  const mix = (side: keyof MotBox['box']) => from.box[side] + (to.box[side] - from.box[side]) * share;
  return {
    frame: Math.round(from.frame + (to.frame - from.frame) * share),
    id: from.id,
    confidence: from.confidence,
    box: { x: mix('x'), y: mix('y'), width: mix('width'), height: mix('height') },
  };
}
