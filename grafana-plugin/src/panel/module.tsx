import { PanelPlugin } from '@grafana/data';
import { CandlesPanel } from './CandlesPanel';
import { addOptions } from './option-list';
import type { CandlesOptions } from './options';

export const plugin = new PanelPlugin<CandlesOptions>(CandlesPanel)
  .useFieldConfig()
  .setPanelOptions(addOptions)
  .setNoPadding();
