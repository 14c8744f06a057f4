/**
 * Writes bundles into a folder until it is killed, or its test is gone: on and on it would fill the disk. Started by
 * bundle-kill.test.ts. `atomic` as the package does it, `direct` straight under the final name: the control.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleFileName } from '../../src/bundle/format';
import { buildBundle, writeBundle } from '../../src/bundle/write';
import type { VisionEvent } from '../../src/event/types';

const [mode = 'atomic', directory = '.'] = process.argv.slice(2);

async function writeDirectly(content: Parameters<typeof buildBundle>[0]): Promise<void> {
  const bundle = await buildBundle(content);
  const file = await open(join(directory, bundleFileName(content.event)), 'wx');
  const pieceBytes = 64 * 1024;
  for (let at = 0; at < bundle.length; at += pieceBytes)
    await file.write(bundle.subarray(at, at + pieceBytes));
  await file.sync();
  await file.close();
}

async function run(): Promise<void> {
  // noise does not compress, so that a bundle takes long enough to be caught half written
  const bytes = randomBytes(12 * 1024 * 1024);
  const test = process.ppid;
  while (process.ppid === test) {
    const event: VisionEvent = {
      eventId: randomUUID(),
      eventType: 'custom',
      useCaseId: 'kill',
      timestamp: new Date().toISOString(),
      eventData: {},
    };
    const content = { event, pictures: [{ role: 'output' as const, mediaType: 'image/jpeg', bytes }] };
    if (mode === 'direct') await writeDirectly(content);
    else await writeBundle({ ...content, directory });
  }
}

run().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
