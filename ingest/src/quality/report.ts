import type { Queryable } from '../candles/sql-clock.js';
import type { IstDate } from '../sessions/ist.js';
import type { Anomaly } from './anomalies.js';
import type { Quality } from './comparison.js';
import { REPORT, REPORT_DAY } from './sql/report.js';

/** One instrument's line. Shares are fractions. */
export interface ReportLine {
  readonly instrument: string;
  readonly completeness: number | null;
  readonly accuracy: number | null;
  readonly quality: Quality | null;
  readonly compared: number;
  readonly differing: number;
  readonly missing: number;
  readonly extra: number;
  readonly replaced: number;
  readonly healed: number;
  readonly dayCandle: boolean;
  readonly flags: readonly Anomaly[];
}

/** What the end-of-day comparison of a day found. */
export interface QualityReport {
  readonly date: IstDate;
  /** Null: the day was never looked at. */
  readonly status: 'WAITING' | 'RUNNING' | 'DONE' | null;
  readonly message: string | null;
  readonly instruments: number;
  readonly compared: number;
  /** Means over the instruments; null without any. */
  readonly completeness: number | null;
  readonly accuracy: number | null;
  readonly grades: Readonly<Record<Quality | 'none', number>>;
  readonly replaced: number;
  readonly healed: number;
  /** The worst first. */
  readonly lines: readonly ReportLine[];
}

interface DayRow {
  readonly status: 'WAITING' | 'RUNNING' | 'DONE';
  readonly message: string | null;
  readonly instruments: number;
}

export async function readReport(db: Queryable, date: IstDate): Promise<QualityReport> {
  const day = (await db.query<DayRow>(REPORT_DAY, [date])).rows[0];
  const { rows: lines } = await db.query<ReportLine>(REPORT, [date]);
  const grades = { excellent: 0, good: 0, poor: 0, none: 0 };
  for (const { quality } of lines) grades[quality ?? 'none']++;
  const sum = (of: (line: ReportLine) => number) => lines.reduce((total, line) => total + of(line), 0);
  return {
    date,
    status: day?.status ?? null,
    message: day?.message ?? null,
    instruments: Math.max(day?.instruments ?? 0, lines.length),
    compared: lines.length,
    completeness: mean(lines.map(({ completeness }) => completeness)),
    accuracy: mean(lines.map(({ accuracy }) => accuracy)),
    grades,
    replaced: sum(({ replaced }) => replaced),
    healed: sum(({ healed }) => healed),
    lines,
  };
}

function mean(values: ReadonlyArray<number | null>): number | null {
  const known = values.filter((value) => value !== null);
  return known.length > 0 ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
}

const HEAD = ['instrument', 'complete', 'accurate', 'quality', 'differ', 'missing', 'extra', 'replaced', ''];

/** The report for people. `most`: so many instruments, the worst first. */
export function reportText(report: QualityReport, most: number): string {
  const { date, lines, grades, status, instruments, compared } = report;
  if (lines.length === 0) {
    if (status === 'DONE') return `${date}: nothing was subscribed on that day.`;
    return status === null
      ? `${date} has not been compared with the broker. --run does that.`
      : `${date}: ${instruments} instruments, none compared yet${report.message ? `: ${report.message}` : ''}.`;
  }
  const shown = lines.slice(0, most);
  const cells = shown.map((line) => [
    line.instrument,
    percent(line.completeness),
    percent(line.accuracy),
    line.quality ?? '-',
    String(line.differing),
    String(line.missing),
    String(line.extra),
    String(line.replaced),
    line.flags.map(({ kind }) => kind).join(' '),
  ]);
  const summary = [
    `${date}: ${compared} of ${instruments} instruments compared${status === 'DONE' ? '' : ' so far'}, completeness ${percent(report.completeness)}, accuracy ${percent(report.accuracy)}.`,
    `${grades.excellent} excellent, ${grades.good} good, ${grades.poor} poor${grades.none > 0 ? `, ${grades.none} not to be judged` : ''}; ${report.replaced} minutes replaced, ${report.healed} healed.`,
  ];
  const rest = lines.length - shown.length;
  return [
    ...summary,
    '',
    ...aligned([HEAD, ...cells]),
    ...(rest > 0 ? [`... and ${rest} no worse; --all lists them.`] : []),
  ].join('\n');
}

function percent(share: number | null): string {
  return share === null ? '-' : `${(share * 100).toFixed(2)} %`;
}

/** Names to the left, numbers to the right. */
function aligned(rows: ReadonlyArray<readonly string[]>): string[] {
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 || column === 3 || column === HEAD.length - 1
          ? cell.padEnd(widths[column]!)
          : cell.padStart(widths[column]!),
      )
      .join('  ')
      .trimEnd(),
  );
}
