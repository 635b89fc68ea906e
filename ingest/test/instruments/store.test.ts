import { expect, it } from 'vitest';
import type { BrokerInstrument } from '../../src/broker/broker.js';
import { InstrumentRegistry } from '../../src/instruments/registry.js';
import { InstrumentDumpRefused, syncInstruments } from '../../src/instruments/store.js';
import { eachDatabase } from '../fixtures/databases.js';

const DAY_1 = Date.parse('2026-11-20T03:00:00Z');
const DAY_2 = Date.parse('2026-11-23T03:00:00Z');

function row(brokerToken: number, symbol: string, over: Partial<BrokerInstrument> = {}): BrokerInstrument {
  return {
    brokerToken,
    symbol,
    exchange: 'NSE',
    segment: 'NSE',
    name: symbol,
    instrumentType: 'EQ',
    expiry: null,
    strike: null,
    lotSize: 1,
    tickSize: 0.05,
    ...over,
  };
}
const index = (token: number, symbol: string) =>
  row(token, symbol, { segment: 'INDICES', instrumentType: 'INDEX' });
const contract = (token: number, symbol: string, over: Partial<BrokerInstrument>) =>
  row(token, symbol, { exchange: 'NFO', segment: 'NFO-OPT', lotSize: 75, ...over });

const NIFTY = index(256265, 'NIFTY 50');
const BANK = index(260105, 'NIFTY BANK');
const INFY = row(408065, 'INFY', { name: 'INFOSYS' });
const TINY = row(1_000_193, 'TINY');
const CALL = contract(12_345_602, 'NIFTY26NOV25000CE', {
  name: 'NIFTY',
  instrumentType: 'CE',
  expiry: '2026-11-24',
  strike: 25_000,
});
const BANK_FUT = contract(12_345_858, 'BANKNIFTY26NOVFUT', {
  name: 'BANKNIFTY',
  instrumentType: 'FUT',
  segment: 'NFO-FUT',
  expiry: '2026-11-24',
});
const INFY_FUT = contract(12_346_114, 'INFY26NOVFUT', {
  name: 'INFY',
  instrumentType: 'FUT',
  segment: 'NFO-FUT',
  expiry: '2026-11-24',
});
const DUMP = [NIFTY, BANK, INFY, TINY, CALL, BANK_FUT, INFY_FUT];

