import type { Moment, Series } from '../promtool.js';

/** Samples of an hour and a half. */
export const LONG = 540;

/** The cash session is open or shut all the time. */
export const open = (group = 'cash'): Series => market('1', group);
export const shut = (group = 'cash'): Series => market('0', group);

/** Shut, and open from this many samples of 10 s on. */
export const opensAfter = (samples: number, group = 'cash'): Series => ({
  [`tickscope_market_open{instance="a",exchange="NSE",session_group="${group}"}`]: `0x${samples - 1} 1x${LONG}`,
});

const market = (value: string, group: string): Series => ({
  [`tickscope_market_open{instance="a",exchange="NSE",session_group="${group}"}`]: `${value}x${LONG}`,
});

/** A rule's moments, told by what they show. */
export function rule(uid: string, ...moments: ReadonlyArray<Omit<Moment, 'uid'>>): Moment[] {
  return moments.map((moment) => ({ uid, ...moment }));
}

export const fires = (when: string, at: string, ...series: Series[]): Omit<Moment, 'uid'> => ({
  when,
  at,
  series: Object.assign({}, ...series) as Series,
  fires: true,
});

export const quiet = (when: string, at: string, ...series: Series[]): Omit<Moment, 'uid'> => ({
  ...fires(when, at, ...series),
  fires: false,
});

/** A histogram of `perStep` observations each 10 s, all in the bucket that ends at `seconds`. */
export function histogram(name: string, seconds: number, perStep = 100): Series {
  const bounds = [0.01, 0.05, 0.1, 0.25, 1, 2.5];
  const counting = `0+${perStep}x${LONG}`;
  return Object.fromEntries([
    ...bounds.map((bound) => [
      `${name}_bucket{instance="a",le="${bound}"}`,
      bound >= seconds ? counting : `0x${LONG}`,
    ]),
    [`${name}_bucket{instance="a",le="+Inf"}`, counting],
  ]) as Series;
}
