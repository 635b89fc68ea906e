import {
  DashboardBuilder,
  DashboardCursorSync,
  TimePickerBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { navigation, TAG } from './links.js';
import { origin } from './variables.js';

/** What all six have in common. The market's clock is India's, wherever the reader sits. */
export function dashboard(
  uid: string,
  title: string,
  description: string,
  { from, refresh }: { from: string; refresh: '5s' | '10s' },
): DashboardBuilder {
  return new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags([TAG])
    .timezone('Asia/Kolkata')
    .weekStart('monday')
    .time({ from, to: 'now' })
    .timepicker(new TimePickerBuilder().refreshIntervals(['5s', '10s', '30s', '1m', '5m']))
    .refresh(refresh)
    .tooltip(DashboardCursorSync.Crosshair)
    .editable()
    .link(navigation())
    .withVariable(origin());
}
