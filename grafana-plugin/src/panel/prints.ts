import {
  dateTimeFormat,
  type Field,
  formattedValueToString,
  type GrafanaTheme2,
  getDisplayProcessor,
  type TimeZone,
} from '@grafana/data';
import type { FieldLike } from '../chart/frame';
import type { Print, Prints } from '../chart/model';
import type { OhlcFields } from '../chart/ohlc-fields';
import { hasTimeOfDay } from '../chart/time-axis';

/** How the panel writes prices, volumes and instants: with the fields' units and decimals, in the dashboard's zone. */
export function printsOf(
  fields: OhlcFields,
  intervalMs: number,
  theme: GrafanaTheme2,
  timeZone: TimeZone,
): Prints {
  const print = (field: FieldLike | undefined, usual: Print): Print => {
    if (!field) return usual;
    const known = field as unknown as Field;
    const config = known.config ?? {};
    // A volume or a price of a frame without units reads better as we write it.
    if (!config.unit && (config.decimals === undefined || config.decimals === null)) return usual;
    const display = known.display ?? getDisplayProcessor({ field: known, theme, timeZone });
    return (value) => formattedValueToString(display(value));
  };
  const format = hasTimeOfDay(intervalMs) ? (intervalMs < 60_000 ? CLOCK_WITH_SECONDS : CLOCK) : DAY;
  const named = [fields.close, fields.volume, fields.openInterest, ...fields.extras];
  return {
    key: JSON.stringify([named.map((field) => unitOf(field)), format, timeZone, theme.isDark]),
    price: print(fields.close, plainPrice),
    volume: print(fields.volume, shortCount),
    openInterest: print(fields.openInterest, shortCount),
    extra: (name) =>
      print(
        fields.extras.find((field) => field.name === name),
        plainNumber,
      ),
    instant: (ms) => dateTimeFormat(ms, { timeZone, format }),
    clock: (ms) =>
      dateTimeFormat(ms, { timeZone, format: hasTimeOfDay(intervalMs) ? 'HH:mm:ss' : 'D MMM YYYY HH:mm' }),
  };
}

const DAY = 'ddd D MMM YYYY';
const CLOCK = 'ddd D MMM YYYY HH:mm';
const CLOCK_WITH_SECONDS = 'ddd D MMM YYYY HH:mm:ss';

function unitOf(field: FieldLike | undefined): unknown {
  const config = (field as unknown as Field | undefined)?.config;
  return [config?.unit, config?.decimals];
}

const GROUPED = new Intl.NumberFormat('en-IN', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const FINE = new Intl.NumberFormat('en-IN', { maximumSignificantDigits: 5 });
const PLAIN = new Intl.NumberFormat('en-IN', { maximumFractionDigits: 4 });

/** Two decimals; five significant digits for what costs less than a rupee, a dollar, a coin. */
const plainPrice = (value: number) => (Math.abs(value) >= 1 || value === 0 ? GROUPED : FINE).format(value);
const plainNumber = (value: number) => PLAIN.format(value);

const STEPS: readonly (readonly [size: number, suffix: string])[] = [
  [1e9, ' B'],
  [1e6, ' M'],
  [1e3, ' K'],
];

/** `12.3 K`, `4.56 M`. */
export function shortCount(value: number): string {
  const step = STEPS.find(([size]) => Math.abs(value) >= size);
  if (!step) return PLAIN.format(value);
  const scaled = value / step[0];
  return `${scaled.toFixed(Math.abs(scaled) >= 100 ? 0 : Math.abs(scaled) >= 10 ? 1 : 2)}${step[1]}`;
}
