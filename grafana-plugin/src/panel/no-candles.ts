import type { FrameLike } from '../chart/frame';
import { missingFields } from '../chart/ohlc-fields';

/** What stands in the panel when there is nothing to draw. */
export interface PanelMessage {
  title: string;
  /** What to do. */
  text: string;
}

/** Why there is no chart, and what to do. The frames have no candles. */
export function messageOf(
  frames: readonly FrameLike[],
  error: string | undefined,
  loading: boolean,
): PanelMessage {
  if (error) return { title: 'The query failed', text: error };
  if (loading) return { title: 'Loading candles', text: 'The query is running.' };
  if (frames.length === 0) {
    return {
      title: 'No query answered',
      text: 'Add a query: Tickscope with query type Candles, or any data source that gives time, open, high, low and close.',
    };
  }
  // What the data source says of an empty answer is better than what we can guess.
  const said = [...new Set(frames.flatMap(({ meta }) => meta?.notices ?? []).map(({ text }) => text))];
  if (said.length > 0) return { title: 'No candles to draw', text: said.join(' ') };
  const withOhlc = frames.find((frame) => missingFields(frame).length === 0);
  if (withOhlc) {
    return {
      title: 'No candles in this time range',
      text: 'The market may have been closed, or the instrument did not trade. Choose a wider time range or another instrument.',
    };
  }
  const closest = [...frames].sort(
    (a, b) => missingFields(a).length - missingFields(b).length,
  )[0] as FrameLike;
  const missing = missingFields(closest);
  const names = closest.fields.map((field) => field.name).join(', ') || 'none';
  return {
    title: `No ${missing.join(', ')} in the answer`,
    text: `Candles need fields named time, open, high, low and close. The query gave: ${names}. Rename them in the query or with an Organize fields transformation.`,
  };
}
