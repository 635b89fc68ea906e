import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Step } from './alert-rules.js';
import type { Line } from './expressions.js';
import { ROOT } from './files.js';

interface Frame {
  readonly schema: {
    readonly fields: ReadonlyArray<{
      readonly type: string;
      readonly labels?: Readonly<Record<string, string>>;
    }>;
  };
  readonly data: { readonly values: ReadonlyArray<ReadonlyArray<number | null>> };
}
interface Answer {
  readonly error?: string;
  readonly responses?: Readonly<
    Record<string, { readonly error: string; readonly frames: readonly Frame[] }>
  >;
}

/** The data source's back end, spoken to as Grafana does: go-plugin and gRPC. */
export interface BackEnd {
  /** Numeric fields of the frames that answer a rule's query. @throws what the back end says is wrong */
  query(step: Step): Promise<Line[]>;
}

export function hasGo(): boolean {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    if (process.env['CI'] === 'true') throw new Error('go is not on the path.');
    console.warn('go is not on the path: NOT tested with the back end of the data source.');
    return false;
  }
}

/** Builds the back end, and the program that speaks to it, into `folder`. */
export async function buildBackEnd(folder: string, url: string, token: string): Promise<BackEnd> {
  const build = (name: string, source: string) =>
    promisify(execFile)('go', ['build', '-o', join(folder, name), source], {
      cwd: `${ROOT}grafana-plugin`,
      env: { ...process.env, CGO_ENABLED: '0' },
    });
  await build('back-end', './pkg');
  await build('ask', './pkg/cmd/ask');
  return {
    async query({ refId, queryType, model, relativeTimeRange: { from, to } }) {
      const now = Date.now();
      const request = {
        kind: 'query',
        from: now - from * 1000,
        to: now - to * 1000,
        queries: [{ ...model, refId, queryType, maxDataPoints: 43_200, intervalMs: 1000 }],
      };
      const asked = promisify(execFile)(join(folder, 'ask'), [
        ...['-plugin', join(folder, 'back-end'), '-url', url, '-token', token],
      ]);
      asked.child.stdin!.end(`${JSON.stringify(request)}\n`);
      const { error, responses } = JSON.parse((await asked).stdout) as Answer;
      const response = responses?.[refId];
      const problem = error || response?.error;
      if (problem) throw new Error(problem);
      return response!.frames.flatMap(lines);
    },
  };
}

const lines = ({ schema, data }: Frame): Line[] =>
  schema.fields.flatMap(({ type, labels = {} }, i) =>
    type === 'number'
      ? [{ labels, values: data.values[i]!.filter((value): value is number => value !== null) }]
      : [],
  );
