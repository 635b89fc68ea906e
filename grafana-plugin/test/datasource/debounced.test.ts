import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { debounced } from '../../src/datasource/fields/debounced';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('only what is there when the typing pauses is searched', async () => {
  const load = vi.fn(async (search: string) => [search]);
  const search = debounced(load, 250);
  const answers = Promise.all(['n', 'ni', 'nifty'].map((text) => search(text)));
  await vi.advanceTimersByTimeAsync(250);
  expect(await answers).toEqual([[], [], ['nifty']]);
  expect(load).toHaveBeenCalledTimes(1);
});

test('an opened list does not wait', async () => {
  expect(await debounced(async () => ['NSE:INFY'], 250)('')).toEqual(['NSE:INFY']);
});

test('a search that fails finds nothing', async () => {
  expect(await debounced(() => Promise.reject(new Error('down')), 250)('')).toEqual([]);
});
