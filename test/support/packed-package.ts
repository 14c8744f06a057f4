import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const PROJECT_ROOT = path.join(__dirname, '../..');

/** The package as users get it: the tarball's list of files, and a user directory of Node-RED with it installed. */
export interface PackedPackage {
  files: string[];
  /** never started from: copies are, see `freshUserDirectory` */
  userDirectory: string;
}

/** `npm test` builds once and names one folder for all its kinds of tests; a kind run by itself makes its own. */
const SHARED_FOLDER = process.env.PACKED_PACKAGE_FOLDER;

let packed: Promise<PackedPackage> | undefined;

/** Packs the project and installs the tarball, once per run of the tests. */
export function packedPackage(): Promise<PackedPackage> {
  packed ??= SHARED_FOLDER ? packInto(SHARED_FOLDER) : buildAndPack();
  return packed;
}

async function buildAndPack(): Promise<PackedPackage> {
  await run(process.execPath, [path.join(PROJECT_ROOT, 'scripts/build.mjs')], { cwd: PROJECT_ROOT });
  return packInto(temporaryFolder('packed'));
}

async function packInto(folder: string): Promise<PackedPackage> {
  const listFile = path.join(folder, 'files.json');
  const userDirectory = path.join(folder, 'user-directory');
  if (!existsSync(listFile)) {
    mkdirSync(userDirectory, { recursive: true });
    const { stdout } = await run(
      'npm',
      ['pack', '--ignore-scripts', '--json', '--pack-destination', folder, PROJECT_ROOT],
      { cwd: folder },
    );
    const { filename, files } = packResult(JSON.parse(stdout));
    writeFileSync(path.join(userDirectory, 'package.json'), '{"name":"user-directory","private":true}\n');
    // As the palette manager does it, but first from npm's cache.
    await run(
      'npm',
      [
        'install',
        '--prefer-offline',
        '--no-audit',
        '--omit=dev',
        '--engine-strict',
        path.join(folder, filename),
      ],
      { cwd: userDirectory },
    );
    writeFileSync(listFile, JSON.stringify(files));
  }
  return { files: JSON.parse(readFileSync(listFile, 'utf8')) as string[], userDirectory };
}

interface PackReport {
  filename: string;
  files: { path: string }[];
}

/** npm answers a list of packages; from version 12 on it is an object by package name. */
function packResult(answer: PackReport[] | Record<string, PackReport>): {
  filename: string;
  files: string[];
} {
  const report = Object.values(answer)[0];
  if (!report) throw new Error('npm pack answered no package');
  return { filename: path.basename(report.filename), files: report.files.map((file) => file.path) };
}

/** A user directory of its own for one Node-RED, with the packed package installed. */
export async function freshUserDirectory(): Promise<string> {
  const { userDirectory } = await packedPackage();
  const folder = temporaryFolder('user');
  cpSync(userDirectory, folder, { recursive: true });
  return folder;
}

const temporaryFolders: string[] = [];

function temporaryFolder(purpose: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), `vision-events-${purpose}-`));
  temporaryFolders.push(folder);
  return folder;
}

process.once('exit', () => {
  for (const folder of temporaryFolders) rmSync(folder, { recursive: true, force: true });
});
