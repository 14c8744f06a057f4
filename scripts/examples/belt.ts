import type { ExampleFlow, Place } from './flow-parts';

/** Draws a picture of a conveyor belt: `msg.image` is a PNG. */
export function filmTheBelt(flow: ExampleFlow, place: Place, wires: string[][]): string {
  return flow.functionNode('film the belt', place, ['film-the-belt.js', 'png.js'], wires);
}

/** Answers what a Roboflow model would find on the picture. */
export function standInDetector(flow: ExampleFlow, place: Place, wires: string[][]): string {
  return flow.functionNode('stand-in detector', place, 'stand-in-detector.js', wires);
}
