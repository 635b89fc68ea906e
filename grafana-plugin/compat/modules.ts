/** Everything that Grafana loads of this plugin, in one module for levitate to start from. */
export { plugin as datasource } from '../src/datasource/module';
export { plugin as app } from '../src/module';
export { plugin as panel } from '../src/panel/module';
