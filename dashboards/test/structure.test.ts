import { describe, expect, test } from 'vitest';
import { committed, type Panel, panelsOf, urlsOf } from './support/boards.js';

/** What exists, with the same name and options, from Grafana 9.4 to 13. */
const PANEL_TYPES = [
  'timeseries',
  'stat',
  'table',
  'bargauge',
  'barchart',
  'state-timeline',
  'gauge',
  'text',
  'tickscope-candles-panel',
];
const SOURCES: Record<string, string> = {
  tickscope: 'tickscope-market-datasource',
  'tickscope-sql': 'postgres',
  'tickscope-prometheus': 'prometheus',
  '-- Mixed --': 'datasource',
};
const UIDS = ['overview', 'instrument', 'option-chain', 'vix', 'quality', 'pipeline'].map(
  (name) => `tickscope-${name}`,
);
const GRID_COLUMNS = 24;

const overlap = ({ gridPos: a }: Panel, { gridPos: b }: Panel) =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

test('there are six dashboards with the uids that provisioning, links and alert rules name', () => {
  expect(committed.map(([, , board]) => board.uid).sort()).toEqual([...UIDS].sort());
  for (const [name, , board] of committed) expect(board.uid).toBe(`tickscope-${name}`);
});

describe.each(committed)('%s', (_name, _text, board) => {
  const panels = panelsOf(board);

  test('keeps India’s time, refreshes by itself and has the schema that Grafana 9.4 reads', () => {
    expect(board.timezone).toBe('Asia/Kolkata');
    expect(board.refresh).toMatch(/^(5|10)s$/);
    expect(board.schemaVersion).toBe(37);
    expect(board.time.to).toBe('now');
  });

  test('gives every panel and row an id of its own', () => {
    const ids = board.panels.map(({ id }) => id);
    expect(ids.every((id) => Number.isInteger(id) && id > 0)).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('places no panel on another, and none outside of the grid', () => {
    for (const [index, panel] of board.panels.entries()) {
      expect(panel.gridPos.x + panel.gridPos.w, panel.title).toBeLessThanOrEqual(GRID_COLUMNS);
      const covered = board.panels.slice(index + 1).filter((other) => overlap(panel, other));
      expect(covered.map(({ title }) => `${panel.title} / ${title}`)).toEqual([]);
    }
  });

  test('says of every panel what it shows and what emptiness means', () => {
    for (const panel of panels) {
      expect(panel.description?.length ?? 0, `${panel.id} ${panel.title}`).toBeGreaterThan(10);
      expect(panel.fieldConfig?.defaults.noValue ?? '', `${panel.id} ${panel.title}`).not.toBe('');
    }
  });

  test('uses only panels that Grafana 9.4 to 13 have, and known data sources', () => {
    for (const panel of panels) {
      expect(PANEL_TYPES, `${panel.id} ${panel.title}`).toContain(panel.type);
      expect(panel.targets?.length ?? 0, `${panel.id} ${panel.title} asks for nothing`).toBeGreaterThan(0);
      for (const source of [panel.datasource, ...(panel.targets ?? []).map(({ datasource }) => datasource)]) {
        expect(source && SOURCES[source.uid], `${panel.id} ${panel.title}`).toBe(source?.type);
      }
      const letters = (panel.targets ?? []).map(({ refId }) => refId);
      expect(new Set(letters).size).toBe(letters.length);
    }
    for (const { datasource } of board.annotations.list)
      expect(SOURCES[datasource.uid]).toBe(datasource.type);
  });

  test('links only to dashboards and variables that exist', () => {
    expect(board.links.some(({ type, tags }) => type === 'dashboards' && tags.includes('tickscope'))).toBe(
      true,
    );
    expect(board.tags).toContain('tickscope');
    for (const url of urlsOf(board).filter((text) => text !== '')) {
      const uid = /^\/d\/([a-z-]+)/.exec(url)?.[1];
      const target = committed.find(([, , { uid: known }]) => known === uid)?.[2];
      expect(target, url).toBeDefined();
      for (const [, variable] of url.matchAll(/[?&]var-(\w+)=/g)) {
        expect(
          target?.templating.list.map(({ name }) => name),
          url,
        ).toContain(variable);
      }
    }
  });

  test('names no variable that it does not have, and shows the origin of the data first', () => {
    const known = new Set(board.templating.list.map(({ name }) => name));
    const used = JSON.stringify(board).matchAll(/\$(?:\{(\w+)(?::\w+)?\}|(?!__)(\w+))/g);
    for (const [, braced, bare] of used) {
      const name = braced ?? bare ?? '';
      // `$1` is a group of a value mapping's pattern.
      if (!/^(__|\d+$)/.test(name)) expect([...known], `$${name}`).toContain(name);
    }
    expect(board.templating.list[0]?.name).toBe('origin');
    expect(board.panels[0]?.title).toContain('$origin');
  });
});
