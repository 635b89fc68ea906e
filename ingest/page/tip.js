import { element } from './dom.js';
import { asClock, asCount, asPrice, asReason } from './format.js';

const SOURCES = {
  ticks: 'Made of ticks heard live.',
  broker: 'From the broker’s history.',
  mixed: 'Ticks and the broker’s history together.',
  previous: 'Nothing traded: the last close repeated.',
};

/** What the hover text says about a bar: its candle, the hole in it, or both. */
export function tipOf(when, candle, gap) {
  const nodes = [element('b', {}, when)];
  if (candle) {
    const pairs = [
      ['Open', asPrice(candle.open)],
      ['High', asPrice(candle.high)],
      ['Low', asPrice(candle.low)],
      ['Close', asPrice(candle.close)],
      ['Volume', asCount(candle.volume)],
    ];
    if (candle.openInterest !== null) pairs.push(['OI', asCount(candle.openInterest)]);
    const rows = pairs.flatMap(([name, value]) => [element('span', {}, name), element('span', {}, value)]);
    nodes.push(element('div', { class: 'rows' }, ...rows));
    const state = candle.complete ? 'Complete.' : gap ? 'Incomplete.' : 'In progress or never complete.';
    nodes.push(element('p', {}, `${SOURCES[candle.source] ?? candle.source} ${state}`));
  }
  if (gap) {
    nodes.push(element('p', {}, `Hole ${asClock(gap.from)}–${asClock(gap.to)}: ${asReason(gap.reason)}.`));
  } else if (!candle) {
    nodes.push(element('p', {}, 'Nothing traded.'));
  }
  return nodes;
}
