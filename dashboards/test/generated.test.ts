import { describe, expect, test } from 'vitest';
import { asText, dashboards } from '../src/dashboards.js';
import { committed } from './support/boards.js';

describe('the committed dashboards', () => {
  test('are exactly what the code generates: run `npm run dashboards` after a change', () => {
    const generated = new Map([...dashboards()].map(([name, board]) => [name, asText(board)]));
    expect(committed.map(([name]) => name)).toEqual([...generated.keys()].sort());
    for (const [name, text] of committed)
      expect(text === generated.get(name), `${name}.json differs`).toBe(true);
  });
});
