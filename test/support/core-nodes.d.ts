declare module '@node-red/nodes/core/common/*' {
  const initialise: (RED: unknown) => void;
  export = initialise;
}
declare module '@node-red/nodes/core/sequence/*' {
  const initialise: (RED: unknown) => void;
  export = initialise;
}
declare module '@node-red/nodes/core/network/*' {
  const initialise: (RED: unknown) => void;
  export = initialise;
}
