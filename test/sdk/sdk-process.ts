import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Context } from 'mocha';

const BRIDGE = path.join(__dirname, 'bridge.py');
/** The second one has the modules that Debian's packages bring, also where another Python comes first. */
const PYTHONS = [process.env.PYTHON ?? 'python3', '/usr/bin/python3'];

export interface SdkError {
  /** the Python class of the exception */
  error: string;
  message: string;
}

type Answer = { result: unknown } | SdkError;

interface Found {
  python: string;
  environment: NodeJS.ProcessEnv;
}

/** Roboflow's Python SDK as it is published, in a process of its own that calls what a test tells it to. */
export class SdkProcess {
  /** the methods that a test has called */
  readonly called = new Set<string>();
  version = '';
  /** all methods of the SDK's workspace that have to do with vision events */
  methods: string[] = [];
  private readonly answers: AsyncIterator<string>;

  private constructor(
    private readonly child: ChildProcessWithoutNullStreams,
    private readonly home: string,
    private readonly lines: Interface,
  ) {
    this.answers = lines[Symbol.asyncIterator]();
  }

  /** Skips the test and says why where the SDK cannot be imported: neither with `ROBOFLOW_SDK` nor installed. */
  static async start(test: Context, apiUrl: string): Promise<SdkProcess> {
    const found = findSdk();
    if (typeof found === 'string') {
      console.log(`      skipped: ${found}`);
      return test.skip();
    }
    const home = mkdtempSync(path.join(tmpdir(), 'vision-events-sdk-'));
    const child = spawn(found.python, [BRIDGE], {
      // A home of its own: the SDK reads a configuration file there, which might name another server.
      env: {
        ...found.environment,
        API_URL: apiUrl,
        HOME: home,
        ROBOFLOW_CONFIG_DIR: path.join(home, 'none'),
      },
      stdio: 'pipe',
    });
    let complaints = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
    const sdk = new SdkProcess(child, home, createInterface(child.stdout));
    const first = await sdk.nextLine();
    if (first === undefined) throw new Error(`the SDK did not start:\n${complaints}`);
    Object.assign(sdk, JSON.parse(first) as { version: string; methods: string[] });
    return sdk;
  }

  async call(
    key: string,
    method: string,
    args: unknown[] = [],
    kwargs: Record<string, unknown> = {},
  ): Promise<Answer> {
    this.called.add(method);
    this.child.stdin.write(`${JSON.stringify({ key, method, args, kwargs })}\n`);
    const line = await this.nextLine();
    if (line === undefined) throw new Error(`the SDK ended while it was asked for ${method}`);
    return JSON.parse(line) as Answer;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const closed = once(this.child, 'close');
      this.child.stdin.end();
      await closed;
    }
    this.lines.close();
    rmSync(this.home, { recursive: true, force: true });
  }

  private async nextLine(): Promise<string | undefined> {
    const { value, done } = await this.answers.next();
    return done ? undefined : value;
  }
}

/** A Python that can import the SDK, or the reason why there is none. */
function findSdk(): Found | string {
  const folder = process.env.ROBOFLOW_SDK;
  if (folder !== undefined && !existsSync(path.join(folder, 'roboflow', '__init__.py'))) {
    throw new Error(`ROBOFLOW_SDK is ${folder}, where there is no roboflow/__init__.py`);
  }
  const environment = { ...process.env, ...(folder !== undefined && { PYTHONPATH: folder }) };
  const reasons: string[] = [];
  for (const python of PYTHONS) {
    const tried = spawnSync(python, ['-c', 'import roboflow'], { env: environment, encoding: 'utf8' });
    if (tried.status === 0) return { python, environment };
    reasons.push(`${python}: ${tried.error?.message ?? tried.stderr.trim().split('\n').at(-1)}`);
  }
  return (
    "Roboflow's Python SDK is not at hand. Set ROBOFLOW_SDK to a checkout of roboflow/roboflow-python " +
    `(it needs requests, requests-toolbelt and tqdm) or install roboflow-slim. ${reasons.join('; ')}`
  );
}
