import { setTimeout as delay } from 'node:timers/promises';

/** What Windows answers while a virus scanner or an indexer reads a file that was just written. */
const HELD = ['EPERM', 'EACCES', 'EBUSY'];
/** Between the tries: a second in all, which is more than a scanner takes for a picture. */
const PAUSES_MS = [20, 50, 130, 300, 500];

/** Renames or removes a file; on Windows several times while another program holds it. Rejects as the last try does. */
export async function whileHeld(change: () => Promise<void>): Promise<void> {
  if (process.platform !== 'win32') return change();
  for (const pause of PAUSES_MS) {
    try {
      return await change();
    } catch (error) {
      if (!HELD.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
    await delay(pause);
  }
  return change();
}
