/** The dashboards that `provisioning/` brings, by their public uids, in the order in which one meets them. */
export const DASHBOARDS: ReadonlyArray<{ uid: string; title: string; description: string }> = [
  {
    uid: 'tickscope-overview',
    title: 'Market overview',
    description: 'Indices, movers, breadth, volume, VIX',
  },
  {
    uid: 'tickscope-instrument',
    title: 'Instrument',
    description: 'Candles, depth, ticks, basis to the future',
  },
  {
    uid: 'tickscope-option-chain',
    title: 'Option chain',
    description: 'Calls and puts by strike, PCR, max pain',
  },
  { uid: 'tickscope-vix', title: 'India VIX', description: 'Value, regimes, spikes, percentile' },
  { uid: 'tickscope-quality', title: 'Data quality', description: 'Holes, completeness, repairs' },
  { uid: 'tickscope-pipeline', title: 'Pipeline health', description: 'Feed, rates, latencies, database' },
];

/** What the app installs. */
export const PLUGINS: ReadonlyArray<{ name: string; description: string }> = [
  {
    name: 'Data source "Tickscope"',
    description:
      'Candles, open interest, depth, ticks, India VIX, option chain, movers and data quality; alert rules, annotations, variables and live updates included.',
  },
  {
    name: 'Panel "Tickscope candles"',
    description:
      'A market chart without nights and weekends, with volume, open interest and indicators. It takes any data source that answers open, high, low and close.',
  },
];
