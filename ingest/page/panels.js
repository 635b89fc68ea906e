import { byId, element, setText } from './dom.js';
import { asClock, asCount, asDay, asDuration, asPrice, asReason, asSeconds, asShare } from './format.js';

/** Another instrument: nothing of the last one may stay. */
export function clearPanels(symbol) {
  setText(byId('symbol'), symbol);
  for (const id of ['about', 'change', 'depth-time', 'completeness']) setText(byId(id), '');
  setText(byId('last'), '–');
  for (const id of ['day', 'depth', 'holes']) byId(id).replaceChildren();
  delete byId('holes').dataset.key;
}

/** The quote's header. */
export function showQuote(quote) {
  setText(byId('last'), asPrice(quote.lastPrice));
  const change = byId('change');
  change.className = quote.change > 0 ? 'up' : quote.change < 0 ? 'down' : '';
  const sign = quote.change > 0 ? '+' : '';
  setText(
    change,
    quote.change === null
      ? ''
      : `${sign}${asPrice(quote.change)} (${sign}${quote.changePercent.toFixed(2)} %)`,
  );
  const facts = [
    ['Open', asPrice(quote.open)],
    ['High', asPrice(quote.high)],
    ['Low', asPrice(quote.low)],
    ['Prev. close', asPrice(quote.previousClose)],
    ['Volume', asCount(quote.volume)],
    ['Average', asPrice(quote.averagePrice)],
    ['OI', asCount(quote.openInterest)],
  ];
  const day = byId('day');
  if (day.childElementCount === 0) {
    day.append(...facts.map(([name]) => element('div', {}, element('dt', {}, name), element('dd', {}))));
  }
  facts.forEach(([, value], i) => {
    setText(day.children[i].lastChild, value);
  });
  document.title =
    quote.lastPrice === null
      ? 'Tickscope'
      : `${asPrice(quote.lastPrice)} ${quote.instrument.symbol} · Tickscope`;
}

/** The order book: asks above bids, the best next to each other, bars by quantity. */
export function showDepth(depth, isIndex) {
  const panel = byId('depth');
  setText(byId('depth-time'), depth.time ? asSeconds(Date.parse(depth.time)) : '');
  if (depth.bids.length + depth.asks.length === 0) {
    panel.replaceChildren(
      element(
        'p',
        { class: 'none' },
        isIndex ? 'An index has no order book.' : 'No order book has been received.',
      ),
    );
    return;
  }
  const most = Math.max(...[...depth.bids, ...depth.asks].map(({ quantity }) => quantity));
  const row = (side) => (level) => {
    const bar = element('div', { class: 'size' });
    bar.style.width = `${Math.round((level.quantity / most) * 240)}%`;
    return element(
      'tr',
      { class: side },
      element('td', {}, asPrice(level.price)),
      element('td', {}, asCount(level.orders)),
      element('td', {}, bar, asCount(level.quantity)),
    );
  };
  const spread = depth.asks[0] && depth.bids[0] ? depth.asks[0].price - depth.bids[0].price : undefined;
  const middle = element(
    'tr',
    { class: 'spread' },
    element('td', { colspan: 3 }, `spread ${asPrice(spread)}`),
  );
  const head = element(
    'tr',
    {},
    ...['Price', 'Orders', 'Quantity'].map((name) => element('th', { scope: 'col' }, name)),
  );
  panel.replaceChildren(
    element(
      'table',
      { class: 'book' },
      element('thead', {}, head),
      element('tbody', {}, ...depth.asks.map(row('ask')).reverse(), middle, ...depth.bids.map(row('bid'))),
    ),
  );
}

/** How much of today is complete; null outside its sessions. */
export function showCompleteness(share) {
  setText(byId('completeness'), share === null ? '' : `today ${asShare(share)} complete`);
}

/** Holes of what is shown, the newest first. */
export function showHoles(gaps) {
  const list = byId('holes');
  const newest = [...gaps].reverse().slice(0, 40);
  const key = JSON.stringify(newest);
  if (list.dataset.key === key) return;
  list.dataset.key = key;
  if (newest.length === 0) {
    list.replaceChildren(element('li', { class: 'none' }, 'None in what is shown.'));
    return;
  }
  list.replaceChildren(
    ...newest.map((gap) =>
      element(
        'li',
        { title: `${asDuration(gap.to - gap.from)}: ${asReason(gap.reason)}` },
        element('span', {}, `${asDay(gap.from)} ${asClock(gap.from)}–${asClock(gap.to)}`),
        element('span', {}, asReason(gap.reason)),
      ),
    ),
  );
}

export function showWarnings(warnings) {
  const list = byId('warnings');
  byId('warnings-card').hidden = warnings.length === 0;
  const key = JSON.stringify(warnings);
  if (list.dataset.key === key) return;
  list.dataset.key = key;
  list.replaceChildren(...warnings.map((warning) => element('li', {}, warning)));
}

/** Feeds, seeding and where the data come from. */
export function showStatus(status) {
  const badge = byId('simulated');
  badge.hidden = status.origin === 'live';
  const word = status.simulated ? 'SIMULATED' : status.origin.toUpperCase();
  badge.replaceChildren(`${word} `, element('small', {}, status.simulated ? status.origin : ''));
  badge.title = status.simulated
    ? 'Nothing here was traded: prices come from the bundled exchange simulator.'
    : 'A recorded file is being played.';
  const feed = byId('feed');
  const down = status.feeds.filter(({ connected }) => !connected);
  const state = status.feeds.length === 0 || down.length > 0 ? 'down' : status.marketOpen ? 'up' : 'closed';
  feed.dataset.state = state;
  const carried = status.feeds.reduce((sum, { instruments }) => sum + instruments, 0);
  const words = {
    up: `live · ${asCount(carried)} instruments`,
    closed: 'market closed',
    down: status.feeds.length === 0 ? 'no feed' : `${down.map((f) => f.feed).join(', ')} down`,
  };
  setText(feed.lastElementChild, words[state]);
  feed.title = status.feeds
    .map((f) => `${f.feed}: ${f.problem ?? (f.connected ? 'connected' : 'not connected')}`)
    .join('\n');
  const seeding = byId('seeding');
  seeding.hidden = status.seeding === undefined;
  if (status.seeding) {
    const { done, total, label } = status.seeding;
    setText(
      seeding.firstElementChild,
      `Fetching history for the first start: ${label} (${asCount(done)} of ${asCount(total)})`,
    );
    seeding.querySelector('progress').value = total > 0 ? done / total : 0;
  }
}
