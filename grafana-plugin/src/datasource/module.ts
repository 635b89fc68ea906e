import { DataSourcePlugin } from '@grafana/data';
import { ConfigEditor } from './config/ConfigEditor';
import { TickscopeDataSource } from './datasource';
import { QueryEditor } from './query/QueryEditor';
import type { TickscopeOptions, TickscopeQuery, TickscopeSecrets } from './types';

export const plugin = new DataSourcePlugin<
  TickscopeDataSource,
  TickscopeQuery,
  TickscopeOptions,
  TickscopeSecrets
>(TickscopeDataSource)
  .setConfigEditor(ConfigEditor)
  .setQueryEditor(QueryEditor);
