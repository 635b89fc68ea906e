/** What became of the packets and candles of all runs of one fault. */
export interface Tally {
  runs: number;
  sent: number;
  repeats: number;
  stored: number;
  /** Without a row, in a recorded hole. */
  inHole: number;
  /** Without a row, where the feed is said to have been heard. */
  lost: number;
  duplicated: number;
  /** Complete candles held against the exchange's history. */
  candles: number;
  wrong: number;
  /** Runs that did not come back, or failed otherwise. */
  failed: number;
  /** Longest time until ticks were committed again, in seconds. */
  slowest: number;
  /** Longest time before a kill -9 that something sent was lost, in milliseconds; undefined without one. */
  oldestLostMs?: number;
}

export function emptyTally(): Tally {
  return {
    runs: 0,
    sent: 0,
    repeats: 0,
    stored: 0,
    inHole: 0,
    lost: 0,
    duplicated: 0,
    candles: 0,
    wrong: 0,
    failed: 0,
    slowest: 0,
  };
}

export function add(into: Tally, more: Tally): void {
  for (const key of Object.keys(emptyTally()) as Array<keyof ReturnType<typeof emptyTally>>) {
    if (key === 'slowest') into.slowest = Math.max(into.slowest, more.slowest);
    else into[key]! += more[key]!;
  }
  if (more.oldestLostMs !== undefined) {
    into.oldestLostMs = Math.max(into.oldestLostMs ?? 0, more.oldestLostMs);
  }
}

const COLUMNS: ReadonlyArray<[string, (tally: Tally) => string]> = [
  ['runs', (t) => String(t.runs)],
  ['sent', (t) => String(t.sent)],
  ['stored', (t) => String(t.stored)],
  ['repeats', (t) => String(t.repeats)],
  ['in a hole', (t) => String(t.inHole)],
  ['lost', (t) => String(t.lost)],
  ['duplicated', (t) => String(t.duplicated)],
  ['candles', (t) => String(t.candles)],
  ['wrong', (t) => String(t.wrong)],
  ['failed', (t) => String(t.failed)],
  ['back s', (t) => t.slowest.toFixed(1)],
  ['lost ms', (t) => (t.oldestLostMs === undefined ? '' : t.oldestLostMs.toFixed(0))],
];

/** A Markdown table, a row a fault and one for all. */
export function table(tallies: ReadonlyMap<string, Tally>): string {
  const all = emptyTally();
  for (const tally of tallies.values()) add(all, tally);
  const rows = [
    ['fault', ...COLUMNS.map(([head]) => head)],
    ...[...tallies, ['all', all] as const].map(([name, tally]) => [
      name,
      ...COLUMNS.map(([, of]) => of(tally)),
    ]),
  ];
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(' | ')} |`;
  const rule = `| ${widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(rows[0]!), rule, ...rows.slice(1).map(line)].join('\n');
}

/** Whether every promise held. */
export function isClean(tallies: Iterable<Tally>): boolean {
  for (const { lost, duplicated, wrong, failed } of tallies)
    if (lost + duplicated + wrong + failed > 0) return false;
  return true;
}
