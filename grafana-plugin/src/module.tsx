import { AppPlugin } from '@grafana/data';
import { Landing } from './app/Landing';

export const plugin = new AppPlugin<Record<string, never>>().setRootPage(Landing);
