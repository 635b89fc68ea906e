import { type DataFrame, type DataQueryRequest, type DataQueryResponse, LoadingState } from '@grafana/data';
import { type GrafanaLiveSrv, StreamingFrameAction } from '@grafana/runtime';
import { auditTime, concat, filter, map, merge, type Observable, of, scan } from 'rxjs';
import type { TickscopeQuery } from '../types';
import { type Channel, channelsOf } from './channel';
import { merged } from './merge';

/** A panel is redrawn at most this often, however many of its instruments move. */
const REDRAW_MS = 100;

/** Rows that a channel hands over at once: enough for what comes between two redraws, and for a tab that was asleep. */
const BUFFER_ROWS = { bar: 50, quote: 10, tick: 1_000, depth: 5 };

interface Update {
  /** Which of the answer's frames. */
  at: number;
  channel: Channel;
  rows: DataFrame;
}

function updates(live: GrafanaLiveSrv, channel: Channel, at: number): Observable<Update> {
  const buffer = {
    maxLength: BUFFER_ROWS[channel.kind],
    action: channel.kind === 'depth' ? StreamingFrameAction.Replace : StreamingFrameAction.Append,
  };
  return live.getDataStream({ addr: channel.address, buffer }).pipe(
    map((response) => ({ at, channel, rows: response.data[0] as DataFrame | undefined })),
    // A channel that fails (the market's API restarts) leaves the panel as it is; the next refresh says why.
    filter((update): update is Update => update.rows !== undefined && update.rows.length > 0),
  );
}

/**
 * A query's answer, and after it the same answer again and again with what its live channels brought.
 *
 * Grafana itself can only append a channel's rows to a frame. A bar in progress at ten updates a second would fill the
 * frame with copies of itself and push the history out, so the frames name their channels in our own place in `meta`,
 * and each row goes where it belongs.
 */
export function followed(
  response: DataQueryResponse,
  request: Pick<DataQueryRequest<TickscopeQuery>, 'rangeRaw' | 'range'>,
  live: GrafanaLiveSrv | undefined,
): Observable<DataQueryResponse> {
  const endsNow = String((request.rangeRaw ?? request.range?.raw)?.to ?? '').startsWith('now');
  const frames: DataFrame[] = response.data;
  const streams =
    live === undefined || !endsNow
      ? []
      : frames.flatMap((frame, at) => channelsOf(frame).map((channel) => updates(live, channel, at)));
  if (streams.length === 0) {
    return of(response);
  }
  const answers = merge(...streams).pipe(
    scan((current, { at, channel, rows }) => {
      const next = [...current];
      const frame = next[at];
      if (frame !== undefined) {
        next[at] = merged(channel.kind, frame, rows);
      }
      return next;
    }, frames),
    auditTime(REDRAW_MS),
    map((data) => ({ ...response, data, state: LoadingState.Streaming })),
  );
  return concat(of({ ...response, state: LoadingState.Streaming }), answers);
}
