import { ask } from './api.js';
import { element } from './dom.js';

const WAIT_MS = 120;

/** A combobox: type, arrows, Enter, Escape; `/` from anywhere. Calls `onPick` with an instrument. */
export function startSearch(input, list, onPick, onProblem) {
  let found = [];
  let chosen = 0;
  let timer;
  let asking;

  const close = () => {
    list.hidden = true;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
  };
  const mark = () => {
    [...list.children].forEach((item, i) => {
      item.setAttribute('aria-selected', String(i === chosen));
      if (i === chosen) item.scrollIntoView({ block: 'nearest' });
    });
    if (found.length > 0) input.setAttribute('aria-activedescendant', `match-${chosen}`);
  };
  const pick = (instrument) => {
    if (!instrument) return;
    input.value = '';
    close();
    input.blur();
    onPick(instrument);
  };
  const show = () => {
    list.replaceChildren(
      ...found.map((instrument, i) => {
        const about = [instrument.exchange, instrument.instrumentType, instrument.expiry]
          .filter(Boolean)
          .join(' · ');
        const item = element(
          'div',
          { role: 'option', id: `match-${i}` },
          element('span', {}, instrument.symbol),
          element('small', {}, about),
        );
        item.addEventListener('mousedown', (event) => {
          event.preventDefault();
          pick(instrument);
        });
        return item;
      }),
    );
    if (found.length === 0) list.append(element('div', { class: 'none' }, 'No instrument has that name.'));
    list.hidden = false;
    input.setAttribute('aria-expanded', 'true');
    mark();
  };
  const search = async () => {
    asking?.abort();
    asking = new AbortController();
    try {
      const answer = await ask('/api/instruments', { search: input.value.trim(), limit: 30 }, asking.signal);
      found = answer.instruments;
      chosen = 0;
      if (document.activeElement === input) show();
    } catch (error) {
      if (error.name !== 'AbortError') onProblem(error);
    }
  };

  input.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(search, WAIT_MS);
  });
  input.addEventListener('focus', search);
  input.addEventListener('blur', close);
  input.addEventListener('keydown', async (event) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      chosen = (chosen + (event.key === 'ArrowDown' ? 1 : -1) + found.length) % Math.max(1, found.length);
      mark();
    } else if (event.key === 'Enter') {
      event.preventDefault();
      clearTimeout(timer);
      if (input.value.trim() !== '') await search();
      pick(found[chosen]);
    } else if (event.key === 'Escape') {
      input.value = '';
      close();
      input.blur();
    }
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === '/' && document.activeElement !== input && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      input.focus();
    }
  });
}
