import { expect, test } from 'vitest';
import type { InstrumentSlots } from '../../src/batch/instrument-slots.js';
import { IN_SESSION, STORED, TickBatch, TRADE } from '../../src/batch/tick-batch.js';
import { CopyBuffer } from '../../src/write/copy-buffer.js';
import { DayStates } from '../../src/write/day-states.js';

const SLOT = 0;
const YESTERDAY = 20_777;
/** What day states ask of the slots. */
const slots = { token: [408_065], divisor: [100], hasOpenInterest: [0] } as unknown as InstrumentSlots;

function tradeOn(day: number): TickBatch {
  const batch = new TickBatch(1);
  batch.packets.length = 1;
  batch.packets.ltp[0] = 150_000;
  batch.slot[0] = SLOT;
  batch.tradingDay[0] = day;
  batch.flags[0] = STORED | TRADE | IN_SESSION;
  return batch;
}

test('a day that was loaded and of which nothing was heard is not written when the next one begins', () => {
  const days = new DayStates();
  days.load(SLOT, YESTERDAY, 12);
  // Dirty: the first packets after a start belong to no day, and are not written to the state tables yet.
  days.add(slots, tradeOn(YESTERDAY + 1), 0, true);
  const ended = new CopyBuffer();
  days.encodeEnded(ended);
  expect(ended.rows).toBe(0);
  const present = new CopyBuffer();
  days.encode(present, slots, SLOT);
  expect(present.rows).toBe(1);
});

test('a day that was heard and is over before it was written is written with the next one', () => {
  const days = new DayStates();
  days.load(SLOT, YESTERDAY, 12);
  days.add(slots, tradeOn(YESTERDAY), 0, true);
  days.add(slots, tradeOn(YESTERDAY + 1), 0, true);
  const ended = new CopyBuffer();
  days.encodeEnded(ended);
  expect(ended.rows).toBe(1);
});
