import { existsSync } from 'node:fs';
import type { Context } from 'mocha';
import { chromium, type Browser } from 'playwright-core';

const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-sync',
  '--disable-component-update',
];

/** Starts the system's browser. Without one: a failure where CI is set, elsewhere a skip that says so. */
export async function launchBrowser(test: Context): Promise<Browser> {
  if (existsSync(CHROMIUM)) return chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
  const missing = `no browser at ${CHROMIUM}; install chromium or set CHROMIUM_PATH`;
  if (process.env.CI) throw new Error(missing);
  console.log(`      skipped: ${missing}`);
  return test.skip();
}