eachDatabase((server) => {
  it('takes a dump over: stable tokens, underlyings and the hours of each kind', async () => {
    const db = await server.open();
    expect(await syncInstruments(db, 'kite', DUMP, DAY_1)).toEqual({
      seen: 7,
      added: 7,
      deactivated: 0,
      reused: 0,
    });
    expect(await syncInstruments(db, 'kite', DUMP, DAY_1)).toEqual({
      seen: 7,
      added: 0,
      deactivated: 0,
      reused: 0,
    });

    const registry = await InstrumentRegistry.load(db, 'kite');
    expect(registry.byToken(CALL.brokerToken)).toMatchObject({
      symbol: 'NIFTY26NOV25000CE',
      underlying: 'NIFTY',
      underlyingToken: NIFTY.brokerToken,
      optionType: 'CE',
      expiry: '2026-11-24',
      active: true,
    });
    expect(registry.resolve('NFO:BANKNIFTY26NOVFUT')?.underlyingToken).toBe(BANK.brokerToken);
    expect(registry.resolve('nfo:infy26novfut')?.underlyingToken).toBe(INFY.brokerToken);
    expect(registry.resolve('256265')?.symbol).toBe('NIFTY 50');

    expect(registry.sessionGroup(NIFTY.brokerToken, '2026-11-20')).toBe('index');
    expect(registry.sessionGroup(INFY.brokerToken, '2026-11-20')).toBe('cash_with_derivatives');
    expect(registry.sessionGroup(TINY.brokerToken, '2026-11-20')).toBe('cash');
    expect(registry.sessionGroup(CALL.brokerToken, '2026-11-23')).toBe('derivatives');
    expect(registry.sessionGroup(CALL.brokerToken, '2026-11-24')).toBe('derivatives_expiring_index');
    expect(registry.sessionGroup(CALL.brokerToken, '2026-11-25')).toBeUndefined();
    expect(registry.sessionGroup(INFY_FUT.brokerToken, '2026-11-24')).toBe('derivatives');
    expect(registry.expiries('nifty')).toEqual(['2026-11-24']);
  });

  it('deletes nothing: what is gone from the dump or expired is not active any more', async () => {
    const db = await server.open();
    await syncInstruments(db, 'kite', DUMP, DAY_1);
    const sync = await syncInstruments(
      db,
      'kite',
      DUMP.filter((i) => i !== TINY),
      DAY_2,
    );
    expect(sync).toMatchObject({ added: 0, deactivated: 1 });
    const expired = await syncInstruments(db, 'kite', DUMP, Date.parse('2026-11-25T03:00:00Z'));
    expect(expired.deactivated).toBe(3);
    const registry = await InstrumentRegistry.load(db, 'kite');
    expect(registry.size).toBe(7);
    expect(registry.byToken(TINY.brokerToken)?.active).toBe(true);
    expect(registry.byToken(CALL.brokerToken)?.active).toBe(false);
  });

  it('gives a reused broker token a new stable token and keeps what it meant before', async () => {
    const db = await server.open();
    await syncInstruments(db, 'kite', DUMP, DAY_1);
    const reborn = contract(CALL.brokerToken, 'NIFTY26DEC26000PE', {
      name: 'NIFTY',
      instrumentType: 'PE',
      expiry: '2026-12-29',
      strike: 26_000,
    });
    const dump = DUMP.map((i) => (i === CALL ? reborn : i));
    expect(await syncInstruments(db, 'kite', dump, Date.parse('2026-11-25T03:00:00Z'))).toMatchObject({
      added: 1,
      reused: 1,
    });
    const registry = await InstrumentRegistry.load(db, 'kite');
    const now = registry.byBrokerToken(CALL.brokerToken)!;
    expect(now.symbol).toBe('NIFTY26DEC26000PE');
    expect(now.token).not.toBe(CALL.brokerToken);
    expect(now.token & 0xff).toBe(CALL.brokerToken & 0xff);
    expect(registry.brokerToken(now.token)).toBe(CALL.brokerToken);
    expect(registry.byToken(CALL.brokerToken)).toMatchObject({ symbol: 'NIFTY26NOV25000CE', active: false });
    const { rows } = await db.pool.query(
      `select token, lower_inf(valid) as since_ever, upper_inf(valid) as still from broker_tokens
       where broker_token = $1 order by valid`,
      [CALL.brokerToken],
    );
    expect(rows).toEqual([
      { token: CALL.brokerToken, since_ever: true, still: false },
      { token: now.token, since_ever: false, still: true },
    ]);
    expect(await syncInstruments(db, 'kite', dump, Date.parse('2026-11-26T03:00:00Z'))).toMatchObject({
      added: 0,
      reused: 0,
    });
  });

  it('follows a stock under a new broker token and through swapped symbols', async () => {
    const db = await server.open();
    await syncInstruments(db, 'kite', [INFY, TINY], DAY_1);
    await syncInstruments(db, 'kite', [{ ...INFY, brokerToken: 999_937 }, TINY], DAY_2);
    let registry = await InstrumentRegistry.load(db, 'kite');
    expect(registry.byBrokerToken(999_937)?.token).toBe(INFY.brokerToken);
    expect(registry.byBrokerToken(INFY.brokerToken)).toBeUndefined();
    await syncInstruments(
      db,
      'kite',
      [
        { ...INFY, brokerToken: 999_937, symbol: 'TINY' },
        { ...TINY, symbol: 'INFY' },
      ],
      DAY_2,
    );
    registry = await InstrumentRegistry.load(db, 'kite');
    expect(registry.resolve('NSE:INFY')?.token).toBe(TINY.brokerToken);
    expect(registry.resolve('NSE:TINY')?.token).toBe(INFY.brokerToken);
  });

  it('changes the hours of a stock from the day on which it gets a future, not before', async () => {
    const db = await server.open();
    await syncInstruments(db, 'kite', [INFY], DAY_1);
    await syncInstruments(db, 'kite', [INFY, INFY_FUT], DAY_2);
    const registry = await InstrumentRegistry.load(db, 'kite');
    expect(registry.sessionGroup(INFY.brokerToken, '2026-11-22')).toBe('cash');
    expect(registry.sessionGroup(INFY.brokerToken, '2026-11-23')).toBe('cash_with_derivatives');
  });

  it('refuses an empty dump', async () => {
    const db = await server.open();
    await syncInstruments(db, 'kite', DUMP, DAY_1);
    await expect(syncInstruments(db, 'kite', [], DAY_2)).rejects.toThrow(InstrumentDumpRefused);
    expect((await InstrumentRegistry.load(db, 'kite')).resolve('NSE:INFY')?.active).toBe(true);
  });

  it('takes tens of thousands of rows, and the same again', { timeout: 180_000 }, async () => {
    const db = await server.open();
    const dump = [
      NIFTY,
      ...Array.from({ length: 20_000 }, (_, i) => {
        const strike = 10_000 + (i % 1000) * 50;
        const type = i % 2 ? 'CE' : 'PE';
        const expiry = `2027-${String(1 + (Math.floor(i / 1000) % 12)).padStart(2, '0')}-${String(1 + Math.floor(i / 12_000)).padStart(2, '0')}`;
        return contract(20_000_002 + i * 256, `X${i}`, {
          name: 'NIFTY',
          instrumentType: type,
          strike,
          expiry,
        });
      }),
    ];
    const started = performance.now();
    expect((await syncInstruments(db, 'kite', dump, DAY_1)).added).toBe(20_001);
    const first = performance.now() - started;
    expect((await syncInstruments(db, 'kite', dump, DAY_2)).added).toBe(0);
    const second = performance.now() - started - first;
    console.log(
      `sync of 20,001 rows on ${server.kind}: first ${Math.round(first)} ms, again ${Math.round(second)} ms`,
    );
  });
});
