import type { Instrument, InstrumentType } from '@tickscope/ingest/dist/src/instruments/instrument.js';
import { InstrumentSearch } from '@tickscope/ingest/dist/src/instruments/search.js';
import { type BenchResult, latencies } from './result.js';

const UNDERLYINGS = 220;
const EXPIRIES = ['2026-11-26', '2026-12-29', '2027-01-28'];
const MONTHS = ['NOV', 'DEC', 'JAN'];
const STRIKES = 76;
const ROUNDS = 30;
const TEXTS = ['stock17 ce', 'stock17 2500 ce', 'stokc17', 'company 17', 's', 'co ce', '17 nov fut'];

/** What a person waits for who types into the editor, among 100,000 instruments; against a plain scan for the words. */
export async function searchBench(): Promise<BenchResult[]> {
  const instruments = market();
  const search = new InstrumentSearch(instruments);
  const lower = instruments.map(({ symbol, name }) => `${symbol} ${name}`.toLowerCase());
  const scan = (text: string) => {
    const words = text.split(' ');
    return lower.filter((line) => words.every((word) => line.includes(word))).slice(0, 20);
  };
  search.find('warm', {}, 20);
  const ours: number[] = [];
  const peer: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const text of TEXTS) {
      peer.push(timed(() => scan(text)));
      ours.push(timed(() => search.find(text, {}, 20)));
    }
  }
  const { p50, p95, p99 } = latencies(ours);
  const peerValue = latencies(peer).p95;
  return [
    {
      bench: 'search',
      variant: `${instruments.length} instruments`,
      value: p95,
      unit: 'ms p95',
      p50,
      p99,
      peer: 'every line scanned for the words, no forgiveness',
      peerValue,
      ratio: Math.round((p95 / peerValue) * 100) / 100,
      expect: '<= 10 ms',
    },
  ];
}

function timed(work: () => unknown): number {
  const started = performance.now();
  work();
  return performance.now() - started;
}

function market(): Instrument[] {
  const list: Instrument[] = [];
  const add = (symbol: string, instrumentType: InstrumentType, over: Partial<Instrument>) =>
    list.push({
      token: list.length + 1,
      symbol,
      exchange: 'NFO',
      segment: 'NFO-OPT',
      name: null,
      instrumentType,
      expiry: null,
      strike: null,
      optionType: null,
      lotSize: 1,
      tickSize: 0.05,
      underlying: null,
      underlyingToken: null,
      active: true,
      ...over,
    });
  for (let i = 0; i < UNDERLYINGS; i++) {
    const underlying = `STOCK${i}`;
    add(underlying, 'EQ', { exchange: 'NSE', segment: 'NSE', name: `Company ${i} Limited` });
    EXPIRIES.forEach((expiry, m) => {
      const over = { name: underlying, underlying, expiry };
      add(`${underlying}26${MONTHS[m]}FUT`, 'FUT', { ...over, segment: 'NFO-FUT' });
      for (let strike = 2000; strike < 2000 + STRIKES * 20; strike += 20) {
        for (const optionType of ['CE', 'PE'] as const)
          add(`${underlying}26${MONTHS[m]}${strike}${optionType}`, optionType, {
            ...over,
            strike,
            optionType,
          });
      }
    });
  }
  return list;
}
