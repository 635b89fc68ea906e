import {
  type DataFrame,
  type DataQuery,
  type DataQueryRequest,
  dateTime,
  LoadingState,
  toDataFrame,
} from '@grafana/data';
import { getDataSourceSrv } from '@grafana/runtime';
import { filter, firstValueFrom, from, take, timeout } from 'rxjs';
import type { Span } from '../chart/history';

/** Widths of the attempts against the dashboard's range: a short range may end in a weekend. */
export const ATTEMPT_WIDTHS = [1, 4, 16, 64] as const;
/** No request for more buckets than this. */
const MOST_BUCKETS = 20_000;
const ANSWER_WITHIN_MS = 30_000;
const EXPRESSIONS = '__expr__';

/** Whether a panel's request can be asked again for an earlier time: expressions and other panels' data cannot. */
export function canAskOlder(request: DataQueryRequest | undefined): request is DataQueryRequest {
  const targets = shownTargets(request);
  return (
    targets.length > 0 &&
    targets.every(({ datasource }) => {
      const ref = datasource as { uid?: string; type?: string } | string | null | undefined;
      const uid = typeof ref === 'string' ? ref : ref?.uid;
      return (
        uid !== EXPRESSIONS &&
        uid !== '-- Dashboard --' &&
        (typeof ref === 'string' || ref?.type !== EXPRESSIONS)
      );
    })
  );
}

/**
 * Asks the panel's own queries for an earlier time. `maxDataPoints` grows with the width, so that a data source that
 * chooses the interval by itself chooses the same.
 * @throws what the data source throws, or when it does not answer within half a minute
 */
export async function askOlder(
  request: DataQueryRequest,
  span: Span,
  widthFactor: number,
): Promise<DataFrame[]> {
  const bySource = new Map<string, { ref: DataQuery['datasource']; targets: DataQuery[] }>();
  for (const target of shownTargets(request)) {
    const key = JSON.stringify(target.datasource ?? null);
    const group = bySource.get(key) ?? { ref: target.datasource, targets: [] };
    group.targets.push(target);
    bySource.set(key, group);
  }
  const answers = [...bySource.values()].map(async ({ ref, targets }, index) => {
    const source = await getDataSourceSrv().get(ref as never, request.scopedVars);
    const [start, end] = [dateTime(span.from), dateTime(span.to)];
    const answer = source.query({
      ...request,
      requestId: `${request.requestId}-older-${index}`,
      targets,
      range: { from: start, to: end, raw: { from: start, to: end } },
      maxDataPoints: Math.ceil((request.maxDataPoints ?? 1000) * widthFactor),
      startTime: Date.now(),
    });
    const response = await firstValueFrom(
      from(answer).pipe(
        filter(({ state }) => state !== LoadingState.Loading),
        take(1),
        timeout(ANSWER_WITHIN_MS),
      ),
    );
    const error = response.errors?.[0] ?? response.error;
    if (error) throw new Error(error.message ?? 'the data source could not answer');
    return response.data.map((frame) => toDataFrame(frame));
  });
  return (await Promise.all(answers)).flat();
}

/** The span before `edge` for an attempt; undefined when it would hold too many buckets. */
export function olderSpan(
  edge: number,
  rangeMs: number,
  widthFactor: number,
  intervalMs: number,
): Span | undefined {
  const width = rangeMs * widthFactor;
  if (widthFactor > 1 && intervalMs > 0 && width / intervalMs > MOST_BUCKETS) return undefined;
  return { from: edge - width, to: edge };
}

function shownTargets(request: DataQueryRequest | undefined): DataQuery[] {
  return (request?.targets ?? []).filter((target) => !target.hide);
}
