import type { GrafanaTheme2 } from '@grafana/data';
import { asTime, column, type FrameLike } from '../chart/frame';
import type { Note } from '../chart/model';

const TAG = /<[^>]*>/g;

/** Annotations of the dashboard as the chart draws them. Text may be HTML in Grafana; here it is text. */
export function notesOf(
  frames: readonly FrameLike[] | undefined,
  theme: GrafanaTheme2,
  usual: string,
): Note[] {
  return (frames ?? []).flatMap((frame) => {
    const field = (name: string) => column(frame.fields.find((each) => each.name === name));
    const [time, timeEnd, title, text, tags, color] = [
      'time',
      'timeEnd',
      'title',
      'text',
      'tags',
      'color',
    ].map(field) as [
      ReturnType<typeof column>,
      ReturnType<typeof column>,
      ReturnType<typeof column>,
      ReturnType<typeof column>,
      ReturnType<typeof column>,
      ReturnType<typeof column>,
    ];
    return Array.from({ length: frame.length }, (_, row): Note | undefined => {
      const from = asTime(time(row));
      if (from === null) return undefined;
      const end = asTime(timeEnd(row));
      const named = color(row);
      return {
        from,
        to: end !== null && end > from ? end : from,
        title: plain(title(row)),
        text: plain(text(row)),
        tags: listOf(tags(row)),
        color: typeof named === 'string' && named ? theme.visualization.getColorByName(named) : usual,
      };
    }).filter((note): note is Note => note !== undefined);
  });
}

const plain = (value: unknown) => (typeof value === 'string' ? value.replace(TAG, '').trim() : '');

function listOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(String);
  return typeof value === 'string' && value ? value.split(',').map((tag) => tag.trim()) : [];
}
