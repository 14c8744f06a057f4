/**
 * Loads what the node that is being built will need: off the way of its first message, and not in flows that have no
 * such node. Should that fail, the first message tells.
 */
export function loadAhead(load: () => unknown): void {
  setImmediate(() => {
    try {
      load();
    } catch {
      // Thrown here, it would end Node-RED.
    }
  }).unref();
}
