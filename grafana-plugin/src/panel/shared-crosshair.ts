import { DataHoverClearEvent, DataHoverEvent, type EventBus } from '@grafana/data';
import { useCallback, useEffect } from 'react';
import type { MarketChart } from '../chart/market-chart';

/**
 * The dashboard's shared crosshair: follows other panels, tells them where this one points.
 * @returns what publishes this panel's pointer; null when it has left
 */
export function useSharedCrosshair(
  eventBus: EventBus,
  chart: { readonly current: MarketChart | undefined },
): (time: number | null) => void {
  useEffect(() => {
    const own = (event: { origin?: unknown }) => event.origin === eventBus;
    const hover = eventBus.getStream(DataHoverEvent).subscribe((event) => {
      const time: unknown = event.payload?.point?.['time'];
      if (!own(event) && typeof time === 'number') chart.current?.pointAt(time);
    });
    const clear = eventBus.getStream(DataHoverClearEvent).subscribe((event) => {
      if (!own(event)) chart.current?.pointAt(null);
    });
    return () => {
      hover.unsubscribe();
      clear.unsubscribe();
    };
  }, [eventBus, chart]);

  return useCallback(
    (time) => {
      if (time === null) eventBus.publish(new DataHoverClearEvent());
      else eventBus.publish(new DataHoverEvent({ point: { time } }));
    },
    [eventBus],
  );
}
