import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eachDatabase } from '../../ingest/test/fixtures/databases.js';
import { apiPath } from './support/api.js';
import type { Frame } from './support/back-end.js';
import { type Board, committed, type Model, panelsOf, type Target } from './support/boards.js';
import { ago, interpolated, interpolatedModel, type Setting } from './support/interpolate.js';
import { addRareEvents, type Stack, startStack } from './support/stack.js';

/** Scrapes to wait for, so that a rate has something to be taken from. */
const SCRAPE_FOR_MS = 15_000;
const PROMETHEUS_WINDOW_MS = 10_000;
const STEP_SECONDS = 2;
const PANEL_POINTS = 500;
/** Events are rare: a mark need not lie in the range that the dashboard opens with. */
const ANNOTATIONS_RANGE_MS = 2 * 86_400_000;
/** How long a result may stay empty: the repair of the hole, the first refresh of an aggregate. */
const PATIENCE_MS = 60_000;

const someValue = (values: readonly unknown[]) =>
  values.some((value) => value !== null && value !== undefined);

/** A frame's rows, and whether more than their time is known. */
function filled(frames: readonly Frame[]): boolean {
  return frames.some(({ schema, data }) =>
    schema.fields.some(({ type }, index) => type !== 'time' && someValue(data.values[index] ?? [])),
  );
}

eachDatabase((server) => {
  let stack: Stack;

  beforeAll(async () => {
    const db = await server.open();
    stack = await startStack(db);
    await addRareEvents(db);
    await new Promise((resolve) => setTimeout(resolve, SCRAPE_FOR_MS));
  }, 300_000);
  afterAll(() => stack?.stop(), 60_000);

  describe.each(committed)('%s', (_name, _text, board) => {
    const values: Record<string, string> = {};

    beforeAll(async () => {
      for (const variable of board.templating.list) {
        const { name, current } = variable;
        if (variable.type === 'custom') {
          values[name] = current!.value;
          continue;
        }
        if (!stack.backEnd) continue;
        const {
          kind,
          refId: _,
          ...parameters
        } = interpolatedModel(variable.query as Model, {
          ...setting(board),
          values,
        }) as Record<string, string>;
        const options = await stack.backEnd.list(kind!, parameters);
        values[name] = (options.find(({ value }) => value === current?.value) ?? options[0])?.value ?? '';
      }
    }, 60_000);

    test.for(board.templating.list)('lists values of $name, its default among them', (variable, { skip }) => {
      if (variable.type === 'custom') return;
      if (!stack.backEnd) return skip('go is not on the PATH');
      expect(values[variable.name]).not.toBe('');
      if (variable.current) expect(values[variable.name]).toBe(variable.current.value);
    });

    const asked = panelsOf(board).flatMap((panel) =>
      (panel.targets ?? []).map((target) => ({
        panel: panel.title || `panel ${panel.id}`,
        range: panel.timeFrom,
        target,
      })),
    );

    test.for(asked)(
      'answers "$panel" $target.refId',
      { timeout: PATIENCE_MS * 2 },
      async (query, { skip }) => {
        if (!stack.marketOpen) return skip('the simulated market sleeps from 00:00 to 00:45 IST');
        const { target, range } = query;
        const at = () => ({ ...setting(board, range), values });
        switch (target.datasource.uid) {
          case 'tickscope-prometheus':
            if (!stack.prometheus) return skip('prometheus is not on the PATH');
            return untilFilled(async () => (await scraped(stack, target, values)).length > 0);
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

    const marks = board.annotations.list.filter(({ datasource }) => datasource.uid === 'tickscope');
    test.for(marks)(
      'finds events for "$name"',
      { timeout: PATIENCE_MS * 2 },
      async ({ target }, { skip }) => {
        if (!stack.backEnd) return skip('go is not on the PATH');
        await untilFilled(() => {
          const to = Date.now();
          return answered(stack, target!, {
            from: to - ANNOTATIONS_RANGE_MS,
            to,
            stepSeconds: STEP_SECONDS,
            values,
          });
        });
      },
    );
  });
});

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
