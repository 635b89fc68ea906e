import type { Words } from '../shared/panels.js';

/** The words of a panel on Prometheus: silence always means the same. */
export const said = (
  title: string,
  description: string,
  empty = 'Prometheus has no data of Tickscope',
): Words => ({
  title,
  description,
  empty,
});

/** The quantile of a histogram over the panel's rate interval, by the labels given. */
export const quantile = (q: number, metric: string, by = ''): string =>
  `histogram_quantile(${q}, sum by (le${by === '' ? '' : `, ${by}`}) (rate(${metric}_bucket[$__rate_interval])))`;
