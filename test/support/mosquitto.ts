import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Context } from 'mocha';
import { freePort } from './real-node-red';
import { until } from './until';

const MOSQUITTO = '/usr/sbin/mosquitto';
const START_DEADLINE_MS = 10_000;

/** A real Mosquitto on loopback, with its defaults: queues in memory, 1000 messages a client. */
export class Mosquitto {
  private constructor(
    readonly port: number,
    private readonly folder: string,
    private readonly child: ChildProcess,
  ) {}

  /** Without Mosquitto: a failure where CI is set, elsewhere a skip that says so. */
  static async start(test: Context): Promise<Mosquitto> {
    if (!existsSync(MOSQUITTO)) {
      const missing = `no broker at ${MOSQUITTO}; install mosquitto`;
      if (process.env.CI) throw new Error(missing);
      console.log(`      skipped: ${missing}`);
      return test.skip();
    }
    const port = await freePort();
    const folder = mkdtempSync(path.join(tmpdir(), 'vision-events-mosquitto-'));
    const config = path.join(folder, 'mosquitto.conf');
    writeFileSync(config, `listener ${port} 127.0.0.1\nallow_anonymous true\n`);
    const child = spawn(MOSQUITTO, ['-c', config], { stdio: 'ignore' });
    const broker = new Mosquitto(port, folder, child);
    await broker.answers();
    return broker;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const exited = once(this.child, 'exit');
      this.child.kill('SIGTERM');
      await exited;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async answers(): Promise<void> {
    try {
      const hasEnded = () => this.child.exitCode !== null;
      await until(
        async () => hasEnded() || (await accepts(this.port)),
        'Mosquitto to start',
        START_DEADLINE_MS,
      );
      if (hasEnded()) throw new Error('Mosquitto ended');
    } catch (error) {
      await this.stop();
      throw error;
    }
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
