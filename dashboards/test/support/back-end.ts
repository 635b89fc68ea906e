import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Model } from './boards.js';

const PLUGIN = fileURLToPath(new URL('../../../grafana-plugin', import.meta.url));

export interface Frame {
  schema: {
    name?: string;
    fields: Array<{ name: string; type: string }>;
    meta?: { notices?: Array<{ text: string }> };
  };
  data: { values: unknown[][] };
}
interface Answer {
  error?: string;
  responses?: Record<string, { frames: Frame[] | null; error: string; status: number }>;
  status?: number;
  body?: unknown;
}

/** The data source's back end as Grafana runs it: built from its source, started by go-plugin, asked over gRPC. */
export class BackEnd {
  private readonly waiting: Array<(answer: Answer) => void> = [];
  private constructor(private readonly child: ChildProcess) {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      this.waiting.shift()?.(JSON.parse(line) as Answer);
    });
    child.once('close', () => {
      for (const settle of this.waiting.splice(0)) settle({ error: 'the back end ended' });
    });
  }

  /** Builds into `folder` (seconds with Go's cache, a minute or two without) and starts against the API at `url`. */
  static async start(folder: string, url: string): Promise<BackEnd> {
    const build = (output: string, main: string) =>
      promisify(execFile)('go', ['build', '-o', `${folder}/${output}`, main], {
        cwd: PLUGIN,
        env: { ...process.env, CGO_ENABLED: '0' },
      });
    await build('back-end', './pkg');
    await build('ask', './pkg/cmd/ask');
    return new BackEnd(
      spawn(`${folder}/ask`, ['-plugin', `${folder}/back-end`, '-url', url], {
        stdio: ['pipe', 'pipe', 'ignore'],
      }),
    );
  }

  private ask(request: unknown): Promise<Answer> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.child.stdin!.write(`${JSON.stringify(request)}\n`);
    });
  }

  /** The frames of one query. @throws with the data source's sentence when it fails. */
  async query(model: Model, from: number, to: number): Promise<Frame[]> {
    const refId = 'A';
    const answer = await this.ask({ kind: 'query', from, to, queries: [{ ...model, refId }] });
    const response = answer.responses?.[refId];
    const problem = answer.error ?? response?.error ?? '';
    if (problem !== '' || !response) throw new Error(problem || 'no answer');
    return response.frames ?? [];
  }

  /** What a variable lists. */
  async list(
    kind: string,
    parameters: Record<string, string>,
  ): Promise<Array<{ text: string; value: string }>> {
    const answer = await this.ask({ kind: 'resource', path: `variables/${kind}`, parameters });
    if (answer.error !== undefined || answer.status !== 200) {
      throw new Error(answer.error ?? `${answer.status}: ${JSON.stringify(answer.body)}`);
    }
    return answer.body as Array<{ text: string; value: string }>;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('close', resolve));
    this.child.stdin!.end();
    await ended;
  }
}
