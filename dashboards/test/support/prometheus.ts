import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { interpolated, SCRAPE_SECONDS, type Setting } from './interpolate.js';

interface Series {
  metric: Record<string, string>;
  value?: [number, string];
  values?: Array<[number, string]>;
}

/** A real Prometheus that scrapes one ingest. */
export class Prometheus {
  private constructor(
    private readonly child: ChildProcess,
    private readonly url: string,
  ) {}

  static async start(folder: string, port: number, target: string): Promise<Prometheus> {
    const config = `${folder}/prometheus.yml`;
    await writeFile(
      config,
      `global: { scrape_interval: ${SCRAPE_SECONDS}s }
scrape_configs: [{ job_name: tickscope, static_configs: [{ targets: ['${target}'] }] }]
`,
    );
    const child = spawn(
      'prometheus',
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${folder}/tsdb`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: 'ignore' },
    );
    const url = `http://127.0.0.1:${port}`;
    for (let tries = 0; ; tries++) {
      const ready = await fetch(`${url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (ready) return new Prometheus(child, url);
      if (tries > 300 || child.exitCode !== null) throw new Error('Prometheus does not start');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Finite values of a query, run as Grafana would: at the end of the range, or over it. */
  async values(expr: string, instant: boolean, setting: Setting): Promise<number[]> {
    const query = interpolated(expr, setting);
    const parameters = instant
      ? { query, time: String(setting.to / 1000) }
      : {
          query,
          start: String(setting.from / 1000),
          end: String(setting.to / 1000),
          step: String(setting.stepSeconds),
        };
    const response = await fetch(`${this.url}/api/v1/${instant ? 'query' : 'query_range'}`, {
      method: 'POST',
      body: new URLSearchParams(parameters),
    });
    const answer = (await response.json()) as { status: string; error?: string; data?: { result: Series[] } };
    if (answer.status !== 'success') throw new Error(`${answer.error}: ${query}`);
    return (answer.data?.result ?? [])
      .flatMap(({ value, values }) => values ?? (value ? [value] : []))
      .map(([, text]) => Number(text))
      .filter(Number.isFinite);
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('close', resolve));
    this.child.kill('SIGTERM');
    await ended;
  }
}
