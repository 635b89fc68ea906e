import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import { AnnotationQueryBuilder, type AnnotationTarget } from '@grafana/grafana-foundation-sdk/dashboard';
import { BAD, GOOD, MUTED, REGIME } from './colours.js';
import type { TickscopeQuery } from './queries.js';
import { TICKSCOPE } from './sources.js';

interface Events {
  name: string;
  kinds: NonNullable<TickscopeQuery['kinds']>;
  colour: string;
  /** Shown when the dashboard opens; the toggle at the top changes it. */
  enabled: boolean;
  instruments?: string[];
}

/** Marks of the data source's `events` query, with a toggle at the top of the dashboard. */
export function events({ name, kinds, colour, enabled, instruments }: Events): AnnotationQueryBuilder {
  const target: Builder<AnnotationTarget> = {
    build: () =>
      ({
        refId: 'Anno',
        queryType: 'events',
        kinds,
        ...(instruments === undefined ? {} : { instruments }),
      }) as unknown as AnnotationTarget,
  };
  return new AnnotationQueryBuilder()
    .name(name)
    .datasource(TICKSCOPE)
    .enable(enabled)
    .hide(false)
    .iconColor(colour)
    .target(target);
}

export const holes = (enabled: boolean, instruments?: string[]) =>
  events({ name: 'Holes', kinds: ['hole'], colour: BAD, enabled, ...(instruments ? { instruments } : {}) });
export const repairs = (enabled: boolean, instruments?: string[]) =>
  events({
    name: 'Repairs',
    kinds: ['repair'],
    colour: GOOD,
    enabled,
    ...(instruments ? { instruments } : {}),
  });
export const regimes = (enabled: boolean) =>
  events({ name: 'VIX regime', kinds: ['regime'], colour: REGIME.HIGH, enabled });
export const spikes = (enabled: boolean) =>
  events({ name: 'VIX spikes', kinds: ['vix_spike'], colour: REGIME.EXTREME, enabled });
export const sessions = (enabled: boolean) =>
  events({ name: 'Sessions', kinds: ['session'], colour: MUTED, enabled });
