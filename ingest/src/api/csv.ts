import type { FastifyReply } from 'fastify';

export type CsvValue = string | number | boolean | null | undefined;

/** RFC 4180, with a header line; null is an empty field. */
export function toCsv<Row extends object>(
  columns: ReadonlyArray<keyof Row & string>,
  rows: readonly Row[],
): string {
  const lines = [columns.join(',')];
  for (const row of rows) lines.push(columns.map((column) => field(row[column] as CsvValue)).join(','));
  return `${lines.join('\r\n')}\r\n`;
}

/** Sends a series as a file that a spreadsheet opens. */
export function sendCsv<Row extends object>(
  reply: FastifyReply,
  name: string,
  columns: ReadonlyArray<keyof Row & string>,
  rows: readonly Row[],
): FastifyReply {
  return reply
    .header('content-type', 'text/csv; charset=utf-8')
    .header('content-disposition', `inline; filename="${name.replace(/[^\w.-]+/g, '_')}.csv"`)
    .serializer((text: unknown) => String(text))
    .send(toCsv(columns, rows));
}

function field(value: CsvValue): string {
  if (value === null || value === undefined) return '';
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
