/** Installs the types of the oldest supported Grafana, once: two @grafana/ui with two Reacts cannot share one tree. */
import { install } from './installed.mjs';

install('compat/grafana-10.4', '--ignore-scripts');
