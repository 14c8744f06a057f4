/**
 * The formats of the drop-down, which the build (scripts/build-dialogs.ts) takes from `FORMATS` of src/detections: the
 * code that reads them stays out of the editor. The labels are names of products, so they are not translated.
 */
declare module 'derived:formats' {
  const formats: readonly { id: string; label: string; kind: 'adapter' | 'preset' }[];
  export default formats;
}

/** A small payload for each preset that has one, by its id: scripts/preset-examples.ts. */
declare module 'derived:preset-examples' {
  const examples: Readonly<Record<string, unknown>>;
  export default examples;
}
