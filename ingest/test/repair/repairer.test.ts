import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BrokerError, type BrokerQuote } from '../../src/broker/broker.js';
import type { Database } from '../../src/db/database.js';
import type { GapLedger } from '../../src/gaps/ledger.js';
import { MOST_ATTEMPTS } from '../../src/repair/backoff.js';
import { Interest, watched } from '../../src/repair/interest.js';
import { Repairer, type RepairerParts } from '../../src/repair/repairer.js';
import { backupSource, historicalApi } from '../../src/repair/source.js';
import { FakeBroker } from '../candles/fake-broker.js';
import { INDEX, ist, openMarket, STOCK, steadyHistory, stock, type TestMarket } from '../candles/market.js';
import { eachDatabase, quiet } from '../fixtures/databases.js';
import { instrumentOf } from '../fixtures/instruments.js';
import { answered, CLEAR, gapsOf, hearOn, ledgerOf, prove } from '../gaps/watching.js';

/** A Friday. */
const DAY = '2026-11-20';
const OTHER = 500_001;
const FUTURE = 500_002;

eachDatabase((server) => {
  let db: Database;
  let market: TestMarket;
  let ledger: GapLedger;
  let interest: Interest;
  let repairer: Repairer;
  let quotes: Map<number, BrokerQuote>;
  let asked: string[][];
  const at = (time: string) => ist(`${DAY} ${time}`);

  const repairerWith = (parts: Partial<RepairerParts> = {}) =>
    new Repairer({
      db,
      ledger,
      sources: [historicalApi(market.service, () => true)],
      broker: {
        quotes: async (keys) => {
          asked.push(keys.map(({ symbol }) => symbol));
          return quotes;
        },
      },
      brokerToken: (token) => token,
      clock: market.clock,
      log: quiet,
      metrics: market.metrics,
      sessionOn: () => true,
      lookedAt: () => interest.current(),
      repairDays: 7,
      ...parts,
    });
  /** Looks and repairs as the service does, at `time`. */
  const workAt = async (time: string | number, by = repairer) => {
    market.clock.ms = typeof time === 'number' ? time : at(time);
    await hearOn(market, market.clock.ms);
    await by.look();
    await by.work();
    await by.look();
    return gapsOf(market);
  };
  const list = async (token: number, symbol: string, expiry: string | null = null) => {
    await market.list(instrumentOf(token, symbol, expiry ? 'FUT' : 'EQ', { expiry }), 'cash');
    await market.assign(token, at('09:10'));
  };
  const requested = () => market.broker.requests.map(({ brokerToken }) => brokerToken);
  const failing = (...tokens: number[]) => {
    market.broker.faults.tamper = (candles, { brokerToken }) => {
      if (tokens.includes(brokerToken)) throw new BrokerError('rejected', 'No such thing here');
      return candles;
    };
  };

  beforeAll(async () => {
    db = await server.open();
  });
  beforeEach(async () => {
    await db.pool.query(CLEAR);
    market = await openMarket(db, at('10:00'));
    await market.assign(STOCK, at('09:10'));
    await market.assign(INDEX, at('09:10'));
    await market.heard(at('09:10'), at('10:00:10'), 'disconnect');
    await market.heard(at('10:01:30'), at('10:01:40'));
    ledger = ledgerOf(market);
    interest = new Interest(market.clock);
    quotes = new Map();
    asked = [];
    repairer = repairerWith();
  });
  afterEach(async () => {
    await repairer.stop();
    await market.service.stop();
  });

  describe('a hole of a whole connection', () => {
    it('waits until the broker’s minutes are final, and is then repaired though nobody looks', async () => {
      expect(await workAt('10:03:59')).toMatchObject([{ status: 'PENDING', left: 2, attempts: 0 }]);
      expect(requested()).toEqual([]);
      expect(await workAt('10:04:02')).toMatchObject([
        {
          status: 'RECOVERED',
          left: 0,
          instruments: 2,
          attempts: 1,
          source: 'HISTORICAL_API',
          recoveredAt: at('10:04:02'),
        },
      ]);
      expect(requested().sort()).toEqual([INDEX, STOCK].sort());
      expect(market.broker.requests.map(({ from, to }) => [from, to])).toEqual([
        [at('10:00'), at('10:02')],
        [at('10:00'), at('10:02')],
      ]);
      expect(await workAt('10:05')).toHaveLength(1);
      expect(requested()).toHaveLength(2);
    });

    it('is repaired one instrument after the other and recovered only when all are', async () => {
      failing(INDEX);
      expect(await workAt('10:05')).toMatchObject([
        { status: 'IN_PROGRESS', instruments: 2, left: 1, attempts: 1, recoveredAt: null },
      ]);
      market.broker.faults = {};
      expect(await workAt('10:06')).toMatchObject([{ status: 'RECOVERED', left: 0, attempts: 2 }]);
    });

    it('is closed by whoever asks for its candles, too', async () => {
      market.service.onStored((token) => ledger.changed(token, 'HISTORICAL_API'));
      market.clock.ms = at('10:05');
      await hearOn(market, at('10:05'));
      await repairer.look();
      await market.service.candles({ instrument: stock, interval: '1m', from: at('09:15'), to: at('10:04') });
      await repairer.look();
      expect(await gapsOf(market)).toMatchObject([{ left: 1, source: 'HISTORICAL_API' }]);
    });

    it('that the feed proved empty for an instrument costs no request for it', async () => {
      await prove(market, STOCK, at('10:00:09'), at('10:01:31'));
      expect(await workAt('10:05')).toMatchObject([{ status: 'RECOVERED', empty: 1 }]);
      expect(requested()).toEqual([INDEX]);
    });

    it('is older than what is repaired by itself: it waits for somebody to ask for it by hand', async () => {
      repairer = repairerWith({ repairDays: 0 });
      const [gap] = await workAt('10:05');
      expect([gap!.status, requested()]).toEqual(['PENDING', []]);
      expect(await repairer.retry(gap!.id)).toEqual({ rows: 1, instruments: 2 });
      expect(await workAt('10:05:05')).toMatchObject([{ status: 'RECOVERED', source: 'MANUAL' }]);
    });
  });

  describe('the order', () => {
    it('is: looked at or expiring today, this session, sessions before', async () => {
      await list(OTHER, 'OTHER');
      await list(FUTURE, 'FUTURE', DAY);
      const before = ist('2026-11-19 10:00');
      await db.pool.query('update feed_assignments set assigned_at = $2 where token = $1', [
        INDEX,
        new Date(before),
      ]);
      // Yesterday the feed heard the index but for one minute, and the rest of the day after it.
      await market.heard(before, ist('2026-11-19 11:00'), 'disconnect');
      await market.heard(ist('2026-11-19 11:01'), ist('2026-11-19 15:30'), 'restart');
      await answered(market, INDEX, at('10:00'), at('10:02'));
      await watched(market.service, interest).candles({
        instrument: instrumentOf(OTHER, 'OTHER', 'EQ'),
        interval: '1m',
        from: at('09:30'),
        to: at('09:40'),
      });
      expect(requested()).toEqual([]);
      await workAt('10:05');
      const order = requested();
      expect(new Set(order.slice(0, 2))).toEqual(new Set([OTHER, FUTURE]));
      // Two at a time: whose request is the first of two is chance, their priorities are not.
      expect(new Set(order.slice(2))).toEqual(new Set([STOCK, INDEX]));
      expect(
        new Map(market.broker.requests.map(({ brokerToken, priority }) => [brokerToken, priority])),
      ).toEqual(
        new Map([
          [OTHER, 4],
          [FUTURE, 4],
          [STOCK, 3],
          [INDEX, 1],
        ]),
      );
    });

    it('forgets after a while that somebody looked', () => {
      interest.looked(STOCK);
      interest.watch(() => [INDEX]);
      expect(interest.current().sort()).toEqual([INDEX, STOCK].sort());
      market.clock.ms += 11 * 60_000;
      expect(interest.current()).toEqual([INDEX]);
    });
  });

  describe('what fails', () => {
    it('waits longer each time, is given up with its reason, and can be tried again by hand', async () => {
      failing(STOCK);
      const tries: number[] = [];
      let time = at('10:05');
      for (let status = ''; status !== 'FAILED' && tries.length < 20; ) {
        const [gap] = await workAt(time);
        status = gap!.status;
        if (gap!.attempts !== tries.length + 1) throw new Error(`${gap!.attempts} attempts at ${time}`);
        tries.push(time);
        const { rows } = await db.pool.query('select max(next_attempt_at) as next from data_gap_instruments');
        // A moment before it is due nothing is asked.
        const before = requested().length;
        await workAt(rows[0].next.getTime() - 1_000);
        expect(requested()).toHaveLength(before);
        time = rows[0].next.getTime();
      }
      expect(tries).toHaveLength(MOST_ATTEMPTS);
      const waits = tries.slice(1).map((at, i) => at - tries[i]!);
      expect(waits[0]).toBeGreaterThanOrEqual(30_000);
      expect(waits.every((wait, i) => i === 0 || wait >= waits[i - 1]!)).toBe(true);
      const [gap] = await gapsOf(market);
      expect(gap).toMatchObject({ status: 'FAILED', left: 1, failed: 1, message: 'No such thing here' });
      const { values } = await market.metrics.repairs.get();
      expect(values.find(({ labels }) => labels.result === 'gave_up')?.value).toBe(1);
      const asked = requested().length;
      await workAt(time + 3_600_000);
      expect(requested()).toHaveLength(asked);

      market.broker.faults = {};
      await repairer.retry(gap!.id);
      expect((await workAt(time + 3_610_000))[0]).toMatchObject({
        status: 'RECOVERED',
        source: 'MANUAL',
        message: null,
      });
    }, 180_000);

    it('because the broker is away leaves everybody else their attempts', async () => {
      for (let i = 0; i < 10; i++) await list(600_000 + i, `S${i}`);
      market.broker.faults.error = new BrokerError('unavailable', 'The broker does not answer');
      await workAt('10:05');
      expect(requested().length).toBeLessThanOrEqual(5);
      const { rows } = await db.pool.query(
        'select count(*) filter (where attempts = 0) as untouched from data_gap_instruments',
      );
      expect(rows[0].untouched).toBeGreaterThanOrEqual(7);
      market.broker.faults = {};
      expect(await workAt('10:25')).toMatchObject([{ status: 'RECOVERED', instruments: 12 }]);
    });

    it('goes to the second source, if there is one', async () => {
      failing(STOCK, INDEX);
      const requests: number[] = [];
      repairer = repairerWith({
        sources: [
          historicalApi(market.service, () => true),
          {
            source: 'BACKUP_SOURCE',
            isReady: () => true,
            async heal({ token, from, to }) {
              requests.push(token);
              await answered(market, token, from, to);
              return { stored: 1, failures: [], faults: [] };
            },
          },
        ],
      });
      expect(await workAt('10:05')).toMatchObject([{ status: 'RECOVERED', source: 'BACKUP_SOURCE' }]);
      expect(requests.sort()).toEqual([INDEX, STOCK].sort());
    });

    it('goes to the history of another broker, which the first one’s refusal does not bind', async () => {
      failing(STOCK, INDEX);
      const other = new FakeBroker(steadyHistory(market.calendar));
      const service = market.serviceWith({}, { broker: other, isSecond: true });
      repairer = repairerWith({
        sources: [historicalApi(market.service, () => true), backupSource(service, () => true, market.clock)],
      });
      expect(await workAt('10:05')).toMatchObject([{ status: 'RECOVERED', source: 'BACKUP_SOURCE' }]);
      expect(other.requests.map(({ brokerToken }) => brokerToken).sort()).toEqual([INDEX, STOCK].sort());
      const { rows } = await db.pool.query(
        'select count(*)::int as candles from broker_candles where instrument_token = $1',
        [STOCK],
      );
      expect(rows[0].candles).toBeGreaterThan(0);
      await service.stop();
    });

    it('is not closed because another broker knows of no trade', async () => {
      failing(STOCK, INDEX);
      const other = new FakeBroker(() => []);
      const service = market.serviceWith({}, { broker: other, isSecond: true });
      repairer = repairerWith({
        sources: [historicalApi(market.service, () => true), backupSource(service, () => true, market.clock)],
      });
      expect(await workAt('10:05')).toMatchObject([{ status: 'IN_PROGRESS', left: 2, source: null }]);
      // Nor is it asked for the same again at once.
      const { length } = other.requests;
      await workAt('10:05:20');
      expect(other.requests).toHaveLength(length);
      await service.stop();
    });

    it('is not given up while another broker may have it', async () => {
      market.broker.faults.error = new BrokerError('no_permission', 'No historical data for this key');
      let isReady = false;
      const other = new FakeBroker(steadyHistory(market.calendar));
      const service = market.serviceWith({}, { broker: other, isSecond: true });
      repairer = repairerWith({
        sources: [
          historicalApi(market.service, () => true),
          backupSource(service, () => isReady, market.clock),
        ],
      });
      expect(await workAt('10:05')).toMatchObject([{ status: 'IN_PROGRESS', failed: 0 }]);
      isReady = true;
      expect(await workAt('10:20')).toMatchObject([{ status: 'RECOVERED', source: 'BACKUP_SOURCE' }]);
      await service.stop();
    });

    it('is no more given up for what another broker says than it was', async () => {
      failing(STOCK, INDEX);
      const other = new FakeBroker(steadyHistory(market.calendar));
      other.faults.error = new BrokerError('rejected', 'Fyers does not know it');
      const service = market.serviceWith({}, { broker: other, isSecond: true });
      repairer = repairerWith({
        sources: [historicalApi(market.service, () => true), backupSource(service, () => true, market.clock)],
      });
      expect(await workAt('10:05')).toMatchObject([{ status: 'IN_PROGRESS', left: 2 }]);
      const { rows } = await db.pool.query('select distinct failures, message from heal_failures');
      expect(rows).toEqual([{ failures: 1, message: 'No such thing here' }]);
      await service.stop();
    });

    it('for ever, because the contract has expired, is said to be so', async () => {
      await list(FUTURE, 'FUTURE', '2026-11-19');
      failing(FUTURE);
      const [gap] = await workAt('10:05');
      expect(gap).toMatchObject({ status: 'UNRECOVERABLE', left: 1, failed: 1 });
      expect(gap!.message).toContain('expired');
      expect(requested()).not.toContain(FUTURE);
    });
  });

  describe('without a token', () => {
    it('everything waits and says for what; a login sets it going', async () => {
      let hasToken = false;
      repairer = repairerWith({ sources: [historicalApi(market.service, () => hasToken)] });
      expect(await workAt('10:05')).toMatchObject([
        { status: 'PENDING', message: 'login needed', attempts: 0 },
      ]);
      expect(requested()).toEqual([]);
      hasToken = true;
      expect(await workAt('10:06')).toMatchObject([{ status: 'RECOVERED', message: null }]);
    });

    it('another broker’s history is asked, and what it lacks waits for the login', async () => {
      let hasToken = false;
      const other = new FakeBroker(steadyHistory(market.calendar));
      other.faults.tamper = (candles, { brokerToken }) => {
        if (brokerToken === INDEX) throw new BrokerError('rejected', 'Fyers does not know it');
        return candles;
      };
      const service = market.serviceWith({}, { broker: other, isSecond: true });
      repairer = repairerWith({
        sources: [
          historicalApi(market.service, () => hasToken),
          backupSource(service, () => true, market.clock),
        ],
      });
      expect(await workAt('10:05')).toMatchObject([{ left: 1, source: 'BACKUP_SOURCE' }]);
      expect(requested()).toEqual([]);
      expect(asked).toEqual([]);
      const { rows } = await db.pool.query('select attempts, message from data_gap_instruments');
      expect(rows).toEqual([{ attempts: 0, message: 'login needed' }]);
      hasToken = true;
      expect(await workAt('10:06')).toMatchObject([{ status: 'RECOVERED' }]);
      await service.stop();
    });

    it('that the broker takes, it is not asked again and again, and nobody’s attempts are used up', async () => {
      market.broker.faults.error = new BrokerError('login_needed', 'The token is not valid');
      expect(await workAt('10:05')).toMatchObject([{ status: 'PENDING', message: 'login needed' }]);
      const asked = requested().length;
      expect(asked).toBeLessThanOrEqual(2);
      await workAt('10:06');
      expect(requested()).toHaveLength(asked);
      const { rows } = await db.pool.query('select max(attempts) as attempts from data_gap_instruments');
      expect(rows[0].attempts).toBe(0);
      market.broker.faults = {};
      repairer.loggedIn();
      // What was refused a moment ago waits its 30 seconds.
      expect(await workAt('10:07')).toMatchObject([{ status: 'RECOVERED' }]);
    });
  });

  describe('a candle of the broker', () => {
    const tampered = (change: (candle: { open: number; high: number }) => object) => {
      market.broker.faults.tamper = (candles) =>
        candles.map((c) => (c.time === at('10:01') ? { ...c, ...change(c) } : c));
    };
    const rejects = async () =>
      (
        await db.pool.query(
          'select instrument_token as token, time, high, reason from candle_rejects order by token, reason',
        )
      ).rows;

    it('that cannot be true is not stored but kept with its reason, and its minute stays a hole', async () => {
      tampered(({ open }) => ({ high: open - 1 }));
      const [gap] = await workAt('10:05');
      expect(gap).toMatchObject({ status: 'IN_PROGRESS', left: 2, attempts: 1 });
      expect(await rejects()).toMatchObject([
        { token: INDEX, time: new Date(at('10:01')), reason: 'its high is not the highest' },
        { token: STOCK, time: new Date(at('10:01')), reason: 'its high is not the highest' },
      ]);
      const { rows } = await db.pool.query(
        `select bucket from broker_candles where instrument_token = $1 order by bucket`,
        [STOCK],
      );
      expect(rows).toEqual([{ bucket: new Date(at('10:00')) }]);
      const left = await db.pool.query('select missing::text from data_gap_instruments');
      expect(left.rows[0].missing).toBe('{["2026-11-20 04:31:00+00","2026-11-20 04:31:30+00")}');
    });

    it('that leaves the day’s band, or jumps from the candle before it, is not believed', async () => {
      await db.pool.query(
        `insert into day_state (instrument_token, trading_date, low, high, last, updated_at) values ($1, $2, 1000, 1100, 1050, now())`,
        [STOCK, DAY],
      );
      tampered(({ open, high }) => ({ open: open * 1.3, high: high * 1.4 }));
      await workAt('10:05');
      expect((await rejects()).map(({ token, reason }) => [token, reason])).toEqual([
        [INDEX, 'it opens too far from the close before it'],
        [STOCK, 'its prices lie outside the day’s band'],
      ]);
    });

    it('of an option may move by any factor', async () => {
      await db.pool.query(`update instruments set instrument_type = 'CE' where token = $1`, [STOCK]);
      tampered(({ open, high }) => ({ open: open * 3, high: high * 4 }));
      await workAt('10:05');
      expect((await rejects()).map(({ token }) => token)).toEqual([INDEX]);
    });
  });

  describe('a quote', () => {
    const known = (token: number, time: string) =>
      db.pool.query(
        `insert into quotes_latest (time, seq, instrument_token, last_trade_time, exchange_time, ltp, high, low, volume, is_trade, in_session,
                                    time_source, broker, received_at)
         values ($2, 1, $1, $3, $2, 100, 100, 100, 5000, true, true, 't', 'simulator', $2)`,
        [token, new Date(at(time)), new Date(at('09:50'))],
      );
    const quoted = (token: number, volume: number): [number, BrokerQuote] => [
      token,
      {
        brokerToken: token,
        exchangeTime: at('10:04'),
        lastTradeTime: at('09:50'),
        lastPrice: 100,
        volume,
        openInterest: null,
        averagePrice: null,
        open: 1,
        high: 1,
        low: 1,
        previousClose: 1,
      },
    ];

    it('with the volume and last trade of before proves for many at once that nothing traded', async () => {
      const many = Array.from({ length: 20 }, (_, i) => 600_000 + i);
      for (const token of many) {
        await list(token, `S${token}`);
        await known(token, '10:00:05');
      }
      await known(STOCK, '10:00:05');
      quotes = new Map([...many.map((token) => quoted(token, 5000)), quoted(STOCK, 5001)]);
      expect(await workAt('10:05')).toMatchObject([{ status: 'RECOVERED', instruments: 22, empty: 20 }]);
      expect(asked.map((symbols) => symbols.length)).toEqual([21]);
      // What traded, and the index, which has no volume to prove anything by, are asked for.
      expect(requested().sort()).toEqual([INDEX, STOCK].sort());
    });

    it('proves nothing of what the feed has told of since', async () => {
      await known(STOCK, '10:01:35');
      quotes = new Map([quoted(STOCK, 5000)]);
      await workAt('10:05');
      expect(asked).toEqual([]);
      expect(requested().sort()).toEqual([INDEX, STOCK].sort());
    });
  });
});
