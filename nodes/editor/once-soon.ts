/**
 * Acts once for all that happens in one go: Node-RED tells every field of a dialog which opens that it has changed, and
 * a dialog has a hundred.
 */
export function onceSoon(act: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      act();
    }, 0);
  };
}
