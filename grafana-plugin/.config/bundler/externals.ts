import type { Configuration } from 'webpack';

/** What Grafana gives every plugin. One copy each: a second React or a second @grafana/ui breaks hooks and context. */
export const externals: Configuration['externals'] = [
  // Required for dynamic publicPath resolution
  { 'amd-module': 'module' },
  'lodash',
  'moment',
  'emotion',
  '@emotion/react',
  '@emotion/css',
  'react',
  'react-dom',
  'rxjs',
  'rxjs/operators',
  'react-router',
  'd3',
  /^@grafana\/ui/i,
  /^@grafana\/runtime/i,
  /^@grafana\/data/i,
];
