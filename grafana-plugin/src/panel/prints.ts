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
  locale: string,
  theme: GrafanaTheme2,
  timeZone: TimeZone,
): Prints {
  const print = (field: FieldLike | undefined, usual: Print): Print => {
    if (!field) return usual;
    const known = field as unknown as Field;
    const config = known.config ?? {};
    // Without a unit we group digits, which Grafana's plain numbers are not.
    if (!config.unit) {
      const decimals = config.decimals ?? undefined;
      return decimals === undefined ? usual : grouped(locale, decimals);
    }
    const display = known.display ?? getDisplayProcessor({ field: known, theme, timeZone });
    return (value) => formattedValueToString(display(value));
  };
  const format = hasTimeOfDay(intervalMs) ? (intervalMs < 60_000 ? CLOCK_WITH_SECONDS : CLOCK) : DAY;
  const named = [fields.close, fields.volume, fields.openInterest, ...fields.extras];
  return {
    key: JSON.stringify([named.map((field) => unitOf(field)), format, timeZone, theme.isDark]),
    price: print(fields.close, plainPrice(locale)),
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

/** Lakhs and crores are grouped for India's markets alone. */
export const localeOf = (ofIndia: boolean) => (ofIndia ? 'en-IN' : 'en-US');

function grouped(locale: string, decimals: number): Print {
  const format = new Intl.NumberFormat(locale, {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
  return (value) => format.format(value);
}

/** Two decimals; five significant digits for what costs less than a rupee, a dollar, a coin. */
function plainPrice(locale: string): Print {
  const fine = new Intl.NumberFormat(locale, { maximumSignificantDigits: 5 });
  const usual = grouped(locale, 2);
  return (value) => (Math.abs(value) >= 1 || value === 0 ? usual(value) : fine.format(value));
}

const PLAIN = new Intl.NumberFormat('en-US', { maximumFractionDigits: 4 });
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
