import { resultsOf } from './panel.js';
import type { Bench } from './result.js';

/**
 * What the data source's back end adds to a candle query. The bench lies beside it (`grafana-plugin/pkg/cmd/bench`),
 * because it speaks to the built binary as Grafana does: go-plugin's handshake, gRPC, frames in Arrow.
 */
export const pluginBench: Bench = () => resultsOf('go', ['run', './pkg/cmd/bench', '-root', '..']);
