/** Files of `src/` (and the licence, changelog and README beside it) that the plugin needs beside its code. */
export const copyFilePatterns = [
  { from: '../README.md', to: '.', force: true },
  { from: '../LICENSE', to: '.' },
  { from: '../CHANGELOG.md', to: '.', force: true },
  { from: '**/plugin.json', to: '.' },
  { from: '**/img/*', to: '.' },
  { from: '**/query_help.md', to: '.', noErrorOnMissing: true },
];
