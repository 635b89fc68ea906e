import { PanelPlugin } from '@grafana/data';
import { CandlesPanel } from './CandlesPanel';
import { addOptions } from './option-list';
import type { CandlesOptions } from './options';

// biome-ignore lint/correctness/useHookAtTopLevel: a builder's method, not a hook
export const plugin = new PanelPlugin<CandlesOptions>(CandlesPanel)
  .useFieldConfig()
  .setPanelOptions(addOptions)
  .setNoPadding();
