import { describe, expect, it } from 'vitest';
import { type Hearing, judge } from '../../../src/feed/kite/liveness.js';

const NOW = 1_000_000;
const SILENCE = 10_000;
const heard = (
  feed: string,
  lastTickAgo: number,
  lastLiveAgo = lastTickAgo,
  openedAgo = 600_000,
): Hearing => ({
  feed,
  openedAt: NOW - openedAgo,
  lastTickAt: NOW - lastTickAgo,
  lastLiveTickAt: NOW - lastLiveAgo,
});
const verdict = (hearings: Hearing[], openAgo = 3_600_000) => judge(hearings, NOW - openAgo, NOW, SILENCE);

describe('judge', () => {
  it('finds nothing wrong while each connection ticks', () => {
    expect(verdict([heard('a', 100), heard('b', 9_999)])).toEqual({ kind: 'well' });
  });
  it('calls the silent one stalled when another ticked on', () => {
    expect(verdict([heard('a', 10_000), heard('b', 100), heard('c', 5)])).toEqual({
      kind: 'stalled',
      feeds: ['a'],
    });
  });
  it('does not blame the first to fall silent in a halt', () => {
    expect(verdict([heard('a', 10_000), heard('b', 8_500)])).toEqual({ kind: 'well' });
    expect(verdict([heard('a', 11_500), heard('b', 10_000)])).toEqual({
      kind: 'all_silent',
      feeds: ['a', 'b'],
    });
  });
  it('does not take snapshots of a fresh connection for a moving market', () => {
    expect(verdict([heard('a', 12_000), heard('b', 500, 40_000)])).toEqual({ kind: 'well' });
  });
  it('means nothing by silence outside the session, or just after the open or after connecting', () => {
    expect(judge([heard('a', 60_000), heard('b', 1)], undefined, NOW, SILENCE)).toEqual({ kind: 'well' });
    expect(verdict([heard('a', 60_000)], 9_000)).toEqual({ kind: 'well' });
    expect(verdict([heard('a', 60_000, 60_000, 9_000)])).toEqual({ kind: 'well' });
  });
  it('takes a connection that never heard a tick by the time it opened', () => {
    const never: Hearing = {
      feed: 'a',
      openedAt: NOW - 10_000,
      lastTickAt: undefined,
      lastLiveTickAt: undefined,
    };
    expect(verdict([never])).toEqual({ kind: 'all_silent', feeds: ['a'] });
  });
});
