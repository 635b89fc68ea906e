import { cpus, totalmem } from 'node:os';
import type { Bench } from './result.js';

/** Each bench by name, loaded only when asked for. Run one with `npm run bench -- decode`. */
const BENCHES: Record<string, () => Promise<Bench>> = {
  decode: async () => (await import('./decode.js')).decodeBench,
  ingest: async () => (await import('./ingest.js')).ingestBench,
  latency: async () => (await import('./latency.js')).latencyBench,
  candles: async () => (await import('./candles.js')).candlesBench,
  heal: async () => (await import('./heal.js')).healBench,
  search: async () => (await import('./search.js')).searchBench,
  stream: async () => (await import('./stream.js')).streamBench,
  plugin: async () => (await import('./plugin.js')).pluginBench,
  panel: async () => (await import('./panel.js')).panelBench,
  storage: async () => (await import('./storage.js')).storageBench,
  soak: async () => (await import('./soak.js')).soakBench,
};
/** Takes minutes: only when it is asked for. */
const LONG = ['soak'];

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  console.error(`No bench is called ${unknown.join(', ')}. There are: ${Object.keys(BENCHES).join(', ')}.`);
  process.exit(2);
}

const machine = `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
console.log(
  JSON.stringify({ bench: 'machine', value: cpus().length, unit: 'cores', machine, node: process.version }),
);
for (const name of asked.length > 0 ? asked : Object.keys(BENCHES).filter((name) => !LONG.includes(name))) {
  const bench = await BENCHES[name]!();
  for (const result of await bench()) console.log(JSON.stringify(result));
}
