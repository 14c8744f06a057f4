import assert from 'node:assert/strict';
import { inspect } from 'node:util';

function forms(secret: string): string[] {
  return [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64').replace(/=+$/, '')];
}

function asJson(value: unknown): string {
  const seen = new WeakSet();
  return (
    JSON.stringify(value, (_name, inner: unknown) => {
      if (typeof inner === 'bigint' || typeof inner === 'function') return String(inner);
      if (typeof inner !== 'object' || inner === null) return inner;
      if (seen.has(inner)) return '[seen]';
      seen.add(inner);
      return inner;
    }) ?? ''
  );
}

/**
 * Fails when `secret`, or it in base64 or URL encoding, shows in `output` as text, as JSON or inspected to the bottom.
 */
export function assertNoSecret(secret: string, output: unknown, where: string): void {
  const texts = [
    typeof output === 'string' ? output : '',
    asJson(output),
    inspect(output, { depth: 12, showHidden: true, maxArrayLength: null, maxStringLength: null }),
    output instanceof Error ? `${output.message}\n${output.stack}` : '',
  ];
  for (const form of forms(secret)) {
    assert.ok(!texts.some((text) => text.includes(form)), `the API key shows in ${where}`);
  }
}
