import type { DataQueryRequest } from '@grafana/data';
import { useCallback, useEffect, useRef, useState } from 'react';
import type { FrameLike } from '../chart/frame';
import { readFrames } from '../chart/read-frames';
import { ATTEMPT_WIDTHS, askOlder, canAskOlder, olderSpan } from './older';
import type { SeriesStore } from './series-store';

export interface Older {
  /** What is going on, for the legend. */
  state: 'idle' | 'loading' | 'exhausted' | string;
  /** Changes when older history has come. */
  version: number;
  /** Asks for history before what is known, unless that is going on or there is none. */
  ask(): void;
}

/**
 * Older history by the panel's own queries, put before what the panel has.
 * @param rangeKey a new one begins anew
 */
export function useOlder(
  store: SeriesStore,
  request: DataQueryRequest | undefined,
  enabled: boolean,
  rangeKey: string,
): Older {
  const [version, setVersion] = useState(0);
  const [state, setState] = useState<Older['state']>('idle');
  const busy = useRef(false);
  const done = useRef(false);
  const alive = useRef(true);
  const latest = useRef({ request, enabled });
  latest.current = { request, enabled };

  useEffect(() => {
    alive.current = true;
    return () => {
      alive.current = false;
    };
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another range may have older history again
  useEffect(() => {
    done.current = false;
    setState('idle');
  }, [rangeKey, store]);

  const ask = useCallback(() => {
    const { request: asked, enabled: wanted } = latest.current;
    if (!wanted || busy.current || done.current || !canAskOlder(asked)) return;
    busy.current = true;
    setState('loading');
    fetchOlder(store, asked)
      .then((found) => {
        if (!alive.current) return;
        done.current = !found;
        setState(found ? 'idle' : 'exhausted');
        if (found) setVersion((before) => before + 1);
      })
      .catch((error: unknown) => {
        if (!alive.current) return;
        done.current = true;
        setState(`Older history did not come: ${error instanceof Error ? error.message : String(error)}`);
      })
      .finally(() => {
        busy.current = false;
      });
  }, [store]);

  return { state, version, ask };
}

/** Asks further and further back until there are candles. False when there are none. */
async function fetchOlder(store: SeriesStore, request: DataQueryRequest): Promise<boolean> {
  const rangeMs = request.range.to.valueOf() - request.range.from.valueOf();
  for (const factor of ATTEMPT_WIDTHS) {
    const edge = store.knownFrom;
    const span = edge === undefined ? undefined : olderSpan(edge, rangeMs, factor, store.intervalMs);
    if (!span) return false;
    const frames = await askOlder(request, span, factor);
    if (store.prepend(readFrames(frames as unknown as FrameLike[]), span)) return true;
  }
  return false;
}
