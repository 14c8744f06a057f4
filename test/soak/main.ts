/**
 * `npm run soak -- --minutes 30 --seed 1`: real Node-REDs with the packed package under load, for a long time. Their
 * servers misbehave, their processes are killed, frozen, redeployed, their disks full, their clocks wrong. In the end
 * every event that was acknowledged is accounted for, by id and by bytes. Exits with 1 when something must not have
 * happened.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { PROJECT_ROOT } from '../support/packed-package';
import type { Account, Table } from './account';
import { keepDisturbing } from './chaos';
import { Site, type SiteProfile } from './site';

const PROFILES: SiteProfile[] = [
  { name: 'plain', workspace: {} },
  { name: 'small-disk', workspace: {}, isIsolated: true },
  {
    name: 'bundles',
    workspace: { transport: 'bundle', outboxWhenFull: 'shed-images', outboxMaxMegabytes: 12 },
    codes: ['OUTBOX_FULL'],
  },
];

/** A refused event gets its second trial after ten minutes. */
const LONGEST_DRAIN_MS = 12 * 60_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
    only: { type: 'string', multiple: true },
  },
});

async function main(): Promise<void> {
  const seed = Number(values.seed);
  const minutes = Number(values.minutes);
  const folder = path.join(PROJECT_ROOT, '.cache', `soak-${seed}-${Date.now()}`);
  mkdirSync(folder, { recursive: true });
  console.log(`Soak of ${minutes} minutes, seed ${seed}. Everything it writes is in ${folder}`);
  const profiles = PROFILES.filter(({ name }) => values.only?.includes(name) ?? true);
  const from = performance.now();
  const clock = () => Math.round(performance.now() - from);
  const sites: Site[] = [];
  try {
    for (const [index, profile] of profiles.entries()) {
      sites.push(await Site.start(profile, seed * 100 + index * 10, path.join(folder, profile.name), clock));
    }
    const accounts = await Promise.all(sites.map((site) => soak(site, minutes * 60_000)));
    report(folder, profiles, accounts);
  } finally {
    for (const site of sites) await site.remove();
  }
}

async function soak(site: Site, ms: number): Promise<Account> {
  const end = AbortSignal.timeout(ms);
  await Promise.all([
    site.keepLoading(end),
    site.keepMisbehaving(end),
    site.keepWatching(end),
    keepDisturbing(site, end).catch((error: Error) => {
      site.complaints.push(`what was done to it failed: ${error.stack}`);
      site.isMeantToRun = false;
    }),
  ]);
  return site.drainAndAccount(LONGEST_DRAIN_MS);
}

function report(folder: string, profiles: SiteProfile[], accounts: Account[]): void {
  const tables = accounts.map(({ table }) => table);
  const faults = accounts.flatMap((each, index) =>
    each.faults.map((fault) => `${profiles[index]?.name}: ${fault}`),
  );
  const text = [
    ...rowsOf(
      tables,
      profiles.map(({ name }) => name),
    ),
    '',
    ...(faults.length === 0 ? ['Nothing happened that must not.'] : faults.slice(0, 50)),
    ...(faults.length > 50 ? [`and ${faults.length - 50} more: faults.txt`] : []),
  ].join('\n');
  writeFileSync(path.join(folder, 'report.md'), `${text}\n`);
  writeFileSync(path.join(folder, 'faults.txt'), `${faults.join('\n')}\n`);
  console.log(`\n${text}`);
  if (faults.length > 0) process.exitCode = 1;
}

/** As a table of Markdown. */
function rowsOf(tables: Table[], names: string[]): string[] {
  const row = (cells: (string | number)[]) => `| ${cells.join(' | ')} |`;
  const labels = Object.keys(tables[0] ?? {});
  return [
    row(['', ...names]),
    row(['---', ...names.map(() => '---')]),
    ...labels.map((label) => row([label, ...tables.map((table) => table[label] ?? '')])),
  ];
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
