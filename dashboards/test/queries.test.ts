import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { eachDatabase } from '../../ingest/test/fixtures/databases.js';
import { apiPath } from './support/api.js';
import type { Frame } from './support/back-end.js';
import { type Board, committed, type Model, panelsOf, queriesIn, type Target } from './support/boards.js';
import { ago, interpolated, interpolatedModel, type Setting } from './support/interpolate.js';
import { type Stack, startStack } from './support/stack.js';

const PROMETHEUS_WINDOW_MS = 10_000;
const STEP_SECONDS = 2;
const PANEL_POINTS = 500;
/** Events are rare: a mark need not lie in the range that the dashboard opens with. */
const ANNOTATIONS_RANGE_MS = 2 * 86_400_000;
/** How long a result may stay empty: the repair of the hole begins when its minute is over. */
const PATIENCE_MS = 280_000;
/** More than there are queries: each waits for its own answer alone. */
const CONCURRENCY = 1_000;

const someValue = (values: readonly unknown[]) =>
  values.some((value) => value !== null && value !== undefined);

/** A frame's rows, and whether more than their time is known. */
function filled(frames: readonly Frame[]): boolean {
  return frames.some(({ schema, data }) =>
    schema.fields.some(({ type }, index) => type !== 'time' && someValue(data.values[index] ?? [])),
  );
}

const asked = committed.flatMap(([name, , board]) =>
  panelsOf(board).flatMap((panel) =>
    (panel.targets ?? []).map((target) => ({
      name,
      board,
      panel: panel.title || `panel ${panel.id}`,
      range: panel.timeFrom,
      target,
    })),
  ),
);
const variables = committed.flatMap(([name, , board]) =>
  board.templating.list
    .filter(({ type }) => type !== 'custom')
    .map((variable) => ({ name, board, variable })),
);
const marks = committed.flatMap(([name, , board]) =>
  board.annotations.list.filter(({ target }) => target).map((annotation) => ({ name, board, annotation })),
);

test('no query of a dashboard is left out', () => {
  for (const [name, , board] of committed) {
    const of = <T extends { name: string }>(list: readonly T[]) =>
      list.filter((one) => one.name === name).length;
    expect(queriesIn(board), name).toBe(of(asked) + of(variables) + of(marks));
  }
});

// One stack a database, both at the same time; the queries wait together for what takes its time.
vi.setConfig({ maxConcurrency: CONCURRENCY });
describe.concurrent('every query', () => {
  eachDatabase((server) => {
    let stack: Stack;
    /** Values of each dashboard's variables. */
    const values: Record<string, Record<string, string>> = {};

    beforeAll(async () => {
      stack = await startStack(await server.open());
      for (const [name, , board] of committed) values[name] = await valuesOf(board, stack);
      await stack.drop();
    }, 300_000);
    afterAll(() => stack?.stop(), 60_000);

    test.for(variables)(
      '$name: lists values of $variable.name, its default among them',
      ({ name, variable }, { skip, expect }) => {
        if (!stack.backEnd) return skip('go is not on the PATH');
        expect(values[name]![variable.name]).not.toBe('');
        if (variable.current) expect(values[name]![variable.name]).toBe(variable.current.value);
      },
    );

    test.for(asked)(
      '$name: answers "$panel" $target.refId',
      { timeout: PATIENCE_MS * 2 },
      async ({ name, board, target, range }, { skip, expect }) => {
        if (!stack.marketOpen) return skip('the simulated market sleeps from 00:00 to 00:45 IST');
        const at = () => ({ ...setting(board, range), values: values[name]! });
        switch (target.datasource.uid) {
          case 'tickscope-prometheus':
            if (!stack.prometheus) return skip('prometheus is not on the PATH');
            return untilFilled(async () => (await scraped(stack, target, values[name]!)).length > 0);
          case 'tickscope-sql':
            return untilFilled(async () => {
              const { rows, fields } = await stack.reader.query({
                text: interpolated(String(target['rawSql']), at()),
                rowMode: 'array',
              });
              expect(fields.length).toBeGreaterThan(0);
              return rows.some((row: unknown[]) =>
                someValue(row.filter((_, i) => fields[i]?.name !== 'time')),
              );
            });
          default:
            if (!stack.backEnd) return skip('go is not on the PATH');
            return untilFilled(() => answered(stack, target, at()));
        }
      },
    );

    test.for(marks)(
      '$name: finds events for "$annotation.name"',
      { timeout: PATIENCE_MS * 2 },
      async ({ name, annotation }, { skip }) => {
        if (!stack.backEnd) return skip('go is not on the PATH');
        await untilFilled(() => {
          const to = Date.now();
          return answered(stack, annotation.target!, {
            from: to - ANNOTATIONS_RANGE_MS,
            to,
            stepSeconds: STEP_SECONDS,
            values: values[name]!,
          });
        });
      },
    );
  });
});

/** What Grafana chooses when a dashboard is opened: the default, or the first of what is listed. */
async function valuesOf(board: Board, { backEnd }: Stack): Promise<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const { name, type, current, query } of board.templating.list) {
    if (type === 'custom') values[name] = current!.value;
    else if (backEnd) {
      const model = interpolatedModel(query as Model, { ...setting(board), values }) as Record<
        string,
        string
      >;
      const { kind, refId: _, ...parameters } = model;
      const options = await backEnd.list(kind!, parameters);
      values[name] = (options.find(({ value }) => value === current?.value) ?? options[0])?.value ?? '';
    }
  }
  return values;
}

/** The range that the dashboard, or the panel, opens with, ending now. */
function setting(board: Board, range?: string): Setting {
  const to = Date.now();
  return { from: to - ago(range ?? board.time.from), to, stepSeconds: STEP_SECONDS, values: {} };
}

function scraped(stack: Stack, target: Target, values: Setting['values']): Promise<number[]> {
  const to = Date.now();
  return stack.prometheus!.values(String(target['expr']), target['instant'] === true, {
    from: to - PROMETHEUS_WINDOW_MS,
    to,
    stepSeconds: STEP_SECONDS,
    values,
  });
}

/** Through the data source's back end, and by the API alone. @throws when either refuses. */
async function answered(stack: Stack, model: Model, at: Setting): Promise<boolean> {
  const query = interpolatedModel(model, at);
  const response = await fetch(`${stack.api}${apiPath(query, at.from, at.to)}`);
  expect(response.status, await response.clone().text()).toBe(200);
  const intervalMs = (at.to - at.from) / PANEL_POINTS;
  const frames = await stack.backEnd!.query(
    { ...query, maxDataPoints: PANEL_POINTS, intervalMs: Math.round(intervalMs) },
    at.from,
    at.to,
  );
  return filled(frames);
}

/** An error fails at once, emptiness after a while. */
async function untilFilled(look: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await look())) {
    if (Date.now() > deadline) throw new Error('the result is empty');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}
