import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Context } from 'mocha';
import { freePort } from './real-node-red';
import { until } from './until';

const START_DEADLINE_MS = 30_000;

interface Scraped {
  /** host and port */
  host: string;
  path: string;
  token: string;
  everySeconds: number;
}

/** One result of a query: its labels and value. */
interface Sample {
  metric: Record<string, string>;
  value: [at: number, value: string];
}

/** Without that program: a failure where CI is set, elsewhere a skip that says so. */
function mustHave(test: Context, program: string): void {
  const { error } = spawnSync(program, ['--version']);
  if (!error) return;
  const missing = `no ${program} (${error.message}); install prometheus`;
  if (process.env.CI) throw new Error(missing);
  console.log(`      skipped: ${missing}`);
  test.skip();
}

/** What `promtool check metrics` has to say against a page of metrics; empty when nothing. */
export function complaintsOfPromtool(test: Context, page: string): string {
  mustHave(test, 'promtool');
  const { stdout, stderr, status } = spawnSync('promtool', ['check', 'metrics'], {
    input: page,
    encoding: 'utf8',
  });
  return status === 0 ? '' : `${stdout}${stderr}` || `exit code ${status}`;
}

/** A real Prometheus on loopback that reads one page of metrics again and again. */
export class Prometheus {
  private constructor(
    private readonly port: number,
    private readonly folder: string,
    private readonly child: ChildProcess,
  ) {}

  /** Without Prometheus as `mustHave` says. */
  static async start(
    test: Context,
    { host, path: metricsPath, token, everySeconds }: Scraped,
  ): Promise<Prometheus> {
    mustHave(test, 'prometheus');
    const port = await freePort();
    const folder = mkdtempSync(path.join(tmpdir(), 'vision-events-prometheus-'));
    const config = path.join(folder, 'prometheus.yml');
    const job = {
      job_name: 'vision-events',
      scrape_interval: `${everySeconds}s`,
      scrape_timeout: `${everySeconds}s`,
      metrics_path: metricsPath,
      authorization: { credentials: token },
      static_configs: [{ targets: [host] }],
    };
    // JSON is YAML.
    writeFileSync(config, JSON.stringify({ scrape_configs: [job] }));
    const child = spawn(
      'prometheus',
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${path.join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=error',
      ],
      { stdio: 'ignore' },
    );
    const prometheus = new Prometheus(port, folder, child);
    await until(() => prometheus.isReady(), 'Prometheus', START_DEADLINE_MS);
    return prometheus;
  }

  /** The value of an expression with one result, as of now; undefined without a result. */
  async value(expression: string): Promise<number | undefined> {
    const results = await this.query(expression);
    if (results.length > 1) throw new Error(`${expression} has ${results.length} results.`);
    return results[0] && Number(results[0].value[1]);
  }

  private async query(expression: string): Promise<Sample[]> {
    const query = new URLSearchParams({ query: expression });
    const answer = await fetch(`http://127.0.0.1:${this.port}/api/v1/query?${query}`);
    const body = (await answer.json()) as { data?: { result: Sample[] }; error?: string };
    if (!body.data) throw new Error(`${expression}: ${body.error}`);
    return body.data.result;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const exited = once(this.child, 'exit');
      this.child.kill('SIGTERM');
      await exited;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private isReady(): Promise<boolean> {
    return fetch(`http://127.0.0.1:${this.port}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  }
}
